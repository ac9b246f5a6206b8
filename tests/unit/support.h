/* SPDX-License-Identifier: Apache-2.0 */
/* What every test program needs: cmocka in the right order, vectors, exact-size copies. */
#ifndef ASSAY_TEST_SUPPORT_H
#define ASSAY_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/range.h"

/**
 * third_party - the file @path below the folder that ASSAY_VECTORS names, as a buf to drop.
 * Without the variable the test is skipped, with the reason; with CI set it fails instead.
 */
struct buf *third_party(const char *path);
/** third_party_path - the absolute path into @out; skips or fails as third_party() does. */
const char *third_party_path(const char *path, char *out, size_t size);
/** own_vector - a file of tests/vectors. Fails the test when it is not there. */
struct buf *own_vector(const char *path);
/**
 * assert_own_vector - @got is the file @path of tests/vectors, but for the last @signature_len bytes,
 * which differ from run to run. With ASSAY_WRITE_VECTORS set the file is written anew, and the test
 * fails, so that nobody takes the run for a passed one.
 */
void assert_own_vector(const char *path, struct bytes got, size_t signature_len);
/** file_bytes - a whole file, NULL when it cannot be read. */
struct buf *file_bytes(const char *path);

/**
 * heap_copy - @b in heap memory of exactly its size, so that the sanitizer sees a read of one byte
 * too far. free() it.
 */
u8 *heap_copy(struct bytes b);
/** range_file_of - an open file, without a name, that holds @b. */
struct range_file *range_file_of(struct bytes b);
/** from_hex - a literal like "01 02 ff" (spaces ignored) as a buf to drop. */
struct buf *from_hex(const char *text);

/** struct edit - hex to find and hex to put in its place. */
struct edit {
	const char *find, *put;
};
/** edited - a copy of @b with @edit made; fails the test unless what is to be found stands there once. */
struct buf *edited(struct bytes b, const struct edit *edit);

/** stdout_of - what @call prints, into @out, cut to @size - 1 bytes. Return: @out. */
char *stdout_of(void (*call)(void *), void *arg, char *out, size_t size);
/** assert_without_locked_memory - @call returns 0 in a process that may lock nothing, root or not. */
void assert_without_locked_memory(int (*call)(void));

/** assert_ok - @call returned 0; prints the error text otherwise. */
#define assert_ok(call, e)                                                                         \
	do {                                                                                       \
		if ((call) != 0)                                                                   \
			fail_msg("%s: %s", #call, (e)->text);                                      \
	} while (0)
/** assert_refused - @call failed with @want and a text that contains @part. */
#define assert_refused(call, e, want, part)                                                        \
	do {                                                                                       \
		if ((call) == 0)                                                                   \
			fail_msg("%s was accepted, expected: %s", #call, part);                    \
		if ((e)->code != (want) || !strstr((e)->text, part))                               \
			fail_msg("%s: error %d \"%s\", expected %d \"%s\"", #call, (int)(e)->code, \
				 (e)->text, (int)(want), part);                                    \
	} while (0)
#define assert_bytes_equal(got, want)                                                              \
	do {                                                                                       \
		struct bytes got_ = (got), want_ = (want);                                         \
		assert_int_equal(got_.len, want_.len);                                             \
		if (want_.len)                                                                     \
			assert_memory_equal(got_.at, want_.at, want_.len);                         \
	} while (0)

#endif
