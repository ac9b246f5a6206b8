// SPDX-License-Identifier: Apache-2.0
/* Logs that lie about lengths, counts, algorithms, order, end early or carry too much: each refused by name. */
#include "support.h"

#include "boot_script.h"
#include "proto/boot_phase.h"
#include "proto/tpm_attest.h"

enum {
	N_ALGORITHMS = 32 + 24, /* offsets in the header of a log with two banks */
	FIRST_ALGORITHM = N_ALGORITHMS + 4,
	FIRST_SIZE = FIRST_ALGORITHM + 2,
	SECOND_ALGORITHM = FIRST_SIZE + 2,
	VENDOR_SIZE = SECOND_ALGORITHM + 4,
	EVENT = VENDOR_SIZE + 1,
	EVENT_TYPE = EVENT + 4,
	EVENT_COUNT = EVENT + 8,
	EVENT_ALGORITHM = EVENT + 12,
	EVENT_ALGORITHM_2 = EVENT_ALGORITHM + 22,
	EVENT_SIZE = EVENT_ALGORITHM_2 + 34,
};

static struct boot_script one_event(void)
{
	struct boot_script s = boot_script_new(true);

	boot_script_text(&s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	return s;
}

static int parse(struct bytes b, struct boot_log **log, u8 **kept, struct err *e)
{
	*kept = heap_copy(b);
	return boot_log_parse((struct bytes){ *kept, b.len }, log, e);
}

static void a_log_that_lies_is_refused_and_the_lie_named(void **state)
{
	static const struct {
		size_t at;
		u8 put[4];
		size_t n;
		const char *why;
	} lies[] = {
		{ N_ALGORITHMS, { 0, 0, 0, 0 }, 4, "numberOfAlgorithms is zero or too many" },
		{ N_ALGORITHMS, { 6, 0, 0, 0 }, 4, "numberOfAlgorithms is zero or too many" },
		{ N_ALGORITHMS, { 255, 255, 255, 255 }, 4, "numberOfAlgorithms" },
		{ N_ALGORITHMS, { 3, 0, 0, 0 }, 4, "boot log header" },
		{ N_ALGORITHMS, { 1, 0, 0, 0 }, 4, "boot log header" },
		{ FIRST_SIZE, { 32, 0 }, 2, "digestSize does not fit algorithmId" },
		{ FIRST_SIZE, { 0, 0 }, 2, "digestSize does not fit algorithmId" },
		{ FIRST_SIZE, { 255, 255 }, 2, "digestSize does not fit algorithmId" },
		{ SECOND_ALGORITHM, { 4, 0, 20, 0 }, 4, "algorithmId twice" },
		{ VENDOR_SIZE, { 9 }, 1, "vendorInfo" },
		{ EVENT, { 24, 0, 0, 0 }, 4, "event 1: pcrIndex is none that a TPM has" },
		{ EVENT, { 255, 255, 255, 255 }, 4, "event 1: pcrIndex" },
		{ EVENT_COUNT, { 1, 0, 0, 0 }, 4, "digest count is not that of the log's header" },
		{ EVENT_COUNT, { 255, 255, 255, 255 }, 4, "digest count" },
		{ EVENT_ALGORITHM, { 0x0c, 0 }, 2, "digest algorithm unknown" },
		{ EVENT_ALGORITHM_2,
		  { 4, 0 },
		  2,
		  "digest algorithm unknown to the log's header, or twice" },
		{ EVENT_SIZE, { 41, 0, 0, 0 }, 4, "event 1: event is cut off" },
		{ EVENT_SIZE, { 39, 0, 0, 0 }, 4, "event 2: pcrIndex is cut off" },
		{ EVENT_SIZE, { 0, 0, 16, 0 }, 4, "eventSize is larger than any event may be" },
		{ EVENT_SIZE, { 255, 255, 255, 255 }, 4, "eventSize" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct boot_script s = one_event();
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };
		u8 *kept;

		memcpy(s.log->w.at + lies[i].at, lies[i].put, lies[i].n);
		assert_refused(parse(buf_bytes(s.log), &log, &kept, &e), &e, E_FORMAT, lies[i].why);
		free(kept);
		buf_drop(&s.log);
	}
}

static void every_truncation_is_told_as_one(void **state)
{
	struct boot_script s = one_event();
	struct bytes whole = buf_bytes(s.log);

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };
		u8 *kept;
		int rc = parse((struct bytes){ whole.at, len }, &log, &kept, &e);

		if (len == EVENT) /* the header alone is a log without events */
			assert_int_equal(rc, 0);
		else
			assert_true(rc && strstr(e.text, " is cut off"));
		free(kept);
	}
	buf_drop(&s.log);
}

static void a_megabyte_event_a_huge_log_and_too_many_events_are_refused(void **state)
{
	static u8 megabyte[1024 * 1024];
	struct boot_script big = boot_script_new(false), many = boot_script_new(false);
	OWNED(boot_log) log = NULL;
	struct err e = { 0 };

	(void)state;
	boot_script_event(&big, 9, EV_IPL, BYTES_NONE, (struct bytes){ megabyte, 512 * 1024 });
	assert_refused(boot_log_parse(buf_bytes(big.log), &log, &e), &e, E_FORMAT,
		       "eventSize is larger than any event may be");
	boot_script_event(&big, 9, EV_IPL, BYTES_NONE, BYTES(megabyte));
	assert_refused(boot_log_parse(buf_bytes(big.log), &log, &e), &e, E_LIMIT, "at most");
	for (int i = 0; i < BOOT_EVENTS_MAX; i++)
		boot_script_event(&many, 9, EV_IPL, BYTES_NONE, BYTES_NONE);
	assert_refused(boot_log_parse(buf_bytes(many.log), &log, &e), &e, E_LIMIT,
		       "more than 4096 events");
	buf_drop(&big.log);
	buf_drop(&many.log);
}

/* ---- what PCR 0 starts from ---- */
static void put_locality(struct boot_script *s, u8 locality, size_t len)
{
	u8 data[18] = "StartupLocality";
	static const u8 zeros[32];

	data[16] = locality;
	boot_script_event(s, 0, EV_NO_ACTION, BYTES(zeros), (struct bytes){ data, len });
}

/* Once more by hand: new = H(start ‖ H(event)). */
static void pcr_0_starts_from_the_locality_or_from_the_h_crtm(void **state)
{
	static const struct {
		int locality; /* -1: no such event */
		bool h_crtm;
		u8 start;
	} rows[] = { { -1, false, 0 }, { 0, false, 0 }, { 3, false, 3 },
		     { 4, true, 4 },   { -1, true, 4 }, { 4, false, 4 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(true);
		OWNED(boot_log) log = NULL;
		struct digest pcrs[TPM_PCRS];
		struct err e = { 0 };
		u32 touched;

		if (rows[i].locality >= 0)
			put_locality(&s, (u8)rows[i].locality, 17);
		boot_script_text(&s, 0, rows[i].h_crtm ? EV_EFI_HCRTM_EVENT : EV_S_CRTM_VERSION,
				 "HCRTM");
		assert_ok(boot_log_parse(buf_bytes(s.log), &log, &e), &e);
		for (size_t bank = 0; bank < 2; bank++) {
			enum digest_alg alg = bank ? DIGEST_SHA256 : DIGEST_SHA1;
			u8 start[32] = { 0 };
			struct bytes text = bytes_text("HCRTM");
			struct digest d = digest_of(alg, &text, 1);
			struct bytes both[] = { { start, digest_len(alg) }, digest_bytes(&d) };

			start[digest_len(alg) - 1] = rows[i].start;
			d = digest_of(alg, both, 2);
			assert_ok(boot_log_replay(log, bank, pcrs, &touched, &e), &e);
			assert_int_equal(touched, 1);
			assert_memory_equal(pcrs[0].at, d.at, digest_len(alg));
		}
		buf_drop(&s.log);
	}
}

static void a_start_of_pcr_0_that_cannot_be_is_refused(void **state)
{
	static const struct {
		int first, second; /* localities; -1: none */
		size_t len;
		bool after, h_crtm_after;
		const char *why;
	} rows[] = {
		{ 1, -1, 17, false, false, "none that a TPM starts from" },
		{ 255, -1, 17, false, false, "none that a TPM starts from" },
		{ 3, -1, 18, false, false, "StartupLocality is not one byte" },
		{ 3, -1, 16, false, false, "StartupLocality is not one byte" },
		{ 3, 3, 17, false, false, "StartupLocality twice" },
		{ 3, -1, 17, true, false, "after an event of PCR 0" },
		{ 3, -1, 17, false, true, "StartupLocality says there is none" },
		{ -1, -1, 17, true, true, "not the first event of PCR 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(false);
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };

		if (rows[i].after)
			boot_script_text(&s, 0, EV_S_CRTM_VERSION, "1");
		if (rows[i].first >= 0)
			put_locality(&s, (u8)rows[i].first, rows[i].len);
		if (rows[i].second >= 0)
			put_locality(&s, (u8)rows[i].second, rows[i].len);
		if (rows[i].h_crtm_after)
			boot_script_text(&s, 0, EV_EFI_HCRTM_EVENT, "HCRTM");
		assert_refused(boot_log_parse(buf_bytes(s.log), &log, &e), &e, E_FORMAT,
			       rows[i].why);
		buf_drop(&s.log);
	}
}

/* ---- the old format: SHA-1 alone, no header that names algorithms ---- */
static void put_sha1_event(struct writer *w, u32 pcr, u32 type, const char *text)
{
	struct bytes data = bytes_text(text);
	struct digest d = digest_of(DIGEST_SHA1, &data, 1);

	write_le32(w, pcr);
	write_le32(w, type);
	write_bytes(w, digest_bytes(&d));
	write_le32(w, (u32)data.len);
	write_bytes(w, data);
}

static void a_sha1_log_replays_to_its_one_bank(void **state)
{
	OWNED(buf) b = buf_new(4096);
	OWNED(boot_log) log = NULL;
	struct digest pcrs[TPM_PCRS], want = { .alg = DIGEST_SHA1 };
	struct err e = { 0 };
	u32 touched;

	(void)state;
	put_sha1_event(&b->w, 0, EV_S_CRTM_VERSION, "1.0");
	put_sha1_event(&b->w, 4, EV_ACTION, "Calling INT 19h");
	put_sha1_event(&b->w, 4, EV_IPL, "boot sector");
	assert_ok(boot_log_parse(buf_bytes(b), &log, &e), &e);
	assert_int_equal(log->n_events, 3);
	assert_int_equal(log->n_banks, 1);
	assert_int_equal(boot_log_bank(log, TPM_ALG_SHA256), -1);
	assert_ok(boot_log_replay(log, 0, pcrs, &touched, &e), &e);
	assert_int_equal(touched, 1 | 1 << 4);
	for (size_t i = 1; i < 3; i++) {
		struct bytes both[] = { digest_bytes(&want), log->events[i].digests[0] };

		want = digest_of(DIGEST_SHA1, both, 2);
	}
	assert_memory_equal(pcrs[4].at, want.at, 20);
	for (size_t len = 1; len < b->w.len; len++) {
		OWNED(boot_log) less = NULL;
		u8 *kept;

		e = (struct err){ 0 };
		if (parse((struct bytes){ b->w.at, len }, &less, &kept, &e))
			assert_true(strstr(e.text, "boot log event"));
		else
			assert_in_range(less->n_events, 1, 2);
		free(kept);
	}
}

static void a_bank_that_nobody_can_compute_is_said_to_be_one(void **state)
{
	struct boot_script s = one_event();
	OWNED(boot_log) log = NULL;
	struct digest pcrs[TPM_PCRS];
	struct err e = { 0 };
	u32 touched;

	(void)state;
	s.log->w.at[FIRST_ALGORITHM] = s.log->w.at[EVENT_ALGORITHM] = 0x77;
	assert_ok(boot_log_parse(buf_bytes(s.log), &log, &e), &e);
	assert_refused(boot_log_replay(log, 0, pcrs, &touched, &e), &e, E_UNSUPPORTED,
		       "cannot be replayed");
	assert_ok(boot_log_replay(log, 1, pcrs, &touched, &e), &e);
	assert_refused(boot_log_replay(log, 2, pcrs, &touched, &e), &e, E_UNSUPPORTED,
		       "cannot be replayed");
	buf_drop(&s.log);
}

/* systemd's words in PCR 11, each after the log has ended. */
static void what_systemd_extends_after_the_log_is_known_by_its_words(void **state)
{
	static const struct {
		const char *said[8], *reached;
	} rows[] = {
		{ { NULL }, "" },
		{ { "enter-initrd" }, "enter-initrd" },
		{ { "enter-initrd", "leave-initrd" }, "leave-initrd" },
		{ { "enter-initrd", "leave-initrd", "sysinit", "ready" }, "ready" },
		{ { "sysinit", "ready" }, "ready" }, /* an initrd without systemd */
		{ { "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final" },
		  "final" },
		{ { "leave-initrd", "enter-initrd" }, NULL },
		{ { "ready", "ready" }, NULL },
		{ { "enter-initrd", "something else" }, NULL },
		{ { "something else", "ready" }, NULL },
	};
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(algs); i++) {
		const char *const *said = rows[i / ARRAY_LEN(algs)].said;
		const char *want = rows[i / ARRAY_LEN(algs)].reached, *got;
		struct bytes of_log = bytes_text("the log"), both[2];
		struct digest log = digest_of(algs[i % ARRAY_LEN(algs)], &of_log, 1), pcr = log;

		for (; *said; said++) {
			struct bytes word = bytes_text(*said);
			struct digest d = digest_of(pcr.alg, &word, 1);

			both[0] = digest_bytes(&pcr);
			both[1] = digest_bytes(&d);
			pcr = digest_of(pcr.alg, both, 2);
		}
		got = boot_phase_reached(&log, digest_bytes(&pcr));
		if (!got != !want || (got && strcmp(got, want)))
			fail_msg("row %zu: %s", i / ARRAY_LEN(algs), got ? got : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_that_lies_is_refused_and_the_lie_named),
		cmocka_unit_test(every_truncation_is_told_as_one),
		cmocka_unit_test(a_megabyte_event_a_huge_log_and_too_many_events_are_refused),
		cmocka_unit_test(pcr_0_starts_from_the_locality_or_from_the_h_crtm),
		cmocka_unit_test(a_start_of_pcr_0_that_cannot_be_is_refused),
		cmocka_unit_test(a_sha1_log_replays_to_its_one_bank),
		cmocka_unit_test(a_bank_that_nobody_can_compute_is_said_to_be_one),
		cmocka_unit_test(what_systemd_extends_after_the_log_is_known_by_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
