// SPDX-License-Identifier: Apache-2.0
/* From where the agent goes on with its list, as the server's answers say. */
#include "ima_sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/ima.h"

static struct buf *list;
static struct tpm_quoted quoted; /* behind the third of the four entries */
static const struct tpm_clock now = { .reset_count = 5, .restart_count = 1 };

static struct bytes first(size_t n)
{
	struct bytes b = buf_bytes(list);
	size_t end = 0, len;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++, end += len)
		assert_int_equal(ima_entry_len(bytes_slice(b, end, b.len - end), &len, &e), 1);
	return bytes_slice(b, 0, end);
}

static struct ima_place behind(size_t n)
{
	struct ima_place p = ima_sample_place(first(n), now.reset_count);

	p.restart_count = now.restart_count;
	return p;
}

static bool same(const struct ima_place *a, struct ima_place b)
{
	return a->reset_count == b.reset_count && a->restart_count == b.restart_count &&
	       a->next == b.next && ima_banks_equal(&a->pcr10, &b.pcr10);
}

static int set_up(void **state)
{
	(void)state;
	list = buf_new(65536);
	for (int i = 0; i < 4; i++) {
		char path[20];

		snprintf(path, sizeof(path), "/file/%d", i);
		ima_sample_put(&list->w, &(struct ima_sample){ .path = path, .content = path });
	}
	quoted.selection = (struct tpm_selection){ .n = 1, .bank = { { TPM_ALG_SHA256, 0xffff } } };
	quoted.pcrs[0][IMA_PCR] = behind(3).pcr10.at[0];
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_drop(&list);
	return 0;
}

static void a_verdict_says_from_where_it_goes_on(void **state)
{
	static const struct {
		const char *answer;
		int from, next; /* next: -1, nothing is known any more */
	} rows[] = {
		{ "{\"ima\":{\"first\":0,\"entries\":3,\"next\":3}}", 0, 3 },
		{ "{\"ima\":{\"first\":3,\"entries\":3,\"next\":3}}", 3, 3 },
		/* what came behind the pieces was not accepted, the pieces were proven */
		{ "{\"ima\":{\"first\":2,\"entries\":3,\"next\":2}}", 2, 2 },
		{ "{\"ima\":{\"first\":0,\"entries\":3}}", 0, -1 },
		{ "{}", 0, -1 },
		/* a place that this agent cannot know */
		{ "{\"ima\":{\"first\":0,\"entries\":3,\"next\":1}}", 0, -1 },
		{ "{\"ima\":{\"first\":0,\"entries\":4000001,\"next\":4000001}}", 0, -1 },
		{ "{\"ima\":{\"first\":0,\"entries\":-1,\"next\":-1}}", 0, -1 },
		{ "{\"ima\":{\"first\":0,\"entries\":3,\"next\":\"3\"}}", 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ima_sent sent = { .known = true };
		struct ima_place from = behind((size_t)rows[i].from);
		json_t *j = json_loads(rows[i].answer, 0, NULL);

		assert_non_null(j);
		ima_heard(&sent, &from, j, &quoted, &now);
		json_decref(j);
		if (sent.known != (rows[i].next >= 0) ||
		    (sent.known && !same(&sent.place, behind((size_t)rows[i].next))))
			fail_msg("%s: %d %llu", rows[i].answer, sent.known,
				 (unsigned long long)sent.place.next);
	}
}

static void a_piece_that_was_taken_brings_the_place_behind_its_last_entry(void **state)
{
	struct ima_sent sent = { 0 };
	struct eat_ima piece = {
		.sent = true, .more = true, .from = behind(0), .entries = first(2)
	};
	json_t *good = json_loads("{\"ima\":{\"first\":0,\"next\":2}}", 0, NULL);
	static const char *const bad[] = { "{\"ima\":{\"next\":1}}", "{\"ima\":{\"next\":0}}",
					   "{\"ima\":{\"next\":3}}", "{\"ima\":{}}", "{}" };
	struct err e = { 0 };

	(void)state;
	assert_ok(ima_piece_taken(&sent, &piece, good, &quoted, &e), &e);
	assert_true(sent.known);
	assert_true(same(&sent.place, behind(2)));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *j = json_loads(bad[i], 0, NULL);

		e = (struct err){ 0 };
		sent.known = true;
		assert_refused(ima_piece_taken(&sent, &piece, j, &quoted, &e), &e, E_FORMAT,
			       "server");
		assert_false(sent.known);
		json_decref(j);
	}
	/* nothing was sent, or nothing was left to send: no server can want more for ever */
	piece.entries = BYTES_NONE;
	e = (struct err){ 0 };
	assert_refused(ima_piece_taken(&sent, &piece, good, &quoted, &e), &e, E_FORMAT, "server");
	piece.entries = first(2);
	piece.more = false;
	e = (struct err){ 0 };
	assert_refused(ima_piece_taken(&sent, &piece, good, &quoted, &e), &e, E_FORMAT,
		       "that was not a piece");
	json_decref(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_says_from_where_it_goes_on),
		cmocka_unit_test(a_piece_that_was_taken_brings_the_place_behind_its_last_entry),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
