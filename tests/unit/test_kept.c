// SPDX-License-Identifier: Apache-2.0
/* An answer that is made once for many. */
#include "support.h"

#include "common/clock.h"
#include "server/kept.h"

static bool has(struct kept *k, const char *text)
{
	unsigned long long since;
	OWNED(buf) b = kept_get(k, &since);

	return b && bytes_equal(buf_bytes(b), bytes_text(text));
}

static void an_answer_is_given_again_until_something_moves_or_it_is_old(void **state)
{
	OWNED(kept) k = kept_new(KEPT_S);
	unsigned long long since;

	(void)state;
	assert_null(kept_get(k, &since));
	kept_put(k, since, bytes_text("one"));
	assert_true(has(k, "one"));
	assert_true(has(k, "one"));
	kept_moved(k);
	assert_null(kept_get(k, &since));
	kept_put(k, since, bytes_text("two"));
	assert_true(has(k, "two"));
	clock_set_s(clock_now_s() + KEPT_S);
	assert_false(has(k, "two"));
	clock_set_s(clock_now_s() -
		    100 * KEPT_S); /* a clock that was set back makes nothing young */
	assert_false(has(k, "two"));
	clock_set_s(0);
}

static void what_was_made_before_a_move_is_not_kept_after_it(void **state)
{
	OWNED(kept) k = kept_new(KEPT_S);
	unsigned long long since;

	(void)state;
	assert_null(kept_get(k, &since));
	kept_moved(k); /* while it was made */
	kept_put(k, since, bytes_text("old"));
	assert_false(has(k, "old"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_given_again_until_something_moves_or_it_is_old),
		cmocka_unit_test(what_was_made_before_a_move_is_not_kept_after_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
