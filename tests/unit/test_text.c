// SPDX-License-Identifier: Apache-2.0
/* Bytes as text and back: one value has one text, and everything else is refused. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"

static void base64_of_every_length_comes_back(void **state)
{
	u8 raw[70], back[70];
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (u8)(i * 151 + 7);
	for (size_t len = 0; len <= sizeof(raw); len++)
		for (int form = 0; form < 3; form++) {
			struct bytes b = { raw, len };

			if (form == 0)
				base64_write(b, text);
			else
				base64url_write(b, form == 1, text);
			assert_int_equal(strlen(text), base64_len(len, form != 2));
			memset(back, 0xee, sizeof(back));
			assert_int_equal(base64_read(bytes_text(text), back, len), len);
			assert_memory_equal(back, raw, len);
			if (len) /* one byte less of room: refused, not cut */
				assert_int_equal(base64_read(bytes_text(text), back, len - 1), -1);
		}
}

/* SPEC: RFC 4648 10 */
static void base64_is_that_of_the_rfc(void **state)
{
	static const struct {
		const char *plain, *text;
	} rows[] = { { "", "" },
		     { "f", "Zg==" },
		     { "fo", "Zm8=" },
		     { "foo", "Zm9v" },
		     { "foob", "Zm9vYg==" },
		     { "fooba", "Zm9vYmE=" },
		     { "foobar", "Zm9vYmFy" } };
	char text[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(base64_write(bytes_text(rows[i].plain), text), rows[i].text);
}

static void text_that_is_no_base64_is_refused(void **state)
{
	static const char *const rows[] = {
		"A", "AAAAA", "====", "A===", "=AAA", "AA=A", "AAA=A", "AA==A", "Zg=", "AA A",
		"AA\nAA", "AA.A",
		/* bits that no byte holds: a second text of "f", "fo" */
		"Zh==", "Zm9=", "Zh", "Zm9"
	};
	u8 out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		u8 *copy = heap_copy(bytes_text(rows[i]));

		if (base64_read((struct bytes){ copy, strlen(rows[i]) }, out, sizeof(out)) != -1)
			fail_msg("\"%s\" was taken", rows[i]);
		free(copy);
	}
}

static void hex_is_read_in_either_case_and_only_whole(void **state)
{
	u8 raw[4];
	char text[9];

	(void)state;
	assert_true(hex_read("00fFaB19", raw, 4));
	assert_string_equal(hex_write(BYTES(raw), text), "00ffab19");
	assert_false(hex_read("00ffab1", raw, 4));
	assert_false(hex_read("00ffab190", raw, 4));
	assert_false(hex_read("00ffab1g", raw, 4));
	assert_false(hex_read("0x0ffab1", raw, 4));
	assert_false(hex_read("", raw, 4));
}

static void a_uuid_has_its_dashes_where_they_belong(void **state)
{
	static const char good[] = "01234567-89ab-cdef-0123-456789abcdef";
	static const char *const bad[] = { "",
					   "0123456789abcdef0123456789abcdef",
					   "01234567-89ab-cdef-0123-456789abcde",
					   "01234567-89ab-cdef-0123-456789abcdef0",
					   "012345678-9ab-cdef-0123-456789abcdef",
					   "01234567-89ab-cdef-0123-456789abcdeg",
					   "{1234567-89ab-cdef-0123-456789abcde}",
					   "01234567-89ab-cdef-0123--56789abcdef" };
	char text[UUID_TEXT_LEN + 1];
	u8 uuid[16];

	(void)state;
	assert_true(uuid_read(good, uuid));
	assert_int_equal(uuid[0], 0x01);
	assert_int_equal(uuid[15], 0xef);
	assert_string_equal(uuid_write(uuid, text), good);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (uuid_read(bad[i], uuid))
			fail_msg("\"%s\" was taken", bad[i]);
}

static void bytes_are_shown_in_printable_characters_only(void **state)
{
	static const struct {
		const char *bytes, *text;
		size_t room;
	} rows[] = {
		{ "/usr/bin/a b", "/usr/bin/a b", 40 },
		{ "/a\nb\x1b[J\xc3\xa9", "/a\\x0ab\\x1b[J\\xc3\\xa9", 60 },
		{ "/back\\slash", "/back\\x5cslash", 40 },
		{ "/0123456789", "/01234...", 14 },
		{ "/0123456789", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *out = malloc(rows[i].room);

		text_visible(bytes_text(rows[i].bytes), out, rows[i].room);
		if (strncmp(out, rows[i].text, rows[i].room - 1))
			fail_msg("%zu: %s", i, out);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_shown_in_printable_characters_only),
		cmocka_unit_test(base64_of_every_length_comes_back),
		cmocka_unit_test(base64_is_that_of_the_rfc),
		cmocka_unit_test(text_that_is_no_base64_is_refused),
		cmocka_unit_test(hex_is_read_in_either_case_and_only_whole),
		cmocka_unit_test(a_uuid_has_its_dashes_where_they_belong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
