// SPDX-License-Identifier: Apache-2.0
/* What a person is told of certificates and lists, and that no name in them does anything but be shown. */
#include "support.h"

#include <stdio.h>

#include "common/x509_tell.h"
#include "crl_sample.h"
#include "format_sample.h"

enum { NOW = 1700000000, DAY = 86400 };

static struct keypair *key, *other;
static struct cert *root, *stranger, *leaf;

static struct cert *issue(const char *name, const struct keypair *k)
{
	struct cert_request want = { .common_name = name,
				     .ca = true,
				     .not_before = NOW - DAY,
				     .not_after = NOW + DAY,
				     .key = keypair_pub(k),
				     .issuer_key = k };
	struct cert *c = NULL;
	struct err e = { 0 };

	assert_ok(cert_make(&want, &c, &e), &e);
	return c;
}

static int make(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &other, &e), &e);
	root = issue("root", key);
	stranger = issue("root", other);
	leaf = format_sample_cert("x\x1b[31m\n\xe2\x80\xae end", key, root, key, NOW - DAY,
				  NOW + DAY);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	keypair_drop(&key);
	keypair_drop(&other);
	cert_drop(&root);
	cert_drop(&stranger);
	cert_drop(&leaf);
	return 0;
}

static void take(void *user, size_t depth, const char *label, const char *value)
{
	struct buf *out = user;
	char line[4096];

	snprintf(line, sizeof(line), "%zu %s: %s\n", depth, label, value);
	write_bytes(&out->w, bytes_text(line));
}

static struct buf *told(enum x509_kind kind, struct bytes der)
{
	struct buf *out = buf_new(1024 * 1024);
	u8 *copy = heap_copy(der);

	x509_tell(kind, (struct bytes){ copy, der.len }, take, out);
	free(copy);
	write_u8(&out->w, 0);
	return out;
}

static void expect(const struct buf *out, const char *const *lines, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strstr((const char *)out->w.at, lines[i]))
			fail_msg("no \"%s\" in\n%s", lines[i], (const char *)out->w.at);
	for (size_t i = 0; i + 1 < out->w.len; i++)
		if (out->w.at[i] != '\n' && (out->w.at[i] < 0x20 || out->w.at[i] > 0x7e))
			fail_msg("byte %02x in\n%s", out->w.at[i], (const char *)out->w.at);
}

static void a_certificate_is_told_field_by_field(void **state)
{
	static const char *const lines[] = {
		"0 subject: CN=x\\1B[31m\\0A\\E2\\80\\AE end\n",
		"0 issuer: CN=root\n",
		"0 version: 3\n",
		"0 valid: 2023-11-13T22:13:20Z to 2023-11-15T22:13:20Z\n",
		"0 key: id-ecPublicKey (1.2.840.10045.2.1), 256 bits, prime256v1\n",
		"0 signed with: ecdsa-with-SHA384 (1.2.840.10045.4.3.3)\n",
		"0 extension: X509v3 Basic Constraints (2.5.29.19), critical\n1 CA: no\n",
		"1 usage: digitalSignature\n",
		"1 key id: ",
		"1 purpose: TCG EK certificate (2.23.133.8.1)\n",
		"1 purpose: DMTF SPDM responder (1.3.6.1.4.1.412.274.3)\n",
		"1 TPM manufacturer (2.23.133.2.1): id:54455354\n",
		"1 DNS: a.test\\x0a\\x1b[2Jb\n",
		"1 address: 192.0.2.1\n",
		"0 extension: DICE TcbInfo (2.23.133.5.4.1)\n1 value: 303a800441434d45",
		"0 extension: 1.3.6.1.4.1.99999.1\n1 value: 0500\n",
	};

	(void)state;
	OWNED(buf) out = told(X509_CERTIFICATE, cert_der(leaf));
	expect(out, lines, ARRAY_LEN(lines));
}

static void a_list_is_told_with_whom_it_revokes(void **state)
{
	static const char *const lines[] = {
		"0 issuer: CN=root\n",
		"0 from: 2023-11-13T22:13:20Z\n0 until: 2023-11-15T22:13:20Z\n",
		"0 revoked: 1\n1 serial number: ",
		", since 2023-11-14T22:13:15Z\n",
	};
	OWNED(buf) crl = crl_sample(root, key, NOW - DAY, NOW + DAY, leaf, NOW - 5);

	(void)state;
	OWNED(buf) out = told(X509_REVOCATIONS, buf_bytes(crl));
	expect(out, lines, ARRAY_LEN(lines));
	/* one is not told as the other, and nothing is told of what is neither */
	OWNED(buf) wrong = told(X509_CERTIFICATE, buf_bytes(crl));
	assert_int_equal(wrong->w.len, 1);
	OWNED(buf) cut = told(X509_REVOCATIONS, (struct bytes){ crl->w.at, crl->w.len - 1 });
	assert_int_equal(cut->w.len, 1);
}

static void every_truncated_or_changed_certificate_is_told_without_harm(void **state)
{
	struct bytes der = cert_der(leaf);

	(void)state;
	for (size_t i = 0; i < der.len; i++) {
		OWNED(buf) cut = told(X509_CERTIFICATE, (struct bytes){ der.at, i });
		assert_int_equal(cut->w.len, 1);
		OWNED(buf) b = buf_copy(der);
		b->w.at[i] ^= 0x21;
		OWNED(buf) out = told(X509_CERTIFICATE, buf_bytes(b));
		expect(out, NULL, 0);
	}
}

static void files_are_split_in_der_and_pem(void **state)
{
	OWNED(buf) crl = crl_sample(root, key, NOW - DAY, NOW + DAY, NULL, 0);
	OWNED(buf) der = buf_new(65536);
	OWNED(buf) pem = buf_new(65536);
	OWNED(x509_file) a = NULL;
	OWNED(x509_file) b = NULL;
	OWNED(x509_file) c = NULL;
	struct err e = { 0 };

	(void)state;
	write_bytes(&der->w, cert_der(root));
	write_bytes(&der->w, buf_bytes(crl));
	write_bytes(&der->w, cert_der(leaf));
	assert_true(x509_file_is(buf_bytes(der)));
	assert_ok(x509_file_split(buf_bytes(der), &a, &e), &e);
	assert_int_equal(a->n, 3);
	assert_int_equal(a->at[1].kind, X509_REVOCATIONS);
	assert_bytes_equal(a->at[2].der, cert_der(leaf));
	assert_ok(cert_pem(root, &pem->w, &e), &e);
	write_bytes(&pem->w, bytes_text("a remark\n"));
	assert_ok(cert_pem(leaf, &pem->w, &e), &e);
	assert_true(x509_file_is(buf_bytes(pem)));
	assert_ok(x509_file_split(buf_bytes(pem), &b, &e), &e);
	assert_int_equal(b->n, 2);
	assert_bytes_equal(b->at[0].der, cert_der(root));
	assert_bytes_equal(b->at[1].der, cert_der(leaf));
	/* cut in its second block: the first is there, and the fault is told */
	assert_refused(x509_file_split((struct bytes){ pem->w.at, pem->w.len - 40 }, &c, &e), &e,
		       E_FORMAT, "certificates[1]: PEM is not well-formed");
	assert_int_equal(c->n, 1);
}

/* Trust anchors come from such files: half of them would be another set of anchors. */
static void a_certificate_in_pem_that_is_cut_off_spoils_the_list(void **state)
{
	OWNED(buf) pem = buf_new(65536);
	OWNED(cert_list) l = NULL;
	struct err e = { 0 };
	size_t one;

	(void)state;
	assert_ok(cert_pem(root, &pem->w, &e), &e);
	one = pem->w.len;
	assert_ok(cert_pem(leaf, &pem->w, &e), &e);
	assert_refused(cert_list_from_pem((struct bytes){ pem->w.at, pem->w.len - 40 }, &l, &e), &e,
		       E_FORMAT, "certificate 1 in PEM is not well-formed");
	pem->w.at[one + 100] = '!';
	e = (struct err){ 0 };
	assert_refused(cert_list_from_pem(buf_bytes(pem), &l, &e), &e, E_FORMAT,
		       "certificate 1 in PEM is not well-formed");
	e = (struct err){ 0 };
	assert_ok(cert_list_from_pem((struct bytes){ pem->w.at, one }, &l, &e), &e);
	assert_int_equal(l->n, 1);
}

static void who_signed_is_told_by_key_and_by_name(void **state)
{
	OWNED(crls) list = crls_new();
	OWNED(buf) crl = crl_sample(root, key, NOW - DAY, NOW + DAY, leaf, NOW - 5);
	struct err e = { 0 };

	(void)state;
	assert_true(cert_signed_by(leaf, keypair_pub(key)));
	assert_false(cert_signed_by(leaf, keypair_pub(other)));
	assert_ok(crls_add(list, buf_bytes(crl), &e), &e);
	assert_true(crls_signed_by(list, 0, keypair_pub(key)));
	assert_false(crls_signed_by(list, 0, keypair_pub(other)));
	assert_false(crls_signed_by(list, 1, keypair_pub(key)));
	assert_ok(crls_check_issuer(list, 0, root, NOW, &e), &e);
	assert_refused(crls_check_issuer(list, 0, leaf, NOW, &e), &e, E_NOTFOUND, "is not by CN=x");
	assert_refused(crls_check_issuer(list, 0, stranger, NOW, &e), &e, E_SIGNATURE,
		       "not signed by its key");
	assert_refused(crls_check_issuer(list, 0, root, NOW + 2 * DAY, &e), &e, E_FRESHNESS,
		       "has expired on 2023-11-15");
	assert_refused(crls_check_issuer(list, 0, root, NOW - 2 * DAY, &e), &e, E_FRESHNESS,
		       "is not in force before 2023-11-13");
	assert_refused(crls_check_issuer(list, 1, root, NOW, &e), &e, E_NOTFOUND, "no such");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_told_field_by_field),
		cmocka_unit_test(a_list_is_told_with_whom_it_revokes),
		cmocka_unit_test(every_truncated_or_changed_certificate_is_told_without_harm),
		cmocka_unit_test(files_are_split_in_der_and_pem),
		cmocka_unit_test(a_certificate_in_pem_that_is_cut_off_spoils_the_list),
		cmocka_unit_test(who_signed_is_told_by_key_and_by_name),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
