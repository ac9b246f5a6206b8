// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "writer.h"

u8 *write_space(struct writer *w, size_t n)
{
	u8 *p;

	if (!w->full && n > w->cap - w->len && !(w->grow && w->grow(w, n)))
		w->full = true;
	if (w->full)
		return NULL;
	p = w->at + w->len;
	w->len += n;
	return p;
}

void write_bytes(struct writer *w, struct bytes b)
{
	u8 *p = b.len ? write_space(w, b.len) : NULL;

	if (p)
		memcpy(p, b.at, b.len);
}

void write_zeros(struct writer *w, size_t n)
{
	u8 *p = n ? write_space(w, n) : NULL;

	if (p)
		memset(p, 0, n);
}

static void write_le(struct writer *w, u64 v, size_t n)
{
	u8 *p = write_space(w, n);

	for (size_t i = 0; p && i < n; i++, v >>= 8)
		p[i] = (u8)v;
}

static void write_be(struct writer *w, u64 v, size_t n)
{
	u8 *p = write_space(w, n);

	for (size_t i = n; p && i > 0; i--, v >>= 8)
		p[i - 1] = (u8)v;
}

void write_u8(struct writer *w, u8 v)
{
	write_le(w, v, 1);
}

void write_le16(struct writer *w, u16 v)
{
	write_le(w, v, 2);
}

void write_le24(struct writer *w, u32 v)
{
	write_le(w, v, 3);
}

void write_le32(struct writer *w, u32 v)
{
	write_le(w, v, 4);
}

void write_le64(struct writer *w, u64 v)
{
	write_le(w, v, 8);
}

void write_be16(struct writer *w, u16 v)
{
	write_be(w, v, 2);
}

void write_be32(struct writer *w, u32 v)
{
	write_be(w, v, 4);
}

void write_be64(struct writer *w, u64 v)
{
	write_be(w, v, 8);
}
