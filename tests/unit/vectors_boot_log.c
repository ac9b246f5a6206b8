// SPDX-License-Identifier: Apache-2.0
/* Boot logs of real machines against the PCR values that an independent tool replays them to. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/boot_log.h"
#include "proto/tpm_attest.h"

/*
 * tpm2_eventlog 5.4 starts PCR 0 at zero whatever StartupLocality says, and extends that event's zero
 * digest. A TPM starts PCR 0 at the locality, and EV_NO_ACTION is extended nowhere (PC Client PFP
 * 10.4.5.3), as boot_log_replay() has it. To compare the rest of PCR 0 we go the tool's way here.
 */
static struct digest pcr0_of_the_tool(const struct boot_log *log, enum digest_alg alg)
{
	struct digest pcr = { .alg = alg };
	int bank = boot_log_bank(log, tpm_alg_of(alg));

	for (size_t i = 1; i < log->n_events; i++) {
		struct bytes pieces[] = { digest_bytes(&pcr), log->events[i].digests[bank] };

		if (log->events[i].pcr == 0)
			pcr = digest_of(alg, pieces, 2);
	}
	return pcr;
}

/* "sha256:" starts a bank, "  7  : 0xABCD..." is a value. */
static size_t compare_pcrs(const struct boot_log *log, const char *yaml_path)
{
	OWNED(buf) yaml = third_party(yaml_path);
	struct digest pcrs[TPM_PCRS];
	enum digest_alg alg = DIGEST_NONE;
	size_t compared = 0;
	char *save = NULL, *text, *line;

	write_u8(&yaml->w, 0);
	text = (char *)yaml->w.at;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char bank[16], hex[2 * DIGEST_MAX + 1];
		unsigned int pcr;
		struct err e = { 0 };
		u32 touched;

		if (sscanf(line, " %15[a-z0-9]:%*c", bank) == 1 && strncmp(bank, "sha", 3) == 0) {
			alg = !strcmp(bank, "sha1")	? DIGEST_SHA1
			      : !strcmp(bank, "sha256") ? DIGEST_SHA256
			      : !strcmp(bank, "sha384") ? DIGEST_SHA384
							: DIGEST_SHA512;
			assert_true(boot_log_bank(log, tpm_alg_of(alg)) >= 0);
			assert_ok(boot_log_replay(log, (size_t)boot_log_bank(log, tpm_alg_of(alg)),
						  pcrs, &touched, &e),
				  &e);
		} else if (sscanf(line, " %u : 0x%128[0-9a-fA-F]", &pcr, hex) == 2) {
			u8 want[DIGEST_MAX];

			assert_true(alg != DIGEST_NONE && pcr < TPM_PCRS);
			assert_true(hex_read(hex, want, digest_len(alg)));
			if (pcr == 0 && log->startup_locality)
				pcrs[0] = pcr0_of_the_tool(log, alg);
			assert_memory_equal(pcrs[pcr].at, want, digest_len(alg));
			compared++;
		}
	}
	return compared;
}

static void real_logs_replay_to_the_values_another_tool_computes(void **state)
{
	static const struct {
		const char *log, *pcrs;
		size_t events;
		u8 locality;
	} rows[] = {
		{ "bootlog/uefi-no-secureboot.bin", "bootlog/uefi-no-secureboot.pcrs.yaml", 121,
		  3 },
		{ "bootlog/uefi-102-events.bin", "bootlog/uefi-102-events.pcrs.yaml", 102, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = third_party(rows[i].log);
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy(buf_bytes(b));

		assert_ok(boot_log_parse((struct bytes){ copy, b->w.len }, &log, &e), &e);
		assert_int_equal(log->n_events, rows[i].events);
		assert_int_equal(log->startup_locality, rows[i].locality);
		assert_true(compare_pcrs(log, rows[i].pcrs) >= 8);
		free(copy);
	}
}

static void what_is_no_log_is_refused_with_a_reason(void **state)
{
	OWNED(buf) b = third_party("bootlog/bogus.bin");
	OWNED(boot_log) log = NULL;
	struct err e = { 0 };

	(void)state;
	assert_refused(boot_log_parse(buf_bytes(b), &log, &e), &e, E_FORMAT, "boot log");
}

static void a_truncated_log_is_refused_unless_it_ends_between_two_events(void **state)
{
	OWNED(buf) b = third_party("bootlog/uefi-102-events.bin");
	size_t whole = 0;

	(void)state;
	for (size_t len = 0; len < b->w.len; len += len < 4096 ? 1 : 37) {
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy((struct bytes){ b->w.at, len });

		if (!boot_log_parse((struct bytes){ copy, len }, &log, &e))
			whole++;
		else
			assert_true(e.text[0]);
		boot_log_drop(&log);
		free(copy);
	}
	assert_true(whole < 110);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_logs_replay_to_the_values_another_tool_computes),
		cmocka_unit_test(what_is_no_log_is_refused_with_a_reason),
		cmocka_unit_test(a_truncated_log_is_refused_unless_it_ends_between_two_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
