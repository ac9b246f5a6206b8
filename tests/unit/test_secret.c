// SPDX-License-Identifier: Apache-2.0
/* Where secrets lie: in memory that is never swapped out and in no core dump, or nowhere. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto.h"

/* What the kernel says of the mapping that @at is in: "rd wr mr mw me lo ac dd sd", or "". */
static void flags_of(const void *at, char out[256])
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512];
	bool there = false;
	unsigned long from, to;

	out[0] = 0;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			there = (unsigned long)at >= from && (unsigned long)at < to;
		else if (there && !strncmp(line, "VmFlags: ", 9))
			snprintf(out, 256, " %.250s", line + 9);
	}
	fclose(f);
}

static void a_secret_is_locked_and_in_no_core_dump(void **state)
{
	static const size_t lengths[] = { 0, 1, 32, 4096, 4097, 100000 };
	char flags[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct secret *s = secret_new(lengths[i]);

		assert_non_null(s);
		assert_int_equal(s->len, lengths[i]);
		flags_of(s->at, flags);
		assert_non_null(strstr(flags, " lo"));
		assert_non_null(strstr(flags, " dd"));
		flags_of(s->at + (lengths[i] ? lengths[i] - 1 : 0), flags); /* to its end */
		assert_non_null(strstr(flags, " lo"));
		secret_drop(&s);
		assert_null(s);
	}
	flags_of(lengths, flags); /* as other memory is not */
	assert_non_null(strstr(flags, " rd"));
	assert_null(strstr(flags, " lo"));
}

static int is_refused(void)
{
	struct secret *s = secret_new(32);

	return s != NULL;
}

static void where_nothing_can_be_locked_there_is_no_secret(void **state)
{
	(void)state;
	assert_without_locked_memory(is_refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_locked_and_in_no_core_dump),
		cmocka_unit_test(where_nothing_can_be_locked_there_is_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
