// SPDX-License-Identifier: Apache-2.0
/* `assay refval anchor` and `assay refval crl`: who may sign CoRIMs, and whose word was taken back. */
#include <stdio.h>
#include <time.h>

#include "common/file.h"
#include "refval.h"

/* What differs between the two. */
struct kind {
	const char *name, *path, *member, *content_type, *thing;
	size_t max;
	void (*add)(struct table *t, const json_t *row);
	const char *head, *added, *removed;
};

const char *refval_text(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return cli_safe(s ? s : "");
}

const char *refval_time(const json_t *row, const char *key, char out[32])
{
	time_t t = (time_t)json_integer_value(json_object_get(row, key));
	struct tm tm;

	out[0] = 0;
	if (t && gmtime_r(&t, &tm))
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

/* Who brought it: by the API, or as a file beside the server. */
static const char *added_by(const json_t *row)
{
	static char text[64];

	if (!json_object_get(row, "file"))
		return refval_text(row, "added_by");
	snprintf(text, sizeof(text), "file %s", refval_text(row, "file"));
	return text;
}

static void add_anchor(struct table *t, const json_t *row)
{
	char digest[17];

	snprintf(digest, sizeof(digest), "%s", refval_text(row, "digest"));
	table_row(t, digest, when_text(member_number(row, "not_after")), added_by(row),
		  refval_text(row, "subject"));
}

static void add_crl(struct table *t, const json_t *row)
{
	bool expired = json_is_true(json_object_get(row, "expired"));
	char digest[17], issuer[700];

	snprintf(digest, sizeof(digest), "%s", refval_text(row, "digest"));
	snprintf(issuer, sizeof(issuer), "%.500s%s", refval_text(row, "issuer"),
		 expired ? " (expired: what its issuer's people signed does not count)" : "");
	table_row(t, digest, when_text(member_number(row, "next_update")),
		  number_text(member_number(row, "revoked")), added_by(row), issuer);
}

static const struct kind anchors = {
	"anchor",	   "/api/v1/anchors",
	"anchors",	   "application/x-pem-file",
	"trust anchors",   65536,
	add_anchor,	   "DIGEST|VALID UNTIL|BY|SUBJECT",
	"may sign CoRIMs", "may no longer sign CoRIMs; what it signed does not count any more"
};
static const struct kind crls = {
	"crl",
	"/api/v1/crls",
	"crls",
	"application/pkix-crl",
	"revocation lists",
	CRL_BODY_MAX,
	add_crl,
	"DIGEST|NEXT UPDATE|>REVOKED|BY|ISSUER",
	"is a revocation list; what the revoked signed does not count any more",
	"is not asked any more"
};

static int list(struct cli *c, const struct kind *k)
{
	json_t *answer = NULL, *row;
	struct err e = { 0 };
	struct table t;
	char schema[40];
	size_t i;

	if (call_server(c, "GET", k->path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		snprintf(schema, sizeof(schema), "refval.%s.list", k->name);
		cli_json(schema, true, answer);
		return 0;
	}
	t = table_of(k->head);
	json_array_foreach(json_object_get(answer, k->member), i, row) k->add(&t, row);
	table_print(&t);
	json_decref(answer);
	return 0;
}

/* @answer: taken, may be NULL. */
static int tell(struct cli *c, const struct kind *k, const char *verb, const char *digest,
		const char *what, json_t *answer)
{
	json_t *new = json_object_get(answer, "new");
	char schema[40];

	if (c->json) {
		snprintf(schema, sizeof(schema), "refval.%s.%s", k->name, verb);
		cli_json(schema, true, answer);
		return 0;
	}
	printf("%.16s %s%s\n", cli_safe(digest), what,
	       json_is_false(new) ? " (was there already)" : "");
	json_decref(answer);
	return 0;
}

static int add(struct cli *c, const struct kind *k)
{
	OWNED(buf) b = NULL;
	json_t *answer = NULL;
	struct err e = { 0 };
	char digest[65];

	if (c->argc != 2)
		return cli_usage();
	if (file_read(c->argv[1], k->max, &b, &e) ||
	    call_server(c, "POST", k->path, k->content_type, buf_bytes(b), &answer, &e))
		return cli_fail(c, &e, NULL);
	snprintf(digest, sizeof(digest), "%s", refval_text(answer, "digest"));
	return tell(c, k, "add", digest, k->added, answer);
}

/* By the digest, or a beginning of it that only one has. */
static int find_digest(struct cli *c, const struct kind *k, const char *word, char digest[65],
		       struct err *e)
{
	json_t *answer = NULL, *row;
	size_t i, n = 0;

	if (strlen(word) < REFVAL_PREFIX_MIN)
		return err_set(e, E_USAGE, "at least %d digits of its digest", REFVAL_PREFIX_MIN);
	if (call_server(c, "GET", k->path, NULL, BYTES_NONE, &answer, e))
		return (int)e->code;
	json_array_foreach(json_object_get(answer, k->member), i, row)
	{
		const char *d = json_string_value(json_object_get(row, "digest"));

		if (!d || strlen(d) != 64 || strncmp(d, word, strlen(word)))
			continue;
		if (json_object_get(row, "file")) {
			err_set(e, E_CONFLICT,
				"%s is a file in the server's configuration (%s): take it out "
				"there",
				word, refval_text(row, "file"));
			json_decref(answer);
			return (int)e->code;
		}
		memcpy(digest, d, 65);
		n++;
	}
	json_decref(answer);
	return n == 1 ? 0
		      : err_set(e, n ? E_USAGE : E_NOTFOUND, "%zu %s begin with \"%s\"", n,
				k->thing, word);
}

static int drop(struct cli *c, const struct kind *k)
{
	char digest[65], path[128];
	json_t *answer = NULL;
	struct err e = { 0 };

	if (c->argc != 2)
		return cli_usage();
	if (find_digest(c, k, c->argv[1], digest, &e))
		return cli_fail(c, &e, NULL);
	snprintf(path, sizeof(path), "%s/%s", k->path, digest);
	if (call_server(c, "DELETE", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	return tell(c, k, "remove", digest, k->removed, answer);
}

static int run(struct cli *c, const struct kind *k)
{
	const char *verb = c->argc ? c->argv[0] : "";

	if (!strcmp(verb, "list") && c->argc == 1)
		return list(c, k);
	if (!strcmp(verb, "add"))
		return add(c, k);
	if (!strcmp(verb, "remove"))
		return drop(c, k);
	return cli_usage();
}

int refval_anchor(struct cli *c)
{
	return run(c, &anchors);
}

int refval_crl(struct cli *c)
{
	return run(c, &crls);
}
