// SPDX-License-Identifier: Apache-2.0
/* Which events start a round, which are of our own making, and how often. */
#include "support.h"

#include "agent/collector/event.h"
#include "agent/collector/known.h"
#include "agent/pace.h"

static struct netlink_status status(u32 cause, u32 generation, u64 seq)
{
	struct netlink_status s = { .id = 7,
				    .name = "0000:01:00.0",
				    .generation = generation,
				    .seq = seq,
				    .has_cause = true,
				    .cause = cause,
				    .has_digests = true };

	memset(s.chain_digest, 1, sizeof(s.chain_digest));
	memset(s.meas_digest, 2, sizeof(s.meas_digest));
	return s;
}

static struct known *known_one(u32 generation)
{
	struct known *k = calloc(1, sizeof(*k));
	struct netlink_status s = status(0, generation, 0);

	known_collected(k, &s);
	return k;
}

static void our_own_collection_starts_no_round_and_a_change_does(void **state)
{
	static const struct {
		u32 cause, generation;
		enum known_verdict verdict;
	} rows[] = {
		{ ASSAY_CAUSE_COLLECTED, 5, KNOWN_QUIET }, /* ours */
		{ ASSAY_CAUSE_COLLECTED, 4, KNOWN_QUIET }, /* one that was restarted */
		{ ASSAY_CAUSE_COLLECTED, 6, KNOWN_ASK },   /* somebody else's */
		{ ASSAY_CAUSE_REFUSED, 4, KNOWN_QUIET },   /* of a slot that we passed over */
		{ ASSAY_CAUSE_REFUSED, 5, KNOWN_ACTS },	   /* it gave evidence, and does not now */
		{ ASSAY_CAUSE_TRIGGER, 5, KNOWN_QUIET },
		{ ASSAY_CAUSE_ADDED, 5, KNOWN_ACTS },
		{ ASSAY_CAUSE_REMOVED, 5, KNOWN_ACTS },
		{ ASSAY_CAUSE_RESET, 5, KNOWN_ACTS },
		{ ASSAY_CAUSE_RESUME, 5, KNOWN_ACTS },
		{ ASSAY_CAUSE_MISMATCH, 5, KNOWN_ACTS },
		{ ASSAY_CAUSE_LOST, 5, KNOWN_ACTS },
		{ 99, 5, KNOWN_ACTS }, /* of a newer module */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct known *k = known_one(5);
		struct netlink_status event = status(rows[i].cause, rows[i].generation, 0);

		if (known_event(k, &event) != rows[i].verdict)
			fail_msg("row %zu", i);
		free(k);
	}
}

static void what_somebody_else_collected_acts_when_it_differs(void **state)
{
	struct known *k = known_one(5);
	struct netlink_status now = status(0, 9, 0), event = status(ASSAY_CAUSE_COLLECTED, 9, 0);

	(void)state;
	assert_int_equal(known_compare(k, &now), KNOWN_QUIET);
	assert_int_equal(known_event(k, &event), KNOWN_QUIET); /* told again */
	now.meas_digest[31]++;
	assert_int_equal(known_compare(k, &now), KNOWN_ACTS);
	now = status(0, 9, 0);
	now.has_digests = false;
	assert_int_equal(known_compare(k, &now), KNOWN_ACTS);
	now = status(0, 9, 0);
	now.id++; /* another instance at the same address */
	assert_int_equal(known_compare(k, &now), KNOWN_ACTS);
	event.id++;
	event.generation = 5;
	assert_int_equal(known_event(k, &event), KNOWN_ACTS);
	free(k);
}

static void a_device_that_keeps_failing_starts_no_round_until_it_recovers(void **state)
{
	struct known *k = calloc(1, sizeof(*k));
	struct netlink_status before = status(0, 0, 0), event = status(ASSAY_CAUSE_REFUSED, 0, 0);

	(void)state;
	assert_int_equal(known_event(k, &event), KNOWN_ACTS);
	known_failed(k, &before);
	assert_int_equal(known_event(k, &event), KNOWN_QUIET);
	event = status(ASSAY_CAUSE_COLLECTED, 8, 0);
	assert_int_equal(known_event(k, &event), KNOWN_ACTS);
	free(k);
}

static void a_missing_number_acts_whatever_the_event_is(void **state)
{
	struct known *k = known_one(5);
	struct netlink_status event = status(ASSAY_CAUSE_TRIGGER, 5, 10);

	(void)state;
	assert_int_equal(known_event(k, &event), KNOWN_QUIET);
	event.seq = 11;
	assert_int_equal(known_event(k, &event), KNOWN_QUIET);
	event.seq = 13;
	assert_int_equal(known_event(k, &event), KNOWN_ACTS);
	assert_int_equal(known_overrun(k, 13), KNOWN_QUIET);
	assert_int_equal(known_overrun(k, 14), KNOWN_ACTS);
	assert_int_equal(known_overrun(k, 0), KNOWN_ACTS);
	free(k);
}

static void a_signature_of_our_asking_is_quiet_once(void **state)
{
	struct known *k = known_one(5);

	(void)state;
	assert_int_equal(known_signature(k, "0000:01:00.0"), KNOWN_QUIET);
	assert_int_equal(known_signature(k, "0000:02:00.0"), KNOWN_ACTS);
	known_caught_up(k);
	assert_int_equal(known_signature(k, "0000:01:00.0"), KNOWN_ACTS);
	free(k);
}

static void the_timer_waits_with_jitter_and_after_failures_less(void **state)
{
	static const struct {
		long long interval, jitter;
		unsigned int failures;
		u32 random;
		long long s;
	} rows[] = {
		{ 3600, 0, 0, 12345, 3600 },
		{ 3600, 300, 0, 0, 3600 },
		{ 3600, 300, 0, 299, 3899 },
		{ 3600, 300, 0, 300, 3600 },
		{ 3600, 300, 0, 0xffffffff, 3795 }, /* it does not go below, nor past the jitter */
		{ 3600, 300, 1, 0, 5 },
		{ 3600, 300, 1, 1, 6 },
		{ 3600, 300, 1, 2, 5 }, /* half of the wait is all that comes to it */
		{ 3600, 300, 2, 0, 10 },
		{ 3600, 300, 3, 9, 29 },
		{ 3600, 300, 10, 0, 2560 },
		{ 3600, 300, 11, 299, 3899 }, /* never longer */
		{ 3600, 300, 12, 0, 3600 },
		{ 3, 0, 1, 7, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (pace_timer_s(rows[i].interval, rows[i].jitter, rows[i].failures,
				 rows[i].random) != rows[i].s)
			fail_msg("row %zu: %lld s", i,
				 pace_timer_s(rows[i].interval, rows[i].jitter, rows[i].failures,
					      rows[i].random));
}

static void the_first_event_is_at_once_and_the_last_is_not_forgotten(void **state)
{
	struct pace p = { .gap_ms = 10000 };

	(void)state;
	assert_int_equal(pace_due(&p, 50), -1);
	pace_round(&p, false, 100); /* the timer's */
	pace_event(&p);
	assert_int_equal(pace_due(&p, 101), 101);
	pace_round(&p, true, 101);
	assert_int_equal(pace_due(&p, 102), -1);
	for (long long now = 102; now < 5000; now += 100)
		pace_event(&p);
	assert_int_equal(pace_due(&p, 5000), 10101);
	pace_round(&p, true, 10101);
	assert_int_equal(pace_due(&p, 10101), -1);
	pace_event(&p);
	assert_int_equal(pace_due(&p, 1000000), 1000000);
	pace_round(&p, false, 1000000); /* it sees that too */
	assert_int_equal(pace_due(&p, 1000000), -1);
}

static void an_event_arrives_as_it_was_written(void **state)
{
	struct device_event v = { .at_ms = 1795640834000,
				  .source = "assay",
				  .address = "0000:01:00.0",
				  .model = "1b36:0010",
				  .cause = "mismatch",
				  .state = "failed",
				  .why = "the chain is another",
				  .generation = 0xffffffff,
				  .seq = 0xffffffffffffffff,
				  .acts = true },
			    got;
	u8 room[EVENT_PACKET_MAX];
	struct writer w = writer_on(room, sizeof(room));
	struct err e = { 0 };

	(void)state;
	device_event_write(&v, &w);
	assert_false(w.full);
	for (size_t len = 0; len < w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ room, len });

		assert_int_not_equal(device_event_parse((struct bytes){ copy, len }, &got, &e), 0);
		free(copy);
	}
	assert_ok(device_event_parse(write_done(&w), &got, &e), &e);
	assert_memory_equal(&got, &v, sizeof(v));
	room[w.len - 1] = 2; /* acts: no or yes */
	assert_refused(device_event_parse(write_done(&w), &got, &e), &e, E_FORMAT, "acts");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_collection_starts_no_round_and_a_change_does),
		cmocka_unit_test(what_somebody_else_collected_acts_when_it_differs),
		cmocka_unit_test(a_device_that_keeps_failing_starts_no_round_until_it_recovers),
		cmocka_unit_test(a_missing_number_acts_whatever_the_event_is),
		cmocka_unit_test(a_signature_of_our_asking_is_quiet_once),
		cmocka_unit_test(the_timer_waits_with_jitter_and_after_failures_less),
		cmocka_unit_test(the_first_event_is_at_once_and_the_last_is_not_forgotten),
		cmocka_unit_test(an_event_arrives_as_it_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
