// SPDX-License-Identifier: Apache-2.0
/* `assay inspect` with certificates, lists, chains and reports made here: as a tree, as data, with keys and roots. */
#include "inspect_rig.h"

#include <jansson.h>
#include <stdio.h>

#include "../unit/crl_sample.h"
#include "../unit/format_sample.h"
#include "common/file.h"

enum { DAY = 86400 };
#define THEN "2023-11-14T22:13:20Z" /* 1700000000 */

static void put(const char *name, struct bytes b)
{
	char path[320];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", rig_scratch, name);
	assert_ok(file_write(path, b, 0600, &e), &e);
}

static void put_pem(const char *name, const struct cert *c)
{
	OWNED(buf) pem = buf_new(65536);
	struct err e = { 0 };

	assert_ok(cert_pem(c, &pem->w, &e), &e);
	put(name, buf_bytes(pem));
}

/* root, sub and leaf, of whom sub has a list; a root of the same name; a report that the leaf signed. */
static void put_files(void)
{
	const long long then = 1700000000;
	OWNED(keypair) key = NULL;
	OWNED(keypair) other = NULL;
	OWNED(cert) root = NULL;
	OWNED(cert) false_root = NULL;
	OWNED(cert) sub = NULL;
	OWNED(cert) leaf = NULL;
	struct cert_request want = {
		.common_name = "root", .ca = true, .not_before = then - DAY, .not_after = then + DAY
	};
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P384, 0, &key, &e), &e);
	assert_ok(keypair_new(KEY_P384, 0, &other, &e), &e);
	want.key = keypair_pub(key);
	want.issuer_key = key;
	assert_ok(cert_make(&want, &root, &e), &e);
	want.common_name = "sub";
	want.issuer = root;
	assert_ok(cert_make(&want, &sub, &e), &e);
	want = (struct cert_request){ .common_name = "root",
				      .ca = true,
				      .not_before = then - DAY,
				      .not_after = then + DAY,
				      .key = keypair_pub(other),
				      .issuer_key = other };
	assert_ok(cert_make(&want, &false_root, &e), &e);
	leaf = format_sample_cert("l\x1b[31m\xe2\x80\xae", key, sub, key, then - DAY, then + DAY);
	OWNED(buf) crl = crl_sample(sub, key, then - DAY, then + DAY, leaf, then - 5);
	OWNED(buf) all = buf_new(65536);
	OWNED(buf) below = buf_new(65536);
	OWNED(buf) pem = buf_new(65536);
	OWNED(buf) report = format_sample_report(key);
	write_bytes(&below->w, cert_der(sub));
	write_bytes(&below->w, cert_der(leaf));
	write_bytes(&all->w, cert_der(root));
	write_bytes(&all->w, buf_bytes(below));
	put("certificates", buf_bytes(all));
	put("cut", (struct bytes){ all->w.at, all->w.len - 1 });
	OWNED(buf) chain = format_sample_chain(DIGEST_SHA384, cert_der(root), buf_bytes(all));
	put("chain", buf_bytes(chain));
	OWNED(buf) rootless = format_sample_chain(DIGEST_SHA256, cert_der(root), buf_bytes(below));
	put("rootless", buf_bytes(rootless));
	put("crl", buf_bytes(crl));
	write_bytes(&below->w, buf_bytes(crl));
	put("below-and-crl", buf_bytes(below));
	put("report", buf_bytes(report));
	report->w.at[report->w.len - 1] ^= 1;
	put("report-changed", buf_bytes(report));
	put_pem("root.pem", root);
	put_pem("sub.pem", sub);
	put_pem("leaf.pem", leaf);
	put_pem("false.pem", false_root);
	assert_ok(pubkey_pem(keypair_pub(key), &pem->w, &e), &e);
	put("key.pem", buf_bytes(pem));
	OWNED(buf) pem_other = buf_new(4096);
	assert_ok(pubkey_pem(keypair_pub(other), &pem_other->w, &e), &e);
	put("other.pem", buf_bytes(pem_other));
	OWNED(buf) gpu_chain = buf_new(65536);
	assert_ok(cert_pem(leaf, &gpu_chain->w, &e), &e);
	assert_ok(cert_pem(sub, &gpu_chain->w, &e), &e);
	assert_ok(cert_pem(root, &gpu_chain->w, &e), &e);
	put("chain.pem", buf_bytes(gpu_chain));
}

static void certificates_chains_and_reports_are_drawn_and_judged(void **state)
{
	/* a word of @more that ends in ".pem" is a file of put_files() */
	static const struct {
		const char *file, *more[INSPECT_MORE_MAX];
		int code;
		const char *want[3];
	} rows[] = {
		{ "certificates",
		  { NULL },
		  0,
		  { "format: X.509 certificates", "certificate 2: text",
		    "  subject: text CN=l\\1B[31m\\E2\\80\\AE\n" } },
		{ "certificates",
		  { NULL },
		  0,
		  { "    purpose: text TCG EK certificate (2.23.133.8.1)\n",
		    "    DNS: text a.test\\x0a\\x1b[2Jb\n", "    FWID sha256: text 1111" } },
		{ "certificates",
		  { NULL },
		  0,
		  { "    TPM manufacturer (2.23.133.2.1): text id:54455354\n",
		    "  extension: text DICE TcbInfo (2.23.133.5.4.1)\n",
		    "    vendor: text ACME\n    SVN: text 3\n" } },
		{ "cut",
		  { NULL },
		  2,
		  { "certificate 1: text", "refused: certificates[2]: the file ends inside it" } },
		{ "certificates",
		  { "--anchor", "root.pem", "--at", THEN },
		  0,
		  { "grammar: kept\nsignature: valid" } },
		{ "certificates",
		  { "--anchor", "false.pem", "--at", THEN },
		  2,
		  { "signature: certificates[0]: certificate path: " } },
		{ "certificates",
		  { "--anchor", "root.pem" },
		  2,
		  { "signature: certificates[0]: certificate path: certificate has expired" } },
		{ "certificates", { "--key", "key.pem" }, 0, { "signature: valid" } },
		{ "certificates",
		  { "--key", "other.pem" },
		  2,
		  { "signature: certificates[0]: certificate CN=root is not signed by this key" } },
		{ "crl",
		  { NULL },
		  0,
		  { "revocation list 0: text", "  issuer: text CN=sub\n",
		    "  revoked: text 1\n    serial number: text " } },
		{ "crl", { "--anchor", "sub.pem", "--at", THEN }, 0, { "signature: valid" } },
		{ "crl",
		  { "--anchor", "root.pem", "--at", THEN },
		  2,
		  { "signature: certificates[0]: revocation list of CN=sub: is not by CN=root" } },
		{ "crl",
		  { "--anchor", "sub.pem", "--at", "2023-12-14T00:00:00Z" },
		  2,
		  { "revocation list of CN=sub has expired on 2023-11-15T22:13:20Z" } },
		{ "crl", { "--key", "key.pem" }, 0, { "signature: valid" } },
		{ "crl",
		  { "--key", "other.pem" },
		  2,
		  { "signature: certificates[0]: revocation list is not signed by this key" } },
		{ "below-and-crl",
		  { "--anchor", "root.pem", "--at", THEN },
		  0,
		  { "certificate 1: ", "revocation list 2: ", "signature: valid" } },
		{ "below-and-crl",
		  { "--anchor", "false.pem", "--at", THEN },
		  2,
		  { "signature: certificates[0]: certificate path: " } },
		{ "chain",
		  { NULL },
		  0,
		  { "format: SPDM certificate chain",
		    "RootHash: text sha384:", ", the first certificate's\n" } },
		{ "chain", { "--anchor", "root.pem", "--at", THEN }, 0, { "signature: valid" } },
		{ "chain",
		  { "--anchor", "false.pem", "--at", THEN },
		  2,
		  { "signature: chain: certificates[0]: certificate path" } },
		{ "rootless",
		  { NULL },
		  0,
		  { "RootHash: text sha256:", "note: the root is not in the chain" } },
		{ "rootless", { "--anchor", "root.pem", "--at", THEN }, 0, { "signature: valid" } },
		{ "rootless",
		  { "--anchor", "sub.pem", "--at", THEN },
		  2,
		  { "signature: chain: RootHash names none of the accepted roots" } },
		{ "report",
		  { NULL },
		  0,
		  { "format: GPU report (NVIDIA)", "  nonce: text a1a200000000",
		    "    3 driver version: text 550.1?\n    6 VBIOS version: text 96.03.02.01.04\n"
		    "    999 (unknown): text 3f\n" } },
		{ "report",
		  { NULL },
		  0,
		  { "    block 1: text firmware (type 1), digest, 48 bytes: d19e0000",
		    "    block 2: text version (type 6), \"1.2\\x1b[J\"\n",
		    "    block 3: text security version (type 7), 7\n" } },
		{ "report", { "--key", "key.pem" }, 0, { "signature: valid" } },
		{ "report",
		  { "--key", "other.pem" },
		  2,
		  { "signature: signature of the GPU report" } },
		{ "report-changed",
		  { "--key", "key.pem" },
		  2,
		  { "grammar: kept\nsignature: signature of the GPU report" } },
		{ "report", { "--anchor", "leaf.pem", "--at", THEN }, 0, { "signature: valid" } },
		{ "report", { "--anchor", "leaf.pem" }, 2, { "is not valid at that time" } },
		{ "report",
		  { "--anchor", "false.pem", "--at", THEN },
		  2,
		  { "signature: without --chain the anchor is the signer: signature of" } },
		{ "report",
		  { "--anchor", "root.pem", "--chain", "chain.pem", "--at", THEN },
		  0,
		  { "signature: valid" } },
		{ "report",
		  { "--anchor", "false.pem", "--chain", "chain.pem", "--at", THEN },
		  2,
		  { "signature: certificate path: " } },
		{ "report",
		  { "--anchor", "root.pem", "--chain", "leaf.pem", "--at", THEN },
		  2,
		  { "signature: certificate chain is too short" } },
		{ "certificates",
		  { "--anchor", "root.pem", "--chain", "chain.pem", "--at", THEN },
		  2,
		  { "grammar: kept\nsignature: --chain is for the report of a GPU" } },
		{ "report", { "--chain", "chain.pem" }, 1, { "assay inspect FILE" } },
		{ "report",
		  { "--key", "key.pem", "--chain", "chain.pem" },
		  1,
		  { "assay inspect FILE" } },
	};
	size_t wrong = 0;

	(void)state;
	put_files();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char file[320], names[INSPECT_MORE_MAX][320];
		const char *more[INSPECT_MORE_MAX] = { NULL };

		snprintf(file, sizeof(file), "%s/%s", rig_scratch, rows[i].file);
		for (size_t m = 0; m < INSPECT_MORE_MAX && rows[i].more[m]; m++) {
			more[m] = rows[i].more[m];
			if (!strstr(more[m], ".pem"))
				continue;
			snprintf(names[m], sizeof(names[m]), "%s/%s", rig_scratch, more[m]);
			more[m] = names[m];
		}
		wrong += !inspect_answers(file, more, rows[i].code, rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

/* ---- as data ---- */
static void check_row(const char *file, json_t *row)
{
	static const char *const members[] = { "path", "label", "kind", "value" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!json_is_string(json_object_get(row, members[i])))
			fail_msg("%s: a row without %s", file, members[i]);
	assert_true(json_is_integer(json_object_get(row, "depth")));
}

static void with_json_each_file_is_rows_with_paths(void **state)
{
	static const struct {
		const char *file;
		int code;
		const char *format, *fault, *path, *value; /* a row with that path and value */
	} rows[] = {
		{ "certificates", 0, "X.509 certificates", "", "certificates[2].vendor", "ACME" },
		{ "cut", 2, "X.509 certificates", "certificates[2]: the file ends inside it",
		  "certificates[0].issuer", "CN=root" },
		{ "crl", 0, "X.509 certificates", "", "certificates[0].revoked", "1" },
		{ "chain", 0, "SPDM certificate chain", "", "chain.certificates[1].subject",
		  "CN=sub" },
		{ "report", 0, "GPU report (NVIDIA)", "", "response.opaque[1]", "96.03.02.01.04" },
		{ "report", 0, "GPU report (NVIDIA)", "", "record[2]",
		  "security version (type 7), 7" },
	};
	static const char *const more[] = { "--json", NULL };

	(void)state;
	put_files();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char file[320];
		bool found = false;
		json_t *j, *row;
		size_t n;
		int code;

		snprintf(file, sizeof(file), "%s/%s", rig_scratch, rows[i].file);
		OWNED(buf) out = inspect_run(file, more, &code);

		assert_int_equal(code, rows[i].code);
		j = json_loads((const char *)out->w.at, 0, NULL);
		if (!j)
			fail_msg("%s: not JSON: %.400s", file, (const char *)out->w.at);
		assert_string_equal(json_string_value(json_object_get(j, "schema")),
				    "assay.inspect/1");
		assert_int_equal(json_is_true(json_object_get(j, "ok")), !code);
		assert_string_equal(json_string_value(json_object_get(j, "format")),
				    rows[i].format);
		assert_ptr_equal(
			strstr(json_string_value(json_object_get(j, "fault")), rows[i].fault),
			json_string_value(json_object_get(j, "fault")));
		json_array_foreach(json_object_get(j, "rows"), n, row)
		{
			check_row(file, row);
			found |= !strcmp(json_string_value(json_object_get(row, "path")),
					 rows[i].path) &&
				 !strcmp(json_string_value(json_object_get(row, "value")),
					 rows[i].value);
		}
		if (!found)
			fail_msg("%s: no row %s: %s", file, rows[i].path, rows[i].value);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_chains_and_reports_are_drawn_and_judged),
		cmocka_unit_test(with_json_each_file_is_rows_with_paths),
	};

	return cmocka_run_group_tests(tests, rig_scratch_make, rig_scratch_remove);
}
