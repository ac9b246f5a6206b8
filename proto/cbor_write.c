// SPDX-License-Identifier: Apache-2.0
#include "cbor.h"

static void put_head(struct writer *w, u8 major, u64 v)
{
	u8 first = (u8)(major << 5);

	switch (cbor_head_len(v)) {
	case 1:
		write_u8(w, (u8)(first | v));
		break;
	case 2:
		write_u8(w, first | 24);
		write_u8(w, (u8)v);
		break;
	case 3:
		write_u8(w, first | 25);
		write_be16(w, (u16)v);
		break;
	case 5:
		write_u8(w, first | 26);
		write_be32(w, (u32)v);
		break;
	default:
		write_u8(w, first | 27);
		write_be64(w, v);
	}
}

void cbor_put_uint(struct writer *w, u64 v)
{
	put_head(w, 0, v);
}

void cbor_put_int(struct writer *w, long long v)
{
	if (v < 0)
		put_head(w, 1, (u64)(-1 - v));
	else
		put_head(w, 0, (u64)v);
}

void cbor_put_bytes_head(struct writer *w, size_t len)
{
	put_head(w, 2, len);
}

void cbor_put_bytes(struct writer *w, struct bytes b)
{
	cbor_put_bytes_head(w, b.len);
	write_bytes(w, b);
}

void cbor_put_text(struct writer *w, struct bytes text)
{
	put_head(w, 3, text.len);
	write_bytes(w, text);
}

void cbor_put_array(struct writer *w, size_t n)
{
	put_head(w, 4, n);
}

void cbor_put_map(struct writer *w, size_t n)
{
	put_head(w, 5, n);
}

void cbor_put_tag(struct writer *w, u64 tag)
{
	put_head(w, 6, tag);
}

void cbor_put_bool(struct writer *w, bool v)
{
	write_u8(w, v ? 0xf5 : 0xf4);
}

void cbor_put_null(struct writer *w)
{
	write_u8(w, 0xf6);
}

int cbor_written(struct bytes document, const char *what, struct err *e)
{
	if (!document.len)
		return err_set(e, E_LIMIT, "no room for %s", what);
	if (cbor_check(document, CBOR_STRICT, e))
		return err_while(e, "write %s", what);
	return 0;
}
