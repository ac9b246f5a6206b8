// SPDX-License-Identifier: Apache-2.0
/* One device asked by a person at this host: question and answer. */
#include "support.h"

#include <stdio.h>

#include "agent/collector/single.h"
#include "common/file.h"

static int parse(struct bytes b, struct single_request *out, struct err *e)
{
	u8 *copy = heap_copy(b);
	int rc = single_request_parse((struct bytes){ copy, b.len }, out, e);

	free(copy);
	return rc;
}

static void a_question_arrives_as_it_was_asked(void **state)
{
	struct single_request q = { .slot = 7, .name = "1b36:0010/-/0" }, got;
	u8 room[SINGLE_REQUEST_MAX];
	struct writer w = writer_on(room, sizeof(room));
	struct err e = { 0 };

	(void)state;
	memset(q.nonce, 0x5a, sizeof(q.nonce));
	single_request_write(&q, &w);
	assert_false(w.full);
	assert_ok(parse(write_done(&w), &got, &e), &e);
	assert_int_equal(got.slot, 7);
	assert_memory_equal(got.nonce, q.nonce, sizeof(q.nonce));
	assert_string_equal(got.name, q.name);
	for (size_t n = 0; n < 34; n++) /* up to a name of no character */
		assert_int_equal(parse((struct bytes){ room, n < 33 ? n : 33 }, &got, &e),
				 E_FORMAT);
}

static void a_question_that_none_may_ask_is_refused_and_says_why(void **state)
{
	static const struct {
		u8 slot;
		const char *name, *why;
	} rows[] = {
		{ 8, "0000:01:00.0", "slot" },
		{ 255, "0000:01:00.0", "slot" },
		{ 0, "", "name" },
		{ 0, "two words", "name" },
		{ 0, "bell\a", "name" },
		{ 0, "\xc3\xa4", "name" },
	};
	u8 room[SINGLE_REQUEST_MAX + 2] = { 0 };
	struct single_request got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].name);
		struct err e = { 0 };

		room[0] = rows[i].slot;
		memcpy(room + 33, rows[i].name, len);
		assert_int_equal(parse((struct bytes){ room, 33 + len }, &got, &e), E_FORMAT);
		if (!strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s", i, e.text);
	}
	memset(room, 'a', sizeof(room));
	room[0] = 0;
	assert_ok(parse((struct bytes){ room, SINGLE_REQUEST_MAX }, &got, &(struct err){ 0 }),
		  &(struct err){ 0 });
	assert_int_equal(
		parse((struct bytes){ room, SINGLE_REQUEST_MAX + 1 }, &got, &(struct err){ 0 }),
		E_FORMAT);
}

/* label, address, source, slot 3, slots 0x0f, generation 9, four objects */
static const u8 answer[] = "\1L\1A\1S\3\x0f\0\0\0\x09\0\0\0\2vv\0\0\0\1c\0\0\0\3mmm\0\0\0\0";

static void an_answer_is_read_and_every_truncation_of_it_refused(void **state)
{
	struct single_answer a;
	size_t len = sizeof(answer) - 1;
	struct err e = { 0 };

	(void)state;
	for (size_t n = 0; n <= len + 1; n++) {
		u8 *copy = heap_copy((struct bytes){ answer, n });
		int rc = single_answer_parse((struct bytes){ copy, n }, &a, &e);

		if (!rc != (n == len))
			fail_msg("%zu bytes: %d %s", n, rc, e.text);
		if (!rc) {
			assert_string_equal(a.label, "L");
			assert_string_equal(a.address, "A");
			assert_string_equal(a.source, "S");
			assert_int_equal(a.slot, 3);
			assert_int_equal(a.slots, 0x0f);
			assert_int_equal(a.generation, 9);
			assert_bytes_equal(a.vca, bytes_text("vv"));
			assert_bytes_equal(a.chain, bytes_text("c"));
			assert_bytes_equal(a.measurements, bytes_text("mmm"));
			assert_int_equal(a.challenge.len, 0);
		}
		free(copy);
	}
}

static void the_challenge_has_a_nonce_of_its_own(void **state)
{
	u8 nonce[32] = { 1 }, one[32], other[32];

	(void)state;
	single_challenge_nonce(nonce, one);
	assert_memory_not_equal(one, nonce, sizeof(nonce));
	nonce[31] = 1;
	single_challenge_nonce(nonce, other);
	assert_memory_not_equal(one, other, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_arrives_as_it_was_asked),
		cmocka_unit_test(a_question_that_none_may_ask_is_refused_and_says_why),
		cmocka_unit_test(an_answer_is_read_and_every_truncation_of_it_refused),
		cmocka_unit_test(the_challenge_has_a_nonce_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
