// SPDX-License-Identifier: Apache-2.0
/*
 * Formats of others that pass our parsers as far as those go. What each layer makes of a file:
 *
 *   file                         CBOR  COSE  more
 *   eat/psa.good.cose            yes   yes   the claims are another profile's: eat_parse() refuses
 *   eat/valid_cwt                yes   no    tag 61 before tag 18: our profile has no CWT tag
 *   eat/cca-evidence             yes   no    tag 399, a collection: its two tokens are read as COSE
 *   eat/valid_deb                yes   no    tag 602, a detached bundle: our profile has none
 *   eat/submods, valid_iot, ...  yes   no    claims-sets without an envelope
 *   device-eat/dat-1, mc-ex*     yes   no    a claims-set; our token carries transcripts, not claim 3802
 *   coev/ce-*                    yes   no    evidence of others is not appraised: no reader
 *   cmw/...                      yes   no    our token has no wrapper: no reader
 *   tpm/enacttrust-basic.token   -     -     TPMS_ATTEST and TPMT_SIGNATURE inside are read and verified
 *   tpm/parsec-*                 yes   no    certInfo and attestInfo inside are read
 * The JSON files of eat/ and cmw/ are no format of ours: nothing here reads JSON evidence.
 */
#include "support.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/coev.h"
#include "proto/corim.h"
#include "proto/ear.h"
#include "proto/eat.h"

enum { CHAIN_TIME = 1800000000 }; /* 2027: inside the validity of the chain */

static void every_file_of_others_is_well_formed_and_no_token_of_ours(void **state)
{
	static const char *const files[] = {
		"eat/psa.good.cose",
		"eat/valid_cwt.cbor",
		"eat/valid_deb.cbor",
		"eat/submods.cbor",
		"eat/valid_hw_block.cbor",
		"eat/valid_iot.cbor",
		"eat/cca-evidence.cbor",
		"device-eat/dat-1.cbor",
		"device-eat/mc-ex1.cbor",
		"device-eat/mc-ex3.cbor",
		"coev/ce-coswid.cbor",
		"coev/ce-evidence.cbor",
		"coev/ce-identity.cbor",
		"coev/ce-seam-evidence.cbor",
		"cmw/cmw-example-2.cbor",
		"cmw/cmw-example-3.cbor",
		"cmw/cmw-example-tag-1.cbor",
		"cmw/cmw-example-tag-2.cbor",
		"cmw/collection-example-1.cbor",
		"cmw/veraison-collection-cbor-mixed-keys.cbor",
		"cmw/veraison-collection-cbor-ok-2.cbor",
		"cmw/veraison-collection-cbor-ok.cbor",
		"tpm/parsec-lib-evidence.cbor",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[160];
		struct err e = { 0 };
		OWNED(eat) t = NULL;

		snprintf(path, sizeof(path), "rats/%s", files[i]);
		OWNED(buf) b = third_party(path);

		if (cbor_check(buf_bytes(b), CBOR_WELL_FORMED, &e))
			fail_msg("%s: %s", path, e.text);
		assert_int_not_equal(eat_parse(buf_bytes(b), &t, &e), 0);
		for (size_t len = 0; len < b->w.len; len++) {
			u8 *copy = heap_copy((struct bytes){ b->w.at, len });

			assert_int_not_equal(
				cbor_check((struct bytes){ copy, len }, CBOR_WELL_FORMED, &e), 0);
			free(copy);
		}
	}
}

/* The files that software in concise evidence lists, with their paths, sizes and hashes. */
static void software_of_others_becomes_evidence(void **state)
{
	OWNED(buf) b = third_party("rats/coev/ce-coswid.cbor");
	OWNED(coev) c = NULL;
	const struct corim_triple *t;
	struct cbor key;
	struct err e = { 0 };

	(void)state;
	assert_ok(coev_parse(buf_bytes(b), &c, &e), &e);
	assert_int_equal(c->at[0]->n_references, 1);
	t = &c->at[0]->references[0];
	assert_bytes_equal(t->env.vendor, bytes_text("xyzinc.example"));
	assert_int_equal(t->n, 1);
	key = cbor_on(t->elements[0].mkey, CBOR_STRICT);
	assert_bytes_equal(cbor_text(&key, "mkey"),
			   bytes_text("%programdata%/rrdetector/rrdetector.exe"));
	assert_int_equal(t->elements[0].mval.digests[0].alg, 1);
	assert_int_equal(t->elements[0].mval.digests[0].bytes.at[0], 0xa3);
	assert_int_equal(c->at[0]->software[0].evidence.at[0].size, 532712);
}

/* @file: a JWK, or an example of COSE with the key under input.sign0.key. */
static struct pubkey *key_of(const char *file)
{
	OWNED(buf) b = third_party(file);
	json_t *j = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	json_t *inner =
		json_object_get(json_object_get(json_object_get(j, "input"), "sign0"), "key");
	char *text = json_dumps(inner ? inner : j, 0);
	struct pubkey *k = NULL;
	struct err e = { 0 };

	assert_non_null(text);
	assert_ok(jwk_read(bytes_text(text), &k, &e), &e);
	free(text);
	json_decref(j);
	return k;
}

static void a_psa_token_verifies_by_its_key_and_by_no_other(void **state)
{
	OWNED(buf) b = third_party("rats/eat/psa.good.cose");
	OWNED(pubkey) rfc8152_11 = key_of("rats/cose/ecdsa-sig-01.json");
	OWNED(pubkey) jwk = key_of("rats/keys/veraison-ec-p256.pub.jwk");
	struct cose_sign1 c;
	struct err e = { 0 };

	(void)state;
	assert_ok(cose_sign1_parse(buf_bytes(b), CBOR_WELL_FORMED, &c, &e), &e);
	assert_int_equal(c.alg, COSE_ES256);
	assert_ok(cose_sign1_verify(&c, jwk, &e), &e);
	assert_refused(cose_sign1_verify(&c, rfc8152_11, &e), &e, E_SIGNATURE, "");
}

/* node-id(16) ‖ size(2) ‖ TPMS_ATTEST ‖ TPMT_SIGNATURE */
static void a_quote_of_others_verifies_and_names_its_pcrs(void **state)
{
	OWNED(buf) b = third_party("rats/tpm/enacttrust-basic.token");
	OWNED(buf) pem = third_party("rats/tpm/enacttrust-basic.pub.pem");
	OWNED(pubkey) key = NULL;
	struct reader r = reader_on(buf_bytes(b));
	struct tpm_attest attest;
	struct tpm_signature sig;
	struct bytes quote;
	struct err e = { 0 };

	(void)state;
	assert_ok(pubkey_from_pem(buf_bytes(pem), &key, &e), &e);
	read_bytes(&r, 16, "node-id");
	quote = read_bytes(&r, read_be16(&r, "size"), "TPMS_ATTEST");
	assert_null(r.why);
	assert_ok(tpm_attest_parse(quote, &attest, &e), &e);
	assert_int_equal(attest.type, TPM_ST_ATTEST_QUOTE);
	assert_int_equal(attest.extra_data.len, 0); /* no freshness: our checks refuse it */
	assert_int_equal(attest.selection.n, 1);
	assert_int_equal(attest.selection.bank[0].alg, TPM_ALG_SHA256);
	assert_int_equal(attest.selection.bank[0].pcrs, 0x1e);
	OWNED(buf)
	digest = from_hex("87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7");
	assert_bytes_equal(attest.pcr_digest, buf_bytes(digest));
	assert_ok(tpm_signature_parse(r.left, key, &sig, &e), &e);
	assert_ok(pubkey_verify(key, sig.scheme, sig.hash, &quote, 1,
				(struct bytes){ sig.raw, sig.len }, &e),
		  &e);
	((u8 *)quote.at)[quote.len - 1] ^= 1;
	assert_refused(pubkey_verify(key, sig.scheme, sig.hash, &quote, 1,
				     (struct bytes){ sig.raw, sig.len }, &e),
		       &e, E_SIGNATURE, "");
}

/* { "kat": { ..., "certInfo": bstr }, "pat": { ..., "attestInfo": bstr } } */
static struct bytes member(struct bytes map, const char *name)
{
	struct cbor c = cbor_on(map, CBOR_WELL_FORMED);

	for (size_t n = cbor_map(&c, "map"); n && !c.r.why; n--) {
		bool found = bytes_equal(cbor_text(&c, "key"), bytes_text(name));
		struct bytes item = cbor_item(&c, "value");

		if (found)
			return item;
	}
	return BYTES_NONE;
}

static void the_structures_inside_parsec_evidence_are_read(void **state)
{
	static const struct {
		const char *token, *info;
		u16 type;
	} rows[] = { { "kat", "certInfo", TPM_ST_ATTEST_CERTIFY },
		     { "pat", "attestInfo", TPM_ST_ATTEST_QUOTE } };
	OWNED(buf) b = third_party("rats/tpm/parsec-lib-evidence.cbor");
	OWNED(buf) bad = third_party("rats/tpm/parsec-evidence_bad_kat.cbor");
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes item = member(member(buf_bytes(b), rows[i].token), rows[i].info);
		struct cbor c = cbor_on(item, CBOR_WELL_FORMED);
		struct tpm_attest attest;

		assert_ok(tpm_attest_parse(cbor_bytes(&c, "info"), &attest, &e), &e);
		assert_int_equal(attest.type, rows[i].type);
		assert_bytes_equal(attest.extra_data, bytes_text("0000"));
	}
	struct bytes kat = member(buf_bytes(bad), "kat");
	struct bytes info = member(kat, "certInfo");
	struct cbor c = cbor_on(info, CBOR_WELL_FORMED);
	struct tpm_attest attest;

	assert_bytes_equal(info, bytes_text("\x40")); /* the index: missing or garbled */
	assert_refused(tpm_attest_parse(cbor_bytes(&c, "info"), &attest, &e), &e, E_FORMAT,
		       "TPMS_ATTEST: magic");
}

/* 399({ 44234: bstr, 44241: bstr }): both are tagged tokens, or the index is wrong. */
static void both_tokens_of_a_cca_collection_are_envelopes(void **state)
{
	OWNED(buf) b = third_party("rats/eat/cca-evidence.cbor");
	struct cbor c = cbor_on(buf_bytes(b), CBOR_WELL_FORMED);
	static const u64 keys[] = { 44234, 44241 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(cbor_tag(&c, "tag"), 399);
	assert_int_equal(cbor_map(&c, "collection"), 2);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct cose_sign1 s;

		assert_int_equal(cbor_uint(&c, "key"), keys[i]);
		assert_ok(cose_sign1_parse(cbor_bytes(&c, "token"), CBOR_WELL_FORMED, &s, &e), &e);
		assert_true(s.payload.len > 0);
	}
	assert_false(cbor_done(&c));
}

/* The digest in a bundle's main token is that of the bytes inside the bstr, without its head. */
static void a_detached_claims_set_has_the_digest_that_its_token_names(void **state)
{
	OWNED(buf) b = third_party("rats/eat/valid_deb.cbor");
	struct cbor c = cbor_on(buf_bytes(b), CBOR_WELL_FORMED);
	struct bytes main_token, claims;
	struct digest d;
	size_t found = 0;

	(void)state;
	assert_int_equal(cbor_tag(&c, "tag"), 602);
	assert_int_equal(cbor_array(&c, "bundle"), 2);
	main_token = cbor_item(&c, "main token");
	assert_int_equal(cbor_map(&c, "detached"), 1);
	cbor_text(&c, "label");
	claims = cbor_bytes(&c, "claims");
	assert_false(cbor_done(&c));
	assert_int_equal(claims.len, 125);
	d = sha256_of(claims);
	for (size_t i = 0; i + 32 <= main_token.len; i++)
		found += !memcmp(main_token.at + i, d.at, 32);
	assert_int_equal(found, 1);
}

/* The index: who signed each, and which were changed afterwards. */
static void signed_corims_of_others_verify_unless_they_were_changed(void **state)
{
	static const struct {
		const char *file, *key;
		bool valid;
	} rows[] = {
		{ "corim-veraison/signed-good-corim.cbor", "veraison-ec-p256", true },
		{ "corim-veraison/signed-good-corim.cbor", "corim-store", false },
		{ "corim-store/signed-cca-ref-plat.cose", "corim-store", true },
		{ "corim-store/signed-cca-ta.cose", "corim-store", true },
		{ "corim-store/signed-with-cert-cca-ref-plat.cose", "corim-store", true },
		{ "corim-store/signed-with-cert-cca-ta.cose", "corim-store", true },
		{ "derived/corim-mut-payload-bitflip.cbor", "veraison-ec-p256", false },
		{ "derived/corim-mut-protected-alg-changed.cbor", "veraison-ec-p256", false },
		{ "derived/corim-mut-sig-truncated.cbor", "veraison-ec-p256", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[160];
		struct cose_sign1 c;
		struct err e = { 0 };

		snprintf(path, sizeof(path), "rats/keys/%s.pub.jwk", rows[i].key);
		OWNED(pubkey) key = key_of(path);

		snprintf(path, sizeof(path), "rats/%s", rows[i].file);
		OWNED(buf) b = third_party(path);

		assert_ok(cose_sign1_parse(buf_bytes(b), CBOR_WELL_FORMED, &c, &e), &e);
		if (!cose_sign1_verify(&c, key, &e) != rows[i].valid)
			fail_msg("%s by %s: %s", rows[i].file, rows[i].key,
				 rows[i].valid ? e.text : "valid");
	}
}

static void a_corim_with_its_chain_verifies_under_its_root_alone(void **state)
{
	OWNED(buf) b = third_party("rats/corim-store/signed-with-cert-cca-ref-plat.cose");
	OWNED(trust_store) none = trust_store_new();
	OWNED(trust_store) roots = trust_store_new();
	OWNED(corim) c = NULL;
	struct err e = { 0 };
	char path[4096];

	(void)state;
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_non_null(c->x5chain);
	third_party_path("rats/keys/corim-store-root.cert.der", path, sizeof(path));
	assert_ok(trust_store_add_file(roots, path, &e), &e);
	assert_ok(corim_check_signature(c, roots, NULL, NULL, CHAIN_TIME, &e), &e);
	assert_refused(corim_check_signature(c, roots, NULL, NULL, CHAIN_TIME / 2, &e), &e,
		       E_SIGNATURE, "signer of CoRIM cca-ref-plat");
	assert_refused(corim_check_signature(c, none, NULL, NULL, CHAIN_TIME, &e), &e, E_SIGNATURE,
		       "signer of CoRIM cca-ref-plat");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(software_of_others_becomes_evidence),
		cmocka_unit_test(every_file_of_others_is_well_formed_and_no_token_of_ours),
		cmocka_unit_test(a_psa_token_verifies_by_its_key_and_by_no_other),
		cmocka_unit_test(signed_corims_of_others_verify_unless_they_were_changed),
		cmocka_unit_test(a_corim_with_its_chain_verifies_under_its_root_alone),
		cmocka_unit_test(a_quote_of_others_verifies_and_names_its_pcrs),
		cmocka_unit_test(the_structures_inside_parsec_evidence_are_read),
		cmocka_unit_test(both_tokens_of_a_cca_collection_are_envelopes),
		cmocka_unit_test(a_detached_claims_set_has_the_digest_that_its_token_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
