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
	if ((rc == 0) != (want == NULL) || (rc && (e.code != E_FORMAT || !strstr(e.text, want))))
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

/* A person finds the fault in the tree that assay inspect draws, not at the byte. */
static void a_fault_is_named_by_keys_and_places(void **state)
{
	static const struct {
		const char *hex, *where;
	} rows[] = {
		{ "a201000100", "map key twice, in 1" },
		{ "a10482 00 a2 2000 2000", "map key twice, in 4[1].-1" },
		{ "a1 6161 81 a1 413f 61ff", "text is not UTF-8, in a[0].?" },
		{ "a1 626109 a1 00 8102", NULL },
		{ "a1 626109 a1 00 8202", "not well-formed, or cut off, in ?.0" },
		{ "a1 3bffffffffffffffff 81", "not well-formed, or cut off, in ?" },
		{ "82 00", "CBOR at byte 1: not well-formed, or cut off" },
		{ "c1 a1 00 bf 01 ff", "map ends after a key, in 0.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(rows[i].hex, CBOR_WELL_FORMED, rows[i].where);
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

/* @n heads of @head, then 00. */
static int check_nested(u8 head, size_t n, size_t tail, struct err *e)
{
	OWNED(buf) doc = buf_new(CBOR_ITEMS_MAX + 1024);

	for (size_t i = 0; i < n; i++)
		write_u8(&doc->w, head);
	write_zeros(&doc->w, tail);
	return cbor_check(buf_bytes(doc), CBOR_WELL_FORMED, e);
}

static void a_limit_is_told_apart_from_malformed_bytes(void **state)
{
	OWNED(buf) many = buf_new(CBOR_ITEMS_MAX + 1024);
	struct err e = { 0 };

	(void)state;
	assert_ok(check_nested(0x81, CBOR_DEPTH_MAX, 1, &e), &e);
	assert_refused(check_nested(0x81, CBOR_DEPTH_MAX + 1, 1, &e), &e, E_LIMIT,
		       "nested too deep");
	assert_refused(check_nested(0xc1, CBOR_DEPTH_MAX + 1, 1, &e), &e, E_LIMIT,
		       "nested too deep");
	assert_refused(check_nested(0xa1, CBOR_DEPTH_MAX + 1, 1, &e), &e, E_LIMIT,
		       "nested too deep");
	/* an array of one item less than allowed: it counts itself */
	cbor_put_array(&many->w, CBOR_ITEMS_MAX - 1);
	write_zeros(&many->w, CBOR_ITEMS_MAX - 1);
	assert_ok(cbor_check(buf_bytes(many), CBOR_STRICT, &e), &e);
	many->w.len = 0;
	cbor_put_array(&many->w, CBOR_ITEMS_MAX);
	write_zeros(&many->w, CBOR_ITEMS_MAX);
	assert_refused(cbor_check(buf_bytes(many), CBOR_STRICT, &e), &e, E_LIMIT, "too many items");
	/* chunks are items too */
	assert_refused(check_nested(0x5f, 1, 0, &e), &e, E_FORMAT, "not well-formed");
	many->w.len = 0;
	write_u8(&many->w, 0x5f);
	for (size_t i = 0; i < CBOR_ITEMS_MAX; i++)
		write_u8(&many->w, 0x40);
	assert_refused(cbor_check(buf_bytes(many), CBOR_WELL_FORMED, &e), &e, E_LIMIT,
		       "too many items");
}

static void the_code_of_the_first_failure_sticks(void **state)
{
	struct cbor c = cbor_on(bytes_text("x"), CBOR_STRICT), d = c;

	(void)state;
	assert_int_equal(cbor_code(&c), E_FORMAT);
	cbor_fail(&c, "form");
	cbor_fail_with(&c, E_LIMIT, "limit");
	assert_string_equal(c.r.why, "form");
	assert_int_equal(cbor_code(&c), E_FORMAT);
	cbor_fail_with(&d, E_LIMIT, "limit");
	cbor_fail(&d, "form");
	assert_string_equal(d.r.why, "limit");
	assert_int_equal(cbor_code(&d), E_LIMIT);
}

static void a_document_that_was_not_written_well_is_not_sent(void **state)
{
	static const struct {
		const char *hex;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "a201000200", E_OK, NULL },
		{ "a202000100", E_FORMAT, "write a thing: CBOR at byte 4: map keys not in order" },
		{ "a201000100", E_FORMAT, "write a thing: CBOR at byte 4: map key twice" },
		{ "61ff", E_FORMAT, "write a thing: CBOR at byte 2: text is not UTF-8" },
		{ "a10100 00", E_FORMAT, "write a thing: CBOR at byte 3: bytes after the end" },
		{ "8201", E_FORMAT, "write a thing: CBOR at byte 1: not well-formed" },
	};
	u8 room[4];
	struct writer w = writer_on(room, sizeof(room));
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) doc = from_hex(rows[i].hex);

		if (rows[i].why)
			assert_refused(cbor_written(buf_bytes(doc), "a thing", &e), &e,
				       rows[i].code, rows[i].why);
		else
			assert_ok(cbor_written(buf_bytes(doc), "a thing", &e), &e);
	}
	cbor_put_bytes(&w, bytes_text("does not fit"));
	assert_refused(cbor_written(write_done(&w), "a thing", &e), &e, E_LIMIT,
		       "no room for a thing");
}

static void each_number_is_written_in_its_shortest_form(void **state)
{
	static const struct {
		u64 value;
		const char *hex;
	} rows[] = {
		{ 0, "00" },
		{ 23, "17" },
		{ 24, "1818" },
		{ 0xff, "18ff" },
		{ 0x100, "190100" },
		{ 0xffff, "19ffff" },
		{ 0x10000, "1a00010000" },
		{ 0xffffffff, "1affffffff" },
		{ 0x100000000, "1b0000000100000000" },
		{ 0xffffffffffffffff, "1bffffffffffffffff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) want = from_hex(rows[i].hex);
		u8 room[16];
		struct writer w = writer_on(room, sizeof(room));

		cbor_put_uint(&w, rows[i].value);
		assert_bytes_equal(write_done(&w), buf_bytes(want));
		assert_int_equal(cbor_head_len(rows[i].value), want->w.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_of_deterministic_encoding_has_its_refusal),
		cmocka_unit_test(a_fault_is_named_by_keys_and_places),
		cmocka_unit_test(text_must_be_shortest_form_utf8),
		cmocka_unit_test(open_arrays_and_maps_are_counted_and_their_breaks_passed),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_limit_is_told_apart_from_malformed_bytes),
		cmocka_unit_test(the_code_of_the_first_failure_sticks),
		cmocka_unit_test(a_document_that_was_not_written_well_is_not_sent),
		cmocka_unit_test(each_number_is_written_in_its_shortest_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
