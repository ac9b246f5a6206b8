// SPDX-License-Identifier: Apache-2.0
/* assay token: who may call the server's API. */
#include <stdio.h>
#include <stdlib.h>

#include "pages.h"

static const char *text_of(const json_t *row, const char *name)
{
	const char *s = json_string_value(json_object_get(row, name));

	return cli_safe(s ? s : "-");
}

static const char head[] = "TOKEN|ROLE|GROUPS|EXPIRES|STATE";

static void add(struct table *t, const json_t *row)
{
	long long end = member_number(row, "not_after");
	char groups[640];

	/* first: there are more than the ring holds */
	joined_text(json_object_get(row, "groups"), ",", "all", groups, sizeof(groups));
	table_row(t, text_of(row, "name"), text_of(row, "role"), groups,
		  end ? when_text(end) : "never", text_of(row, "state"));
}

/* A request without a body, and its answer: as it is for programs, by @print for people. */
static int ask(struct cli *c, const char *command, const char *method, const char *path,
	       void (*print)(const json_t *answer))
{
	struct err e = { 0 };
	json_t *answer = NULL;

	if (call_server(c, method, path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json(command, true, answer);
		return 0;
	}
	print(answer);
	json_decref(answer);
	return 0;
}

static void print_list(const json_t *answer)
{
	struct table t = table_of(head);
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "tokens"), i, row) add(&t, row);
	table_print(&t);
}

static void print_one(const json_t *answer)
{
	struct table t = table_of(head);

	add(&t, answer);
	table_print(&t);
}

static void print_status(const json_t *answer)
{
	printf("%s\n", text_of(answer, "status"));
}

static int list(struct cli *c)
{
	return c->argc ? cli_usage() : ask(c, "token.list", "GET", "/api/v1/tokens", print_list);
}

/* The one that this command itself presents. */
static int self(struct cli *c)
{
	return c->argc ? cli_usage()
		       : ask(c, "token.self", "GET", "/api/v1/tokens/self", print_one);
}

static json_t *group_array(const char *text)
{
	json_t *groups = json_array();

	while (text && *text) {
		size_t len = strcspn(text, ",");

		json_array_append_new(groups, json_stringn(text, len));
		text += len + (text[len] != 0);
	}
	return groups;
}

static int create(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL, *body;
	char *text;
	int rc;

	if (c->argc != 2)
		return cli_usage();
	body = json_pack("{s:s, s:s, s:o, s:s*}", "name", c->argv[0], "role", c->argv[1], "groups",
			 group_array(c->option[OPT_GROUP]), "until", c->option[OPT_UNTIL]);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	rc = text ? call_server(c, "POST", "/api/v1/tokens", "application/json", bytes_text(text),
				&answer, &e)
		  : err_set(&e, E_USAGE, "a name, role or group is not UTF-8");
	free(text);
	if (rc)
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("token.create", true, answer);
		return 0;
	}
	printf("%s\n", text_of(answer, "token"));
	json_decref(answer);
	return 0;
}

static int revoke(struct cli *c)
{
	char path[URL_PART_MAX + 64];

	if (c->argc != 1)
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/tokens/%s", url_part(c->argv[0]));
	return ask(c, "token.revoke", "DELETE", path, print_status);
}

int cmd_token(struct cli *c, const char *verb)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
	} rows[] = {
		{ "list", list }, { "create", create }, { "revoke", revoke }, { "self", self }
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(verb, rows[i].verb))
			return rows[i].run(c);
	return cli_usage();
}
