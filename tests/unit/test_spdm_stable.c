// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "proto/spdm/stable.h"

/* three blocks, not in order: 3 firmware "ab", 0xfd manifest "m" raw, 1 version "x" raw */
static const u8 record[] = { 0x03, 0x01, 0x05, 0x00, 0x01, 0x02, 0x00, 'a', 'b',
			     0xfd, 0x01, 0x04, 0x00, 0x84, 0x01, 0x00, 'm', 0x01,
			     0x01, 0x04, 0x00, 0x86, 0x01, 0x00, 'x' };

static struct bytes stable(const u8 *indexes, struct writer *w)
{
	spdm_write_stable(w, BYTES(record), indexes);
	return write_done(w);
}

static void blocks_stand_in_the_order_of_their_indexes_and_the_manifest_is_left_out(void **state)
{
	static const u8 expected[] = {
		0x01, 0x86, 0x01, 0x00, 'x', 0x03, 0x01, 0x02, 0x00, 'a', 'b'
	};
	u8 room[64], indexes[SPDM_INDEXES_LEN];
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	spdm_indexes_default(indexes);
	assert_bytes_equal(stable(indexes, &w), BYTES(expected));
}

static void only_the_blocks_asked_for_count(void **state)
{
	static const u8 expected[] = { 0xfd, 0x84, 0x01, 0x00, 'm' };
	u8 room[64], indexes[SPDM_INDEXES_LEN] = { [0xfd / 8] = 1 << 0xfd % 8 };
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	assert_bytes_equal(stable(indexes, &w), BYTES(expected));
}

static void what_is_written_is_never_longer_than_the_record(void **state)
{
	u8 room[sizeof(record)], indexes[SPDM_INDEXES_LEN];
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	memset(indexes, 0xff, sizeof(indexes));
	assert_true(stable(indexes, &w).len <= sizeof(record));
	assert_false(w.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			blocks_stand_in_the_order_of_their_indexes_and_the_manifest_is_left_out),
		cmocka_unit_test(only_the_blocks_asked_for_count),
		cmocka_unit_test(what_is_written_is_never_longer_than_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
