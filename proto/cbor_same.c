// SPDX-License-Identifier: Apache-2.0
/* Data equality of CBOR items. SPEC: RFC 8949 5.6.1 */
#include "cbor.h"

static bool same_next(struct cbor *a, struct cbor *b, unsigned int depth);

/* Keys are numbers or text almost always; others are the same only bytewise, which bounds the work. */
static bool same_keys(struct bytes a, struct bytes b, enum cbor_mode mode)
{
	struct cbor x = cbor_on(a, mode), y = cbor_on(b, mode);
	enum cbor_kind kind = cbor_peek(&x);

	if (bytes_equal(a, b))
		return true;
	return (kind == CBOR_UINT || kind == CBOR_NEGINT || kind == CBOR_TEXT) &&
	       same_next(&x, &y, CBOR_DEPTH_MAX);
}

/* Each key of @a stands in @b with the same value; twins were refused before. */
static bool same_maps(struct cbor *a, struct cbor *b, unsigned int depth)
{
	size_t n = cbor_map(a, "map");
	struct cbor rest = *b;

	if (cbor_map(b, "map") != n || a->r.why || b->r.why)
		return false;
	rest = *b;
	for (size_t i = 0; i < n; i++) {
		struct bytes key = cbor_item(a, "key"), value = cbor_item(a, "value");
		struct cbor look = rest;
		bool found = false;

		for (size_t k = 0; k < n && !found && !look.r.why; k++) {
			struct bytes other = cbor_item(&look, "key");
			struct cbor v1 = cbor_on(value, a->mode);
			struct cbor v2 = cbor_on(cbor_item(&look, "value"), a->mode);

			if (!same_keys(key, other, a->mode))
				continue;
			if (!same_next(&v1, &v2, depth + 1))
				return false;
			found = true;
		}
		if (!found)
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		cbor_item(b, "key");
		cbor_item(b, "value");
	}
	cbor_end(a);
	cbor_end(b);
	return !a->r.why && !b->r.why;
}

static bool same_arrays(struct cbor *a, struct cbor *b, unsigned int depth)
{
	size_t n = cbor_array(a, "array");

	if (cbor_array(b, "array") != n || a->r.why || b->r.why)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!same_next(a, b, depth + 1))
			return false;
	cbor_end(a);
	cbor_end(b);
	return !a->r.why && !b->r.why;
}

static bool same_next(struct cbor *a, struct cbor *b, unsigned int depth)
{
	enum cbor_kind kind = cbor_peek(a);
	struct cbor a0 = *a, b0 = *b;

	if (kind != cbor_peek(b) || depth > CBOR_DEPTH_MAX)
		return false;
	switch (kind) {
	case CBOR_UINT:
		return cbor_uint(a, "uint") == cbor_uint(b, "uint") && !a->r.why && !b->r.why;
	case CBOR_BYTES:
		if (bytes_equal(cbor_bytes(a, "bytes"), cbor_bytes(b, "bytes")) && !a->r.why &&
		    !b->r.why)
			return true;
		break;
	case CBOR_TEXT:
		if (bytes_equal(cbor_text(a, "text"), cbor_text(b, "text")) && !a->r.why &&
		    !b->r.why)
			return true;
		break;
	case CBOR_ARRAY:
		return same_arrays(a, b, depth);
	case CBOR_MAP:
		return same_maps(a, b, depth);
	case CBOR_TAG:
		return cbor_tag(a, "tag") == cbor_tag(b, "tag") && same_next(a, b, depth + 1);
	default:
		break;
	}
	*a = a0;
	*b = b0;
	return bytes_equal(cbor_item(a, "item"), cbor_item(b, "item")) && !a->r.why && !b->r.why;
}

bool cbor_same(struct bytes a, struct bytes b)
{
	struct cbor x = cbor_on(a, CBOR_WELL_FORMED), y = cbor_on(b, CBOR_WELL_FORMED);

	return same_next(&x, &y, 0) && !cbor_done(&x) && !cbor_done(&y);
}
