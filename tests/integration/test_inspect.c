// SPDX-License-Identifier: Apache-2.0
/* `assay inspect` as somebody uses it who was handed a file: what it prints, and its exit code. */
#include "inspect_rig.h"

#include <stdio.h>

#include "common/file.h"

#define IN_16(x) "[[[[[[[[[[[[[[[[" x "]]]]]]]]]]]]]]]]"
#define IN_64(x) IN_16(IN_16(IN_16(IN_16(x))))

/* Bytes in hex, or text behind "text:". */
static void each_format_is_named_drawn_and_judged(void **state)
{
	static const struct {
		const char *content;
		int code;
		const char *want[3];
	} rows[] = {
		{ "00", 0, { "format: CBOR", "number 0", "grammar: kept" } },
		{ "01", 0, { "format: CBOR", "number 1", "grammar: kept" } },
		{ "82 63612f62 4100", 0, { "format: conceptual message wrapper", "0: text a/b" } },
		{ "a2 190109 6170 0a 480001020304050607",
		  0,
		  { "format: entity attestation claims", "265 eat_profile: text p",
		    "10 eat_nonce" } },
		{ "a2 190109 6170 0a 4100", 2, { "refused: claims.10: length is not allowed" } },
		{ "a2 01 81 6161 05 4100", 0, { "format: measured component", "1 id: array" } },
		{ "d901f5 a2 00 6161 01 81 d901fa 44 a104a100",
		  2,
		  { "format: CoRIM", "refused: CoRIM: tags[0]", "tag 506 CoMID" } },
		{ "d901f5 a2 00 6161 01 81 d901fa 4b a2 01 a1 00 6174 04 a1 00 81 80",
		  2,
		  { "format: CoRIM", "refused: CoRIM: tags[0].triples.0[0]" } },
		{ "d901f5 a3 00 6161 01 80 03 d820 6161", 2, { "refused: ", "tags" } },
		{ "d2 84 43a10126 a0 4101 4100", 0, { "format: COSE_Sign1", "1 alg: number -7" } },
		{ "d2 83 43a10126 a0 4101", 2, { "refused: COSE_Sign1" } },
		{ "a1 01", 2, { "format: unknown", "refused: none of the formats known here" } },
		{ "a2 01 02 01 03", 2, { "CBOR at byte 5: map key twice, in 1" } },
		{ "text:{\"a\": [1, {\"b\": 2}]}", 0, { "format: JSON", "\"b\": 2" } },
		{ "text:" IN_64("1"), 0, { "format: JSON", " [\n", " 1\n" } },
		{ "text:[" IN_64("1") "]",
		  2,
		  { "format: JSON", "refused: JSON: nested deeper than 64\n" } },
		{ "text:{\"eat_profile\": \"tag:ietf.org,2026:rats/ear#03\"}",
		  2,
		  { "format: attestation result (claims)", "refused: ", "rats/ear#03" } },
		{ "text:eyJhIjoxfQ.e30.AA",
		  2,
		  { "format: attestation result (JWT)", "header:", "eat_profile is \"\"" } },
		{ "text:10 0000000000000000000000000000000000000000 ima-ng sha1:"
		  "0000000000000000000000000000000000000000 /x\x1b[31m\n",
		  0,
		  { "format: IMA list", "/x\\x1b[31m, VIOLATION",
		    "entries: text 1, 1 violations" } },
		{ "0a000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 "
		  "01000000",
		  2,
		  { "format: IMA list",
		    "refused: IMA list: the list ends inside entry 0: template data" } },
		{ "0a000000 0000000000000000000000000000000000000000 06000000 696d612d6e67 "
		  "04000000 00000000",
		  2,
		  { "format: IMA list", "refused: IMA list: entry 0: " } },
		{ "00000000 03000000 0000000000000000000000000000000000000000 10000000 00",
		  2,
		  { "format: boot log", "refused: boot log event 0: event is cut off" } },
		{ "01 01 0700 81 0400 61626364 02 01 0b00 87 0800 0900000000000000",
		  0,
		  { "format: SPDM measurement record",
		    "block 1: text firmware (type 1), raw, 4 bytes: 61626364",
		    "block 2: text security version (type 7), 9" } },
		{ "01 01 0700 81 0400 61626364 01 01 0400 81 0100 00",
		  2,
		  { "block 1: text firmware", "refused: record[1]: block Index twice" } },
		{ "text:\x1b[31m", 2, { "format: unknown" } },
		{ "", 2, { "format: unknown" } },
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool text = !strncmp(rows[i].content, "text:", 5);
		OWNED(buf)
		b = text ? buf_copy(bytes_text(rows[i].content + 5)) : from_hex(rows[i].content);
		struct err e = { 0 };
		char file[320];

		snprintf(file, sizeof(file), "%s/file", rig_scratch);
		assert_ok(file_write(file, buf_bytes(b), 0600, &e), &e);
		wrong += !inspect_answers(file, NULL, rows[i].code, rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

static void what_a_file_says_never_reaches_the_terminal_raw(void **state)
{
	OWNED(buf) b = from_hex("a1 63 1b5b4a 64 0a1b5b4a"); /* { "ESC[J": "LF ESC[J" } */
	struct err e = { 0 };
	char file[320];
	int code;

	(void)state;
	snprintf(file, sizeof(file), "%s/file", rig_scratch);
	assert_ok(file_write(file, buf_bytes(b), 0600, &e), &e);
	OWNED(buf) out = inspect_run(file, NULL, &code);

	assert_int_equal(code, 0);
	assert_null(strchr((const char *)out->w.at, 0x1b));
	assert_non_null(strstr((const char *)out->w.at, "?[J: text ??[J"));

	/* characters of C1, marks that turn text around, and what is hidden: { "a": "U+009B U+202E U+200B" "e with accent" } */
	OWNED(buf) marks = from_hex("a1 6161 6a c29b e280ae e2808b c3a9");
	assert_ok(file_write(file, buf_bytes(marks), 0600, &e), &e);
	OWNED(buf) shown = inspect_run(file, NULL, &code);
	assert_non_null(strstr((const char *)shown->w.at, "a: text ???\xc3\xa9\n"));

	/* in JSON as escapes, which a parser undoes and a terminal does not */
	OWNED(buf) json = buf_copy(bytes_text("{\"a\": \"\xc2\x9b\xe2\x80\xae\"}"));
	static const char *const as_json[] = { "--json", NULL };
	assert_ok(file_write(file, buf_bytes(json), 0600, &e), &e);
	OWNED(buf) escaped = inspect_run(file, as_json, &code);
	assert_non_null(strstr((const char *)escaped->w.at, "\"a\":\"\\u009B\\u202E\""));
}

static void our_own_token_is_opened_with_names(void **state)
{
	static const char *const want[] = { "format: host token", "quote: bytes", "grammar: kept" };

	(void)state;
	assert_true(inspect_answers(OWN_VECTORS "/eat/everything.token", NULL, 0, want));
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
	static const struct {
		const char *file, *want;
	} rows[] = {
		{ "/nowhere/file", "open /nowhere/file: No such file" },
		{ "/", "read /: Is a directory" },
		{ "/dev/zero", "/dev/zero is larger than 67108864 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int code;
		OWNED(buf) out = inspect_run(rows[i].file, NULL, &code);

		assert_int_equal(code, 2);
		assert_non_null(strstr((const char *)out->w.at, rows[i].want));
	}
}

/* Ten thousand blocks of one index: the second is the fault, and no more are drawn than there can be. */
static void a_record_of_too_many_blocks_is_drawn_to_their_maximum(void **state)
{
	static const u8 block[] = { 1, 1, 4, 0, 0x81, 1, 0, 0x1b };
	OWNED(buf) b = buf_new(65536 * 2);
	struct err e = { 0 };
	char file[320];
	size_t n = 0;
	int code;

	(void)state;
	for (size_t i = 0; i < 10000; i++)
		write_bytes(&b->w, BYTES(block));
	snprintf(file, sizeof(file), "%s/file", rig_scratch);
	assert_ok(file_write(file, buf_bytes(b), 0600, &e), &e);
	OWNED(buf) out = inspect_run(file, NULL, &code);

	assert_int_equal(code, 2);
	assert_non_null(strstr((const char *)out->w.at, "refused: record[1]: block Index twice"));
	for (const char *at = (const char *)out->w.at; (at = strstr(at, "\nblock 1: ")); at++)
		n++;
	assert_int_equal(n, 254);
}

static void files_of_others_are_judged_with_their_keys(void **state)
{
	static const struct {
		const char *file, *option, *key;
		int code;
		const char *want[3];
	} rows[] = {
		{ "rats/corim-veraison/signed-good-corim.cbor",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  0,
		  { "format: signed CoRIM", "reference-triples", "signature: valid" } },
		{ "rats/derived/corim-mut-payload-bitflip.cbor",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  2,
		  { "grammar: kept", "signature: " } },
		{ "rats/corim-store/signed-with-cert-cca-ref-plat.cose",
		  "--anchor",
		  "rats/keys/corim-store-root.cert.der",
		  0,
		  { "signature: valid" } },
		{ "rats/corim-store/signed-with-cert-cca-ref-plat.cose",
		  "--anchor",
		  "spdm/nvidia/rim_root.pem",
		  2,
		  { "signature: signer of CoRIM" } },
		{ "rats/corim-cocli/signed-corim-valid.cbor",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  2,
		  { "refused: CoRIM" } },
		{ "rats/eat/psa.good.cose",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  0,
		  { "format: entity attestation token", "signature: valid" } },
		{ "rats/eat/valid_cwt.cbor",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  2,
		  { "grammar: kept", "signature: " } },
		{ "rats/cmw/cmw-example-2.cbor",
		  "--key",
		  "rats/keys/veraison-ec-p256.pub.jwk",
		  2,
		  { "has no signature that this build checks" } },
		{ "rats/coev/ce-evidence.cbor",
		  NULL,
		  NULL,
		  0,
		  { "format: concise evidence", "evidence-triples" } },
		{ "spdm/captures/g_doe_1.2.pcap",
		  NULL,
		  NULL,
		  0,
		  { "format: capture", "MEASUREMENTS", "verified" } },
		{ "spdm/nvidia/gh100_550.90.07_report.hex.txt",
		  NULL,
		  NULL,
		  0,
		  { "format: GPU report (NVIDIA)", "3 driver version: text 550.90.07",
		    "6 VBIOS version: text 96.00.9F.00.01" } },
		{ "spdm/nvidia/gh100_550.90.07_chain.pem",
		  "--anchor",
		  "spdm/nvidia/device_root.pem",
		  0,
		  { "certificate 4: ",
		    "DMTF device info (1.3.6.1.4.1.412.274.1): text NVIDIA:GH100:",
		    "signature: valid" } },
		{ "spdm/nvidia/chain_case3_missing_intermediate.pem",
		  "--anchor",
		  "spdm/nvidia/device_root.pem",
		  2,
		  { "grammar: kept", "signature: certificates[" } },
		{ "spdm/certs/mldsa65.bundle_responder.certchain.der",
		  NULL,
		  NULL,
		  2,
		  { "  subject: text CN=DMTF libspdm mldsa65 ca",
		    "refused: certificates[0]: certificate CN=DMTF libspdm mldsa65 ca: "
		    "unsupported" } },
		{ "spdm/dmtf_measurement/device_measurement.bin",
		  NULL,
		  NULL,
		  0,
		  { "block 1: text ROM (type 0), digest, 64 bytes: 8d531d77d821e167",
		    "block 16: text security version (type 7), 7",
		    "block 254: text device mode (type 5), raw, 16 bytes: 3f000000" } },
		{ "rats/tpm/enacttrust-basic.token",
		  "--key",
		  "rats/tpm/enacttrust-basic.pub.pem",
		  2,
		  { "pcrDigest: text 87428fc522803d31", "refused: TPM token: answers no nonce",
		    "signature: valid" } },
		{ "bootlog/ima-log-sha256.txt",
		  NULL,
		  NULL,
		  0,
		  { "form: text ASCII", "leads to PCR 10" } },
		{ "spdm/nvidia/rim_driver_545.00.swidtag",
		  NULL,
		  NULL,
		  0,
		  { "format: SWID tag", "entries: text 64, 21 active",
		    "signer: text CN=HCC RIM" } },
		{ "spdm/nvidia/rim_vbios_1010_0205_862_96005E0004.swidtag",
		  "--anchor",
		  "spdm/nvidia/rim_root.pem",
		  2,
		  { "12 active", "grammar: kept", "signature: signer expired" } },
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char file[4096], key[4096];
		const char *const more[] = { rows[i].option, key, NULL };

		third_party_path(rows[i].file, file, sizeof(file));
		if (rows[i].key)
			third_party_path(rows[i].key, key, sizeof(key));
		wrong += !inspect_answers(file, rows[i].option ? more : NULL, rows[i].code,
					  rows[i].want);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_is_named_drawn_and_judged),
		cmocka_unit_test(what_a_file_says_never_reaches_the_terminal_raw),
		cmocka_unit_test(our_own_token_is_opened_with_names),
		cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
		cmocka_unit_test(a_record_of_too_many_blocks_is_drawn_to_their_maximum),
		cmocka_unit_test(files_of_others_are_judged_with_their_keys),
	};

	return cmocka_run_group_tests(tests, rig_scratch_make, rig_scratch_remove);
}
