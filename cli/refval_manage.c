// SPDX-License-Identifier: Apache-2.0
/* `assay refval` on what the server has: import, list, show, export, whether it counts, and what has none. */
#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"
#include "proto/corim.h"
#include "refval.h"

/* "?until=+14d", with the + as URLs want it */
static int add_until(const struct cli *c, char *path, size_t size, char sign, struct err *e)
{
	const char *until = c->option[OPT_UNTIL];
	size_t used = strlen(path);

	if (!until)
		return 0;
	if (strspn(until, "0123456789-:TZ+smhd") != strlen(until))
		return err_set(e, E_USAGE,
			       "--until takes a time like 2027-01-31T00:00:00Z, or +14d");
	used += (size_t)snprintf(path + used, size - used, "%cuntil=", sign);
	for (; *until && used + 4 < size; until++)
		used += (size_t)snprintf(path + used, size - used, *until == '+' ? "%%2B" : "%c",
					 *until);
	return 0;
}

/* ---- which one ---- */
int refval_digest(const struct cli *c, const char *word, char digest[65], struct err *e)
{
	json_t *answer = NULL, *row;
	size_t i, n = 0, len = strlen(word);
	bool prefix =
		len >= REFVAL_PREFIX_MIN && len <= 64 && strspn(word, "0123456789abcdef") == len;

	if (call_server(c, "GET", "/api/v1/refvals", NULL, BYTES_NONE, &answer, e))
		return (int)e->code;
	json_array_foreach(json_object_get(answer, "corims"), i, row)
	{
		const char *d = json_string_value(json_object_get(row, "digest"));
		const char *id = json_string_value(json_object_get(row, "id"));

		if (!d || strlen(d) != 64 ||
		    !((prefix && !strncmp(d, word, len)) || (id && !strcmp(id, word))))
			continue;
		memcpy(digest, d, 65);
		n++;
	}
	json_decref(answer);
	if (n > 1)
		return err_set(e, E_USAGE, "%zu CoRIMs are called \"%s\": say which by its digest",
			       n, word);
	return n ? 0
		 : err_set(e, E_NOTFOUND, "no CoRIM has the id \"%s\", or a digest that begins so",
			   word);
}

/* ---- import ---- */
static int read_both(const struct cli *c, const char *path, struct buf **out, size_t *n_beside,
		     struct err *e)
{
	OWNED(buf) beside = NULL;
	OWNED(buf) b = NULL;

	*n_beside = 0;
	*out = buf_new(2 * (size_t)CORIM_MAX);
	if (!*out)
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	if (file_read(path, CORIM_MAX, &b, e) ||
	    (c->option[OPT_BESIDE] && file_read(c->option[OPT_BESIDE], CORIM_MAX, &beside, e)))
		return (int)e->code;
	write_bytes(&(*out)->w, buf_bytes(b));
	write_bytes(&(*out)->w, buf_bytes(beside));
	*n_beside = buf_bytes(beside).len;
	return 0;
}

static int send_corim(const struct cli *c, struct bytes b, size_t n_beside, json_t **answer,
		      struct err *e)
{
	char path[256];

	snprintf(path, sizeof(path), "/endorsement-provisioning/v1/submit?unsigned=%s",
		 c->option[OPT_UNSIGNED] ? "yes" : "no");
	if (n_beside)
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "&beside=%zu", n_beside);
	if (add_until(c, path, sizeof(path), '&', e))
		return (int)e->code;
	return call_server(c, "POST", path, "application/rim+cose", b, answer, e);
}

int refval_import_bytes(const struct cli *c, struct bytes corim, json_t **answer, struct err *e)
{
	return send_corim(c, corim, 0, answer, e);
}

static int import_file(const struct cli *c, const char *file, json_t **answer, struct err *e)
{
	OWNED(buf) b = NULL;
	size_t n_beside;

	if (read_both(c, file, &b, &n_beside, e))
		return (int)e->code;
	return send_corim(c, buf_bytes(b), n_beside, answer, e);
}

static int import(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;

	if (c->argc != 1)
		return cli_usage();
	if (import_file(c, c->argv[0], &answer, &e))
		return cli_fail(c, &e,
				strstr(e.text, "signer of CoRIM")
					? "who may sign: `assay refval anchor list`; somebody new: "
					  "`assay refval anchor "
					  "add CERT`"
					: NULL);
	if (c->json)
		cli_json("refval.import", true, answer);
	else {
		printf("%s: %lld reference triples of %lld triples%s\n", refval_text(answer, "id"),
		       (long long)json_integer_value(json_object_get(answer, "reference_triples")),
		       (long long)json_integer_value(json_object_get(answer, "triples")),
		       json_is_true(json_object_get(answer, "new")) ? "" : " (was there already)");
		refval_print_notes(answer);
		json_decref(answer);
	}
	return 0;
}

/* ---- list and show ---- */
static int list(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	struct table t;
	char when[32];
	size_t i;

	if (c->argc)
		return cli_usage();
	if (call_server(c, "GET", "/api/v1/refvals", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.list", true, answer);
		return 0;
	}
	t = table_of("DIGEST|SIGNED|COUNTS|BY|UNTIL|ID");
	json_array_foreach(json_object_get(answer, "corims"), i, row)
	{
		char digest[17], id[1600];

		snprintf(digest, sizeof(digest), "%s", refval_text(row, "digest"));
		snprintf(id, sizeof(id),
			 json_object_get(row, "why_not") ? "%.500s (%.1000s)" : "%.500s",
			 refval_text(row, "id"), refval_text(row, "why_not"));
		table_row(&t, digest, json_is_true(json_object_get(row, "signed")) ? "yes" : "no",
			  json_is_true(json_object_get(row, "counts")) ? "yes" : "no",
			  refval_text(row, "changed_by"),
			  *refval_time(row, "until", when) ? when
							   : refval_time(row, "not_after", when),
			  id);
	}
	table_print(&t);
	json_decref(answer);
	return 0;
}

static void print_line(const char *name, const char *value)
{
	if (*value)
		printf("  %-11s %s\n", name, value);
}

static void print_corim(const json_t *j)
{
	char when[32], from[32], text[200];

	printf("%s\n", refval_text(j, "id"));
	print_line("digest", refval_text(j, "digest"));
	print_line("signer", refval_text(j, "signer"));
	print_line("certificate", refval_text(j, "certificate"));
	print_line("counts", json_is_true(json_object_get(j, "counts")) ? "yes" : "no");
	print_line("why not", refval_text(j, "why_not"));
	print_line("valid from", refval_time(j, "not_before", from));
	print_line("valid until", refval_time(j, "not_after", when));
	print_line("window ends", refval_time(j, "until", when));
	snprintf(text, sizeof(text), "%s by %s", refval_time(j, "changed", when),
		 refval_text(j, "changed_by"));
	print_line("changed", text);
	refval_print(json_object_get(j, "statements"));
}

int refval_show(const struct cli *c, const char *word, json_t **out, struct err *e)
{
	char digest[65], path[128];

	if (refval_digest(c, word, digest, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/api/v1/refvals/%s", digest);
	return call_server(c, "GET", path, NULL, BYTES_NONE, out, e);
}

static int show(struct cli *c)
{
	json_t *answer = NULL;
	struct err e = { 0 };

	if (c->argc != 1)
		return cli_usage();
	if (refval_show(c, c->argv[0], &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.show", true, answer);
		return 0;
	}
	print_corim(answer);
	json_decref(answer);
	return 0;
}

static int export(struct cli *c)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	char digest[65], path[128];

	if (c->argc != 1 || !c->option[OPT_OUT])
		return cli_usage();
	if (refval_digest(c, c->argv[0], digest, &e))
		return cli_fail(c, &e, NULL);
	snprintf(path, sizeof(path), "/api/v1/refvals/%s/corim", digest);
	if (fetch_server(c, "GET", path, NULL, BYTES_NONE, &b, &e) ||
	    file_write(c->option[OPT_OUT], buf_bytes(b), 0644, &e))
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("refval.export", true,
			 json_pack("{s:s, s:s}", "digest", digest, "file", c->option[OPT_OUT]));
	else
		printf("%s: %zu bytes, as they were signed\n", c->option[OPT_OUT],
		       buf_bytes(b).len);
	return 0;
}

/* ---- whether it counts ---- */
int refval_act(struct cli *c, const char *word, const char *verb, struct err *e)
{
	bool drop = !strcmp(verb, "delete");
	char digest[65], path[200];
	json_t *answer = NULL;

	if (refval_digest(c, word, digest, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/api/v1/refvals/%s%s%s", digest, drop ? "" : "/",
		 drop ? "" : verb);
	if ((!strcmp(verb, "activate") && add_until(c, path, sizeof(path), '?', e)) ||
	    call_server(c, drop ? "DELETE" : "POST", path, NULL, BYTES_NONE, &answer, e))
		return (int)e->code;
	json_decref(answer);
	return 0;
}

static int act(struct cli *c, const char *verb)
{
	struct err e = { 0 };
	char schema[40];

	if (c->argc != 1)
		return cli_usage();
	if (refval_act(c, c->argv[0], verb, &e))
		return cli_fail(c, &e, NULL);
	snprintf(schema, sizeof(schema), "refval.%s", verb);
	if (c->json)
		cli_json(schema, true, NULL);
	else
		printf("%s: %sd%s%s\n", cli_safe(c->argv[0]), verb,
		       c->option[OPT_UNTIL] ? " until " : "",
		       c->option[OPT_UNTIL] ? c->option[OPT_UNTIL] : "");
	return 0;
}

static int activate(struct cli *c)
{
	return act(c, "activate");
}

static int deactivate(struct cli *c)
{
	return act(c, "deactivate");
}

static int delete (struct cli *c)
{
	return act(c, "delete");
}

/* ---- what has no value ---- */
static int coverage(struct cli *c)
{
	json_t *answer = NULL, *row;
	struct table t;
	struct err e = { 0 };
	size_t i, k, bare = 0, silent = 0;

	if (c->argc)
		return cli_usage();
	if (call_server(c, "GET", "/api/v1/coverage", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("refval.coverage", true, answer);
		return 0;
	}
	t = table_of("MODEL|>SEEN|>STATES|");
	json_array_foreach(json_object_get(answer, "models"), i, row)
	{
		long long n = json_integer_value(json_object_get(row, "references"));

		bare += !n;
		table_row(&t, refval_text(row, "model"), number_text(member_number(row, "seen")),
			  number_text(n), n ? " " : "  no reference value");
	}
	json_array_foreach(json_object_get(answer, "no_evidence"), k, row)
	{
		silent++;
		table_row(&t, refval_text(row, "model"), number_text(member_number(row, "seen")),
			  "-", "  no evidence");
	}
	table_print(&t);
	printf("%zu of %zu models have no reference value", bare, i);
	printf(silent ? "; %zu more gave no evidence\n" : "\n", silent);
	json_decref(answer);
	return 0;
}

int refval_manage(struct cli *c, const char *verb)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
	} verbs[] = { { "import", import },	{ "list", list },
		      { "show", show },		{ "export", export },
		      { "activate", activate }, { "deactivate", deactivate },
		      { "delete", delete },	{ "anchor", refval_anchor },
		      { "crl", refval_crl },	{ "coverage", coverage } };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verb, verbs[i].verb))
			return verbs[i].run(c);
	return cli_usage();
}
