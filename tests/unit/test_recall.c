// SPDX-License-Identifier: Apache-2.0
/* The memory of decoded things: bounded, shared, and nothing leaks or dies early. */
#include "support.h"

#include "common/recall.h"

struct thing {
	int owners;
};

static void *share(void *thing)
{
	((struct thing *)thing)->owners++;
	return thing;
}

static void drop(void *thing)
{
	((struct thing *)thing)->owners--;
}

/* Keys that differ in their last byte only fall into one set of four. */
static void key_of(u8 out[32], int n)
{
	memset(out, 0, 32);
	out[31] = (u8)n;
}

static void what_was_kept_is_found_and_owned_twice(void **state)
{
	OWNED(recall) r = recall_new(64, share, drop);
	struct thing t = { 1 };
	u8 key[32];

	(void)state;
	key_of(key, 1);
	assert_null(recall_find(r, key));
	recall_keep(r, key, &t);
	assert_int_equal(t.owners, 2);
	assert_ptr_equal(recall_find(r, key), &t);
	assert_int_equal(t.owners, 3);
	recall_drop(&r);
	assert_int_equal(t.owners, 2);
}

static void the_fifth_of_a_set_drives_out_the_least_recently_used(void **state)
{
	OWNED(recall) r = recall_new(4, share, drop);
	struct thing t[5] = { { 1 }, { 1 }, { 1 }, { 1 }, { 1 } };
	u8 key[32];

	(void)state;
	for (int i = 0; i < 4; i++) {
		key_of(key, i);
		recall_keep(r, key, &t[i]);
	}
	key_of(key, 0);
	assert_ptr_equal(recall_find(r, key), &t[0]); /* 1 is now the oldest */
	key_of(key, 4);
	recall_keep(r, key, &t[4]);
	key_of(key, 1);
	assert_null(recall_find(r, key));
	assert_int_equal(t[1].owners, 1);
	for (int i = 0; i < 5; i++) {
		key_of(key, i);
		if (i != 1)
			assert_ptr_equal(recall_find(r, key), &t[i]);
	}
}

static void the_same_key_again_replaces_and_lets_go_of_the_old(void **state)
{
	OWNED(recall) r = recall_new(4, share, drop);
	struct thing a = { 1 }, b = { 1 };
	u8 key[32];

	(void)state;
	key_of(key, 7);
	recall_keep(r, key, &a);
	recall_keep(r, key, &b);
	assert_int_equal(a.owners, 1);
	assert_ptr_equal(recall_find(r, key), &b);
}

static void without_a_memory_nothing_is_found_and_nothing_breaks(void **state)
{
	struct thing t = { 1 };
	u8 key[32] = { 0 };

	(void)state;
	recall_keep(NULL, key, &t);
	assert_null(recall_find(NULL, key));
	assert_int_equal(t.owners, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_kept_is_found_and_owned_twice),
		cmocka_unit_test(the_fifth_of_a_set_drives_out_the_least_recently_used),
		cmocka_unit_test(the_same_key_again_replaces_and_lets_go_of_the_old),
		cmocka_unit_test(without_a_memory_nothing_is_found_and_nothing_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
