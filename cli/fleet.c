// SPDX-License-Identifier: Apache-2.0
/* assay fleet: what a dashboard shows, in a terminal and for scripts. */
#include <stdio.h>

#include "pages.h"

enum { CHANGES_SHOWN = 50 };

static void print_counts(const json_t *hosts)
{
	static const char *const rows[] = { "contraindicated", "warning", "stale",
					    "never",	       "revoked", "affirming" };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		printf("%8lld  %s\n", member_number(hosts, rows[i]), tier_text(rows[i], 0));
	printf("%8lld  hosts\n", member_number(hosts, "total"));
}

static void add_change(struct table *t, const json_t *row)
{
	const char *reason = json_string_value(json_object_get(row, "reason"));
	char note[1300];

	table_row(t, when_text(member_number(row, "time")), member_text(row, "host"),
		  member_text(row, "was"), member_text(row, "status"));
	if (!reason || !*reason)
		return;
	snprintf(note, sizeof(note), "    %s", cli_safe(reason));
	table_note(t, note);
}

static const char changes_head[] = "TIME|HOST|@WAS|@IS";

static int overview(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL, *row, *changes;
	struct table t;
	size_t i;

	if (call_server(c, "GET", "/api/v1/overview", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("fleet.status", true, answer);
		return 0;
	}
	print_counts(json_object_get(answer, "hosts"));
	printf("%8lld  devices of %lld models\n", member_number(answer, "devices"),
	       member_number(answer, "models"));
	printf("%8lld  next boots that nobody has signed (assay refval pending list)\n",
	       member_number(answer, "proposals_pending"));
	json_array_foreach(json_object_get(answer, "test_switches"), i, row)
		printf("TEST SWITCH %s is on\n", cli_safe(json_string_value(row)));
	changes = json_object_get(answer, "changes");
	t = table_of(changes_head);
	if (member_number(changes, "day"))
		printf("\n%lld verdicts changed within a day:\n", member_number(changes, "day"));
	json_array_foreach(json_object_get(changes, "latest"), i, row) add_change(&t, row);
	if (i)
		table_print(&t);
	json_decref(t.rows);
	json_decref(answer);
	return 0;
}

/* A list of the server, whole: as it is for programs, by @add as a table for people. */
static int list(struct cli *c, const struct query *q, const char *name, const char *command,
		size_t most, const char *head, void (*add)(struct table *t, const json_t *row))
{
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	struct table t;
	size_t i;

	if (pages_fetch(c, q, name, most, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json(command, true, answer);
		return 0;
	}
	t = table_of(head);
	json_array_foreach(json_object_get(answer, name), i, row) add(&t, row);
	table_print(&t);
	json_decref(answer);
	return 0;
}

static int changes(struct cli *c)
{
	struct query q = query_of("/api/v1/changes");

	query_add(&q, "host", c->option[OPT_HOST]);
	query_add(&q, "group", c->option[OPT_GROUP]);
	query_add(&q, "status", c->option[OPT_STATUS]);
	return list(c, &q, "changes", "fleet.changes", CHANGES_SHOWN, changes_head, add_change);
}

/* A line a model, and under it a line a version. */
static void add_model(struct table *t, const json_t *m)
{
	const json_t *v;
	char text[400];
	size_t i;

	snprintf(text, sizeof(text), "%.64s  %.200s: %lld devices, %lld hosts, %s",
		 member_text(m, "model"), member_text(m, "name"), member_number(m, "devices"),
		 member_number(m, "hosts"),
		 json_is_true(json_object_get(m, "covered")) ? "has reference values"
							     : "no reference value counts");
	table_note(t, text);
	json_array_foreach(json_object_get(m, "versions"), i, v)
	{
		const char *firmware = json_string_value(json_object_get(v, "firmware"));

		snprintf(text, sizeof(text),
			 "affirming %lld, warning %lld, contraindicated %lld, since %s",
			 member_number(v, "affirming"), member_number(v, "warning"),
			 member_number(v, "contraindicated"),
			 when_text(member_number(v, "first_seen")));
		table_row(t, "  ", firmware && *firmware ? firmware : "(not verified)",
			  number_text(member_number(v, "devices")), text);
	}
}

static int firmware(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	struct table t;
	char text[160];
	size_t i;

	if (call_server(c, "GET", "/api/v1/firmware", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("fleet.firmware", true, answer);
		return 0;
	}
	t = table_of("||>|");
	json_array_foreach(json_object_get(answer, "models"), i, row) add_model(&t, row);
	json_array_foreach(json_object_get(answer, "no_evidence"), i, row)
	{
		snprintf(text, sizeof(text), "%.64s  %lld gave no evidence",
			 member_text(row, "model"), member_number(row, "seen"));
		table_note(&t, text);
	}
	table_print(&t);
	json_decref(answer);
	return 0;
}

static void add_device(struct table *t, const json_t *row)
{
	table_row(t, member_text(row, "host"), member_text(row, "label"),
		  member_text(row, "firmware"), member_text(row, "status"));
}

static int devices(struct cli *c)
{
	struct query q = query_of("/api/v1/devices");

	query_add(&q, "model", c->option[OPT_MODEL]);
	query_add(&q, "firmware", c->option[OPT_FIRMWARE]);
	query_add(&q, "status", c->option[OPT_STATUS]);
	query_add(&q, "q", c->option[OPT_FIND]);
	query_add(&q, "limit", "500");
	return list(c, &q, "devices", "fleet.devices", 0, "HOST|DEVICE|FIRMWARE|@VERDICT",
		    add_device);
}

static void add_sighting(struct table *t, const json_t *row)
{
	table_row(t, member_text(row, "host"), member_text(row, "label"),
		  when_text(member_number(row, "first_seen")),
		  when_text(member_number(row, "last_seen")),
		  json_is_true(json_object_get(row, "now")) ? "there now" : "gone");
}

static int device(struct cli *c)
{
	struct query q;
	char path[URL_PART_MAX + 64];

	if (c->argc != 1)
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/devices/%s", url_part(c->argv[0]));
	q = query_of(path);
	return list(c, &q, "sightings", "fleet.device", 0, "HOST|DEVICE|FIRST SEEN|LAST SEEN|NOW",
		    add_sighting);
}

int cmd_fleet(struct cli *c, const char *verb)
{
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
		int words;
	} rows[] = { { "status", overview, 0 },
		     { "changes", changes, 0 },
		     { "firmware", firmware, 0 },
		     { "devices", devices, 0 },
		     { "device", device, 1 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(verb, rows[i].verb) && c->argc == rows[i].words)
			return rows[i].run(c);
	return cli_usage();
}
