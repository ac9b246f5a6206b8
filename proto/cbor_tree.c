// SPDX-License-Identifier: Apache-2.0
#include "cbor_tree.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

enum { HEX_SHOWN = 64, TEXT_SHOWN = 500 };

struct tree {
	int (*row)(void *user, const struct cbor_row *row, struct err *e);
	void *user;
	struct err *e;
	size_t rows;
	char path[CBOR_TREE_PATH_MAX];
};

/* An item on its way: where it stands and by which key. */
struct spot {
	enum cbor_place place;
	bool listed; /* inside the list that a place is of: the next array is one of its records */
	size_t depth;
	const char *label;
};

static int show(struct tree *t, const struct spot *s, const char *kind, const char *value)
{
	struct cbor_row row = { s->depth, t->path, s->label, kind, value };

	if (++t->rows > CBOR_TREE_ROWS_MAX)
		return err_set(t->e, E_LIMIT, "more than %d items", CBOR_TREE_ROWS_MAX);
	return t->row(t->user, &row, t->e);
}

static size_t path_add(struct tree *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static size_t path_add(struct tree *t, const char *format, ...)
{
	size_t here = strlen(t->path);
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->path + here, sizeof(t->path) - here, format, ap);
	va_end(ap);
	return here;
}

static int walk(struct tree *t, struct cbor *c, struct spot s);

/* As text for people: hex, or the text with what would end it early replaced. */
static void bytes_text_of(struct bytes b, char *out, size_t size)
{
	char hex[2 * HEX_SHOWN + 1];

	hex_write((struct bytes){ b.at, b.len > HEX_SHOWN ? HEX_SHOWN : b.len }, hex);
	if (b.len > HEX_SHOWN)
		snprintf(out, size, "h'%s...' (%zu bytes)", hex, b.len);
	else
		snprintf(out, size, "h'%s'", hex);
}

static void text_text_of(struct bytes b, char *out, size_t size)
{
	size_t n = b.len > TEXT_SHOWN ? TEXT_SHOWN : b.len, i;

	while (n < b.len && n && (b.at[n] & 0xc0) == 0x80) /* not within a letter */
		n--;
	for (i = 0; i < n && i < size - 1; i++)
		out[i] = b.at[i] ? (char)b.at[i] : '?';
	out[i] = 0;
	if (n < b.len)
		snprintf(out + i, size - i, "... (%zu bytes)", b.len);
}

static bool in_pieces(const struct cbor *c)
{
	return c->r.left.len && (c->r.left.at[0] & 0x1f) == 0x1f;
}

/* What a byte string holds is walked too where its place says that it is CBOR, if it is. */
static bool holds_item(enum cbor_place place, struct bytes b)
{
	struct err e = { 0 };
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	enum cbor_kind kind;

	if (place == AT_NOWHERE || !b.len || cbor_check(b, CBOR_WELL_FORMED, &e))
		return false;
	kind = cbor_peek(&c);
	return kind == CBOR_MAP || kind == CBOR_ARRAY || kind == CBOR_TAG;
}

static int walk_bytes(struct tree *t, struct cbor *c, struct spot s)
{
	char value[CBOR_TREE_VALUE_MAX], size[48];
	struct bytes b;
	struct cbor inner;

	if (in_pieces(c)) {
		bytes_text_of(cbor_item(c, "bytes in pieces"), value, sizeof(value));
		return show(t, &s, "bytes in pieces", value);
	}
	b = cbor_bytes(c, "bytes");
	if (!holds_item(s.place, b)) {
		bytes_text_of(b, value, sizeof(value));
		return show(t, &s, "bytes", value);
	}
	snprintf(size, sizeof(size), "%zu, holding", b.len);
	if (show(t, &s, "bytes", size))
		return (int)t->e->code;
	inner = cbor_on(b, CBOR_WELL_FORMED);
	s.depth++;
	s.label = "";
	return walk(t, &inner, s);
}

static int walk_text(struct tree *t, struct cbor *c, const struct spot *s)
{
	char value[CBOR_TREE_VALUE_MAX];

	if (in_pieces(c)) {
		bytes_text_of(cbor_item(c, "text in pieces"), value, sizeof(value));
		return show(t, s, "text in pieces", value);
	}
	text_text_of(cbor_text(c, "text"), value, sizeof(value));
	return show(t, s, "text", value);
}

static int walk_array(struct tree *t, struct cbor *c, struct spot s)
{
	bool record = cbor_place_is_record(s.place) &&
		      (s.listed || s.place == AT_SIGN1 || s.place == AT_BUNDLE);
	size_t n = cbor_array(c, "array");
	int rc = show(t, &s, "array", "");

	for (size_t i = 0; i < n && !rc && !c->r.why; i++) {
		struct spot one = { s.place, true, s.depth + 1, NULL };
		const char *name = NULL;
		char label[64];
		size_t here;

		if (record) {
			name = cbor_name(s.place, (long long)i, &one.place);
			one.listed = s.place == AT_SERIES_TRIPLE; /* its condition is one record */
		}
		snprintf(label, sizeof(label), "%zu%s%s", i, name ? " " : "", name ? name : "");
		one.label = label;
		here = name ? path_add(t, ".%s", name) : path_add(t, "[%zu]", i);
		rc = walk(t, c, one);
		t->path[here] = 0;
	}
	cbor_end(c);
	return rc;
}

/* The key's text; and, in @inner, what its value is. Return: its name, or NULL. */
static const char *read_key(struct cbor *c, enum cbor_place place, char *text, size_t size,
			    enum cbor_place *inner)
{
	struct bytes key = cbor_item(c, "key");
	struct cbor k = cbor_on(key, CBOR_WELL_FORMED);
	long long number;

	*inner = place == AT_SUBMODS ? AT_CLAIMS : place == AT_DETACHED ? AT_ROOT : AT_NOWHERE;
	switch (cbor_peek(&k)) {
	case CBOR_TEXT:
		if (in_pieces(&k))
			break;
		text_text_of(cbor_text(&k, "key"), text, size > 80 ? 80 : size);
		return NULL;
	case CBOR_UINT:
	case CBOR_NEGINT:
		number = cbor_int(&k, "key");
		if (k.r.why)
			break;
		snprintf(text, size, "%lld", number);
		return *inner == AT_NOWHERE ? cbor_name(place, number, inner) : NULL;
	default:
		break;
	}
	bytes_text_of(key, text, size);
	return NULL;
}

static int walk_map(struct tree *t, struct cbor *c, struct spot s)
{
	/* a map that nothing around it explains is most often a claims-set */
	enum cbor_place place = s.place == AT_ROOT ? AT_CLAIMS : s.place;
	/* kinds of triples stand in a path by their number, as they do in a fault's */
	bool numbered = place == AT_TRIPLES || place == AT_EV_TRIPLES;
	size_t n = cbor_map(c, "map");
	int rc = show(t, &s, "map", "");

	while (n-- && !rc && !c->r.why) {
		struct spot one = { .depth = s.depth + 1 };
		char key[160], label[240];
		const char *name = read_key(c, place, key, sizeof(key), &one.place);
		size_t here;

		if (c->r.why)
			break;
		snprintf(label, sizeof(label), "%s%s%s", key, name ? " " : "", name ? name : "");
		one.label = label;
		here = path_add(t, "%s%s", t->path[0] ? "." : "", name && !numbered ? name : key);
		rc = walk(t, c, one);
		t->path[here] = 0;
	}
	cbor_end(c);
	return rc;
}

static int walk_tag(struct tree *t, struct cbor *c, struct spot s)
{
	u64 tag = cbor_tag(c, "tag");
	const char *name = cbor_tag_name(tag, &s.place);
	char value[80];

	snprintf(value, sizeof(value), "%llu%s%s", (unsigned long long)tag, name ? " " : "",
		 name ? name : "");
	if (show(t, &s, "tag", value))
		return (int)t->e->code;
	s.depth++;
	s.label = "";
	s.listed = false;
	return walk(t, c, s);
}

static int walk_number(struct tree *t, struct cbor *c, const struct spot *s)
{
	struct cbor ahead = *c;
	long long v = cbor_int(&ahead, "number");
	char value[64];

	if (ahead.r.why) { /* past 63 bits */
		bytes_text_of(cbor_item(c, "number"), value, sizeof(value));
		return show(t, s, "number", value);
	}
	*c = ahead;
	snprintf(value, sizeof(value), "%lld", v);
	return show(t, s, "number", value);
}

static int walk(struct tree *t, struct cbor *c, struct spot s)
{
	char value[CBOR_TREE_VALUE_MAX];

	if (s.depth > CBOR_TREE_DEPTH_MAX)
		return err_set(t->e, E_LIMIT, "%s: nested too deep to be shown", t->path);
	switch (cbor_peek(c)) {
	case CBOR_MAP:
		return walk_map(t, c, s);
	case CBOR_ARRAY:
		return walk_array(t, c, s);
	case CBOR_TAG:
		return walk_tag(t, c, s);
	case CBOR_BYTES:
		return walk_bytes(t, c, s);
	case CBOR_TEXT:
		return walk_text(t, c, &s);
	case CBOR_UINT:
	case CBOR_NEGINT:
		return walk_number(t, c, &s);
	case CBOR_TRUE:
	case CBOR_FALSE:
		return show(t, &s, "bool", cbor_bool(c, "bool") ? "true" : "false");
	case CBOR_NULL:
		cbor_item(c, "null");
		return show(t, &s, "null", "");
	default:
		bytes_text_of(cbor_item(c, "float"), value, sizeof(value));
		return show(t, &s, "float", value);
	}
}

int cbor_tree(struct bytes b, enum cbor_place place,
	      int (*row)(void *user, const struct cbor_row *row, struct err *e), void *user,
	      struct err *e)
{
	struct tree t = { .row = row, .user = user, .e = e };
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	struct spot s = { place, false, 0, "" };

	if (cbor_check(b, CBOR_WELL_FORMED, e))
		return (int)e->code;
	return walk(&t, &c, s);
}
