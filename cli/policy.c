// SPDX-License-Identifier: Apache-2.0
/* assay policy: by which rules the server judges, and what a configuration that is not in use yet would change. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pages.h"
#include "server/policy_told.h"
#include "table.h"

static void print_rules(const json_t *answer)
{
	struct table rules = table_of("|KEY|VALUE|WHAT IT DOES"),
		     roots = table_of("ROOTS OF|DIGEST|VALID UNTIL|SUBJECT");
	const json_t *row;
	char text[2048];
	size_t i, changed = 0;

	json_array_foreach(json_object_get(answer, "rules"), i, row)
	{
		bool usual = json_is_true(json_object_get(row, "default"));

		changed += !usual;
		/* before the ring of cli_safe() has the others */
		joined_text(json_object_get(row, "value"), "; ", "-", text, sizeof(text));
		table_row(&rules, usual ? " " : "*", member_text(row, "key"), text,
			  member_text(row, "text"));
	}
	table_print(&rules);
	printf("* %zu of %zu are not the default\n\n", changed, i);
	json_array_foreach(json_object_get(answer, "roots"), i, row)
	{
		snprintf(text, sizeof(text), "%.16s", member_text(row, "digest"));
		table_row(&roots, strcmp(member_text(row, "of"), "ek_roots") ? "devices" : "EKs",
			  text, when_text(member_number(row, "not_after")),
			  member_text(row, "subject"));
	}
	table_print(&roots);
	puts(i ? "who signs reference values: assay refval anchor list"
	       : "none: every device is refused; who signs reference values: assay refval anchor "
		 "list");
}

static int show(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;

	if (c->argc)
		return cli_usage();
	if (call_server(c, "GET", "/api/v1/policy", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("policy.show", true, answer);
		return 0;
	}
	print_rules(answer);
	json_decref(answer);
	return 0;
}

/* ---- check ---- */
static const json_t *rule_of(const json_t *rules, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rules, i, row) if (!strcmp(member_text(row, "key"), key)) return row;
	return NULL;
}

/* What @rules say otherwise than @now; keys that this program does not know yet are told, too. */
static json_t *changes(const json_t *now, const json_t *rules)
{
	json_t *out = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach(now, i, row)
	{
		const char *key = json_string_value(json_object_get(row, "key"));
		const json_t *next = rule_of(rules, key ? key : ""),
			     *is = json_object_get(row, "value"),
			     *will = json_object_get(next, "value");

		/* keys of signers are files of the server: nothing is known of them here */
		if (!key || !strcmp(key, "ima_signer") || (next && json_equal(is, will)))
			continue;
		json_array_append_new(out,
				      json_pack("{s:s, s:O, s:o}", "key", key, "is",
						json_object_get(row, "value"), "will_be",
						next ? json_incref(json_object_get(next, "value"))
						     : json_null()));
	}
	return out;
}

static bool is_in(const json_t *list, const json_t *one)
{
	const json_t *other;
	size_t i;

	json_array_foreach(list, i, other) if (json_equal(one, other)) return true;
	return false;
}

/* Elements of a list that the other one lacks: a row each, for a table cuts what is long. */
static void add_elements(struct table *t, const char *key, const json_t *list, const json_t *other,
			 bool is)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *text = json_string_value(one);

		if (!is_in(other, one))
			table_row(t, key, is ? text : "-", is ? "-" : text);
	}
}

static void print_changes(const json_t *list)
{
	struct table t = table_of("KEY|IS|WILL BE");
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		const json_t *is = json_object_get(row, "is"),
			     *will = json_object_get(row, "will_be"), *was = json_array_get(is, 0);
		const char *key = json_string_value(json_object_get(row, "key"));

		if (json_is_null(will)) {
			table_row(&t, key, json_string_value(was),
				  "(this assay is older than the server)");
		} else if (json_array_size(is) == 1 && json_array_size(will) == 1) {
			table_row(&t, key, json_string_value(was),
				  json_string_value(json_array_get(will, 0)));
		} else {
			add_elements(&t, key, is, will, true);
			add_elements(&t, key, will, is, false);
		}
	}
	if (!i)
		puts("no rule of the server changes by it");
	table_print(&t);
}

static int tell(struct cli *c, json_t *rules, json_t *now)
{
	json_t *list = now ? changes(json_object_get(now, "rules"), rules) : json_null();

	json_decref(now);
	if (c->json) {
		cli_json("policy.check", true,
			 json_pack("{s:o, s:o}", "rules", rules, "changes", list));
		return 0;
	}
	printf("%s is a configuration of a server\n", cli_safe(c->argv[0]));
	if (json_is_array(list))
		print_changes(list);
	else
		printf("not compared with a server: there is no %s\n", cli_safe(c->config));
	puts("what it names (folders, keys) is looked at on the server: assay-server --config FILE "
	     "check");
	json_decref(list);
	json_decref(rules);
	return 0;
}

static int check(struct cli *c)
{
	struct settings *s = calloc(1, sizeof(*s));
	json_t *rules = NULL, *now = NULL;
	struct err e = { 0 };

	if (c->argc != 1) {
		free(s);
		return cli_usage();
	}
	if (!s || settings_load_elsewhere(c->argv[0], s, &e)) {
		if (!s)
			err_set(&e, E_MEMORY, "no memory for a configuration");
	} else {
		rules = policy_told(s);
	}
	if (s)
		policy_clear(&s->appraisal);
	free(s);
	if (!e.code && !access(c->config, F_OK))
		call_server(c, "GET", "/api/v1/policy", NULL, BYTES_NONE, &now, &e);
	if (!e.code)
		return tell(c, rules, now);
	json_decref(rules);
	return cli_fail(c, &e,
			e.code == E_CONFIG && !rules ? "docs/CONFIGURATION.md, "
						       "assay-server.conf(5): keys and "
						       "what they take"
						     : NULL);
}

int cmd_policy(struct cli *c, const char *verb)
{
	if (!strcmp(verb, "show"))
		return show(c);
	if (!strcmp(verb, "check"))
		return check(c);
	return cli_usage();
}
