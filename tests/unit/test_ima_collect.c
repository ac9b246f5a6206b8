// SPDX-License-Identifier: Apache-2.0
/* The collector's reading of a list: whole entries, from the one asked for on, and no more than there is room for. */
#include "ima_sample.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/collector/ima.h"
#include "common/file.h"
#include "common/limits.h"

enum { ENTRIES = 2000 }; /* some 300 KiB: several portions */

static char path[64];

/* Of different lengths, so that a portion ends everywhere in an entry. */
static struct buf *list_of(size_t n)
{
	struct buf *b = buf_new(4 << 20);
	char name[300];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "/usr/lib/%0*zu", (int)(10 + i % 200), i);
		ima_sample_put(&b->w, &(struct ima_sample){ .path = name });
	}
	return b;
}

static void write_list(struct bytes b)
{
	struct err e = { 0 };

	assert_ok(file_write(path, b, 0600, &e), &e);
}

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/assay-ima-%d", getpid());
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void a_list_comes_whole_or_from_any_entry_on(void **state)
{
	static const size_t firsts[] = { 0, 1, 2, 777, ENTRIES - 1, ENTRIES };
	OWNED(buf) list = list_of(ENTRIES);

	(void)state;
	write_list(buf_bytes(list));
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		OWNED(buf) before = list_of(firsts[i]);
		OWNED(buf) got = NULL;
		struct err e = { 0 };

		assert_ok(ima_collect(path, firsts[i], IMA_LIST_MAX, &got, &e), &e);
		assert_int_equal(got->w.at[0], IMA_ALL);
		assert_bytes_equal(
			bytes_slice(buf_bytes(got), 1, got->w.len - 1),
			bytes_slice(buf_bytes(list), before->w.len, list->w.len - before->w.len));
	}
}

static void what_there_is_no_room_for_is_left_out_in_whole_entries(void **state)
{
	OWNED(buf) list = list_of(20);

	(void)state;
	write_list(buf_bytes(list));
	for (size_t max = 1; max < list->w.len; max += 7) {
		OWNED(buf) got = NULL;
		struct err e = { 0 };
		struct bytes left;
		size_t len = 0;

		assert_ok(ima_collect(path, 0, max, &got, &e), &e);
		assert_int_equal(got->w.at[0], IMA_CUT);
		assert_true(got->w.len - 1 <= max);
		left = bytes_slice(buf_bytes(got), 1, got->w.len - 1);
		while (left.len) {
			assert_int_equal(ima_entry_len(left, &len, &e), 1);
			left = bytes_slice(left, len, left.len - len);
		}
	}
}

static void a_list_that_ends_inside_of_an_entry_is_refused_with_its_number(void **state)
{
	OWNED(buf) list = list_of(3);
	OWNED(buf) two = list_of(2);
	OWNED(buf) got = NULL;
	struct err e = { 0 };

	(void)state;
	write_list((struct bytes){ list->w.at, list->w.len - 1 });
	assert_refused(ima_collect(path, 0, IMA_LIST_MAX, &got, &e), &e, E_FORMAT,
		       "ends inside of entry 2");
	list->w.at[two->w.len + 24] = 0xff; /* the length of the last one's template name */
	write_list(buf_bytes(list));
	e = (struct err){ 0 };
	assert_refused(ima_collect(path, 0, IMA_LIST_MAX, &got, &e), &e, E_FORMAT, "entry 2");
	assert_null(got);
}

static void a_list_that_is_shorter_than_it_was_is_not_gone_on_from(void **state)
{
	OWNED(buf) list = list_of(3);
	OWNED(buf) got = NULL;
	struct err e = { 0 };

	(void)state;
	write_list(buf_bytes(list));
	assert_refused(ima_collect(path, 4, IMA_LIST_MAX, &got, &e), &e, E_NOTFOUND,
		       "it has 3 entries, and entry 4 is asked for");
}

static void no_list_is_told_from_an_empty_one(void **state)
{
	static const char *const none[] = { "", "/nowhere/at/all" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		OWNED(buf) got = NULL;

		assert_ok(ima_collect(none[i], 0, IMA_LIST_MAX, &got, &e), &e);
		assert_int_equal(got->w.len, 1);
		assert_int_equal(got->w.at[0], IMA_NONE);
	}
	write_list(BYTES_NONE);
	OWNED(buf) empty = NULL;

	assert_ok(ima_collect(path, 0, IMA_LIST_MAX, &empty, &e), &e);
	assert_int_equal(empty->w.len, 1);
	assert_int_equal(empty->w.at[0], IMA_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_comes_whole_or_from_any_entry_on),
		cmocka_unit_test(what_there_is_no_room_for_is_left_out_in_whole_entries),
		cmocka_unit_test(a_list_that_ends_inside_of_an_entry_is_refused_with_its_number),
		cmocka_unit_test(a_list_that_is_shorter_than_it_was_is_not_gone_on_from),
		cmocka_unit_test(no_list_is_told_from_an_empty_one),
	};

	return cmocka_run_group_tests(tests, make_path, remove_file);
}
