/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are too large to be read into memory: what is in them is named by place, and read where it is needed. Nothing is
 * mapped, so that a file that gets shorter meanwhile is an error and no signal.
 */
#ifndef ASSAY_RANGE_H
#define ASSAY_RANGE_H

#include "crypto.h"

/** struct range_file - an open file. Its length is the one that it had when it was opened. */
struct range_file;
/** range_open - a regular file of at most @max bytes. @path is kept for messages. E_NOTFOUND, E_IO, E_LIMIT, E_USAGE for what is no file. */
int range_open(const char *path, size_t max, struct range_file **out, struct err *e);
void range_file_drop(struct range_file **f);
/** range_watch - from now on @fn is told of each piece that was read of @f, which may be NULL: a person waits. */
void range_watch(struct range_file *f, void (*fn)(void *user, size_t n), void *user);

/** struct range - a part of such a file, or bytes in memory. Borrows both. */
struct range {
	const struct range_file *file; /* NULL: memory           */
	const u8 *at;		       /* in memory              */
	size_t from, len;	       /* @from: within the file */
};

static inline struct range range_of(struct bytes b)
{
	return (struct range){ .at = b.at, .len = b.len };
}
/** range_whole - the file; nothing for NULL. */
struct range range_whole(const struct range_file *f);
/** range_slice - @n bytes of @r, which has them. */
struct range range_slice(struct range r, size_t from, size_t n);

/** range_read - the first @n bytes of @r, which has them, to @out. E_IO: the file has become shorter, or the medium is broken. */
int range_read(struct range r, void *out, size_t n, struct err *e);
/** range_bytes - all of it, at most @max bytes. E_LIMIT when it is more, E_IO, E_MEMORY. */
int range_bytes(struct range r, size_t max, struct buf **out, struct err *e);

enum { RANGE_ALGS_MAX = 8 };
/**
 * range_digests - of the concatenation of @n pieces in each of @n_algs (up to RANGE_ALGS_MAX) algorithms, in one pass.
 * Memory does not grow with their length. @out: as many, untouched by an error. Return: 0, E_IO, E_MEMORY.
 */
int range_digests(const enum digest_alg *algs, size_t n_algs, const struct range *pieces, size_t n,
		  struct digest *out, struct err *e);

#endif
