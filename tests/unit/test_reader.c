// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "common/reader.h"

static void numbers_are_read_in_both_byte_orders(void **state)
{
	static const u8 b[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	struct reader r = reader_on(BYTES(b));

	(void)state;
	assert_int_equal(read_u8(&r, "a"), 1);
	assert_int_equal(read_le16(&r, "b"), 0x0302);
	assert_int_equal(read_le24(&r, "c"), 0x060504);
	assert_int_equal(read_be32(&r, "d"), 0x0708090a);
	assert_int_equal(read_be16(&r, "e"), 0x0b0c);
	assert_int_equal(r.offset, 12);
	assert_int_equal(read_be16(&r, "f"), 0x0d0e);
	assert_true(read_done(&r)); /* one byte is left over */
	assert_string_equal(r.why, "bytes after the end");
}

static void the_first_failure_sticks_and_later_reads_give_zero(void **state)
{
	static const u8 b[] = { 1, 2, 3 };
	struct reader r = reader_on(BYTES(b));

	(void)state;
	assert_int_equal(read_le32(&r, "Length"), 0);
	assert_int_equal(read_u8(&r, "Next"), 0); /* one byte would have been there */
	assert_int_equal(read_bytes(&r, 0, "Nothing").len, 0);
	assert_true(read_done(&r));
	assert_string_equal(r.why, "Length");
}

static void a_length_near_the_end_of_memory_cannot_wrap(void **state)
{
	static const u8 b[] = { 1, 2, 3 };
	struct reader r = reader_on(BYTES(b));

	(void)state;
	read_u8(&r, "first");
	assert_int_equal(read_bytes(&r, SIZE_MAX, "Huge").len, 0);
	assert_string_equal(r.why, "Huge");
}

static void an_inner_reader_ends_where_its_field_ends(void **state)
{
	static const u8 b[] = { 1, 2, 3, 4 };
	struct reader r = reader_on(BYTES(b));
	struct reader in = read_inner(&r, 2, "Record");

	(void)state;
	assert_int_equal(read_le16(&in, "x"), 0x0201);
	assert_false(read_done(&in));
	assert_int_equal(read_u8(&in, "y"), 0);
	assert_string_equal(in.why, "y");
	assert_int_equal(read_le16(&r, "z"), 0x0403);
	assert_false(read_done(&r));
	in = read_inner(&r, 1, "Gone");
	assert_string_equal(in.why, "Gone");
}

static void a_writer_that_is_full_stays_full_and_yields_nothing(void **state)
{
	u8 room[4];
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	write_le24(&w, 0x030201);
	assert_int_equal(write_done(&w).len, 3);
	write_be16(&w, 7);
	write_u8(&w, 1); /* would fit, but the message already misses bytes */
	assert_true(w.full);
	assert_int_equal(write_done(&w).len, 0);
}

static void a_buf_grows_to_its_maximum_and_not_further(void **state)
{
	OWNED(buf) b = buf_new(1000);

	(void)state;
	for (int i = 0; i < 1000; i++)
		write_u8(&b->w, (u8)i);
	assert_int_equal(buf_bytes(b).len, 1000);
	assert_int_equal(buf_bytes(b).at[999], 999 & 255);
	write_u8(&b->w, 0);
	assert_true(b->w.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_in_both_byte_orders),
		cmocka_unit_test(the_first_failure_sticks_and_later_reads_give_zero),
		cmocka_unit_test(a_length_near_the_end_of_memory_cannot_wrap),
		cmocka_unit_test(an_inner_reader_ends_where_its_field_ends),
		cmocka_unit_test(a_writer_that_is_full_stays_full_and_yields_nothing),
		cmocka_unit_test(a_buf_grows_to_its_maximum_and_not_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
