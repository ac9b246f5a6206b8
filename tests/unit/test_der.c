// SPDX-License-Identifier: Apache-2.0
/* What is DER, and what only most readers take for it. */
#include "support.h"

#include "common/der.h"

static void each_oddity_is_told_in_words(void **state)
{
	static const struct {
		const char *hex, *why; /* NULL: it is DER */
	} rows[] = {
		{ "", NULL },
		{ "0500", NULL },
		{ "05000500", NULL },
		{ "0101ff", NULL },
		{ "010100", NULL },
		{ "010101", "neither 00 nor FF" },
		{ "0102ffff", "not of one byte" },
		{ "020100", NULL },
		{ "02020080", NULL },
		{ "0202ff7f", NULL },
		{ "0200", "integer is empty" },
		{ "0202007f", "integer is longer" },
		{ "0202ff80", "integer is longer" },
		{ "0a02007f", "integer is longer" },
		{ "030100", NULL },
		{ "03020780", NULL },
		{ "03020081", NULL },
		{ "0300", "more bits are unused" },
		{ "030101", "more bits are unused" },
		{ "03020880", "more bits are unused" },
		{ "03020781", "unused bits" },
		{ "04810101", "length is longer" },
		{ "0482000101", "length is longer" },
		{ "048500000000 01", "more than four" },
		{ "30800000", "indefinite" },
		{ "2403040101", "in pieces" },
		{ "230403020001", "in pieces" },
		{ "1f8101 00", "more than one byte" },
		{ "0402 01", "cut off" },
		{ "04", "cut off" },
		{ "170d 3235303130313030303030305a", NULL },
		{ "170b 323530313031303030305a", "time" },
		{ "170d 32353031303130303030302b30", "time" },
		{ "180f 32303530303130313030303030305a", NULL },
		{ "1811 32303530303130313030303030302e315a", "time" },
		{ "3104 0101ff 00", "cut off" },
		{ "3106 020101020102", NULL },
		{ "3106 020102020101", "set is not in its order" },
		/* an extension: what it holds is looked at; not critical is the default */
		{ "3009 0603551d0e 0402 0500", NULL },
		{ "300a 0603551d0e 0403 010101", "neither 00 nor FF" },
		{ "300c 0603551d0e 0101ff 0402 0500", NULL },
		{ "300c 0603551d0e 010100 0402 0500", "not critical" },
		{ "300c 0603551d13 0405 3003 010100", "default value" },
		{ "300c 0603551d13 0405 3003 0101ff", NULL },
		/* a FWID of DICE has that shape too, and its digest is looked into by nobody */
		{ "300f 0609 608648016503040201 0402 1111", NULL },
		{ "300f 0609 608648016503040301 0402 1111", "cut off" },
		/* bytes that are somebody's own are not looked into */
		{ "0403 010101", NULL },
		{ "8003 010101", NULL },
		{ "a003 010101", "neither 00 nor FF" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(rows[i].hex);
		const char *got = der_oddity(buf_bytes(b));

		if (!rows[i].why != !got || (got && !strstr(got, rows[i].why)))
			fail_msg("%s: %s", rows[i].hex, got ? got : "nothing odd");
	}
}

static void nesting_ends_somewhere(void **state)
{
	u8 deep[2 * (DER_DEPTH_MAX + 3)];
	size_t n = sizeof(deep);

	(void)state;
	for (size_t i = 0; i + 1 < n; i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = (u8)(n - i - 2);
	}
	assert_string_equal(der_oddity(BYTES(deep)), "values are nested too deep");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_oddity_is_told_in_words),
		cmocka_unit_test(nesting_ends_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
