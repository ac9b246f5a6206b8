// SPDX-License-Identifier: Apache-2.0
#include "pages.h"

#include <stdio.h>

#include "progress.h"

enum { PAGES_MAX = 20000 }; /* of 500 rows: more than there are hosts */

struct query query_of(const char *path)
{
	struct query q = { 0 };
	int n = snprintf(q.text, sizeof(q.text), "%s", path);

	q.full = n < 0 || (size_t)n >= sizeof(q.text);
	q.len = q.full ? 0 : (size_t)n;
	return q;
}

static void put(struct query *q, const char *text)
{
	size_t n = strlen(text);

	q->full |= q->len + n >= sizeof(q->text);
	if (q->full)
		return;
	memcpy(q->text + q->len, text, n + 1);
	q->len += n;
}

/* SPEC: RFC 3986 2.3: the unreserved ones stay. */
static bool stays(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void query_add(struct query *q, const char *name, const char *value)
{
	if (!value)
		return;
	put(q, q->asked ? "&" : "?");
	q->asked = true;
	put(q, name);
	put(q, "=");
	for (const char *p = value; *p; p++) {
		char text[4] = { *p };

		if (!stays((unsigned char)*p))
			snprintf(text, sizeof(text), "%%%02X", (unsigned char)*p);
		put(q, text);
	}
}

const char *url_part(const char *text)
{
	static char ring[2][URL_PART_MAX + 1];
	static unsigned int at;
	char *out = ring[at++ % 2];
	size_t n = 0;

	for (; *text && n + 3 <= URL_PART_MAX; text++)
		n += (size_t)sprintf(out + n, stays((unsigned char)*text) ? "%c" : "%%%02X",
				     (unsigned char)*text);
	out[n] = 0;
	return out;
}

static int fetch_page(struct cli *c, const struct query *q, const char *cursor, json_t **out,
		      struct err *e)
{
	struct query page = *q;

	if (cursor)
		query_add(&page, "cursor", cursor);
	if (page.full)
		return err_set(e, E_USAGE, "what is looked for is too long");
	return call_server(c, "GET", page.text, NULL, BYTES_NONE, out, e);
}

int pages_fetch(struct cli *c, const struct query *q, const char *name, size_t most, json_t **out,
		struct err *e)
{
	json_t *all = json_array(), *page = NULL;
	char cursor[700] = "";
	struct progress p = progress_begin(c, "asking the server", name, 0);
	bool more = true;
	size_t n_pages = 0;
	int rc = 0;

	while (more && !rc) {
		const char *next;

		rc = fetch_page(c, q, *cursor ? cursor : NULL, &page, e);
		if (rc)
			break;
		json_array_extend(all, json_object_get(page, name));
		next = json_string_value(json_object_get(page, "next"));
		if (next && *next && (!strcmp(next, cursor) || strlen(next) >= sizeof(cursor)))
			rc = err_set(e, E_FORMAT, "a page of the server leads to itself");
		if (++n_pages > PAGES_MAX)
			rc = err_set(e, E_LIMIT, "the server's list has no end");
		snprintf(cursor, sizeof(cursor), "%s", next ? next : "");
		more = *cursor && (!most || json_array_size(all) < most);
		progress_to(&p, json_array_size(all));
		json_decref(page);
	}
	progress_end(&p);
	while (most && json_array_size(all) > most)
		json_array_remove(all, json_array_size(all) - 1);
	*out = rc ? NULL : json_pack("{s:O}", name, all);
	json_decref(all);
	return rc;
}
