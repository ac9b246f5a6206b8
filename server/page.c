// SPDX-License-Identifier: Apache-2.0
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "common/config.h"
#include "common/text.h"
#include "verifier/explain.h"

int query_known(const struct call *c, const char *const *known, struct err *e)
{
	const char *unknown = http_query_unknown(c->rq, known);

	return unknown ? err_set(e, E_USAGE, "there is no parameter \"%.40s\" here", unknown) : 0;
}

int query_text(const struct call *c, const char *name, char *out, size_t size, struct err *e)
{
	const char *value = http_query(c->rq, name);
	size_t len = value ? strlen(value) : 0;

	if (len >= size)
		return err_set(e, E_USAGE, "%s is longer than %zu bytes", name, size - 1);
	memcpy(out, len ? value : "", len);
	out[len] = 0;
	return 0;
}

int asked_number(long long *out, long long min, long long max, const char *text, const char *name,
		 struct err *e)
{
	struct err why = { 0 };

	return config_number(out, min, max, text, &why)
		       ? err_set(e, E_USAGE, "%s: %.200s", name, why.text)
		       : 0;
}

int page_of(const struct call *c, struct page *out, struct err *e)
{
	const char *limit = http_query(c->rq, "limit"), *cursor = http_query(c->rq, "cursor");
	long len;

	*out = (struct page){ .limit = PAGE_ROWS };
	if (limit && asked_number(&out->limit, 1, PAGE_ROWS_MAX, limit, "limit", e))
		return (int)e->code;
	if (!cursor)
		return 0;
	len = strlen(cursor) > base64_len(CURSOR_MAX, false)
		      ? -1
		      : base64_read(bytes_text(cursor), (u8 *)out->after, CURSOR_MAX);
	if (len < 0 || strlen(out->after) != (size_t)len)
		return err_set(e, E_USAGE, "cursor is not one of this server's");
	return 0;
}

void page_more(json_t *answer, const char *last)
{
	char text[600];

	if (strlen(last) <= CURSOR_MAX)
		json_object_set_new(answer, "next",
				    json_string(base64url_write(bytes_text(last), false, text)));
}

void page_cut(json_t *answer, json_t *rows, const struct page *p, const char *key)
{
	const json_t *last;

	if ((long long)json_array_size(rows) <= p->limit)
		return;
	json_array_remove(rows, (size_t)p->limit);
	last = json_object_get(json_array_get(rows, (size_t)p->limit - 1), key);
	if (json_is_integer(last)) {
		char text[24];

		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(last));
		page_more(answer, text);
	} else {
		page_more(answer, json_string_value(last));
	}
}

int tier_of_name(const char *name, long long *out, struct err *e)
{
	static const enum ear_tier tiers[] = { TIER_AFFIRMING, TIER_WARNING, TIER_CONTRAINDICATED };

	*out = 0;
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (!strcmp(name, tier_name(tiers[i])))
			*out = tiers[i];
	return *out || !*name
		       ? 0
		       : err_set(e, E_USAGE, "status is affirming, warning or contraindicated");
}

json_t *text_json(struct bytes text)
{
	json_t *j = text.len ? json_stringn((const char *)text.at, text.len) : json_string("");

	return j ? j : json_string("(no UTF-8)");
}
