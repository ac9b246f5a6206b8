// SPDX-License-Identifier: Apache-2.0
#include "buf.h"

#include <stdlib.h>

static bool buf_grow(struct writer *w, size_t need)
{
	struct buf *b = (struct buf *)((char *)w - offsetof(struct buf, w));
	size_t cap = w->cap ? w->cap : 256;
	u8 *at;

	if (need > b->max || w->len > b->max - need)
		return false;
	while (cap < w->len + need)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	at = realloc(w->at, cap);
	if (!at)
		return false;
	w->at = at;
	w->cap = cap;
	return true;
}

struct buf *buf_new(size_t max)
{
	struct buf *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->max = max;
	b->w.grow = buf_grow;
	return b;
}

struct buf *buf_copy(struct bytes from)
{
	struct buf *b = buf_new(from.len);

	if (!b)
		return NULL;
	write_bytes(&b->w, from);
	if (b->w.full)
		buf_drop(&b);
	return b;
}

void buf_drop(struct buf **b)
{
	if (!b || !*b)
		return;
	free((*b)->w.at);
	free(*b);
	*b = NULL;
}
