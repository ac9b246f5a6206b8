// SPDX-License-Identifier: Apache-2.0
/* The small X.509 reader that serves the kernel, against certificates that OpenSSL made and reads. */
#include "support.h"

#include "common/cert.h"
#include "proto/spdm/leaf.h"

static int parse(struct bytes chain, struct spdm_leaf *out, const char **why, u8 **copy)
{
	*copy = heap_copy(chain);
	return spdm_parse_leaf((struct bytes){ *copy, chain.len }, out, why);
}

static void the_leaf_is_the_last_of_the_chain_with_its_key_and_its_pcie_name(void **state)
{
	OWNED(buf) chain = own_vector("spdm/pci-chain.der");
	OWNED(cert_list) list = NULL;
	struct spdm_leaf leaf;
	struct err e = { 0 };
	const char *why;
	char name[128];
	u8 xy[97] = { 4 }, *copy;

	(void)state;
	assert_ok(cert_list_from_der(buf_bytes(chain), &list, &e), &e);
	assert_int_equal(parse(buf_bytes(chain), &leaf, &why, &copy), 0);
	assert_bytes_equal(leaf.certificate, cert_der(list->at[list->n - 1]));
	assert_int_equal(leaf.kind, SPDM_KEY_P384);
	assert_ok(pubkey_xy(cert_pubkey(list->at[1]), xy + 1, xy + 49, 48, &e), &e);
	assert_bytes_equal(leaf.key, BYTES(xy));
	assert_ok(cert_san_other_name(list->at[1], "2.23.147", name, sizeof(name), &e), &e);
	assert_bytes_equal(leaf.pci_name, bytes_text(name));
	free(copy);
}

static void every_kind_of_key_is_what_openssl_wrote(void **state)
{
	static const struct {
		enum key_kind kind;
		unsigned int bits;
		enum spdm_key want;
	} cases[] = {
		{ KEY_P256, 0, SPDM_KEY_P256 },	 { KEY_P384, 0, SPDM_KEY_P384 },
		{ KEY_P521, 0, SPDM_KEY_P521 },	 { KEY_RSA, 2048, SPDM_KEY_RSA },
		{ KEY_RSA, 3072, SPDM_KEY_RSA }, { KEY_RSA, 4096, SPDM_KEY_RSA },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(keypair) key = NULL;
		OWNED(cert) cert = NULL;
		OWNED(buf) spki = buf_new(1024);
		struct spdm_leaf leaf;
		struct err e = { 0 };
		const char *why;
		struct bytes tail;
		u8 *copy;

		assert_ok(keypair_new(cases[i].kind, cases[i].bits, &key, &e), &e);
		struct cert_request want = { .common_name = "leaf",
					     .not_before = 1,
					     .not_after = 253402300799,
					     .key = keypair_pub(key),
					     .issuer_key = key };

		assert_ok(cert_make(&want, &cert, &e), &e);
		assert_ok(pubkey_spki(keypair_pub(key), &spki->w, &e), &e);
		assert_int_equal(parse(cert_der(cert), &leaf, &why, &copy), 0);
		assert_int_equal(leaf.kind, cases[i].want);
		assert_true(leaf.key.len > 64);
		tail = bytes_slice(buf_bytes(spki), spki->w.len - leaf.key.len, leaf.key.len);
		assert_bytes_equal(leaf.key, tail);
		assert_int_equal(leaf.pci_name.len, 0);
		free(copy);
	}
}

static void every_truncation_is_refused_with_a_reason(void **state)
{
	OWNED(buf) chain = own_vector("spdm/pci-chain.der");
	OWNED(cert_list) list = NULL;
	struct err e = { 0 };
	size_t root;

	(void)state;
	assert_ok(cert_list_from_der(buf_bytes(chain), &list, &e), &e);
	root = cert_der(list->at[0]).len;
	for (size_t len = 0; len < chain->w.len; len++) {
		struct spdm_leaf leaf;
		const char *why = NULL;
		u8 *copy;
		int rc = parse((struct bytes){ chain->w.at, len }, &leaf, &why, &copy);

		if (len == root) { /* a shorter chain, and a whole one */
			assert_int_equal(rc, 0);
		} else {
			assert_int_equal(rc, -EBADMSG);
			assert_non_null(why);
		}
		free(copy);
	}
}

static void one_wrong_byte_is_refused_and_named(void **state)
{
	static const struct {
		const char *defect;
		struct edit edit;
		const char *why;
	} cases[] = {
		{ "the point is compressed",
		  { "2b8104002203620004", "2b8104002203620002" },
		  "subjectPublicKey: not an uncompressed point" },
		{ "another curve's length",
		  { "2b81040022", "2b81040023" },
		  "subjectPublicKey: not an uncompressed point" },
		{ "bits are left unused",
		  { "2b8104002203620004", "2b8104002203620104" },
		  "subjectPublicKey: unused bits" },
		{ "the name is no UTF8String",
		  { "0c3d56656e646f72", "163d56656e646f72" },
		  "PCIe name" },
		{ "the name is longer than its box",
		  { "0c3d56656e646f72", "0c3e56656e646f72" },
		  "PCIe name" },
		{ "the name is shorter than its box",
		  { "0c3d56656e646f72", "0c3c56656e646f72" },
		  "bytes after the end" },
		{ "an indefinite length", { "0603551d11", "0680551d11" }, "extnID" },
	};
	OWNED(buf) chain = own_vector("spdm/pci-chain.der");
	OWNED(cert_list) list = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(cert_list_from_der(buf_bytes(chain), &list, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(buf) bad = edited(cert_der(list->at[1]), &cases[i].edit);
		struct spdm_leaf leaf;
		const char *why = "";
		u8 *copy;

		if (parse(buf_bytes(bad), &leaf, &why, &copy) != -EBADMSG ||
		    strcmp(why, cases[i].why))
			fail_msg("%s: \"%s\"", cases[i].defect, why);
		free(copy);
	}
}

static void a_chain_longer_than_any_real_one_is_refused(void **state)
{
	OWNED(buf) chain = own_vector("spdm/pci-chain.der");
	OWNED(buf) many = buf_new(65536);
	struct spdm_leaf leaf;
	const char *why;
	u8 *copy;

	(void)state;
	for (int i = 0; i < CERT_CHAIN_MAX / 2; i++)
		write_bytes(&many->w, buf_bytes(chain));
	assert_int_equal(parse(buf_bytes(many), &leaf, &why, &copy), 0);
	free(copy);
	write_bytes(&many->w, buf_bytes(chain));
	assert_int_equal(parse(buf_bytes(many), &leaf, &why, &copy), -EBADMSG);
	assert_string_equal(why, "too many certificates");
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_leaf_is_the_last_of_the_chain_with_its_key_and_its_pcie_name),
		cmocka_unit_test(every_kind_of_key_is_what_openssl_wrote),
		cmocka_unit_test(every_truncation_is_refused_with_a_reason),
		cmocka_unit_test(one_wrong_byte_is_refused_and_named),
		cmocka_unit_test(a_chain_longer_than_any_real_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
