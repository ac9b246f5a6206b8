/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The reader's mirror image. A write that does not fit sets @full and writes nothing more, so a
 * message is written straight down and asked once, with write_done(). User space may give a
 * grow function (see buf.h); the kernel and the SPDM core write into fixed buffers.
 */
#ifndef ASSAY_WRITER_H
#define ASSAY_WRITER_H

#include "bytes.h"

struct writer {
	u8 *at;
	size_t cap;
	size_t len;
	bool full;
	bool (*grow)(struct writer *w, size_t need); /* optional; true when @cap >= @len + @need */
};

static inline struct writer writer_on(u8 *at, size_t cap)
{
	return (struct writer){ .at = at, .cap = cap };
}

/** write_space - @n bytes to be filled by the caller, or NULL when they do not fit. */
u8 *write_space(struct writer *w, size_t n);
void write_bytes(struct writer *w, struct bytes b);
void write_zeros(struct writer *w, size_t n);
void write_u8(struct writer *w, u8 v);
void write_le16(struct writer *w, u16 v);
void write_le24(struct writer *w, u32 v);
void write_le32(struct writer *w, u32 v);
void write_le64(struct writer *w, u64 v);
void write_be16(struct writer *w, u16 v);
void write_be32(struct writer *w, u32 v);
void write_be64(struct writer *w, u64 v);

/** write_done - what was written; empty when something did not fit. */
static inline struct bytes write_done(const struct writer *w)
{
	return w->full ? BYTES_NONE : (struct bytes){ w->at, w->len };
}

#endif
