// SPDX-License-Identifier: Apache-2.0
#include "der.h"

#include "own.h"
#include "reader.h"

enum {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	OID = 0x06,
	ENUMERATED = 0x0a,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18,
	SEQUENCE = 0x30,
	SET = 0x31,
	CONSTRUCTED = 0x20,
	UNIVERSAL_MASK = 0xc0,
	NUMBER_MASK = 0x1f,
};

struct value {
	u8 tag;
	struct bytes content, whole;
};

/* Return: what is odd about how it is encoded, or NULL. */
static const char *read_length(struct reader *r, size_t *len)
{
	u8 first = read_u8(r, "length");
	u8 n = first & 0x7f;

	*len = first;
	if (first < 0x80)
		return NULL;
	if (!n)
		return "a length is indefinite";
	if (n > 4)
		return "a length has more than four bytes";
	*len = 0;
	for (u8 i = 0; i < n; i++)
		*len = *len << 8 | read_u8(r, "length");
	return *len < 0x80 || *len >> (8 * (n - 1)) == 0 ? "a length is longer than it has to be"
							 : NULL;
}

static const char *read_value(struct reader *r, struct value *out)
{
	struct bytes from = r->left;
	const char *odd;
	size_t len;

	out->tag = read_u8(r, "tag");
	if ((out->tag & NUMBER_MASK) == NUMBER_MASK)
		return "a tag has more than one byte";
	odd = read_length(r, &len);
	if (odd)
		return odd;
	out->content = read_bytes(r, len, "content");
	if (r->why)
		return "a value is cut off";
	out->whole = bytes_slice(from, 0, from.len - r->left.len);
	return NULL;
}

/* ---- values that hold none ---- */
static const char *odd_integer(struct bytes c)
{
	if (!c.len)
		return "an integer is empty";
	if (c.len > 1 && ((c.at[0] == 0 && c.at[1] < 0x80) || (c.at[0] == 0xff && c.at[1] >= 0x80)))
		return "an integer is longer than it has to be";
	return NULL;
}

static const char *odd_bit_string(struct bytes c)
{
	if (!c.len || c.at[0] > 7 || (c.len == 1 && c.at[0]))
		return "a bit string says that more bits are unused than it has";
	return c.at[c.len - 1] & ((1u << c.at[0]) - 1) && c.len > 1
		       ? "unused bits of a bit string are set"
		       : NULL;
}

static const char *odd_time(const struct value *v)
{
	size_t want = v->tag == UTC_TIME ? 13 : 15;

	return v->content.len != want || v->content.at[want - 1] != 'Z'
		       ? "a time is not to the second and in UTC"
		       : NULL;
}

static const char *odd_primitive(const struct value *v)
{
	switch (v->tag) {
	case BOOLEAN:
		if (v->content.len != 1)
			return "a boolean is not of one byte";
		return v->content.at[0] && v->content.at[0] != 0xff
			       ? "a boolean is neither 00 nor FF"
			       : NULL;
	case INTEGER:
	case ENUMERATED:
		return odd_integer(v->content);
	case BIT_STRING:
		return odd_bit_string(v->content);
	case UTC_TIME:
	case GENERALIZED_TIME:
		return odd_time(v);
	default:
		return NULL;
	}
}

/* ---- values of values ---- */
static const char *walk(struct bytes ber, unsigned int depth, bool set);

/* 2.16.840.1.101.3.4.2.x: { hash, digest } of DICE has the shape of an extension, and a digest is no DER. */
static bool is_hash(struct bytes oid)
{
	static const u8 hashes[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };

	return bytes_equal(bytes_slice(oid, 0, sizeof(hashes)), BYTES(hashes));
}

/* { OID, critical = FALSE, value } and { OID, value }: the shape of an extension. What is in the value is DER as well. */
static const char *odd_extension(const struct value *at, size_t n, unsigned int depth)
{
	if (n < 2 || n > 3 || at[0].tag != OID || at[n - 1].tag != OCTET_STRING ||
	    (n == 3 && at[1].tag != BOOLEAN) || is_hash(at[0].content))
		return NULL;
	if (n == 3 && at[1].content.len == 1 && !at[1].content.at[0])
		return "an extension says that it is not critical, which is said by saying nothing";
	return walk(at[n - 1].content, depth + 1, false);
}

/* basicConstraints { cA FALSE } */
static const char *odd_default(const struct value *at, size_t n)
{
	return n && n <= 2 && at[0].tag == BOOLEAN && at[0].content.len == 1 && !at[0].content.at[0]
		       ? "a default value is written out"
		       : NULL;
}

static bool goes_before(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.at, b.at, n) : 0;

	return order < 0 || (!order && a.len <= b.len);
}

static const char *odd_value(const struct value *v, unsigned int depth)
{
	u8 number = v->tag & NUMBER_MASK;
	bool universal = !(v->tag & UNIVERSAL_MASK), constructed = v->tag & CONSTRUCTED;

	if (!constructed)
		return universal ? odd_primitive(v) : NULL;
	if (universal && number != (SEQUENCE & NUMBER_MASK) && number != (SET & NUMBER_MASK))
		return "a text or bit string comes in pieces";
	return walk(v->content, depth + 1, v->tag == SET);
}

static const char *walk(struct bytes ber, unsigned int depth, bool set)
{
	struct reader r = reader_on(ber);
	struct value first[3] = { 0 }, v = { 0 };
	struct bytes before = BYTES_NONE;
	const char *odd = depth > DER_DEPTH_MAX ? "values are nested too deep" : NULL;
	size_t n = 0;

	for (; !odd && r.left.len; n++) {
		odd = read_value(&r, &v);
		if (!odd)
			odd = odd_value(&v, depth);
		if (!odd && set && !goes_before(before, v.whole))
			odd = "a set is not in its order";
		before = v.whole;
		if (n < ARRAY_LEN(first))
			first[n] = v;
	}
	if (!odd && !set && depth)
		odd = odd_default(first, n);
	return odd || set ? odd : odd_extension(first, n, depth);
}

const char *der_oddity(struct bytes ber)
{
	return walk(ber, 0, false);
}
