// SPDX-License-Identifier: Apache-2.0
/*
 * bench-ima: how many entries of an IMA list are parsed and replayed to the SHA-256 bank in a second of
 * thread CPU. The list has 100,000 entries of template ima-sig with paths as a distribution has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "common/buf.h"
#include "proto/ima_log.h"

enum { ROUNDS = 7, ENTRIES = 100000, LIST_MAX = 64 << 20 };

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-ima: %s\n", what);
	exit(1);
}

static void put_field(struct writer *w, struct bytes b)
{
	write_le32(w, (u32)b.len);
	write_bytes(w, b);
}

static void put_entry(struct writer *w, u32 number)
{
	u8 room[256], digest_room[64];
	struct writer data = writer_on(room, sizeof(room));
	struct writer digest = writer_on(digest_room, sizeof(digest_room));
	struct digest d = sha256_of((struct bytes){ (const u8 *)&number, sizeof(number) }), sha1;
	struct bytes whole;
	char path[64];
	int n = snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/libbench-%07u.so.6",
			 number);

	write_bytes(&digest, bytes_text("sha256:"));
	write_u8(&digest, 0);
	write_bytes(&digest, digest_bytes(&d));
	put_field(&data, write_done(&digest));
	put_field(&data, (struct bytes){ (const u8 *)path, (size_t)n + 1 });
	put_field(&data, BYTES_NONE);
	whole = write_done(&data);
	sha1 = digest_of(DIGEST_SHA1, &whole, 1);
	write_le32(w, IMA_PCR);
	write_bytes(w, digest_bytes(&sha1));
	put_field(w, bytes_text("ima-sig"));
	put_field(w, whole);
}

int main(void)
{
	static const enum digest_alg alg = DIGEST_SHA256;
	struct buf *list = buf_new(LIST_MAX);
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_banks quoted, running;
	struct ima_entry entry;
	json_t *rates = json_array();
	struct err e = { 0 };
	size_t n = 0, bytes;

	if (!list || !c)
		die("no memory");
	for (u32 i = 0; i < ENTRIES; i++)
		put_entry(&list->w, i);
	ima_banks_start(&quoted, &alg, 1);
	ima_cursor_on(c, buf_bytes(list), IMA_BINARY);
	while (ima_next(c, &entry, &e) > 0)
		ima_extend(&quoted, &entry);
	for (int i = -1; i < ROUNDS; i++) { /* round -1 warms */
		double start = cpu_s();

		ima_banks_start(&running, &alg, 1);
		if (ima_replay(buf_bytes(list), IMA_BINARY, &running, &quoted, &n, &bytes, &e) ||
		    n != ENTRIES)
			die(e.text);
		if (i >= 0)
			json_array_append_new(rates, json_real(ENTRIES / (cpu_s() - start)));
	}
	json_dumpf(json_pack("{s:i, s:I, s:o}", "entries", ENTRIES, "bytes", (json_int_t)bytes,
			     "entries_per_s", rates),
		   stdout, JSON_REAL_PRECISION(6));
	puts("");
	buf_drop(&list);
	free(c);
	return 0;
}
