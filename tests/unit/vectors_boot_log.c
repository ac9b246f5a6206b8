// SPDX-License-Identifier: Apache-2.0
/* Boot logs of real machines against the PCR values that an independent tool replays them to. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/boot_log.h"
#include "proto/tpm_attest.h"
#include "verifier/boot_story.h"

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

/* What the logs' own machines measured, by name, as tpm2_eventlog and a hex dump show it. */
static void real_logs_tell_of_their_machines(void **state)
{
	static const struct {
		const char *log, *name, *text;
	} rows[] = {
		{ "bootlog/uefi-no-secureboot.bin", "secure-boot",
		  "Firmware measured its Secure Boot state: off" },
		{ "bootlog/uefi-no-secureboot.bin", "firmware/crtm-version",
		  "Firmware version: N40ET41W" },
		{ "bootlog/uefi-no-secureboot.bin", "secure-boot/dbx",
		  "Firmware measured its Secure Boot variable dbx: 2 certificates, 458 hashes" },
		{ "bootlog/uefi-no-secureboot.bin", "secure-boot/authority/SbatLevel",
		  "An image was let through because of SbatLevel: sbat,1,2021030218" },
		{ "bootlog/uefi-no-secureboot.bin", "boot-option/0000",
		  "Boot option 0000: Fedora: "
		  "HD(1,GPT,b8f6bee9-bc10-4c72-b34a-6db8fd8f772c)/\\EFI\\fedora\\shimx64.efi" },
		{ "bootlog/uefi-no-secureboot.bin", "partition-table/0",
		  "Partition table: disk 79ac79fb-f286-4728-8e0d-68114f67364a, 3 partitions" },
		{ "bootlog/uefi-no-secureboot.bin", "kernel/file",
		  "GRUB read the kernel: (hd3,gpt2)/vmlinuz-6.11.5-300.fc41.x86_64 [the log's "
		  "word, not measured] (sha256 "
		  "4a8f189eb2dddfca6495f5e951a0099882e1453e9f6629ad4d961f99428e12c8)" },
		{ "bootlog/uefi-no-secureboot.bin", "firmware/application/0",
		  "Firmware ran a program of its own: Fv(8fc151ae-c96f-4bc9-8c33-107992c7735b)/"
		  "FvFile(821aca26-29ea-4993-839f-597fc021708d) [the log's word, not measured] "
		  "(sha256 "
		  "81231bccdd15c4d25016651fe7d331152c9259f366bd32f01d866e9fe67fae91)" },
		{ "bootlog/uefi-102-events.bin", "secure-boot",
		  "Firmware measured its Secure Boot state: on" },
		{ "bootlog/uefi-102-events.bin", "boot-order", "Boot order: 0003,0002,0000" },
		{ "bootlog/uefi-102-events.bin", "kernel",
		  "The kernel was started (sha256 "
		  "c6ffd33076d66d41be67125c7614c3c9ff56b4107194cc2d3a0491dfa069445b)" },
		{ "bootlog/uefi-102-events.bin", "command-line",
		  "Kernel command line: (hd0,gpt2)/vmlinuz-5.14.0-183.el9.x86_64 "
		  "root=/dev/mapper/cs-root ro crashkernel=1G-4G:192M,4G-64G:256M,64G-:512M "
		  "resume=/dev/mapper/cs-swap rd.lvm.lv=cs/root rd.lvm.lv=cs/swap rhgb quiet" },
		{ "bootlog/uefi-102-events.bin", "initrd",
		  "The initrd: (hd0,gpt2)/initramfs-5.14.0-183.el9.x86_64.img [the log's word, not "
		  "measured] (sha256 "
		  "39e12a9b2a5fb2ed8ff21cae5f6303ce9c58af16450bbb3575f08de2bb5bb8f2)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = third_party(rows[i].log);
		OWNED(boot_log) log = NULL;
		json_t *story = NULL, *row;
		const char *found = "no such event";
		struct err e = { 0 };
		size_t k;

		assert_ok(boot_log_parse(buf_bytes(b), &log, &e), &e);
		assert_ok(boot_story(log, BYTES_NONE, &story, &e), &e);
		assert_true(json_is_null(json_object_get(story, "fault")));
		json_array_foreach(json_object_get(story, "events"), k,
				   row) if (!strcmp(json_string_value(json_object_get(row, "name")),
						    rows[i].name)) found =
			json_string_value(json_object_get(row, "text"));
		assert_string_equal(found, rows[i].text);
		json_decref(story);
	}
}

/* One byte of one event's data changed: the log is refused for it wherever the digest is of the data. */
static void in_real_logs_a_changed_byte_of_covered_data_is_found(void **state)
{
	static const struct {
		const char *log;
		size_t binding; /* events whose data have to be what was measured */
	} rows[] = { { "bootlog/uefi-no-secureboot.bin", 71 },
		     { "bootlog/uefi-102-events.bin", 78 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = third_party(rows[i].log);
		OWNED(boot_log) log = NULL;
		struct err e = { 0 };
		size_t found = 0;

		assert_ok(boot_log_parse(buf_bytes(b), &log, &e), &e);
		assert_ok(boot_claims_check(log, TPM_ALG_SHA256, &e), &e);
		for (size_t k = 1; k < log->n_events; k++) {
			struct bytes data = log->events[k].data;
			/* a character of a text, the last byte of a structure */
			size_t at = data.len - (log->events[k].type == EV_IPL ? 2 : 1);
			u8 *byte = b->w.at + (data.at - b->w.at) + at;

			*byte ^= 1;
			if (boot_claims_check(log, TPM_ALG_SHA256, &e)) {
				char event[32];

				snprintf(event, sizeof(event), "event %zu (", k);
				assert_non_null(strstr(e.text, event));
				found++;
			}
			*byte ^= 1;
		}
		assert_int_equal(found, rows[i].binding);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_logs_replay_to_the_values_another_tool_computes),
		cmocka_unit_test(what_is_no_log_is_refused_with_a_reason),
		cmocka_unit_test(real_logs_tell_of_their_machines),
		cmocka_unit_test(in_real_logs_a_changed_byte_of_covered_data_is_found),
		cmocka_unit_test(a_truncated_log_is_refused_unless_it_ends_between_two_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
