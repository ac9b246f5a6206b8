// SPDX-License-Identifier: Apache-2.0
/* What a kernel family sends in pieces (READ, TRANSCRIPT, LOG): what fits together, and what is refused with its field named. */
#include "support.h"

#include <stdio.h>

#include "agent/collector/netlink_message.h"
#include "netlink_draft.h"

/* ---- READ ---- */
enum {
	TYPE = DEVICE_EVIDENCE_A_OBJECT_TYPE,
	GENERATION = DEVICE_EVIDENCE_A_OBJECT_GENERATION,
	LENGTH = DEVICE_EVIDENCE_A_OBJECT_LENGTH,
	VAL = DEVICE_EVIDENCE_A_OBJECT_VAL,
};

struct chunk {			      /* one message */
	int type, generation, length; /* -1: not there */
	const char *value;	      /* NULL: no VAL */
};

/* Return: 0, or the reason of the first message that is refused, or of the end. */
static const char *read_chunks(const struct chunk *c, size_t n, struct netlink_evidence *ev)
{
	const char *why = NULL;

	for (size_t i = 0; i < n && !why; i++) {
		struct draft *d = draft_new(DEVICE_EVIDENCE_CMD_READ);
		struct bytes b;
		u8 *copy;

		if (c[i].type >= 0)
			draft_put_u32(d, TYPE, (u32)c[i].type);
		if (c[i].generation >= 0)
			draft_put_u32(d, GENERATION, (u32)c[i].generation);
		if (c[i].length >= 0)
			draft_put_u32(d, LENGTH, (u32)c[i].length);
		if (c[i].value)
			draft_put(d, VAL, c[i].value, strlen(c[i].value));
		b = write_done(&d->w);
		copy = heap_copy(b);
		netlink_evidence_take(ev, (struct bytes){ copy, b.len }, &why);
		free(copy);
		free(d);
	}
	if (!why)
		netlink_evidence_done(ev, &why);
	return why;
}

static void chunks_become_objects_the_empty_ones_too(void **state)
{
	static const struct chunk chunks[] = {
		{ 0, 5, 7, "chain" }, { -1, -1, -1, "12" }, /* the rest of it */
		{ 8, 5, 0, "" },			    /* legal: "included in MEASUREMENTS" */
		{ 9, 5, 4, NULL },    { -1, -1, -1, "me" }, { -1, -1, -1, "as" },
	};
	struct netlink_evidence ev = { .mask = 0x301 };

	(void)state;
	assert_null(read_chunks(chunks, ARRAY_LEN(chunks), &ev));
	assert_int_equal(ev.generation, 5);
	assert_bytes_equal(buf_bytes(ev.object[0].bytes), bytes_text("chain12"));
	assert_non_null(ev.object[8].bytes);
	assert_int_equal(ev.object[8].bytes->w.len, 0);
	assert_bytes_equal(buf_bytes(ev.object[9].bytes), bytes_text("meas"));
	assert_null(ev.object[10].bytes);
	netlink_evidence_clear(&ev);
	assert_int_equal(ev.mask, 0x301);
}

static void a_dump_that_does_not_fit_together_is_refused_and_named(void **state)
{
	static const struct {
		struct chunk c[3];
		size_t n;
		const char *why;
	} rows[] = {
		{ { { 0, 5, 2, "ab" }, { 8, 6, 1, "x" } }, 2, "GENERATION changed" },
		{ { { 8, 5, 1, "a" }, { 0, 5, 1, "x" } }, 2, "TYPE is out of order" },
		{ { { 8, 5, 1, "a" }, { 8, 5, 1, "x" } }, 2, "TYPE is out of order" },
		{ { { 0, 5, 2, "a" }, { 8, 5, 1, "x" } },
		  2,
		  "TYPE before the last object was whole" },
		{ { { 0, 5, 2, "abc" } }, 1, "VAL is longer than LENGTH" },
		{ { { 0, 5, 2, "a" }, { -1, -1, -1, "bc" } }, 2, "VAL is longer than LENGTH" },
		{ { { 0, 5, 0, "a" } }, 1, "VAL is longer than LENGTH" },
		{ { { 0, 5, 2, "a" } }, 1, "VAL is shorter than LENGTH" },
		{ { { 1, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 10, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 0x7fffffff, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 0, -1, 2, "ab" } }, 1, "GENERATION is missing" },
		{ { { 0, 5, -1, "ab" } }, 1, "LENGTH is missing" },
		{ { { -1, 5, 2, "ab" } }, 1, "TYPE is missing" },
		{ { { -1, -1, -1, "ab" } }, 1, "VAL before TYPE" },
		{ { { 0, 5, SPDM_CHAIN_MAX + 1, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 9, 5, SPDM_TRANSCRIPT_MAX + 1, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 9, 5, 0x7fffffff, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 0, 0, 0, NULL } }, 0, "no object came" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlink_evidence ev = { .mask = 0x301 };
		const char *why = read_chunks(rows[i].c, rows[i].n, &ev);

		if (!why || strcmp(why, rows[i].why))
			fail_msg("row %zu: \"%s\", expected \"%s\"", i, why ? why : "accepted",
				 rows[i].why);
		netlink_evidence_clear(&ev);
	}
}

static void two_heads_in_one_message_are_refused(void **state)
{
	struct draft *d = draft_new(DEVICE_EVIDENCE_CMD_READ);
	struct netlink_evidence ev = { .mask = 0x301 };
	const char *why = NULL;

	(void)state;
	draft_put_u32(d, TYPE, 0);
	draft_put_u32(d, GENERATION, 1);
	draft_put_u32(d, LENGTH, 0);
	draft_put_u32(d, TYPE, 8);
	assert_int_equal(netlink_evidence_take(&ev, write_done(&d->w), &why), -EBADMSG);
	assert_string_equal(why, "TYPE");
	netlink_evidence_clear(&ev);
	free(d);
}

/* ---- TRANSCRIPT ---- */
static void a_transcript_has_one_length_and_no_more_bytes_than_that(void **state)
{
	struct netlink_object o = { 0 };
	struct draft *first = draft_new(ASSAY_CMD_TRANSCRIPT),
		     *more = draft_new(ASSAY_CMD_TRANSCRIPT);
	const char *why;

	(void)state;
	draft_put(more, ASSAY_A_VAL, "cd", 2);
	assert_int_equal(netlink_object_take(&o, 100, write_done(&more->w), &why), -EBADMSG);
	assert_string_equal(why, "VAL before LENGTH");
	draft_put_u32(first, ASSAY_A_LENGTH, 4);
	draft_put(first, ASSAY_A_VAL, "ab", 2);
	assert_int_equal(netlink_object_take(&o, 3, write_done(&first->w), &why), -EBADMSG);
	assert_string_equal(why, "LENGTH is over its limit");
	assert_int_equal(netlink_object_take(&o, 4, write_done(&first->w), &why), 0);
	assert_false(netlink_object_done(&o));
	assert_int_equal(netlink_object_take(&o, 4, write_done(&first->w), &why), -EBADMSG);
	assert_string_equal(why, "LENGTH stands twice");
	assert_int_equal(netlink_object_take(&o, 4, write_done(&more->w), &why), 0);
	assert_true(netlink_object_done(&o));
	assert_bytes_equal(buf_bytes(o.bytes), bytes_text("abcd"));
	assert_int_equal(netlink_object_take(&o, 4, write_done(&more->w), &why), -EBADMSG);
	assert_string_equal(why, "VAL is longer than LENGTH");
	netlink_object_clear(&o);
	free(first);
	free(more);
}

/* ---- LOG ---- */
static struct draft *log_message(u32 pcr, u64 count, const char *data, size_t len)
{
	struct draft *d = draft_new(ASSAY_CMD_LOG);
	u8 nest[512];
	u16 head[2] = { (u16)(4 + len), ASSAY_LOG_A_DATA };
	struct writer w = writer_on(nest, sizeof(nest));

	write_bytes(&w, BYTES(head));
	write_bytes(&w, (struct bytes){ (const u8 *)data, len });
	write_zeros(&w, (4 - len % 4) % 4);
	draft_put_u32(d, ASSAY_A_TPM_PCR, pcr);
	draft_put(d, ASSAY_A_PAD, NULL, 0);
	draft_put_u64(d, ASSAY_A_TPM_LOG_COUNT, count);
	draft_put(d, ASSAY_A_TPM_LOG_ENTRY, nest, w.len);
	return d;
}

static int take_log(struct netlink_log *log, struct draft *d, const char **why)
{
	struct bytes b = write_done(&d->w);
	u8 *copy = heap_copy(b);
	int rc = netlink_log_take(log, (struct bytes){ copy, b.len }, why);

	free(copy);
	free(d);
	return rc;
}

static void log_entries_become_the_log_that_a_token_has(void **state)
{
	static const u8 expected[] = { 13, 0, 0, 0,   3,   'o', 'n', 'e', 0,
				       0,  0, 5, 't', 'h', 'r', 'e', 'e' };
	struct netlink_log log = { 0 };
	const char *why;

	(void)state;
	assert_int_equal(take_log(&log, log_message(13, 1, "one", 3), &why), 0);
	assert_int_equal(take_log(&log, log_message(13, 2, "three", 5), &why), 0);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.bytes->w.len, sizeof(expected));
	assert_memory_equal(log.bytes->w.at, expected, sizeof(expected));
	netlink_log_clear(&log);
	assert_true(!log.bytes && !log.count);
}

static void a_log_with_a_hole_or_another_pcr_is_refused_and_named(void **state)
{
	static const struct {
		u32 pcr;
		u64 count;
		size_t len;
		const char *why;
	} rows[] = {
		{ 13, 1, 4, "TPM_LOG_COUNT" }, /* once more */
		{ 13, 3, 4, "TPM_LOG_COUNT" }, /* one is missing */
		{ 12, 2, 4, "TPM_PCR" },       { 24, 2, 4, "TPM_PCR" },
		{ 269, 2, 4, "TPM_PCR" }, /* 13 in its last byte */
		{ 13, 2, 0, "DATA" },	       { 13, 2, DEVICE_LOG_ENTRY_MAX + 1, "DATA" },
	};
	static const char data[DEVICE_LOG_ENTRY_MAX + 1] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlink_log log = { 0 };
		const char *why = NULL;

		assert_int_equal(take_log(&log, log_message(13, 1, data, 4), &why), 0);
		assert_int_equal(
			take_log(&log, log_message(rows[i].pcr, rows[i].count, data, rows[i].len),
				 &why),
			-EBADMSG);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(log.count, 1);
		netlink_log_clear(&log);
	}
}

static void a_log_message_has_each_of_its_parts_once(void **state)
{
	static const u16 types[] = { ASSAY_A_TPM_PCR, ASSAY_A_TPM_LOG_COUNT,
				     ASSAY_A_TPM_LOG_ENTRY };
	static const char *const missing[] = { "TPM_PCR is missing", "TPM_LOG_COUNT is missing",
					       "TPM_LOG_ENTRY is missing" };
	const u8 nest[] = { 5, 0, ASSAY_LOG_A_DATA, 0, 'x', 0, 0, 0,
			    5, 0, ASSAY_LOG_A_DATA, 0, 'y', 0, 0, 0 };

	(void)state;
	for (size_t left_out = 0; left_out < ARRAY_LEN(types); left_out++) {
		struct netlink_log log = { 0 };
		struct draft *d = draft_new(ASSAY_CMD_LOG);
		const char *why = NULL;

		if (left_out != 0)
			draft_put_u32(d, types[0], 13);
		if (left_out != 1)
			draft_put_u64(d, types[1], 1);
		if (left_out != 2)
			draft_put(d, types[2], nest, 8);
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, missing[left_out]);

		d = log_message(13, 1, "one", 3);
		if (left_out == 2)
			draft_put(d, types[2], nest, 8);
		else if (left_out == 1)
			draft_put_u64(d, types[1], 1);
		else
			draft_put_u32(d, types[0], 13);
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, "one entry a message");

		d = draft_new(ASSAY_CMD_LOG);
		draft_put(d, ASSAY_A_TPM_LOG_ENTRY, nest, sizeof(nest));
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, "DATA stands twice");
		assert_null(log.bytes);
	}
}

static void a_log_is_no_longer_than_the_kernels(void **state)
{
	struct netlink_log log = { 0 };
	const char *why = NULL;

	(void)state;
	for (u64 i = 1; i <= DEVICE_LOG_ENTRIES_MAX; i++)
		assert_int_equal(take_log(&log, log_message(13, i, "entry", 5), &why), 0);
	assert_int_equal(take_log(&log, log_message(13, log.count + 1, "entry", 5), &why),
			 -EBADMSG);
	assert_string_equal(why, "more entries than a log may have");
	netlink_log_clear(&log);
}

static void every_truncation_of_a_log_message_is_refused(void **state)
{
	struct draft *d = log_message(13, 1, "entry", 5);
	struct bytes whole = write_done(&d->w);

	(void)state;
	for (size_t len = 0; len < whole.len - 3; len++) { /* the last ones are padding */
		struct netlink_log log = { 0 };
		const char *why = NULL;
		u8 *copy = heap_copy((struct bytes){ whole.at, len });

		assert_int_equal(netlink_log_take(&log, (struct bytes){ copy, len }, &why),
				 -EBADMSG);
		assert_non_null(why);
		free(copy);
	}
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_become_objects_the_empty_ones_too),
		cmocka_unit_test(a_dump_that_does_not_fit_together_is_refused_and_named),
		cmocka_unit_test(two_heads_in_one_message_are_refused),
		cmocka_unit_test(a_transcript_has_one_length_and_no_more_bytes_than_that),
		cmocka_unit_test(log_entries_become_the_log_that_a_token_has),
		cmocka_unit_test(a_log_with_a_hole_or_another_pcr_is_refused_and_named),
		cmocka_unit_test(a_log_message_has_each_of_its_parts_once),
		cmocka_unit_test(a_log_is_no_longer_than_the_kernels),
		cmocka_unit_test(every_truncation_of_a_log_message_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
