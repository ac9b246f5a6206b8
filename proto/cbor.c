// SPDX-License-Identifier: Apache-2.0
/* Items pulled one by one out of a document that was checked. */
#include "cbor.h"

#include "cbor_parts.h"

void cbor_fail(struct cbor *c, const char *why)
{
	reader_fail(&c->r, why);
}

void cbor_fail_with(struct cbor *c, enum err_code code, const char *why)
{
	if (!c->r.why)
		c->code = code;
	reader_fail(&c->r, why);
}

enum err_code cbor_code(const struct cbor *c)
{
	return c->code ? c->code : E_FORMAT;
}

bool cbor_done(struct cbor *c)
{
	return read_done(&c->r);
}

enum cbor_kind cbor_peek(const struct cbor *c)
{
	struct cbor_head h;

	return !c->r.why && cbor_head_read(c->r.left, &h) && !h.is_break ? h.kind : CBOR_NOTHING;
}

static struct cbor_head pull(struct cbor *c, enum cbor_kind kind, const char *field)
{
	struct cbor_head h = { .kind = CBOR_NOTHING };

	if (!c->r.why && (!cbor_head_read(c->r.left, &h) || h.is_break || h.kind != kind))
		cbor_fail(c, field);
	if (c->r.why)
		return (struct cbor_head){ .kind = CBOR_NOTHING };
	read_bytes(&c->r, h.size, field);
	return h;
}

u64 cbor_uint(struct cbor *c, const char *field)
{
	return pull(c, CBOR_UINT, field).value;
}

long long cbor_int(struct cbor *c, const char *field)
{
	bool negative = cbor_peek(c) == CBOR_NEGINT;
	struct cbor_head h = pull(c, negative ? CBOR_NEGINT : CBOR_UINT, field);

	if (h.value > 0x7fffffffffffffffULL) {
		cbor_fail(c, field);
		return 0;
	}
	return negative ? -1 - (long long)h.value : (long long)h.value;
}

static struct bytes pull_string(struct cbor *c, enum cbor_kind kind, const char *field)
{
	struct cbor_head h = pull(c, kind, field);

	if (h.indefinite) {
		cbor_fail(c, field);
		return BYTES_NONE;
	}
	return h.body;
}

struct bytes cbor_bytes(struct cbor *c, const char *field)
{
	return pull_string(c, CBOR_BYTES, field);
}

struct bytes cbor_text(struct cbor *c, const char *field)
{
	return pull_string(c, CBOR_TEXT, field);
}

bool cbor_bool(struct cbor *c, const char *field)
{
	bool v = cbor_peek(c) == CBOR_TRUE;

	pull(c, v ? CBOR_TRUE : CBOR_FALSE, field);
	return v;
}

u64 cbor_tag(struct cbor *c, const char *field)
{
	return pull(c, CBOR_TAG, field).value;
}

/* Step over one item of a document that cbor_check() has seen. */
static void skip(struct cbor *c, const char *field)
{
	size_t len = c->r.why ? 0 : cbor_walk_item(c->r.left);

	if (c->r.why)
		return;
	if (!len)
		cbor_fail(c, field);
	else
		read_bytes(&c->r, len, field);
}

struct bytes cbor_item(struct cbor *c, const char *field)
{
	struct bytes from = c->r.left;

	skip(c, field);
	return c->r.why ? BYTES_NONE : (struct bytes){ from.at, from.len - c->r.left.len };
}

static bool at_break(const struct cbor *c)
{
	return !c->r.why && c->r.left.len && c->r.left.at[0] == 0xff;
}

static size_t count_ahead(const struct cbor *c, size_t per)
{
	struct cbor ahead = *c;
	size_t n = 0;

	while (!ahead.r.why && !at_break(&ahead)) {
		skip(&ahead, "item");
		n++;
	}
	return n / per;
}

size_t cbor_array(struct cbor *c, const char *field)
{
	struct cbor_head h = pull(c, CBOR_ARRAY, field);

	return h.indefinite ? count_ahead(c, 1) : (size_t)h.value;
}

size_t cbor_map(struct cbor *c, const char *field)
{
	struct cbor_head h = pull(c, CBOR_MAP, field);

	return h.indefinite ? count_ahead(c, 2) : (size_t)h.value;
}

void cbor_end(struct cbor *c)
{
	if (c->mode == CBOR_WELL_FORMED && at_break(c))
		read_bytes(&c->r, 1, "break");
}
