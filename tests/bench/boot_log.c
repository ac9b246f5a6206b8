// SPDX-License-Identifier: Apache-2.0
/*
 * bench-boot-log FILE: CPU time of parsing a boot log and replaying it to every bank, and of making claims
 * of it: data against digests, names, texts. Prints a JSON object; times in microseconds of thread CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "common/file.h"
#include "proto/tpm_attest.h"
#include "verifier/boot_claims.h"

enum { ROUNDS = 7, REPEATS = 50 };

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-boot-log: %s\n", what);
	exit(1);
}

static size_t replay(struct bytes bytes)
{
	OWNED(boot_log) log = NULL;
	struct digest pcrs[TPM_PCRS];
	struct err e = { 0 };
	u32 touched;

	if (boot_log_parse(bytes, &log, &e))
		die(e.text);
	for (size_t i = 0; i < log->n_banks; i++)
		if (boot_log_replay(log, i, pcrs, &touched, &e))
			die(e.text);
	return log->n_events;
}

static void claim(const struct boot_log *log)
{
	OWNED(ect) x = NULL;
	struct err e = { 0 };

	if (boot_claims_check(log, TPM_ALG_SHA256, &e) ||
	    boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e))
		die(e.text);
}

int main(int argc, char **argv)
{
	struct buf *bytes = NULL;
	OWNED(boot_log) log = NULL;
	json_t *replays = json_array(), *claims = json_array();
	struct err e = { 0 };
	size_t n = 0;

	if (argc != 2)
		die("usage: bench-boot-log FILE");
	if (file_read(argv[1], BOOT_LOG_MAX, &bytes, &e) ||
	    boot_log_parse(buf_bytes(bytes), &log, &e))
		die(e.text);
	for (int i = -1; i < ROUNDS; i++) { /* round -1 warms */
		double start = cpu_us(), between;

		for (int k = 0; k < REPEATS; k++)
			n = replay(buf_bytes(bytes));
		between = cpu_us();
		for (int k = 0; k < REPEATS; k++)
			claim(log);
		if (i < 0)
			continue;
		json_array_append_new(replays, json_real((between - start) / REPEATS));
		json_array_append_new(claims, json_real((cpu_us() - between) / REPEATS));
	}
	json_dumpf(json_pack("{s:I, s:I, s:I, s:o, s:o}", "events", (json_int_t)n, "bytes",
			     (json_int_t)bytes->w.len, "banks", (json_int_t)log->n_banks,
			     "replay_us", replays, "claims_us", claims),
		   stdout, JSON_REAL_PRECISION(6));
	puts("");
	buf_drop(&bytes);
	return 0;
}
