// SPDX-License-Identifier: Apache-2.0
/* What a wrapper, claims or a component of somebody else may not look like, with the path of the fault. */
#include "edn.h"
#include "support.h"

#include "proto/claims.h"
#include "proto/cmw.h"
#include "proto/formats.h"

static void each_defect_has_its_path(void **state)
{
	static const struct {
		const char *text;
		enum format format;
		const char *why; /* NULL: accepted */
	} rows[] = {
		/* wrappers */
		{ "[\"a/b\", h'00']", FORMAT_CMW, NULL },
		{ "[65535, h'', 31]", FORMAT_CMW, NULL },
		{ "{\"__cmwc_t\": \"tag:x\", 1: [1, h'']}", FORMAT_CMW, NULL },
		{ "{\"__cmwc_t\": \"tag:x\"}", FORMAT_CMW, "collection of nothing" },
		{ "{\"__cmwc_t\": 1, 1: [1, h'']}", FORMAT_CMW, "cmw.__cmwc_t: neither URI" },
		{ "{\"__cmwc_t\": \"x\", 1: [1, h'', 0]}", FORMAT_CMW, "cmw.1: [2]" },
		{ "{\"__cmwc_t\": \"x\", 1: [1, h'', 32]}", FORMAT_CMW, "cmw.1: [2]" },
		{ "{\"__cmwc_t\": \"x\", 1: [65536, h'']}", FORMAT_CMW, "above 65535" },
		{ "{\"__cmwc_t\": \"x\", 1: [\"ab\", h'']}", FORMAT_CMW, "not a media type" },
		{ "{\"__cmwc_t\": \"x\", 1: [\"a/\", h'']}", FORMAT_CMW, "not a media type" },
		{ "{\"__cmwc_t\": \"x\", 1: [1, \"\"]}", FORMAT_CMW, "cmw.1: [1]: not bytes" },
		{ "{\"__cmwc_t\": \"x\", 1: [1]}", FORMAT_CMW, "two or three" },
		{ "{\"__cmwc_t\": \"x\", \"a\": {\"b\": 7}}", FORMAT_CMW,
		  "cmw.a.b: neither record" },
		{ "{\"__cmwc_t\": \"x\", 1: {2: {3: {4: {5: [1, h'']}}}}}", FORMAT_CMW,
		  "cmw.1.2.3.4: collections nested too deep" },
		{ "1668546817(h'00')", FORMAT_CMW, NULL },
		{ "1668546817(7)", FORMAT_CMW, "without bytes" },
		{ "1668547072(h'00')", FORMAT_CBOR, NULL }, /* 255: ends in no tag of the block */
		{ "1668612610(h'00')", FORMAT_CBOR, NULL }, /* above 65535 */
		/* claims */
		{ "{10: h'0001020304050607'}", FORMAT_EAT_CLAIMS, NULL },
		{ "{10: h'00010203040506'}", FORMAT_EAT_CLAIMS, "claims.10: length" },
		{ "{10: [h'0001020304050607']}", FORMAT_EAT_CLAIMS, "single nonce is no array" },
		{ "{10: [h'0001020304050607', h'0001020304050607']}", FORMAT_EAT_CLAIMS, NULL },
		{ "{265: 7}", FORMAT_EAT_CLAIMS, "claims.265" },
		{ "{265: \"p\", 6: -1, -70000: [1]}", FORMAT_EAT_CLAIMS, NULL },
		{ "{265: \"p\", 6: \"now\"}", FORMAT_EAT_CLAIMS, "claims.6: a whole number" },
		{ "{265: \"p\", 258: h'00'}", FORMAT_EAT_CLAIMS, "claims.258: an OEM id" },
		{ "{265: \"p\", 263: 5}", FORMAT_EAT_CLAIMS, "claims.263" },
		{ "{265: \"p\", 262: 1}", FORMAT_EAT_CLAIMS, "claims.262: true or false" },
		{ "{265: \"p\", 273: []}", FORMAT_EAT_CLAIMS, "claims.273: empty" },
		{ "{265: \"p\", 273: [[65536, h'']]}", FORMAT_EAT_CLAIMS, "content format" },
		{ "{265: \"p\", 273: [[1, \"\"]]}", FORMAT_EAT_CLAIMS, "claims.273: content" },
		{ "{265: \"p\", 266: {}}", FORMAT_EAT_CLAIMS, "claims.266: empty" },
		{ "{265: \"p\", 266: {1: {}}}", FORMAT_EAT_CLAIMS, "name of a submodule" },
		{ "{265: \"p\", 266: {\"a\": {263: 9}}}", FORMAT_EAT_CLAIMS, "claims.266.a.263" },
		{ "{265: \"p\", 266: {\"a\": 7}}", FORMAT_EAT_CLAIMS, "claims.266.a: neither" },
		{ "{265: \"p\", 266: {\"a\": \"DIGEST\"}}", FORMAT_EAT_CLAIMS, "JSON selector" },
		{ "{265: \"p\", 266: {\"a\": [-16, h'00']}}", FORMAT_EAT_CLAIMS, "not [alg" },
		{ "{265: \"p\", 266: {\"a\": [-999, h'00']}}", FORMAT_EAT_CLAIMS, "hash is not" },
		{ "{265: \"p\", 266: {\"a\": h'00'}}", FORMAT_EAT_CLAIMS, "claims.266.a: " },
		{ "{265: \"p\", 271: [\"1\", 2, 3]}", FORMAT_EAT_CLAIMS, "claims.271: a version" },
		/* tokens and bundles */
		{ "61(1)", FORMAT_EAT, "COSE_Sign1" },
		{ "18([h'a10126', {}, h'a10a4700010203040506', h''])", FORMAT_EAT, "claims.10" },
		{ "602([h'', {}])", FORMAT_BUNDLE, "bundle: main token" },
		{ "602([h'd28443a10126a042a0a040', {}])", FORMAT_BUNDLE, "bundle: main token" },
		{ "602([h'd28443a10126a041a040', {}])", FORMAT_BUNDLE, "no detached digest" },
		{ "399({1: h'd28443a10126a041a040'})", FORMAT_CCA, NULL },
		{ "399({1: h'00'})", FORMAT_CCA, "COSE_Sign1" },
		/* components */
		{ "{1: [\"a\"], 5: h'00'}", FORMAT_COMPONENT, NULL },
		{ "{1: [\"a\"], 2: [1, h'00'], 5: h'00'}", FORMAT_COMPONENT, "digest or raw" },
		{ "{1: [\"a\", [\"1\"]], 2: [1, h'']}", FORMAT_COMPONENT, "empty digest" },
		{ "{1: [\"a\"], 4: h'00', 5: h'00'}", FORMAT_COMPONENT, "flags have 8 bytes" },
		{ "{1: [\"a\"], 5: h'00', 6: 1}", FORMAT_COMPONENT, "unknown member" },
		/* the rest */
		{ "[1, 2]", FORMAT_CBOR, NULL },
		{ "{\"kat\": {}, \"pat\": {}}", FORMAT_PARSEC, "kat.certInfo is missing" },
		{ "501({0: \"a\", 1: []})", FORMAT_CORIM, "tags" },
		{ "571({})", FORMAT_COEV, "ev-triples" },
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i].text);
		u8 *copy = heap_copy(buf_bytes(b));
		struct format_seen seen;
		struct err e = { 0 };
		int rc = format_check((struct bytes){ copy, b->w.len }, &seen, &e);

		free(copy);
		if (seen.format == rows[i].format && !rc == !rows[i].why &&
		    (!rc || strstr(e.text, rows[i].why)))
			continue;
		print_error("%s: %s, %d \"%s\"; expected %s, \"%s\"\n", rows[i].text,
			    format_name(seen.format), rc, e.text, format_name(rows[i].format),
			    rows[i].why ? rows[i].why : "accepted");
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void text_is_told_apart_and_checked(void **state)
{
	static const struct {
		const char *text;
		enum format format;
		const char *why;
	} rows[] = {
		{ "[\"a/b\", \"AA\"]\n", FORMAT_CMW, NULL },
		{ "{\"__cmwc_t\": \"x\", \"a\": [\"a/b\", \"AA==\"]}", FORMAT_CMW,
		  "cmw.a: [1]: not base64url" },
		{ "{\"__cmwc_t\": \"x\", \"a\": [\"a/b\", \"AA\", 0]}", FORMAT_CMW, "[2]" },
		{ "{\"a\": 1, \"a\": 2}", FORMAT_JSON, "not JSON" },
		{ "{\"a\": 1}", FORMAT_JSON, NULL },
		{ "{\"cmw\": [1]}", FORMAT_EAT_CLAIMS, "two or three" },
		{ "eyJhIjoxfQ.e30.AA", FORMAT_EAR_JWT, "eat_profile is \"\"" },
		{ "eyJhIjoxfQ.W10.AA", FORMAT_EAR_JWT, "not an object" },
		{ "eyJhIjoxfQ", FORMAT_EAR_JWT, "compact form" },
		{ "hello", FORMAT_UNKNOWN, "CBOR" },
		{ "", FORMAT_UNKNOWN, "CBOR" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct format_seen seen;
		struct err e = { 0 };
		int rc = format_check(bytes_text(rows[i].text), &seen, &e);

		if (seen.format != rows[i].format || !rc != !rows[i].why ||
		    (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %s, %d \"%s\"", rows[i].text, format_name(seen.format), rc,
				 e.text);
	}
}

static void the_tags_of_content_formats_go_by_blocks_of_255(void **state)
{
	static const struct {
		u64 tag, format;
		bool valid;
	} rows[] = { { 1668546816, 0, false },	{ 1668546817, 0, true },
		     { 1668547071, 254, true }, { 1668547072, 0, false },
		     { 1668547073, 255, true }, { 1668612069, 64998, true },
		     { 1668612608, 0, false },	{ 1668612609, 65535, true },
		     { 1668612610, 0, false } };
	u64 format;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(cmw_tag_valid(rows[i].tag, &format), rows[i].valid);
		if (rows[i].valid)
			assert_int_equal(format, rows[i].format);
	}
}

static void text_in_no_pieces_is_no_media_type(void **state)
{
	OWNED(buf) b = from_hex("9f 7fff ec ff"); /* its empty text has no address */
	struct cmw_seen seen;
	struct err e = { 0 };

	(void)state;
	assert_refused(cmw_check(buf_bytes(b), &seen, &e), &e, E_FORMAT, "not a media type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_defect_has_its_path),
		cmocka_unit_test(text_is_told_apart_and_checked),
		cmocka_unit_test(text_in_no_pieces_is_no_media_type),
		cmocka_unit_test(the_tags_of_content_formats_go_by_blocks_of_255),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
