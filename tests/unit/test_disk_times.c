// SPDX-License-Identifier: Apache-2.0
/* What a volume's opening took: from the agent's stopwatch to the sentence on the console. */
#include "support.h"

#include <unistd.h>

#include "agent/disk_parts.h"
#include "common/clock.h"

static void each_part_is_said_and_the_whole(void **state)
{
	static const struct disk_times t = { .began_ms = 10000, .ms = { 1200, 2849, 800, 700, 5 } };
	char text[DISK_TIMES_TEXT_MAX];

	(void)state;
	disk_times_tell(&t, 90, 0, 16190, text);
	assert_string_equal(text, "opened 6.1 s after the agent began: disk 1.20, network 2.84, "
				  "devices 0.80, TPM 0.70, server 0.00, header 0.09");
}

static void the_largest_numbers_have_room(void **state)
{
	struct disk_times t = { .began_ms = 1 };
	char text[DISK_TIMES_TEXT_MAX];

	(void)state;
	memset(t.ms, 0xff, sizeof(t.ms));
	disk_times_tell(&t, UINT32_MAX, UINT32_MAX, UINT64_MAX, text);
	assert_non_null(
		strstr(text, "server 4294967.29, header 4294967.29, change of keys 4294967.29"));
}

static void a_clock_that_stands_before_the_beginning_gives_zero(void **state)
{
	static const struct disk_times t = { .began_ms = 10000 };
	char text[DISK_TIMES_TEXT_MAX];

	(void)state;
	disk_times_tell(&t, 0, 0, 1, text);
	assert_non_null(strstr(text, "opened 0.0 s"));
}

/* Two rounds in vain and one that reaches the server, as fast as a test may. */
static void what_was_in_vain_is_the_networks_and_rounds_are_split(void **state)
{
	static const u32 round[ROUND_PARTS] = {
		[ROUND_PART_DEVICES] = 70, [ROUND_PART_TPM] = 50, [ROUND_PART_SERVER] = 30
	};
	static const u8 uuid[16] = { 1 };
	static struct disk d;
	struct disk_times t = { 0 };
	long long since_ms;

	(void)state;
	d.began_ms = clock_monotonic_ms() - 1000;
	for (int i = 0; i < 2; i++) {
		disk_times_begin(&d, uuid);
		since_ms = clock_monotonic_ms();
		usleep(20000);
		disk_times_asked(&d, since_ms, NULL);
	}
	disk_times_begin(&d, uuid);
	disk_times_asked(&d, clock_monotonic_ms(), round);
	usleep(30000); /* the TPM */
	disk_times_give(&d, &t);
	assert_int_equal(t.began_ms, d.began_ms);
	assert_in_range(t.ms[DISK_PART_DISK], 1000, 1020);
	assert_in_range(t.ms[DISK_PART_NETWORK], 40, 400);
	assert_int_equal(t.ms[DISK_PART_DEVICES], 70);
	assert_in_range(t.ms[DISK_PART_TPM], 80, 400);
	assert_int_equal(t.ms[DISK_PART_SERVER], 30);
}

static void another_volume_begins_anew_and_so_does_the_same_one_later(void **state)
{
	static const u32 round[ROUND_PARTS] = { 0 };
	static const u8 uuid[16] = { 1 }, other[16] = { 2 };
	static struct disk d;
	struct disk_times t = { 0 };

	(void)state;
	d.began_ms = clock_monotonic_ms();
	disk_times_begin(&d, uuid);
	usleep(200000);
	disk_times_begin(&d, other);
	disk_times_asked(&d, clock_monotonic_ms(), round);
	disk_times_give(&d, &t);
	assert_in_range(t.ms[DISK_PART_NETWORK], 0, 150);
	assert_in_range(t.ms[DISK_PART_DISK], 200, 5000);
	usleep(200000);
	disk_times_begin(&d, other);
	disk_times_asked(&d, clock_monotonic_ms(), round);
	disk_times_give(&d, &t);
	assert_in_range(t.ms[DISK_PART_NETWORK], 0, 150);
}

static void an_agent_that_serves_no_boot_says_nothing(void **state)
{
	static struct disk d;
	static const u8 uuid[16] = { 1 };
	struct disk_times t = { 0 };

	(void)state;
	disk_times_begin(&d, uuid);
	disk_times_give(&d, &t);
	assert_int_equal(t.began_ms, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_is_said_and_the_whole),
		cmocka_unit_test(the_largest_numbers_have_room),
		cmocka_unit_test(a_clock_that_stands_before_the_beginning_gives_zero),
		cmocka_unit_test(what_was_in_vain_is_the_networks_and_rounds_are_split),
		cmocka_unit_test(another_volume_begins_anew_and_so_does_the_same_one_later),
		cmocka_unit_test(an_agent_that_serves_no_boot_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
