// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdlib.h>

#include "proto/cbor.h"

static void expect(const char *hex, enum cbor_mode mode, const char *want)
{
	OWNED(buf) doc = from_hex(hex);
	u8 *copy = heap_copy(buf_bytes(doc));
	struct err e = { 0 };
	int rc = cbor_check((struct bytes){ copy, buf_bytes(doc).len }, mode, &e);

	free(copy);
	if ((rc == 0) != (want == NULL) || (rc && !strstr(e.text, want)))
		fail_msg("%s in mode %d: %s, expected %s", hex, (int)mode, rc ? e.text : "accepted",
			 want ? want : "accepted");
}

static void each_rule_of_deterministic_encoding_has_its_refusal(void **state)
{
#define LONG "not in its shortest form"
	static const struct {
		const char *hex, *strict, *lenient; /* NULL: accepted */
	} rules[] = {
		{ "17", NULL, NULL },
		{ "1817", LONG, NULL },
		{ "1900ff", LONG, NULL },
		{ "1a0000ffff", LONG, NULL },
		{ "1b00000000ffffffff", LONG, NULL },
		{ "3800", LONG, NULL },
		{ "580100", LONG, NULL },
		{ "780161", LONG, NULL },
		{ "980100", LONG, NULL },
		{ "b8010000", LONG, NULL },
		{ "d80101", LONG, NULL },
		{ "5f4100ff", "indefinite length", NULL },
		{ "7f6161ff", "indefinite length", NULL },
		{ "9f00ff", "indefinite length", NULL },
		{ "bf0000ff", "indefinite length", NULL },
		{ "a201000200", NULL, NULL },
		{ "a202000100", "not in order", NULL },
		{ "a2200001f5", "not in order", NULL },	      /* -1 is 20, after 01    */
		{ "a2626161006162f5", "not in order", NULL }, /* the longer text first */
		{ "a201000100", "map key twice", "map key twice" },
		{ "a3010002000100", "not in order", "map key twice" },
		{ "a20100180100", LONG, "map key twice" },	/* 1 in two encodings    */
		{ "a2616100780161 00", LONG, "map key twice" }, /* "a" in two encodings  */
		{ "a24101007801 0100", LONG, NULL },		/* a string of each kind */
		{ "a15f4101ff00", "indefinite length", "map key in chunks" },
		{ "a17f6161ff00", "indefinite length", "map key in chunks" },
		{ "f93c00", "float", NULL },
		{ "fa3f800000", "float", NULL },
		{ "fb3ff0000000000000", "float", NULL },
		{ "f7", "simple value", NULL },
		{ "f0", "simple value", NULL },
		{ "f8ff", "simple value", NULL },
		{ "f814", "not well-formed", "not well-formed" },
		{ "0000", "bytes after the end", "bytes after the end" },
		{ "", "not well-formed", "not well-formed" },
		{ "ff", "break", "break" },
		{ "bf01ff", "indefinite length", "map ends after a key" },
		{ "81ff", "break", "break" },
		{ "c1ff", "break", "break" },
		{ "5f6161ff", "indefinite length", "chunk of another kind" },
		{ "9bffffffffffffffff", "not well-formed", "not well-formed" },
		{ "bb7fffffffffffffff", "not well-formed", "not well-formed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		expect(rules[i].hex, CBOR_STRICT, rules[i].strict);
		expect(rules[i].hex, CBOR_WELL_FORMED, rules[i].lenient);
	}
}

static void text_must_be_shortest_form_utf8(void **state)
{
	static const struct {
		const char *hex;
		bool ok;
	} texts[] = {
		{ "617a", true },	 { "62c2a2", true },	  { "63e282ac", true },
		{ "64f09f9889", true },	 { "64f48fbfbf", true },  { "6180", false },
		{ "62c0af", false },	 { "63e080af", false },	  { "63eda080", false },
		{ "64f0808080", false }, { "64f4908080", false }, { "61c2", false },
		{ "62c2c2", false },	 { "61ff", false },	  { "7f61c261a2ff", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		expect(texts[i].hex, CBOR_WELL_FORMED, texts[i].ok ? NULL : "text is not UTF-8");
}

static void open_arrays_and_maps_are_counted_and_their_breaks_passed(void **state)
{
	OWNED(buf) doc = from_hex("9f 9f01 9f02ff ff bf 0102 03 bfff ff 5f4101ff 04 ff");
	struct cbor c = cbor_on(buf_bytes(doc), CBOR_WELL_FORMED);

	(void)state;
	assert_int_equal(cbor_array(&c, "outer"), 4);
	assert_int_equal(cbor_array(&c, "inner"), 2);
	assert_int_equal(cbor_uint(&c, "one"), 1);
	assert_int_equal(cbor_item(&c, "two").len, 3);
	cbor_end(&c);
	assert_int_equal(cbor_map(&c, "map"), 2);
	assert_int_equal(cbor_uint(&c, "key"), 1);
	assert_int_equal(cbor_uint(&c, "value"), 2);
	assert_int_equal(cbor_uint(&c, "key"), 3);
	assert_int_equal(cbor_map(&c, "empty"), 0);
	cbor_end(&c);
	cbor_end(&c);
	assert_int_equal(cbor_item(&c, "chunks").len, 4);
	assert_int_equal(cbor_uint(&c, "four"), 4);
	cbor_end(&c);
	assert_false(cbor_done(&c));
}

static void every_truncation_is_refused(void **state)
{
	OWNED(buf)
	doc = from_hex("d28443a10126a058186162636465666768696a6b6c6d6e6f707172737475767778"
		       "821903e863e282ac");

	(void)state;
	for (size_t n = 0; n < buf_bytes(doc).len; n++) {
		u8 *copy = heap_copy((struct bytes){ buf_bytes(doc).at, n });
		struct err e = { 0 };

		assert_int_not_equal(cbor_check((struct bytes){ copy, n }, CBOR_WELL_FORMED, &e),
				     0);
		free(copy);
	}
	expect("d28443a10126a058186162636465666768696a6b6c6d6e6f707172737475767778821903e863e282ac",
	       CBOR_STRICT, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_of_deterministic_encoding_has_its_refusal),
		cmocka_unit_test(text_must_be_shortest_form_utf8),
		cmocka_unit_test(open_arrays_and_maps_are_counted_and_their_breaks_passed),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
