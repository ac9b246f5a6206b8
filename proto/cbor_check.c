// SPDX-License-Identifier: Apache-2.0
/* The check of a whole document before anything of it is read. SPEC: RFC 8949 4.2.1, 5.3 */
#include "cbor_parts.h"

#include <stdio.h>
#include <stdlib.h>

struct walk {
	struct bytes all;
	size_t at;
	size_t items;
	enum cbor_mode mode;
	const char *why;
	enum err_code code;
	struct step {		  /* where it failed, from the inside out */
		struct bytes key; /* none: [index] */
		u64 index;
	} path[CBOR_DEPTH_MAX];
	size_t depth;
};

static bool stop_with(struct walk *w, enum err_code code, const char *why)
{
	if (!w->why) {
		w->why = why;
		w->code = code;
	}
	return false;
}

static bool stop(struct walk *w, const char *why)
{
	return stop_with(w, E_FORMAT, why);
}

/* An item failed that stands at @key or [@index] of what holds it. */
static bool stop_at(struct walk *w, struct bytes key, u64 index)
{
	if (w->depth < CBOR_DEPTH_MAX)
		w->path[w->depth++] = (struct step){ key, index };
	return false;
}

static bool is_utf8(struct bytes b)
{
	for (size_t i = 0; i < b.len;) {
		u8 c = b.at[i];
		size_t n = c < 0x80		   ? 1
			   : c >= 0xc2 && c < 0xe0 ? 2
			   : (c & 0xf0) == 0xe0	   ? 3
			   : c >= 0xf0 && c < 0xf5 ? 4
						   : 0;
		u32 v = n == 1 ? c : n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 7u;

		if (!n || n > b.len - i)
			return false;
		for (size_t k = 1; k < n; k++) {
			if ((b.at[i + k] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (b.at[i + k] & 0x3fu);
		}
		if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10ffff)) ||
		    (v >= 0xd800 && v < 0xe000))
			return false;
		i += n;
	}
	return true;
}

static bool walk_item(struct walk *w, unsigned int depth, bool *was_break);

static bool walk_chunks(struct walk *w, enum cbor_kind kind)
{
	struct cbor_head h;

	for (;;) {
		if (++w->items > CBOR_ITEMS_MAX)
			return stop_with(w, E_LIMIT, "too many items");
		if (!cbor_head_read(bytes_slice(w->all, w->at, w->all.len - w->at), &h))
			return stop(w, "not well-formed, or cut off");
		w->at += h.size;
		if (h.is_break)
			return true;
		if (h.kind != kind || h.indefinite)
			return stop(w, "chunk of another kind in a string");
		if (kind == CBOR_TEXT && !is_utf8(h.body))
			return stop(w, "text is not UTF-8");
	}
}

/* Keys of one map, to find twins: sorted views in STRICT mode are compared as they come. */
static int compare_keys(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int d = n ? memcmp(x->at, y->at, n) : 0;

	return d ? d : x->len < y->len ? -1 : x->len > y->len;
}

bool cbor_key_less(struct bytes a, struct bytes b)
{
	return compare_keys(&a, &b) < 0;
}

struct key_list {
	struct bytes *at;
	size_t n, cap;
};

static bool add_key(struct walk *w, struct key_list *keys, struct bytes key)
{
	if (key.at[0] == 0x5f || key.at[0] == 0x7f)
		return stop(w, "map key in chunks");
	if (w->mode == CBOR_STRICT) {
		struct bytes last = keys->n ? keys->at[0] : BYTES_NONE;

		if (keys->n && !cbor_key_less(last, key))
			return stop(w, bytes_equal(last, key) ? "map key twice"
							      : "map keys not in order");
	}
	if (keys->n == keys->cap && (w->mode != CBOR_STRICT || !keys->cap)) {
		size_t cap = keys->cap ? keys->cap * 2 : w->mode == CBOR_STRICT ? 1 : 16;
		struct bytes *at = realloc(keys->at, cap * sizeof(*at));

		if (!at)
			return stop_with(w, E_MEMORY, "out of memory");
		keys->at = at;
		keys->cap = cap;
	}
	keys->at[w->mode == CBOR_STRICT ? 0 : keys->n] = key;
	keys->n = w->mode == CBOR_STRICT ? 1 : keys->n + 1;
	return true;
}

/*
 * Outside STRICT mode one key has several encodings (1 is 01 and 1801): compare what they mean, or a
 * document says one thing to us and another to a reader that takes the other twin.
 */
static int compare_meaning(const void *a, const void *b)
{
	struct cbor_head x, y;

	cbor_head_read(*(const struct bytes *)a, &x);
	cbor_head_read(*(const struct bytes *)b, &y);
	if (x.kind != y.kind)
		return x.kind < y.kind ? -1 : 1;
	if (x.kind > CBOR_TEXT)
		return compare_keys(a, b);
	if (x.value != y.value)
		return x.value < y.value ? -1 : 1;
	return compare_keys(&x.body, &y.body);
}

static bool no_twins(struct walk *w, struct key_list *keys)
{
	if (w->mode == CBOR_STRICT || keys->n < 2)
		return true;
	qsort(keys->at, keys->n, sizeof(*keys->at), compare_meaning);
	for (size_t i = 1; i < keys->n; i++)
		if (!compare_meaning(&keys->at[i - 1], &keys->at[i])) {
			stop(w, "map key twice");
			return stop_at(w, keys->at[i], 0);
		}
	return true;
}

static bool walk_pairs(struct walk *w, const struct cbor_head *h, unsigned int depth)
{
	struct key_list keys = { 0 };
	bool ok = true, was_break = false;

	for (u64 i = 0; ok && (h->indefinite || i < h->value); i++) {
		size_t start = w->at;
		struct bytes key;

		ok = walk_item(w, depth, &was_break);
		if (!ok || was_break)
			break;
		key = bytes_slice(w->all, start, w->at - start);
		ok = add_key(w, &keys, key) && walk_item(w, depth, &was_break);
		if (ok && was_break)
			ok = stop(w, "map ends after a key");
		if (!ok)
			stop_at(w, key, 0);
	}
	if (ok && was_break && !h->indefinite)
		ok = stop(w, "break inside a definite map");
	ok = ok && no_twins(w, &keys);
	free(keys.at);
	return ok;
}

static bool walk_array(struct walk *w, const struct cbor_head *h, unsigned int depth)
{
	bool was_break = false;

	for (u64 i = 0; h->indefinite || i < h->value; i++) {
		if (!walk_item(w, depth, &was_break))
			return stop_at(w, BYTES_NONE, i);
		if (was_break)
			return h->indefinite || stop(w, "break inside a definite array");
	}
	return true;
}

static bool deterministic(struct walk *w, const struct cbor_head *h)
{
	bool has_number = h->kind <= CBOR_TAG;
	size_t body = h->kind == CBOR_BYTES || h->kind == CBOR_TEXT ? h->body.len : 0;

	if (w->mode != CBOR_STRICT)
		return true;
	if (h->indefinite)
		return stop(w, "indefinite length");
	if (h->kind == CBOR_FLOAT)
		return stop(w, "float or unknown simple value");
	if (has_number && h->size - body != cbor_head_len(h->value))
		return stop(w, "number or length not in its shortest form");
	return true;
}

/* @depth counts down; recursion is bounded by CBOR_DEPTH_MAX. */
static bool walk_item(struct walk *w, unsigned int depth, bool *was_break)
{
	struct cbor_head h;

	*was_break = false;
	if (++w->items > CBOR_ITEMS_MAX)
		return stop_with(w, E_LIMIT, "too many items");
	if (!cbor_head_read(bytes_slice(w->all, w->at, w->all.len - w->at), &h))
		return stop(w, "not well-formed, or cut off");
	w->at += h.size;
	if (h.is_break) {
		*was_break = true;
		return true;
	}
	if (!deterministic(w, &h))
		return false;
	if (h.kind == CBOR_TEXT && !is_utf8(h.body))
		return stop(w, "text is not UTF-8");
	if (h.indefinite && (h.kind == CBOR_BYTES || h.kind == CBOR_TEXT))
		return walk_chunks(w, h.kind);
	if (h.kind != CBOR_ARRAY && h.kind != CBOR_MAP && h.kind != CBOR_TAG)
		return true;
	if (depth == 0)
		return stop_with(w, E_LIMIT, "nested too deep");
	/* Each item takes at least a byte: a count larger than what is left is a lie. */
	if (!h.indefinite && h.kind != CBOR_TAG && h.value > w->all.len - w->at)
		return stop(w, "not well-formed, or cut off");
	if (h.kind == CBOR_ARRAY)
		return walk_array(w, &h, depth - 1);
	if (h.kind == CBOR_MAP)
		return walk_pairs(w, &h, depth - 1);
	if (!walk_item(w, depth - 1, was_break))
		return false;
	return !*was_break || stop(w, "break after a tag");
}

/* One step as a path has it: "4", "name", "[2]"; a key that is neither number nor plain text is "?". */
static size_t put_step(const struct step *s, bool first, char *out, size_t size)
{
	struct cbor_head h = { 0 };
	int n;

	if (s->key.len)
		cbor_head_read(s->key, &h);
	for (size_t i = 0; h.kind == CBOR_TEXT && i < h.body.len; i++)
		if (h.body.at[i] <= ' ' || h.body.at[i] > '~' || h.body.len > 40)
			h.kind = CBOR_NOTHING;
	if (!s->key.len)
		n = snprintf(out, size, "[%llu]", (unsigned long long)s->index);
	else if (h.kind == CBOR_UINT || (h.kind == CBOR_NEGINT && h.value + 1))
		n = snprintf(out, size, "%s%s%llu", first ? "" : ".",
			     h.kind == CBOR_NEGINT ? "-" : "",
			     (unsigned long long)(h.value + (h.kind == CBOR_NEGINT)));
	else if (h.kind == CBOR_TEXT)
		n = snprintf(out, size, "%s%.*s", first ? "" : ".", (int)h.body.len,
			     (const char *)h.body.at);
	else
		n = snprintf(out, size, "%s?", first ? "" : ".");
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

int cbor_check(struct bytes b, enum cbor_mode mode, struct err *e)
{
	struct walk w = { .all = b, .mode = mode };
	char path[200] = "";
	bool was_break;

	if (walk_item(&w, CBOR_DEPTH_MAX, &was_break) && !was_break && w.at == b.len)
		return 0;
	stop(&w, was_break ? "break outside of anything" : "bytes after the end");
	for (size_t used = 0, i = w.depth; i-- > 0;)
		used += put_step(&w.path[i], i == w.depth - 1, path + used, sizeof(path) - used);
	return err_set(e, w.code, "CBOR at byte %zu: %s%s%s", w.at, w.why, path[0] ? ", in " : "",
		       path);
}

size_t cbor_walk_item(struct bytes b)
{
	struct walk w = { .all = b, .mode = CBOR_WELL_FORMED };
	bool was_break;

	return walk_item(&w, CBOR_DEPTH_MAX, &was_break) && !was_break ? w.at : 0;
}
