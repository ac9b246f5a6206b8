// SPDX-License-Identifier: Apache-2.0
/* One item head, through libcbor. SPEC: RFC 8949 3 */
#include "cbor_parts.h"

#include <cbor.h>

static void on_uint8(void *c, uint8_t v)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_UINT, .value = v, .seen = true };
}
static void on_uint16(void *c, uint16_t v)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_UINT, .value = v, .seen = true };
}
static void on_uint32(void *c, uint32_t v)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_UINT, .value = v, .seen = true };
}
static void on_uint64(void *c, uint64_t v)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_UINT, .value = v, .seen = true };
}
static void on_negint8(void *c, uint8_t v)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_NEGINT, .value = v, .seen = true };
}
static void on_negint16(void *c, uint16_t v)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_NEGINT, .value = v, .seen = true };
}
static void on_negint32(void *c, uint32_t v)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_NEGINT, .value = v, .seen = true };
}
static void on_negint64(void *c, uint64_t v)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_NEGINT, .value = v, .seen = true };
}
static void on_bytes(void *c, cbor_data d, size_t n)
{
	*(struct cbor_head *)c = (struct cbor_head){
		.kind = CBOR_BYTES, .value = n, .body = { d, n }, .seen = true
	};
}
static void on_bytes_start(void *c)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_BYTES, .indefinite = true, .seen = true };
}
static void on_text(void *c, cbor_data d, size_t n)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_TEXT, .value = n, .body = { d, n }, .seen = true };
}
static void on_text_start(void *c)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_TEXT, .indefinite = true, .seen = true };
}
static void on_array(void *c, size_t n)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_ARRAY, .value = n, .seen = true };
}
static void on_array_start(void *c)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_ARRAY, .indefinite = true, .seen = true };
}
static void on_map(void *c, size_t n)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_MAP, .value = n, .seen = true };
}
static void on_map_start(void *c)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_MAP, .indefinite = true, .seen = true };
}
static void on_tag(void *c, uint64_t v)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_TAG, .value = v, .seen = true };
}
static void on_float(void *c, float v)
{
	(void)v;
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_FLOAT, .seen = true };
}
static void on_double(void *c, double v)
{
	(void)v;
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_FLOAT, .seen = true };
}
static void on_undefined(void *c)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_FLOAT, .seen = true };
}
static void on_null(void *c)
{
	*(struct cbor_head *)c = (struct cbor_head){ .kind = CBOR_NULL, .seen = true };
}
static void on_bool(void *c, bool v)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = v ? CBOR_TRUE : CBOR_FALSE, .seen = true };
}
static void on_break(void *c)
{
	*(struct cbor_head *)c =
		(struct cbor_head){ .kind = CBOR_NOTHING, .is_break = true, .seen = true };
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string = on_bytes,
	.byte_string_start = on_bytes_start,
	.string = on_text,
	.string_start = on_text_start,
	.array_start = on_array,
	.indef_array_start = on_array_start,
	.map_start = on_map,
	.indef_map_start = on_map_start,
	.tag = on_tag,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_undefined,
	.null = on_null,
	.boolean = on_bool,
	.indef_break = on_break,
};

size_t cbor_head_len(u64 value)
{
	return value < 24	     ? 1
	       : value <= 0xff	     ? 2
	       : value <= 0xffff     ? 3
	       : value <= 0xffffffff ? 5
				     : 9;
}

/* libcbor has no callback for simple values other than the four; step over them here. */
static bool plain_simple(struct bytes b, struct cbor_head *h)
{
	if (!b.len || b.at[0] < 0xe0 || (b.at[0] > 0xf3 && b.at[0] != 0xf8))
		return false;
	*h = (struct cbor_head){ .kind = CBOR_FLOAT,
				 .seen = true,
				 .size = b.at[0] == 0xf8 ? 2 : 1 };
	return b.at[0] != 0xf8 || (b.len >= 2 && b.at[1] >= 32);
}

bool cbor_head_read(struct bytes b, struct cbor_head *h)
{
	struct cbor_decoder_result got;
	u8 info;

	*h = (struct cbor_head){ .kind = CBOR_NOTHING };
	if (!b.len)
		return false;
	if (plain_simple(b, h))
		return true;
	/* libcbor before 0.9 refuses the tags 5 to 20 in one byte as unassigned; COSE_Sign1 is 18 */
	if (b.at[0] >= 0xc0 && b.at[0] <= 0xd7) {
		*h = (struct cbor_head){
			.kind = CBOR_TAG, .value = b.at[0] & 0x1f, .size = 1, .seen = true
		};
		return true;
	}
	info = b.at[0] & 0x1f;
	if (info >= 28 && info <= 30)
		return false;
	got = cbor_stream_decode(b.at, b.len, &callbacks, h);
	if (got.status != CBOR_DECODER_FINISHED || !h->seen || got.read > b.len)
		return false;
	h->size = got.read;
	return true;
}
