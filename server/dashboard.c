// SPDX-License-Identifier: Apache-2.0
#include "dashboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/port.h"
#include "problem.h"
#include "server.h"

/*
 * Scripts, styles and pictures of this server alone, nothing inline: a host's name that is a script stays a name even if
 * a page forgot to treat it as text.
 */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src "    \
	"'self'; "                                                                                 \
	"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
#define FIELDS                                                                                     \
	{ "Content-Security-Policy", POLICY }, { "Referrer-Policy", "no-referrer" },               \
		{ "X-Frame-Options", "DENY" }, { "Cross-Origin-Opener-Policy", "same-origin" },    \
		{ "Cross-Origin-Resource-Policy", "same-origin" },                                 \
	{                                                                                          \
		"Vary", "Accept-Encoding"                                                          \
	}

static const struct http_field plain_fields[] = { FIELDS, { NULL, NULL } };
static const struct http_field gzip_fields[] = { FIELDS,
						 { "Content-Encoding", "gzip" },
						 { NULL, NULL } };

const struct dashboard_file *dashboard_find(const char *name)
{
	for (size_t i = 0; i < n_dashboard_files; i++)
		if (!strcmp(name, dashboard_files[i].name))
			return &dashboard_files[i];
	return NULL;
}

/* "q=0", "q=0.0" and the like; anything else is more than nothing. */
static bool is_refused(const char *parameters, size_t len)
{
	char text[32];
	const char *q;
	char *end;

	snprintf(text, sizeof(text), "%.*s", (int)len, parameters);
	q = strcasestr(text, "q=");
	return q && strtod(q + 2, &end) <= 0 && end != q + 2;
}

bool dashboard_takes_gzip(const char *accept)
{
	bool any = false;

	for (const char *at = accept; at && *at;) {
		size_t len = strcspn(at, ","), name, skip = strspn(at, " \t");

		skip = skip < len ? skip : len;
		name = strcspn(at + skip, "; \t,");
		if (name == 4 && !strncasecmp(at + skip, "gzip", 4))
			return !is_refused(at + skip + name, len - skip - name);
		if (name == 1 && at[skip] == '*')
			any = !is_refused(at + skip + name, len - skip - name);
		at += len + (at[len] == ',');
	}
	return any;
}

static void answer_file(struct call *c, const struct dashboard_file *f, const char *cache)
{
	bool gzip = dashboard_takes_gzip(http_header(c->rq, "Accept-Encoding"));

	c->out->status = 200;
	c->out->content_type = f->type;
	c->out->fixed = gzip ? f->gzip : f->plain;
	c->out->fields = gzip ? gzip_fields : plain_fields;
	c->out->cache = cache;
	snprintf(c->out->etag, sizeof(c->out->etag), "\"%s%s\"", f->tag, gzip ? "-gz" : "");
}

void get_index(struct call *c)
{
	const struct dashboard_file *f = dashboard_find("index.html");

	if (f)
		answer_file(c, f, "no-cache");
	else
		problem(c->out, 404, "Not found", "this server was built without its dashboard");
}

void get_asset(struct call *c)
{
	const struct dashboard_file *f = dashboard_find(c->part[1]);

	if (!f || strcmp(c->part[0], dashboard_version) || !strcmp(f->name, "index.html"))
		problem(c->out, 404, "Not found", "no such file in this version of the dashboard");
	else
		answer_file(c, f, "public, max-age=31536000, immutable");
}
