// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "reader.h"

void reader_fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	r->left = BYTES_NONE;
}

struct bytes read_bytes(struct reader *r, size_t n, const char *field)
{
	struct bytes got = { r->left.at, n };

	if (r->why || n > r->left.len) { /* compare with what is left; never add to an offset */
		r->cut |= !r->why;
		reader_fail(r, field);
		return BYTES_NONE;
	}
	r->left = (struct bytes){ n ? r->left.at + n : r->left.at, r->left.len - n };
	r->offset += n;
	return got;
}

static u64 read_le(struct reader *r, size_t n, const char *field)
{
	struct bytes b = read_bytes(r, n, field);
	u64 v = 0;

	for (size_t i = b.len; i > 0; i--)
		v = v << 8 | b.at[i - 1];
	return v;
}

static u64 read_be(struct reader *r, size_t n, const char *field)
{
	struct bytes b = read_bytes(r, n, field);
	u64 v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.at[i];
	return v;
}

u8 read_u8(struct reader *r, const char *field)
{
	return (u8)read_le(r, 1, field);
}

u16 read_le16(struct reader *r, const char *field)
{
	return (u16)read_le(r, 2, field);
}

u32 read_le24(struct reader *r, const char *field)
{
	return (u32)read_le(r, 3, field);
}

u32 read_le32(struct reader *r, const char *field)
{
	return (u32)read_le(r, 4, field);
}

u64 read_le64(struct reader *r, const char *field)
{
	return read_le(r, 8, field);
}

u16 read_be16(struct reader *r, const char *field)
{
	return (u16)read_be(r, 2, field);
}

u32 read_be32(struct reader *r, const char *field)
{
	return (u32)read_be(r, 4, field);
}

u64 read_be64(struct reader *r, const char *field)
{
	return read_be(r, 8, field);
}

struct reader read_inner(struct reader *r, size_t n, const char *field)
{
	size_t at = r->offset;
	struct bytes b = read_bytes(r, n, field);

	return (struct reader){ .left = b, .offset = at, .why = r->why, .cut = r->cut };
}

bool read_next_is(const struct reader *r, u8 byte)
{
	return r->left.len && r->left.at[0] == byte;
}

bool read_done(struct reader *r)
{
	if (!r->why && r->left.len)
		reader_fail(r, "bytes after the end");
	return r->why != NULL;
}
