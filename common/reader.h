/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * A bounded cursor: the only code that indexes untrusted bytes. The first failure sticks; later
 * reads give zero or empty views, so a parser reads straight down and asks once, with read_done().
 */
#ifndef ASSAY_READER_H
#define ASSAY_READER_H

#include "bytes.h"

struct reader {
	struct bytes left; /* not yet read; the reader borrows, it owns nothing */
	size_t offset;	   /* bytes read so far, for messages and wire lengths  */
	const char *why;   /* first thing that went wrong, a literal; NULL = ok */
	bool cut;	   /* that was that the bytes ended inside the field @why */
};

static inline struct reader reader_on(struct bytes b)
{
	return (struct reader){ .left = b };
}

/** reader_fail - record the first reason, a literal naming the field, and stop all later reads. */
void reader_fail(struct reader *r, const char *why);

u8 read_u8(struct reader *r, const char *field);
u16 read_le16(struct reader *r, const char *field);
u32 read_le24(struct reader *r, const char *field);
u32 read_le32(struct reader *r, const char *field);
u64 read_le64(struct reader *r, const char *field);
u16 read_be16(struct reader *r, const char *field);
u32 read_be32(struct reader *r, const char *field);
u64 read_be64(struct reader *r, const char *field);

/** read_bytes - @n bytes as a view into what the reader borrows. */
struct bytes read_bytes(struct reader *r, size_t n, const char *field);

/** read_inner - a reader over the next @n bytes; it starts failed if they are not there. */
struct reader read_inner(struct reader *r, size_t n, const char *field);

/** read_next_is - is @byte the next one? Reads nothing; false at the end and after a failure. */
bool read_next_is(const struct reader *r, u8 byte);

/** read_done - true if something failed or bytes are left over (then why says so): reject. */
bool read_done(struct reader *r);

#endif
