// SPDX-License-Identifier: Apache-2.0
/*
 * Looks for keys where none may be.
 *
 *	key-search KEY... -- PLACE...
 *	key-search dump PID
 *	key-search hold KEY
 *
 * KEY is a file with its bytes. Each 16 bytes of it are looked for, as they are, as hexadecimal digits and as base64 and
 * base64url at any offset: what was overwritten in part is found by the rest. PLACE is a file, a folder with all below
 * it. A line per find, "KEY as FORM in PLACE at OFFSET", then how much was read. Status 1 when something was found, 2 when a
 * place could not be read. `dump` writes what a process has in memory, as a place to search. `hold` has a key in its
 * memory and waits: there the search must find it.
 */
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16, KEY_MAX = 128, NEEDLE_MAX = 2 * PIECE, NEEDLES_MAX = 2048, CHUNK = 1 << 20 };

/* Larger than anything that a program of ours has: what a sanitizer keeps its books in. */
#define REGION_MAX (1ULL << 32)

static struct needle {
	const char *key, *form;
	size_t len;
	uint8_t at[NEEDLE_MAX];
} needles[NEEDLES_MAX];
static size_t n_needles;
static uint8_t begins[1 << 16]; /* does a needle begin with these two bytes? */
static unsigned long long n_read;
static bool found, unread;

static void add(const char *key, const char *form, const void *at, size_t len)
{
	struct needle *n = &needles[n_needles];

	if (n_needles == NEEDLES_MAX || len < 8 || len > NEEDLE_MAX) {
		fprintf(stderr, "key-search: no room for %s\n", key);
		exit(2);
	}
	*n = (struct needle){ .key = key, .form = form, .len = len };
	memcpy(n->at, at, len);
	begins[n->at[0] << 8 | n->at[1]] = 1;
	n_needles++;
}

/* Of base64 what is the same whatever stands before and behind: whole groups of three bytes. */
static void add_base64(const char *key, const char *form, const char *alphabet, const uint8_t *b)
{
	for (size_t skip = 0; skip < 3; skip++) {
		char text[NEEDLE_MAX];
		size_t n = 0;

		for (size_t i = skip; i + 3 <= PIECE; i += 3) {
			uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];

			for (int shift = 18; shift >= 0; shift -= 6)
				text[n++] = alphabet[v >> shift & 63];
		}
		add(key, form, text, n);
	}
}

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static void add_piece(const char *key, const uint8_t *b)
{
	char lower[2 * PIECE + 1], upper[2 * PIECE + 1];

	for (size_t i = 0; i < PIECE; i++) {
		snprintf(lower + 2 * i, 3, "%02x", b[i]);
		snprintf(upper + 2 * i, 3, "%02X", b[i]);
	}
	add(key, "bytes", b, PIECE);
	add(key, "hex", lower, 2 * PIECE);
	add(key, "hex", upper, 2 * PIECE);
	add_base64(key, "base64", LETTERS_AND_DIGITS "+/", b);
	add_base64(key, "base64url", LETTERS_AND_DIGITS "-_", b);
}

static size_t read_key(const char *path, uint8_t out[KEY_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, KEY_MAX) : -1;

	if (fd >= 0)
		close(fd);
	if (n < PIECE) {
		fprintf(stderr, "key-search: %s is no key\n", path);
		exit(2);
	}
	return (size_t)n;
}

static void add_key(const char *path)
{
	uint8_t key[KEY_MAX];
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t n = read_key(path, key), at = 0;

	for (; at + PIECE <= n; at += PIECE)
		add_piece(name, key + at);
	if (at < n)
		add_piece(name, key + n - PIECE);
}

static void look(const uint8_t *b, size_t len, unsigned long long offset, const char *place)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (!begins[b[i] << 8 | b[i + 1]])
			continue;
		for (size_t k = 0; k < n_needles; k++) {
			const struct needle *n = &needles[k];

			if (n->len > len - i || memcmp(b + i, n->at, n->len))
				continue;
			printf("%s as %s in %s at %llu\n", n->key, n->form, place, offset + i);
			found = true;
		}
	}
}

/* In overlapping chunks, until nothing more can be read. Return: how much could be. */
static unsigned long long look_in(int fd, const char *place)
{
	static uint8_t room[CHUNK + NEEDLE_MAX];
	size_t kept = 0;
	unsigned long long done = 0;
	ssize_t n;

	while ((n = read(fd, room + kept, CHUNK)) > 0) {
		look(room, kept + (size_t)n, done - kept, place);
		done += (size_t)n;
		kept += (size_t)n;
		if (kept > NEEDLE_MAX - 1) {
			memmove(room, room + kept - (NEEDLE_MAX - 1), NEEDLE_MAX - 1);
			kept = NEEDLE_MAX - 1;
		}
	}
	n_read += done;
	return done;
}

static int look_in_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	int fd;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || look_in(fd, path) < (unsigned long long)st->st_size)
		unread = true;
	if (fd >= 0)
		close(fd);
	return 0;
}

static void copy(int mem, uint64_t from, uint64_t to)
{
	static uint8_t room[CHUNK];
	ssize_t n;

	for (; from < to &&
	       (n = pread(mem, room, to - from < CHUNK ? to - from : CHUNK, (off_t)from)) > 0;
	     from += (size_t)n) {
		n_read += (size_t)n;
		fwrite(room, 1, (size_t)n, stdout);
	}
}

/* Whatever the process may read itself, each part behind its line of the map. */
static int dump(const char *pid)
{
	char path[64], line[512];
	int mem;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	while (maps && mem >= 0 && fgets(line, sizeof(line), maps)) {
		uint64_t from, to;
		char rights[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, rights) != 3 ||
		    rights[0] != 'r' || to - from > REGION_MAX || strstr(line, "[v"))
			continue;
		printf("\n%s", line);
		copy(mem, from, to);
	}
	if (maps)
		fclose(maps);
	if (mem >= 0)
		close(mem);
	if (n_read && !fflush(stdout))
		return 0;
	fprintf(stderr, "key-search: nothing of process %s can be read\n", pid);
	return 2;
}

static int hold(const char *path)
{
	uint8_t *key = malloc(KEY_MAX);

	if (!key)
		return 2;
	read_key(path, key);
	puts("held");
	fflush(stdout);
	pause();
	free(key);
	return 0;
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "dump"))
		return dump(argv[2]);
	for (; i < argc && strcmp(argv[i], "--"); i++)
		add_key(argv[i]);
	if (!n_needles || i + 1 >= argc) {
		fputs("usage: key-search KEY... -- PLACE... | dump PID | hold KEY\n", stderr);
		return 2;
	}
	for (i++; i < argc; i++) {
		if (nftw(argv[i], look_in_file, 16, FTW_PHYS))
			unread = true;
		if (unread) {
			fprintf(stderr, "key-search: %s could not be read\n", argv[i]);
			return 2;
		}
	}
	printf("%llu KiB read\n", n_read >> 10);
	return found;
}
