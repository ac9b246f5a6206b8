// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pages.h"
#include "common/config.h"

static int post(struct cli *c, const char *path, json_t *body, json_t **answer, struct err *e)
{
	char *text = json_dumps(body, JSON_COMPACT);
	int rc =
		text ? call_server(c, "POST", path, "application/json", bytes_text(text), answer, e)
		     : err_set(e, E_MEMORY, "no memory for a request");

	json_decref(body);
	free(text);
	return rc;
}

static const char *member(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return cli_safe(s ? s : "-");
}

static const char *given(const struct cli *c, enum cli_option o)
{
	return c->option[o] ? c->option[o] : "";
}

static int list(struct cli *c)
{
	struct query q = query_of("/api/v1/hosts");
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	struct table t;
	size_t i;

	if (c->argc)
		return cli_usage();
	query_add(&q, "status", c->option[OPT_STATUS]);
	query_add(&q, "group", c->option[OPT_GROUP]);
	query_add(&q, "q", c->option[OPT_FIND]);
	query_add(&q, "model", c->option[OPT_MODEL]);
	query_add(&q, "firmware", c->option[OPT_FIRMWARE]);
	query_add(&q, "limit", "500");
	if (pages_fetch(c, &q, "hosts", 0, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("host.list", true, answer);
		return 0;
	}
	t = table_of("HOST|GROUP|EK TRUST|STATE|@VERDICT|ATTESTED");
	json_array_foreach(json_object_get(answer, "hosts"), i, row)
		table_row(&t, member(row, "name"), member(row, "group"), member(row, "ek_trust"),
			  member(row, "state"), member(row, "status"),
			  when_text(member_number(row, "attested")));
	table_print(&t);
	json_decref(answer);
	return 0;
}

/* "2 reboots, 71 h": what a lease has left, as of the host's last attestation. */
static const char *lease_text(json_t *lease, char out[64])
{
	snprintf(out, 64, "%lld reboots, %lld h",
		 (long long)json_integer_value(json_object_get(lease, "reboots_left")),
		 (long long)json_integer_value(json_object_get(lease, "hours_left")));
	return json_is_object(lease) ? out : "-";
}

static void show_lease(json_t *lease)
{
	json_t *row, *used = json_object_get(lease, "used");
	char text[64];
	size_t i;

	if (!json_is_object(lease))
		return;
	printf("  lease: %s\n", member(lease, "state"));
	json_array_foreach(json_object_get(lease, "volumes"), i, row) printf(
		"    volume %s, epoch %lld: opens without a server for %s of the TPM's clock\n",
		member(row, "volume"), (long long)json_integer_value(json_object_get(row, "epoch")),
		lease_text(row, text));
	if (used)
		printf("    one was used, as the server heard at %s\n",
		       when_text(json_integer_value(used)));
}

static int show(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	char path[URL_PART_MAX + 64], status[24];
	struct table devices;
	size_t i;

	if (c->argc != 1)
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/hosts/%s", url_part(c->argv[0]));
	if (call_server(c, "GET", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	snprintf(status, sizeof(status), "%.20s", member(answer, "status"));
	if (c->json) {
		cli_json("host.show", !exit_of(c, status), answer);
		return exit_of(c, status);
	}
	printf("host %s (group %s, %s, EK trusted by %s): %s\n", member(answer, "name"),
	       member(answer, "group"), member(answer, "state"), member(answer, "ek_trust"),
	       status);
	printf("  EK %s\n", member(answer, "ek_hash"));
	json_array_foreach(json_object_get(answer, "aks"), i, row)
		printf("  AK %s %s\n", member(row, "name"), member(row, "state"));
	devices = table_of("||@|");
	json_array_foreach(json_object_get(answer, "devices"), i, row)
	{
		char note[1300];

		table_row(&devices, " ", member(row, "label"), member(row, "status"),
			  member(row, "address"));
		snprintf(note, sizeof(note), "    note: %s", member(row, "note"));
		if (json_object_get(row, "note"))
			table_note(&devices, note);
	}
	table_print(&devices);
	if (json_object_get(answer, "next_boot"))
		printf("  kernel %s: %s\n", member(json_object_get(answer, "next_boot"), "release"),
		       member(json_object_get(answer, "next_boot"), "text"));
	show_lease(json_object_get(answer, "lease"));
	json_array_foreach(json_object_get(answer, "reasons"), i, row)
		printf("- %s\n", member(row, "text"));
	json_decref(answer);
	return exit_of(c, status);
}

static int done(struct cli *c, const char *command, int rc, json_t *answer, const struct err *e)
{
	if (rc)
		return cli_fail(c, e, NULL);
	if (c->json)
		cli_json(command, true, answer);
	else {
		printf("%s\n", member(answer, "status"));
		json_decref(answer);
	}
	return 0;
}

static int add(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;
	int rc;

	if (!c->option[OPT_EK_HASH] || c->argc)
		return cli_usage();
	rc = post(c, "/api/v1/hosts",
		  json_pack("{s:s, s:s, s:s}", "ek_hash", given(c, OPT_EK_HASH), "group",
			    given(c, OPT_GROUP), "name", given(c, OPT_NAME)),
		  &answer, &e);
	return done(c, "host.add", rc, answer, &e);
}

static int act(struct cli *c, const char *verb)
{
	struct err e = { 0 };
	json_t *answer = NULL;
	char path[URL_PART_MAX + 64];
	bool with_device = !strcmp(verb, "forget-device");
	int rc;

	if (c->argc != (with_device ? 2 : 1))
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/%s", url_part(c->argv[0]), verb);
	rc = post(c, path,
		  json_pack("{s:s, s:s}", "device", with_device ? c->argv[1] : "", "ek_hash",
			    given(c, OPT_EK_HASH)),
		  &answer, &e);
	return done(c, "host.action", rc, answer, &e);
}

/*
 * What cannot be undone, or what a person has to compare first, is done by the second call, which names it;
 * the first says what that is. Nothing ever asks on the terminal, so a script says the same as a person.
 */
static int look(struct cli *c, json_t **answer, struct err *e)
{
	char path[URL_PART_MAX + 64];

	snprintf(path, sizeof(path), "/api/v1/hosts/%s", url_part(c->argv[0]));
	return call_server(c, "GET", path, NULL, BYTES_NONE, answer, e);
}

static int confirm(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;
	char hint[512];

	if (c->argc != 1)
		return cli_usage();
	if (c->option[OPT_EK_HASH])
		return act(c, "confirm");
	if (look(c, &answer, &e))
		return cli_fail(c, &e, NULL);
	err_set(&e, E_USAGE, "nothing is confirmed yet: the EK hash of %s is %s", c->argv[0],
		member(answer, "ek_hash"));
	snprintf(hint, sizeof(hint),
		 "compare it with what `assay-agent ek-hash` prints there, then: assay host "
		 "confirm %.200s "
		 "--ek-hash %.64s",
		 cli_safe(c->argv[0]), member(answer, "ek_hash"));
	json_decref(answer);
	return cli_fail(c, &e, hint);
}

static int take_away(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;

	if (c->argc != 1)
		return cli_usage();
	if (c->option[OPT_YES])
		return act(c, "remove");
	if (look(c, &answer, &e))
		return cli_fail(c, &e, NULL);
	json_decref(answer);
	err_set(&e, E_USAGE,
		"nothing is removed yet: %s would lose its enrolment and its key shares",
		c->argv[0]);
	return cli_fail(c, &e,
			"its volumes then open by their recovery slots only; add --yes to do it");
}

int cmd_host(struct cli *c, const char *verb)
{
	static const char *const actions[] = { "revoke",	"restore",	"accept-inventory",
					       "forget-device", "revoke-lease", "allow-lease" };
	static const struct {
		const char *verb;
		int (*run)(struct cli *c);
	} rows[] = { { "list", list }, { "show", show },       { "boot", host_boot },
		     { "add", add },   { "confirm", confirm }, { "remove", take_away } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(verb, rows[i].verb))
			return rows[i].run(c);
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (!strcmp(verb, actions[i]))
			return act(c, verb);
	return cli_usage();
}

static int secret_rotate(struct cli *c)
{
	char path[URL_PART_MAX + 64];
	struct err e = { 0 };
	json_t *answer = NULL;

	if (c->argc != 1)
		return cli_usage();
	snprintf(path, sizeof(path), "/api/v1/secrets/%s/rotate", url_part(c->argv[0]));
	if (call_server(c, "POST", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("secret.rotate", true, answer);
		return 0;
	}
	printf("the next unlock on %s makes a new epoch of it\n", member(answer, "host"));
	json_decref(answer);
	return 0;
}

static int secret_delete(struct cli *c)
{
	char path[URL_PART_MAX + 64];
	struct err e = { 0 };
	json_t *answer = NULL;

	if (c->argc != 1)
		return cli_usage();
	if (!c->option[OPT_YES]) {
		err_set(&e, E_USAGE, "nothing is deleted yet: all shares of volume %.60s would go",
			c->argv[0]);
		return cli_fail(c, &e,
				"a passphrase or the recovery key opens it then; add --yes "
				"to do it");
	}
	snprintf(path, sizeof(path), "/api/v1/secrets/%s", url_part(c->argv[0]));
	if (call_server(c, "DELETE", path, NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("secret.delete", true, answer);
		return 0;
	}
	printf("%lld shares of %s are gone: a passphrase or the recovery key opens the volume\n"
	       "a host that had a lease of it gets none until `assay host allow-lease HOST`\n",
	       (long long)json_integer_value(json_object_get(answer, "shares")),
	       member(answer, "host"));
	json_decref(answer);
	return 0;
}

int cmd_secret(struct cli *c, const char *verb)
{
	struct err e = { 0 };
	json_t *answer = NULL, *row;
	struct table t;
	char lease[64];
	size_t i;

	if (!strcmp(verb, "rotate"))
		return secret_rotate(c);
	if (!strcmp(verb, "delete"))
		return secret_delete(c);
	if (!strcmp(verb, "approve"))
		return secret_approve(c);
	if (!strcmp(verb, "create") && c->argc == 1 && c->option[OPT_VOLUME]) {
		if (post(c, "/api/v1/secrets",
			 json_pack("{s:s, s:s}", "host", c->argv[0], "volume",
				   given(c, OPT_VOLUME)),
			 &answer, &e))
			return cli_fail(c, &e, NULL);
		if (c->json) {
			cli_json("secret.create", true, answer);
		} else {
			printf("share of volume %s made, epoch 1, check value %s\n",
			       given(c, OPT_VOLUME), member(answer, "check"));
			json_decref(answer);
		}
		return 0;
	}
	if (strcmp(verb, "list") || c->argc)
		return cli_usage();
	if (call_server(c, "GET", "/api/v1/secrets", NULL, BYTES_NONE, &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("secret.list", true, answer);
		return 0;
	}
	t = table_of("HOST|VOLUME|>EPOCH|STATE|CHECK|LEASE");
	json_array_foreach(json_object_get(answer, "secrets"), i, row)
		table_row(&t, member(row, "host"), member(row, "volume"),
			  number_text(member_number(row, "epoch")), member(row, "state"),
			  member(row, "check"), lease_text(json_object_get(row, "lease"), lease));
	table_print(&t);
	json_decref(answer);
	return 0;
}

int cmd_join_token(struct cli *c)
{
	struct err e = { 0 };
	json_t *answer = NULL;
	long long valid_s = 0;

	if (c->argc)
		return cli_usage();
	if (c->option[OPT_VALID] && config_duration(&valid_s, given(c, OPT_VALID), &e)) {
		err_while(&e, "join-token --valid");
		e.code = E_USAGE;
		return cli_fail(c, &e, "--valid 1h, 30m, 2d");
	}
	if (post(c, "/api/v1/join-tokens",
		 json_pack("{s:s, s:s, s:s, s:I}", "group", given(c, OPT_GROUP), "name",
			   given(c, OPT_NAME), "ek_hash", given(c, OPT_EK_HASH), "valid_s",
			   (json_int_t)valid_s),
		 &answer, &e))
		return cli_fail(c, &e, NULL);
	if (c->json) {
		cli_json("join-token", true, answer);
	} else {
		printf("%s\n", member(answer, "join_token"));
		json_decref(answer);
	}
	return 0;
}
