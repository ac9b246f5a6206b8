// SPDX-License-Identifier: Apache-2.0
#include "edn.h"

#include <stdio.h>

#include "proto/cbor.h"
#include "support.h"

enum { EDN_MAX = 65536 };

static const char *blank(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return p;
}

static const char *put(const char *p, struct writer *w);

/* Items up to @end; a map's are pairs. The head, which holds their number, goes first. */
static const char *put_items(const char *p, char end, struct writer *w)
{
	OWNED(buf) items = buf_new(EDN_MAX);
	size_t n = 0;

	for (p = blank(p + 1); *p != end; n++) {
		p = blank(put(p, &items->w));
		if (*p == ':' || *p == ',')
			p = blank(p + 1);
	}
	if (end == '}')
		cbor_put_map(w, n / 2);
	else
		cbor_put_array(w, n);
	write_bytes(w, buf_bytes(items));
	return p + 1;
}

static const char *put_embedded(const char *p, struct writer *w)
{
	OWNED(buf) inner = buf_new(EDN_MAX);

	p = blank(put(p + 2, &inner->w));
	if (strncmp(p, ">>", 2))
		fail_msg(">> is missing: %s", p);
	cbor_put_bytes(w, buf_bytes(inner));
	return p + 2;
}

static const char *put_number_or_tag(const char *p, struct writer *w)
{
	char *end;
	long long v = strtoll(p, &end, 10);

	if (end == p)
		fail_msg("not a number: %s", p);
	if (*end != '(') {
		cbor_put_int(w, v);
		return end;
	}
	cbor_put_tag(w, (u64)v);
	end = (char *)blank(put(end + 1, w));
	assert_int_equal(*end, ')');
	return end + 1;
}

static const char *put(const char *p, struct writer *w)
{
	static const struct {
		const char *word;
		u8 byte;
	} words[] = { { "null", 0xf6 }, { "true", 0xf5 }, { "false", 0xf4 } };

	p = blank(p);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strncmp(p, words[i].word, strlen(words[i].word))) {
			write_u8(w, words[i].byte);
			return p + strlen(words[i].word);
		}
	if (*p == '[' || *p == '{')
		return put_items(p, *p == '[' ? ']' : '}', w);
	if (!strncmp(p, "<<", 2))
		return put_embedded(p, w);
	if (*p == '"') {
		const char *end = strchr(p + 1, '"');

		if (!end)
			fail_msg("text without an end: %s", p);
		cbor_put_text(w, (struct bytes){ (const u8 *)p + 1, (size_t)(end - p - 1) });
		return end + 1;
	}
	if (*p == 'h') {
		const char *end = strchr(p + 2, '\'');
		char hex[2048];

		if (!end)
			fail_msg("bytes without an end: %s", p);
		snprintf(hex, sizeof(hex), "%.*s", (int)(end - p - 2), p + 2);
		OWNED(buf) b = from_hex(hex);
		cbor_put_bytes(w, buf_bytes(b));
		return end + 1;
	}
	return put_number_or_tag(p, w);
}

void edn_put(const char *text, struct writer *w)
{
	const char *rest = blank(put(text, w));

	if (*rest)
		fail_msg("left over: %s", rest);
}

struct buf *edn(const char *text)
{
	struct buf *b = buf_new(EDN_MAX);

	edn_put(text, &b->w);
	assert_false(b->w.full);
	return b;
}
