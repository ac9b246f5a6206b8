/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_BUF_H
#define ASSAY_BUF_H

#include "own.h"
#include "writer.h"

/**
 * struct buf - heap memory that grows up to @max; write into it through @w.
 * A buf that could not grow (out of memory, or past @max) has w.full set.
 */
struct buf {
	struct writer w;
	size_t max;
};

/** buf_new - an empty buf of at most @max bytes. NULL when out of memory. Drop with buf_drop(). */
struct buf *buf_new(size_t max);
/** buf_copy - a buf that holds a copy of @b. */
struct buf *buf_copy(struct bytes b);
void buf_drop(struct buf **b);

static inline struct bytes buf_bytes(const struct buf *b)
{
	return b ? write_done(&b->w) : BYTES_NONE;
}

#endif
