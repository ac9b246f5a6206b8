// SPDX-License-Identifier: Apache-2.0
/* Files that are not read into memory: the same bytes, whatever the file does meanwhile, and no memory for them. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WINDOW = 128 * 1024, MIB = 1024 * 1024 }; /* of range.c */
static const enum digest_alg sha256[] = { DIGEST_SHA256 };

static char folder[] = "/tmp/assay-range-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const files[] = { "file", "pipe" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static struct buf *pattern(size_t n)
{
	struct buf *b = buf_new(n + 1);

	for (size_t i = 0; i < n; i++)
		write_u8(&b->w, (u8)(i * 7 + i / 251));
	assert_false(b->w.full);
	return b;
}

/* Where windows begin and end, in three algorithms at once, among pieces of memory. */
static void a_digest_is_that_of_all_pieces_whatever_their_length(void **state)
{
	static const size_t lengths[] = { 0, 1, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW + 5 };
	static const enum digest_alg algs[] = { DIGEST_SHA512, DIGEST_SHA1, DIGEST_SHA256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		OWNED(buf) b = pattern(lengths[i]);
		OWNED(range_file) file = range_file_of(buf_bytes(b));
		struct range whole = range_whole(file), memory = range_of(buf_bytes(b));
		size_t half = lengths[i] / 2;
		struct range pieces[] = { range_slice(whole, half, lengths[i] - half),
					  range_of(bytes_text("between")),
					  memory,
					  range_slice(whole, 0, half),
					  { 0 } };
		struct bytes same[] = { bytes_slice(buf_bytes(b), half, lengths[i] - half),
					bytes_text("between"), buf_bytes(b),
					bytes_slice(buf_bytes(b), 0, half) };
		struct digest got[ARRAY_LEN(algs)];
		struct err e = { 0 };

		assert_int_equal(whole.len, lengths[i]);
		assert_ok(range_digests(algs, ARRAY_LEN(algs), pieces, ARRAY_LEN(pieces), got, &e),
			  &e);
		for (size_t a = 0; a < ARRAY_LEN(algs); a++) {
			struct digest want = digest_of(algs[a], same, ARRAY_LEN(same));

			assert_int_equal(got[a].alg, algs[a]);
			assert_true(digest_equals(&got[a], digest_bytes(&want)));
		}
	}
}

static void add(void *user, size_t n)
{
	*(size_t *)user += n;
}

static void who_watches_is_told_of_each_byte_that_is_read(void **state)
{
	OWNED(buf) b = pattern(3 * WINDOW + 5);
	OWNED(range_file) file = range_file_of(buf_bytes(b));
	struct range whole = range_whole(file);
	struct err e = { 0 };
	struct digest d;
	size_t seen = 0;

	(void)state;
	range_watch(NULL, add, &seen);
	range_watch(file, add, &seen);
	assert_ok(range_digests(sha256, 1, &whole, 1, &d, &e), &e);
	assert_int_equal(seen, 3 * WINDOW + 5);
}

static void a_slice_has_what_it_asked_for_or_nothing(void **state)
{
	static const struct {
		size_t from, n;
		bool there;
	} rows[] = { { 0, 10, true },	     { 3, 4, true },	    { 10, 0, true },
		     { 0, 11, false },	     { 10, 1, false },	    { 11, 0, false },
		     { 5, SIZE_MAX, false }, { SIZE_MAX, 5, false } };
	OWNED(buf) b = pattern(30);
	OWNED(range_file) file = range_file_of(buf_bytes(b));
	struct range both[] = { range_slice(range_whole(file), 10, 10),
				range_slice(range_of(buf_bytes(b)), 10, 10) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(both); k++) {
			struct range r = range_slice(both[k], rows[i].from, rows[i].n);
			OWNED(buf) got = NULL;
			struct err e = { 0 };

			assert_int_equal(r.len, rows[i].there ? rows[i].n : 0);
			assert_ok(range_bytes(r, 10, &got, &e), &e);
			assert_bytes_equal(buf_bytes(got),
					   bytes_slice(buf_bytes(b),
						       rows[i].there ? 10 + rows[i].from : 0,
						       r.len));
		}
}

static void more_than_is_taken_into_memory_is_refused(void **state)
{
	OWNED(buf) b = pattern(30);
	OWNED(buf) got = NULL;
	struct err e = { 0 };
	u8 room[31];

	(void)state;
	assert_refused(range_bytes(range_of(buf_bytes(b)), 29, &got, &e), &e, E_LIMIT, "30 bytes");
	assert_null(got);
	assert_refused(range_read(range_of(buf_bytes(b)), room, 31, &e), &e, E_INTERNAL,
		       "31 bytes");
}

static void what_is_no_file_of_that_size_is_not_opened(void **state)
{
	struct range_file *f = NULL;
	struct err e = { 0 };
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(range_open(path, 10, &f, &e), &e, E_USAGE, "is no regular file");
	assert_refused(range_open(folder, 10, &f, &e), &e, E_USAGE, "is no regular file");
	assert_refused(range_open("/dev/zero", 10, &f, &e), &e, E_USAGE, "/dev/zero is no regular");
	assert_refused(range_open("/nowhere/at/all", 10, &f, &e), &e, E_NOTFOUND,
		       "open /nowhere/at/all");
	snprintf(path, sizeof(path), "%s/file", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(ftruncate(fd, 11), 0);
	close(fd);
	assert_refused(range_open(path, 10, &f, &e), &e, E_LIMIT, "is larger than 10 bytes");
	assert_null(f);
	assert_ok(range_open(path, 11, &f, &e), &e);
	range_file_drop(&f);
}

/* A mapping would be a signal here. Longer it may become: what is behind its end is not read. */
static void a_file_that_becomes_shorter_is_an_error_and_no_signal(void **state)
{
	OWNED(range_file) f = NULL;
	struct digest before, after;
	struct range whole;
	struct err e = { 0 };
	char path[64];
	u8 byte;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(ftruncate(fd, MIB), 0);
	assert_ok(range_open(path, MIB, &f, &e), &e);
	whole = range_whole(f);
	assert_ok(range_digests(sha256, 1, &whole, 1, &before, &e), &e);
	assert_int_equal(ftruncate(fd, MIB + 1), 0);
	assert_ok(range_digests(sha256, 1, &whole, 1, &after, &e), &e);
	assert_true(digest_equals(&before, digest_bytes(&after)));
	assert_int_equal(ftruncate(fd, MIB - 1), 0);
	after = (struct digest){ 0 };
	assert_refused(range_digests(sha256, 1, &whole, 1, &after, &e), &e, E_IO,
		       "became shorter while it was read");
	assert_int_equal(after.alg, DIGEST_NONE);
	assert_refused(range_read(range_slice(whole, MIB - 1, 1), &byte, 1, &e), &e, E_IO,
		       "became shorter");
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_refused(range_read(whole, &byte, 1, &e), &e, E_IO, "became shorter");
	close(fd);
}

/* What a process grows by while it digests a file, in MiB: in one of its own, which begins with what this one has. */
static long growth(const char *path, size_t len)
{
	struct rusage was, is;
	int status;
	pid_t pid = fork();

	if (!pid) {
		OWNED(range_file) f = NULL;
		struct digest d;
		struct err e = { 0 };

		getrusage(RUSAGE_SELF, &was);
		if (range_open(path, len, &f, &e))
			_exit(255);
		struct range whole = range_whole(f);
		if (range_digests(sha256, 1, &whole, 1, &d, &e))
			_exit(255);
		getrusage(RUSAGE_SELF, &is);
		long mib = (is.ru_maxrss - was.ru_maxrss + 1023) / 1024;
		_exit(mib > 254 ? 254 : (int)mib);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return WEXITSTATUS(status);
}

static void memory_is_a_small_part_of_the_file(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/file", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(ftruncate(fd, 64L * MIB), 0); /* sparse */
	close(fd);
	long mib = growth(path, 64L * MIB);
	print_message("64 MiB digested in %ld MiB\n", mib);
	assert_true(mib <= 64 / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_that_of_all_pieces_whatever_their_length),
		cmocka_unit_test(who_watches_is_told_of_each_byte_that_is_read),
		cmocka_unit_test(a_slice_has_what_it_asked_for_or_nothing),
		cmocka_unit_test(more_than_is_taken_into_memory_is_refused),
		cmocka_unit_test(what_is_no_file_of_that_size_is_not_opened),
		cmocka_unit_test(a_file_that_becomes_shorter_is_an_error_and_no_signal),
		cmocka_unit_test(memory_is_a_small_part_of_the_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
