// SPDX-License-Identifier: Apache-2.0
/* `assay refval check` and `diff`: what CoRIMs say, offline or on the server. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "proto/corim_json.h"
#include "refval.h"

/* ---- statements as lines: what is spoken of, and its value ---- */
static void append(char *out, size_t size, const char *between, const char *text)
{
	size_t used = strlen(out);

	if (used + 1 < size)
		snprintf(out + used, size - used, "%s%s", used ? between : "", text);
}

static void value_text(json_t *v, char *out, size_t size)
{
	char *dump = NULL;

	if (json_is_string(v))
		append(out, size, " ", json_string_value(v));
	else if (json_is_array(v) && json_array_size(v) == 1)
		value_text(json_array_get(v, 0), out, size);
	else if ((dump = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS)))
		append(out, size, " ", dump);
	free(dump);
}

static void env_text(json_t *env, char *out, size_t size)
{
	static const char *const members[] = { "vendor", "model",    "class_id", "layer",
					       "index",	 "instance", "group" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *v = json_object_get(env, members[i]);

		if (v && i > 1)
			append(out, size, " ", members[i]);
		if (v)
			value_text(v, out, size);
	}
}

/* "svn 7, digests sha-256;..."; a single digest needs no name */
static void element_text(json_t *el, char *out, size_t size)
{
	const char *name;
	json_t *v;

	json_object_foreach(el, name, v)
	{
		char one[2000] = "";

		if (!strcmp(name, "key"))
			continue;
		if (strcmp(name, "digests"))
			append(one, sizeof(one), "", name);
		value_text(v, one, sizeof(one));
		append(out, size, ", ", one);
	}
}

static void add_line(json_t *lines, const char *what, const char *value)
{
	json_t *values = json_object_get(lines, what);

	if (!values) {
		values = json_array();
		json_object_set_new(lines, what, values);
	}
	json_array_append_new(values, json_string(value));
}

/* {what: [value ...]}; of each statement its elements, of other kinds all that they say */
static json_t *lines_of(const json_t *statements)
{
	json_t *lines = json_object(), *st, *el;
	size_t i, k;

	json_array_foreach(statements, i, st)
	{
		char about[600] = "", what[700], value[4000];
		json_t *elements = json_object_get(st, "elements");

		append(about, sizeof(about), " ",
		       json_string_value(json_object_get(st, "kind"))
			       ? json_string_value(json_object_get(st, "kind"))
			       : "?");
		env_text(json_object_get(st, "environment"), about, sizeof(about));
		json_array_foreach(elements, k, el)
		{
			snprintf(what, sizeof(what), "%s", about);
			value[0] = 0;
			if (json_object_get(el, "key")) {
				value_text(json_object_get(el, "key"), value, sizeof(value));
				append(what, sizeof(what), ": ", value);
			}
			value[0] = 0;
			element_text(el, value, sizeof(value));
			add_line(lines, what, value);
		}
		if (!elements) {
			value[0] = 0;
			value_text(st, value, sizeof(value));
			add_line(lines, about, value);
		}
	}
	return lines;
}

void refval_print(const json_t *statements)
{
	json_t *lines = lines_of(statements), *values, *v;
	const char *what;
	size_t i;

	json_object_foreach(lines, what, values) json_array_foreach(values, i, v)
		printf("  %s = %s\n", cli_safe(what), cli_safe(json_string_value(v)));
	json_decref(lines);
}

void refval_print_notes(const json_t *about)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(about, "notes"), i, v)
		printf("note: %s\n", cli_safe(json_string_value(v)));
}

/* ---- a file ---- */
static int read_file(const struct cli *c, const char *path, struct corim **out, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(buf) beside = NULL;

	if (file_read(path, CORIM_MAX, &b, e) ||
	    (c->option[OPT_BESIDE] && file_read(c->option[OPT_BESIDE], CORIM_MAX, &beside, e)) ||
	    corim_read(buf_bytes(b), c->option[OPT_OLD_SHAPES] ? CORIM_OLD_SHAPES : CORIM_DRAFT_11,
		       buf_bytes(beside), out, e))
		return err_while(e, "%s", path);
	return 0;
}

static int check_anchor(const struct cli *c, struct corim *corim, struct err *e)
{
	OWNED(trust_store) roots = trust_store_new();
	OWNED(cert_list) anchors = NULL;
	OWNED(crls) crls = crls_new();
	OWNED(buf) list = NULL;

	if (!roots || !crls)
		return err_set(e, E_MEMORY, "no memory for trust anchors");
	if (c->option[OPT_CRL] && (file_read(c->option[OPT_CRL], CRL_FILE_MAX, &list, e) ||
				   crls_add(crls, buf_bytes(list), e)))
		return err_while(e, "%s", c->option[OPT_CRL]);
	if (trust_store_add_file(roots, c->option[OPT_ANCHOR], e) ||
	    cert_list_load(c->option[OPT_ANCHOR], &anchors, e))
		return (int)e->code;
	return corim_check_signature(corim, roots, anchors, crls, clock_now_s(), e);
}

int refval_check(struct cli *c)
{
	OWNED(corim) corim = NULL;
	struct err e = { 0 };
	const char *signature;
	json_t *j;

	if (c->argc != 1 || (c->option[OPT_CRL] && !c->option[OPT_ANCHOR]))
		return cli_usage();
	if (read_file(c, c->argv[0], &corim, &e))
		return cli_fail(c, &e, NULL);
	if (c->option[OPT_ANCHOR] && check_anchor(c, corim, &e))
		return cli_fail(
			c, &e,
			e.code == E_SIGNATURE
				? "--anchor is the certificate of who signed it, or the root "
				  "that this certificate leads to"
				: NULL);
	signature = c->option[OPT_ANCHOR] ? "valid"
		    : corim->is_signed	  ? "not checked without --anchor"
					  : "none";
	j = corim_json(corim);
	if (c->json) {
		json_object_set_new(j, "signature", json_string(signature));
		json_object_set_new(j, "statements", corim_triples_json(corim));
		cli_json("refval.check", true, j);
		return 0;
	}
	printf("%s: well-formed, %zu triples; signature: %s\n", cli_safe(corim->id),
	       corim_triples(corim), signature);
	refval_print_notes(j);
	json_decref(j);
	return 0;
}

/* ---- diff ---- */
static int statements_of(const struct cli *c, const char *word, json_t **out, struct err *e)
{
	OWNED(corim) corim = NULL;
	json_t *answer = NULL;

	if (!access(word, R_OK)) {
		if (read_file(c, word, &corim, e))
			return (int)e->code;
		*out = corim_triples_json(corim);
		return 0;
	}
	if (refval_show(c, word, &answer, e))
		return (int)e->code;
	*out = json_incref(json_object_get(answer, "statements"));
	json_decref(answer);
	return *out ? 0 : err_set(e, E_FORMAT, "server's answer has no statements");
}

static bool has_value(const json_t *values, const json_t *v)
{
	const json_t *other;
	size_t i;

	json_array_foreach(values, i, other) if (json_equal(other, v)) return true;
	return false;
}

/* Those of @lines whose value is not in @other, as {what, was|is}. */
static void only_in(const json_t *lines, const json_t *other, const char *member, json_t *out)
{
	const char *what;
	json_t *values, *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)lines, what, values) json_array_foreach(
		values, i, v) if (!has_value(json_object_get(other, what), v))
		json_array_append_new(out, json_pack("{s:s, s:O}", "what", what, member, v));
}

int refval_diff(struct cli *c)
{
	json_t *a = NULL, *b = NULL, *old, *new, *changes = json_array(), *row;
	struct err e = { 0 };
	size_t i;

	if (c->argc != 2) {
		json_decref(changes);
		return cli_usage();
	}
	if (statements_of(c, c->argv[0], &a, &e) || statements_of(c, c->argv[1], &b, &e)) {
		json_decref(a);
		json_decref(changes);
		return cli_fail(c, &e, NULL);
	}
	old = lines_of(a);
	new = lines_of(b);
	only_in(old, new, "was", changes);
	only_in(new, old, "is", changes);
	json_decref(a);
	json_decref(b);
	json_decref(old);
	json_decref(new);
	if (c->json) {
		cli_json("refval.diff", true,
			 json_pack("{s:b, s:o}", "same", !json_array_size(changes), "changes",
				   changes));
		return 0;
	}
	json_array_foreach(changes, i, row)
	{
		const char *was = json_string_value(json_object_get(row, "was"));
		const char *is = json_string_value(json_object_get(row, "is"));

		printf("%c %s = %s\n", was ? '-' : '+',
		       cli_safe(json_string_value(json_object_get(row, "what"))),
		       cli_safe(was ? was : is));
	}
	if (!json_array_size(changes))
		printf("no difference\n");
	json_decref(changes);
	return 0;
}
