// SPDX-License-Identifier: Apache-2.0
/*
 * Every file of others that is evidence, a result, a wrapper or a bare CoMID: which format it is taken for, and
 * whether it keeps its grammar, as the index says.
 */
#include "edn.h"
#include "support.h"

#include <jansson.h>
#include <stdio.h>

#include "common/text.h"
#include "proto/claims.h"
#include "proto/corim.h"
#include "proto/formats.h"
#include "proto/spdm/measurements.h"

/* @why: NULL: accepted. Else a part of the reason. @note: part of what a reader is told besides. */
static const struct row {
	const char *file;
	enum format format;
	const char *why, *note;
} rows[] = {
	/* tokens: the structure; signatures are in vectors_foreign.c */
	{ "eat/submods.cbor", FORMAT_EAT_CLAIMS, NULL, "swversion is text" },
	{ "eat/valid_hw_block.cbor", FORMAT_EAT_CLAIMS, NULL, "hwversion without hwmodel" },
	{ "eat/valid_iot.cbor", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/valid_cwt.cbor", FORMAT_EAT, NULL, NULL },
	{ "eat/valid_deb.cbor", FORMAT_BUNDLE, NULL, NULL },
	{ "eat/psa.good.cose", FORMAT_EAT, NULL, NULL },
	{ "eat/cca-evidence.cbor", FORMAT_CCA, NULL, NULL },
	{ "eat/audio_ss.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/graphics_ss.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/main_token_claims.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/submods.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/valid_results.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "eat/deb.json", FORMAT_JSON, NULL, NULL },
	{ "device-eat/dat-1.cbor", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "device-eat/mc-ex1.cbor", FORMAT_COMPONENT, NULL, NULL },
	{ "device-eat/mc-ex3.cbor", FORMAT_COMPONENT, NULL, NULL },
	/* results: of draft 3 and of before, refused by their profile; the JWTs are in vectors_ear.c */
	{ "ear/ear-json-2.json", FORMAT_EAR_CLAIMS, "rats/ear#03", NULL },
	{ "ear/ext-teep-json-1.json", FORMAT_EAR_CLAIMS, "rats/ear#03", NULL },
	{ "ear/ext-teep-cbor-1.cbor", FORMAT_EAR_CLAIMS, "rats/ear#03", NULL },
	{ "ear/ext-veraison-json-1.json", FORMAT_EAR_CLAIMS, "rats/ear#03", NULL },
	{ "ear/ext-veraison-cbor-1.cbor", FORMAT_EAR_CLAIMS, "rats/ear#03", NULL },
	{ "ear/ear-claims.json", FORMAT_EAR_CLAIMS, "veraison/ear", NULL },
	{ "ear/ear-claims-extension-ok.json", FORMAT_EAR_CLAIMS, "veraison/ear", NULL },
	{ "ear/ear-claims-key-attestation-ko.json", FORMAT_EAR_CLAIMS, "veraison/ear", NULL },
	/* wrappers */
	{ "cmw/cmw-example-1.json", FORMAT_CMW, NULL, NULL },
	{ "cmw/cmw-example-2.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/cmw-example-3.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/cmw-example-tag-1.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/cmw-example-tag-2.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/collection-example-1.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/collection-example-2.json", FORMAT_CMW, NULL, NULL },
	{ "cmw/eat-example-1.json", FORMAT_EAT_CLAIMS, NULL, NULL },
	{ "cmw/veraison-collection-cbor-mixed-keys.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/veraison-collection-cbor-ok-2.cbor", FORMAT_CMW, NULL, NULL },
	{ "cmw/veraison-collection-cbor-ok.cbor", FORMAT_CMW, NULL, NULL },
	/* evidence of TPMs */
	{ "tpm/enacttrust-basic.token", FORMAT_ENACTTRUST, "answers no nonce", NULL },
	{ "tpm/parsec-lib-evidence.cbor", FORMAT_PARSEC, NULL, NULL },
	{ "tpm/parsec-evidence_bad_kat.cbor", FORMAT_PARSEC, "kat.", NULL },
	/* concise evidence */
	{ "coev/ce-coswid.cbor", FORMAT_COEV, NULL, NULL },
	{ "coev/ce-evidence.cbor", FORMAT_COEV, NULL, NULL },
	{ "coev/ce-identity.cbor", FORMAT_COEV, NULL, NULL },
	{ "coev/ce-seam-evidence.cbor", FORMAT_COEV, NULL, NULL },
	/* CoMIDs and a CoTL without a CoRIM around them */
	{ "corim-draft11/comid-1a.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-3.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-4.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-design-cd.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-firmware-cd.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-flags.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-integrity-registers.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-opaque-instance-id.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-psa-refval.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-raw-value.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/comid-series.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-veraison/tdx-comid_pce_refval.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-veraison/tdx-comid_qe_refval.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-veraison/tdx-comid_seam_refval.cbor", FORMAT_COMID, NULL, NULL },
	{ "corim-draft11/cotl-1.cbor", FORMAT_COTL, NULL, NULL },
	/* certificates */
	{ "keys/corim-store-root.cert.der", FORMAT_X509, NULL, NULL },
	{ "keys/corim-store-int.cert.der", FORMAT_X509, NULL, NULL },
	{ "keys/corim-store-leaf.cert.der", FORMAT_X509, NULL, NULL },
	/* no format of ours: the reason says so, and what to look at it with */
	{ "tpm/enacttrust-basic.pub.pem", FORMAT_UNKNOWN, "openssl shows", NULL },
	{ "keys/SOURCES.txt", FORMAT_UNKNOWN, "none of the formats known here", NULL },
	/* pictures of what a verifier holds inside: no format of the wire, so none of ours */
	{ "corim-draft11/intrep-acs-1.diag", FORMAT_UNKNOWN, "CBOR", NULL },
	{ "corim-draft11/intrep-acs-3.diag", FORMAT_UNKNOWN, "CBOR", NULL },
	{ "corim-draft11/intrep-rel-ev-1.diag", FORMAT_JSON, "not JSON", NULL },
	{ "corim-draft11/intrep-rel-ev-psa.diag", FORMAT_JSON, "not JSON", NULL },
	{ "corim-draft11/intrep-rel-rv-1.diag", FORMAT_JSON, "not JSON", NULL },
	{ "corim-draft11/intrep-acs-psa-1.diag", FORMAT_JSON, "not JSON", NULL },
	{ "corim-draft11/intrep-acs-psa-2.diag", FORMAT_JSON, "not JSON", NULL },
	{ "corim-draft11/intrep-rel-ae-psa.diag", FORMAT_JSON, "not JSON", NULL },
};

/* Of devices, and of hosts that boot. */
static const struct row others[] = {
	{ "spdm/certs/ecp256.bundle_responder.certchain.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp384.bundle_responder.certchain.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp384.bundle_responder.certchain_alias.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp384.leaf_req_eku.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp384.leaf_req_rsp_eku.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp384.leaf_rsp_eku.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/ecp521.bundle_responder.certchain.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/rsa3072.bundle_responder.certchain.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/rsa3072_expired.bundle_responder.certchain.der", FORMAT_X509, NULL, NULL },
	{ "spdm/certs/mldsa65.bundle_responder.certchain.der", FORMAT_X509,
	  "certificates[0]: certificate CN=DMTF libspdm mldsa65 ca: unsupported algorithm", NULL },
	{ "spdm/certs/mldsa87.bundle_responder.certchain.der", FORMAT_X509,
	  "certificates[0]: certificate CN=DMTF libspdm mldsa87 ca: unsupported algorithm", NULL },
	{ "spdm/dmtf_measurement/device_measurement.bin", FORMAT_SPDM_RECORD, NULL, NULL },
	{ "spdm/dmtf_measurement/SpdmSampleMeasurement.json", FORMAT_JSON, NULL, NULL },
	{ "spdm/nvidia/gh100_550.90.07_report.hex.txt", FORMAT_NVIDIA_GPU, NULL, NULL },
	{ "spdm/nvidia/gh100_550.90.07_chain.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/nvidia/chain_case2_root_only.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/nvidia/chain_case3_missing_intermediate.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/nvidia/chain_case4_no_leaf.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/nvidia/device_root.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/nvidia/rim_root.pem", FORMAT_X509, NULL, NULL },
	{ "spdm/captures/g_doe_1.2.pcap", FORMAT_PCAP, NULL, NULL },
	{ "bootlog/uefi-102-events.bin", FORMAT_BOOT_LOG, NULL, NULL },
	{ "bootlog/uefi-no-secureboot.bin", FORMAT_BOOT_LOG, NULL, NULL },
	{ "bootlog/bogus.bin", FORMAT_UNKNOWN, "none of the formats known here", NULL },
	{ "bootlog/ima-log-sha1.txt", FORMAT_IMA_LIST, NULL, NULL },
	{ "bootlog/ima-log-sha256.txt", FORMAT_IMA_LIST, NULL, NULL },
};

static size_t row_is_wrong(const struct row *row, const char *folder)
{
	char path[200];
	struct format_seen seen;
	struct err e = { 0 };
	u8 *copy;
	int rc;

	snprintf(path, sizeof(path), "%s%s", folder, row->file);
	OWNED(buf) b = third_party(path);

	copy = heap_copy(buf_bytes(b));
	rc = format_check((struct bytes){ copy, b->w.len }, &seen, &e);
	free(copy);
	if (seen.format == row->format && !rc == !row->why && (!rc || strstr(e.text, row->why)) &&
	    (!row->note || strstr(seen.note, row->note)))
		return 0;
	print_error("%s: %s, %d \"%s\", note \"%s\"; expected %s, \"%s\"\n", row->file,
		    format_name(seen.format), rc, e.text, seen.note, format_name(row->format),
		    row->why ? row->why : "accepted");
	return 1;
}

static void every_file_is_taken_for_what_it_is(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		wrong += row_is_wrong(&rows[i], "rats/");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		wrong += row_is_wrong(&others[i], "");
	assert_int_equal(wrong, 0);
}

/* The record of others, and the JSON beside it that says what is in it. */
static void a_bare_record_is_read_as_its_makers_read_it(void **state)
{
	OWNED(buf) b = third_party("spdm/dmtf_measurement/device_measurement.bin");
	OWNED(buf) text = third_party("spdm/dmtf_measurement/SpdmSampleMeasurement.json");
	json_t *j = json_loadb((const char *)text->w.at, text->w.len, 0, NULL), *row;
	struct reader r = reader_on(buf_bytes(b));
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(j, "evidences")), 5);
	json_array_foreach(json_object_get(j, "evidences"), i, row)
	{
		json_t *evidence = json_object_get(row, "evidence");
		json_t *svn = json_object_get(evidence, "svn");
		struct spdm_block block = spdm_next_block(&r);
		struct reader value = reader_on(block.value);
		char hex[2 * DIGEST_MAX + 1];

		assert_null(r.why);
		assert_int_equal(block.index,
				 json_integer_value(json_object_get(evidence, "index")));
		if (svn) {
			assert_int_equal(read_le64(&value, "svn"), json_integer_value(svn));
			continue;
		}
		assert_int_equal(block.value.len, DIGEST_MAX);
		assert_string_equal(
			hex_write(block.value, hex),
			json_string_value(json_array_get(json_object_get(evidence, "digest"), 1)));
	}
	json_decref(j);
}

/* What is cut off anywhere is refused, or, JSON apart, is not what it was. */
static void every_truncation_of_a_file_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[160];

		if (rows[i].why || strstr(rows[i].file, ".json"))
			continue;
		snprintf(path, sizeof(path), "rats/%s", rows[i].file);
		OWNED(buf) b = third_party(path);

		for (size_t len = 0; len < b->w.len; len++) {
			u8 *copy = heap_copy((struct bytes){ b->w.at, len });
			struct format_seen seen;
			struct err e = { 0 };

			if (!format_check((struct bytes){ copy, len }, &seen, &e) &&
			    (len > 1 || seen.format == rows[i].format)) /* a byte may be CBOR */
				fail_msg("%s: accepted after %zu bytes", path, len);
			free(copy);
		}
	}
}

/* The index: results of draft 3 are well-formed claims-sets, whoever refuses their profile. */
static void results_of_draft_3_are_well_formed_claims(void **state)
{
	static const char *const files[] = { "rats/ear/ext-teep-cbor-1.cbor",
					     "rats/ear/ext-veraison-cbor-1.cbor" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		OWNED(buf) b = third_party(files[i]);
		struct claims_seen seen;
		struct err e = { 0 };

		assert_ok(claims_check(buf_bytes(b), &seen, &e), &e);
		assert_bytes_equal(seen.profile, bytes_text("tag:ietf.org,2026:rats/ear#03"));
	}
}

static void the_submodules_of_a_token_are_met_each_in_its_kind(void **state)
{
	OWNED(buf) b = third_party("rats/eat/submods.cbor");
	OWNED(buf) cca = third_party("rats/eat/cca-evidence.cbor");
	struct claims_seen seen;
	struct err e = { 0 };

	(void)state;
	assert_ok(claims_check(buf_bytes(b), &seen, &e), &e);
	assert_int_equal(seen.n_claims, 6);
	assert_int_equal(seen.n_nested, 2);   /* a token and JSON text */
	assert_int_equal(seen.n_detached, 1); /* inside the nested token */
	assert_int_equal(seen.n_submods, 5);  /* four, and the one of the nested token */
	assert_ok(claims_cca_check(buf_bytes(cca), &seen, &e), &e);
	assert_int_equal(seen.n_nested, 2);
}

static void a_changed_claims_set_of_a_bundle_is_refused(void **state)
{
	OWNED(buf) b = third_party("rats/eat/valid_deb.cbor");
	struct claims_seen seen;
	struct err e = { 0 };

	(void)state;
	b->w.at[b->w.len - 1] ^= 1; /* the last byte of a file name */
	assert_refused(claims_bundle_check(buf_bytes(b), &seen, &e), &e, E_BINDING,
		       "bundle.TEE: is not what the main token's digest is of");
}

/* A trust list stands in a CoRIM, its tag around it. */
static void the_list_of_trusted_tags_is_read_inside_a_corim(void **state)
{
	OWNED(buf) b = third_party("rats/corim-draft11/cotl-1.cbor");
	OWNED(buf) wrapped = from_hex("d901f5 a2 006163 0181 d901fc");
	OWNED(corim) c = NULL;
	struct err e = { 0 };

	(void)state;
	cbor_put_bytes(&wrapped->w, buf_bytes(b));
	assert_ok(corim_parse(buf_bytes(wrapped), &c, &e), &e);
	assert_int_equal(c->tags[0].kind, CORIM_COTL);
	assert_int_equal(c->tags[0].n_listed, 3);
	assert_int_equal(c->tags[0].listed[1].version, 5);
	assert_int_equal(c->tags[0].not_before, 1234);
	assert_int_equal(c->tags[0].not_after, 4567);
}

/* Protected headers by themselves: around a CoRIM of the same drafts they are read, signature or not. */
static void the_protected_headers_are_read_around_a_corim(void **state)
{
	static const struct {
		const char *file;
		bool digest;
	} headers[] = { { "protected-header-map-corim-meta.cbor", false },
			{ "protected-header-map-cwt-claims.cbor", false },
			{ "protected-header-map-hash-envelope.cbor", true } };
	OWNED(buf) inner = third_party("rats/corim-draft11/corim-1.cbor");
	struct digest d = sha256_of(buf_bytes(inner));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char path[160];
		OWNED(buf) w = buf_new(65536);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		u8 signature[96] = { 1 };

		snprintf(path, sizeof(path), "rats/corim-draft11/%s", headers[i].file);
		OWNED(buf) protected = third_party(path);

		cbor_put_tag(&w->w, 18);
		cbor_put_array(&w->w, 4);
		cbor_put_bytes(&w->w, buf_bytes(protected));
		cbor_put_map(&w->w, 0);
		cbor_put_bytes(&w->w, headers[i].digest ? digest_bytes(&d) : buf_bytes(inner));
		cbor_put_bytes(&w->w, BYTES(signature));
		if (corim_read(buf_bytes(w), CORIM_DRAFT_11,
			       headers[i].digest ? buf_bytes(inner) : BYTES_NONE, &c, &e))
			fail_msg("%s: %s", path, e.text);
		assert_int_equal(c->cose.alg, COSE_ES384);
		assert_string_equal(c->signer, "ACME Ltd.");
		assert_int_equal(c->n_references, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_taken_for_what_it_is),
		cmocka_unit_test(a_bare_record_is_read_as_its_makers_read_it),
		cmocka_unit_test(every_truncation_of_a_file_is_refused),
		cmocka_unit_test(results_of_draft_3_are_well_formed_claims),
		cmocka_unit_test(the_submodules_of_a_token_are_met_each_in_its_kind),
		cmocka_unit_test(a_changed_claims_set_of_a_bundle_is_refused),
		cmocka_unit_test(the_list_of_trusted_tags_is_read_inside_a_corim),
		cmocka_unit_test(the_protected_headers_are_read_around_a_corim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
