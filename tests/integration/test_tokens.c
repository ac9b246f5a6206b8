// SPDX-License-Identifier: Apache-2.0
/* Who may call the operator's API, and about which hosts. */
#include "refusal.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "server/secrets.h"
#include "server/tokens.h"

static const char volume_of_edge[] = "e1000000-0000-0000-0000-000000000000";

/* Beside host-a and host-b, which are of group "default", one of group "edge", with a volume. */
static int put_edge(struct tx *tx, void *arg, struct err *e)
{
	static const u8 key[32] = { 5 };
	const u8 uuid[16] = { 0xe1 };
	u8 check[SHARE_CHECK_LEN];
	struct host h = { .name = "edge-1",
			  .group = "edge",
			  .ek_trust = "registered",
			  .active = true,
			  .ak_active = true,
			  .ak_name = { 9 },
			  .ueid = { 1, 9 },
			  .ek_pub = buf_copy(BYTES(key)),
			  .ak_pub = buf_copy(BYTES(key)) };

	(void)arg;
	assert_ok(host_enrol(tx, &h, e), e);
	assert_ok(share_create(tx, h.ueid, uuid, check, e), e);
	buf_drop(&h.ek_pub);
	buf_drop(&h.ak_pub);
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f;
	struct err e = { 0 };

	refusal_set_up(state);
	f = *state;
	assert_ok(store_write(f->s.server->store, put_edge, NULL, &e), &e);
	return 0;
}

static json_t *call_as(struct fixture *f, const char *token, const char *method, const char *path,
		       const char *body, long want, const char *words)
{
	struct reply reply;
	struct err e = { 0 };
	const char *detail;
	json_t *j;

	assert_ok(transport_call(f->s.transport, method, path, body ? "application/json" : NULL,
				 token, body ? bytes_text(body) : BYTES_NONE, &reply, &e),
		  &e);
	forge_record(&f->s, method, path, &reply);
	j = json_loadb((const char *)reply.body->w.at, reply.body->w.len, 0, NULL);
	detail = json_string_value(json_object_get(j, "detail"));
	if (reply.status != want || (words && (!detail || !strstr(detail, words))))
		fail_msg("%s %s: %ld \"%s\", expected %ld \"%s\"", method, path, reply.status,
			 detail ? detail : "", want, words ? words : "");
	reply_clear(&reply);
	return j;
}

static void expect(struct fixture *f, const char *token, const char *method, const char *path,
		   const char *body, long want, const char *words)
{
	json_decref(call_as(f, token, method, path, body, want, words));
}

/* Return: its name; names are never given twice. */
static const char *make(struct fixture *f, const char *role, const char *groups,
			char text[TOKEN_TEXT_SIZE])
{
	static char name[40];
	static int n;
	char body[300];
	json_t *j;

	snprintf(name, sizeof(name), "%s-%d", role, n++);
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"%s\",\"groups\":[%s]}", name,
		 role, groups);
	j = call_as(f, f->s.token, "POST", "/api/v1/tokens", body, 201, NULL);
	snprintf(text, TOKEN_TEXT_SIZE, "%s", json_string_value(json_object_get(j, "token")));
	assert_int_equal(strlen(text), 43);
	json_decref(j);
	return name;
}

static void each_role_may_what_it_is_for(void **state)
{
	struct fixture *f = *state;
	static const char *const roles[] = { "viewer", "provisioner", "operator", "admin" };
	static const struct {
		const char *method, *path, *body;
		long want[4];
	} rows[] = {
		{ "GET", "/api/v1/hosts", NULL, { 200, 403, 200, 200 } },
		{ "GET", "/api/v1/tokens/self", NULL, { 200, 403, 200, 200 } },
		{ "POST", "/api/v1/join-tokens", "{}", { 403, 201, 201, 201 } },
		{ "GET", "/api/v1/policy", NULL, { 200, 403, 200, 200 } },
		{ "GET", "/api/v1/secrets", NULL, { 403, 403, 200, 200 } },
		{ "GET", "/api/v1/audit", NULL, { 403, 403, 200, 200 } },
		{ "GET", "/api/v1/tokens", NULL, { 403, 403, 403, 200 } },
		{ "POST", "/api/v1/tokens", "{}", { 403, 403, 403, 400 } },
		{ "DELETE", "/api/v1/tokens/nobody", NULL, { 403, 403, 403, 404 } },
	};

	for (size_t role = 0; role < ARRAY_LEN(roles); role++) {
		char token[TOKEN_TEXT_SIZE];

		make(f, roles[role], "", token);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			expect(f, token, rows[i].method, rows[i].path, rows[i].body,
			       rows[i].want[role], NULL);
	}
}

static size_t n_of(json_t *j, const char *list)
{
	size_t n = json_array_size(json_object_get(j, list));

	json_decref(j);
	return n;
}

static void a_token_of_some_groups_reaches_their_hosts_alone(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *method, *path, *body;
		long edge, other; /* what tokens of "edge" and of "default" get */
		const char *words;
	} rows[] = {
		{ "GET", "/api/v1/hosts/edge-1", NULL, 200, 404, "no such host" },
		{ "GET", "/api/v1/hosts/edge-1/boot", NULL, 404, 404, "no such host" },
		{ "POST", "/api/v1/hosts/edge-1/revoke", "{}", 200, 404, "no such host" },
		{ "POST", "/api/v1/hosts/edge-1/restore", "{}", 200, 404, "no such host" },
		{ "GET", "/api/v1/hosts/nobody", NULL, 404, 404, "no such host" },
		{ "POST", "/api/v1/join-tokens", "{\"group\":\"edge\"}", 201, 403, "edge" },
		{ "POST", "/api/v1/join-tokens", "{}", 403, 201, "default" },
		{ "POST", "/api/v1/hosts",
		  "{\"ek_hash\":"
		  "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
		  "\"group\":\"edge\"}",
		  201, 403, "edge" },
		{ "POST", "/api/v1/secrets",
		  "{\"host\":\"edge-1\",\"volume\":\"e2000000-0000-0000-0000-000000000000\"}", 201,
		  404, "no such host" },
		{ "DELETE", "/api/v1/secrets/e1000000-0000-0000-0000-000000000000", NULL, 200, 404,
		  "no such volume" },
		{ "GET", "/api/v1/refvals", NULL, 200, 200, NULL },
		{ "GET", "/api/v1/policy", NULL, 200, 200, NULL },
		{ "GET", "/api/v1/audit", NULL, 403, 403, "concerns all hosts" },
		{ "GET", "/api/v1/tokens", NULL, 403, 403, "concerns all hosts" },
		{ "POST", "/api/v1/tokens", "{\"name\":\"x\",\"role\":\"admin\"}", 403, 403,
		  "concerns all hosts" },
		{ "DELETE", "/api/v1/anchors/00", NULL, 403, 403, "concerns all hosts" },
		{ "POST", "/api/v1/hosts", /* of a TPM that is registered for "edge" */
		  "{\"ek_hash\":"
		  "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}",
		  403, 409, "registered already, where the token does not reach" },
	};
	char edge[TOKEN_TEXT_SIZE], other[TOKEN_TEXT_SIZE], both[TOKEN_TEXT_SIZE];

	make(f, "admin", "\"edge\"", edge);
	make(f, "admin", "\"default\"", other);
	make(f, "viewer", "\"default\",\"edge\"", both);
	assert_int_equal(n_of(call_as(f, edge, "GET", "/api/v1/hosts", NULL, 200, NULL), "hosts"),
			 1);
	assert_int_equal(n_of(call_as(f, other, "GET", "/api/v1/hosts", NULL, 200, NULL), "hosts"),
			 2);
	assert_int_equal(n_of(call_as(f, both, "GET", "/api/v1/hosts", NULL, 200, NULL), "hosts"),
			 3);
	assert_int_equal(
		n_of(call_as(f, edge, "GET", "/api/v1/secrets", NULL, 200, NULL), "secrets"), 1);
	assert_int_equal(
		n_of(call_as(f, other, "GET", "/api/v1/secrets", NULL, 200, NULL), "secrets"), 2);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(f, other, rows[i].method, rows[i].path, rows[i].body, rows[i].other,
		       rows[i].other < 400 ? NULL : rows[i].words);
		expect(f, edge, rows[i].method, rows[i].path, rows[i].body, rows[i].edge, NULL);
	}
	assert_non_null(strstr(rows[9].path, volume_of_edge));
}

static int put_many(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	/* rows that nobody reads but the list, which looks at no MAC */
	return db_run(
		tx->db,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
		" INSERT INTO hosts (ueid, name, grp, ek_pub, ek_trust, state, created, mac)"
		" SELECT CAST(printf('%033d', i) AS BLOB), printf('a-%05d', i), 'many', x'00',"
		" 'token', 'active', 0, x'00' FROM n",
		NULL, 0, NULL, NULL, NULL, e);
}

static int drop_many(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return db_run(tx->db, "DELETE FROM hosts WHERE grp = 'many'", NULL, 0, NULL, NULL, NULL, e);
}

static void a_list_has_the_tokens_hosts_however_many_others_come_before(void **state)
{
	struct fixture *f = *state;
	char edge[TOKEN_TEXT_SIZE];
	struct err e = { 0 };

	make(f, "viewer", "\"edge\"", edge);
	assert_ok(store_write(f->s.server->store, put_many, NULL, &e), &e);
	assert_int_equal(n_of(call_as(f, edge, "GET", "/api/v1/hosts", NULL, 200, NULL), "hosts"),
			 1);
	assert_ok(store_write(f->s.server->store, drop_many, NULL, &e), &e);
}

static void names_of_groups_in_the_policy_are_for_those_whose_groups_they_are(void **state)
{
	struct fixture *f = *state;
	struct settings *s = (struct settings *)(uintptr_t)f->s.server->settings;
	char edge[TOKEN_TEXT_SIZE], *text;
	json_t *j;

	make(f, "viewer", "\"edge\"", edge);
	snprintf(s->lease_groups[0], sizeof(s->lease_groups[0]), "another-group");
	snprintf(s->lease_groups[1], sizeof(s->lease_groups[0]), "edge");
	s->n_lease_groups = 2;
	for (int whole = 0; whole < 2; whole++) {
		j = call_as(f, whole ? f->s.token : edge, "GET", "/api/v1/policy", NULL, 200, NULL);
		text = json_dumps(j, JSON_COMPACT);
		/* without the other one it would say that there are leases for this group alone */
		assert_true(!!strstr(text, "\"lease_group\"") == whole);
		assert_true(!!strstr(text, "another-group") == whole);
		free(text);
		json_decref(j);
	}
	s->n_lease_groups = 1;
	snprintf(s->lease_groups[0], sizeof(s->lease_groups[0]), "edge");
	j = call_as(f, edge, "GET", "/api/v1/policy", NULL, 200, NULL);
	text = json_dumps(j, JSON_COMPACT);
	assert_non_null(strstr(text, "[\"edge\"]"));
	free(text);
	json_decref(j);
	s->n_lease_groups = 0;
}

static void a_token_that_is_over_is_as_one_that_never_was(void **state)
{
	struct fixture *f = *state;
	static const char words[] = "token is not known, was revoked or has expired";
	char token[TOKEN_TEXT_SIZE], path[100];
	json_t *j, *row;
	size_t i;

	expect(f, NULL, "GET", "/api/v1/hosts", NULL, 401, "a bearer token is needed");
	expect(f, "not one of ours", "GET", "/api/v1/hosts", NULL, 401, words);
	snprintf(path, sizeof(path), "/api/v1/tokens/%s", make(f, "viewer", "", token));
	expect(f, token, "GET", "/api/v1/hosts", NULL, 200, NULL);
	expect(f, f->s.token, "DELETE", path, NULL, 200, NULL);
	expect(f, token, "GET", "/api/v1/hosts", NULL, 401, words);

	j = call_as(f, f->s.token, "POST", "/api/v1/tokens",
		    "{\"name\":\"for-an-hour\",\"role\":\"viewer\",\"until\":\"+1h\"}", 201, NULL);
	snprintf(token, sizeof(token), "%s", json_string_value(json_object_get(j, "token")));
	json_decref(j);
	expect(f, token, "GET", "/api/v1/hosts", NULL, 200, NULL);
	clock_set_s(clock_now_s() + 3601);
	expect(f, token, "GET", "/api/v1/hosts", NULL, 401, words);
	j = call_as(f, f->s.token, "GET", "/api/v1/tokens", NULL, 200, NULL);
	clock_set_s(0);
	json_array_foreach(json_object_get(j, "tokens"), i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));

		assert_null(json_object_get(row, "token"));
		if (!strcmp(name, "for-an-hour"))
			assert_string_equal(json_string_value(json_object_get(row, "state")),
					    "expired");
		else if (!strcmp(name, strrchr(path, '/') + 1))
			assert_string_equal(json_string_value(json_object_get(row, "state")),
					    "revoked");
	}
	json_decref(j);
}

static void what_no_token_can_be_is_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body;
		long want;
		const char *words;
	} rows[] = {
		{ "[]", 400, "not a JSON object" },
		{ "{\"name\":\"t\"}", 400, "name or role" },
		{ "{\"name\":\"t\",\"role\":\"root\"}", 400, "role is viewer" },
		{ "{\"name\":\"a\\\"b\",\"role\":\"viewer\"}", 400, "a token's name has" },
		{ "{\"name\":\"\",\"role\":\"viewer\"}", 400, "a token's name has" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":\"edge\"}", 400, "array" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":[1]}", 400, "each is a name" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":[\"\"]}", 400, "each is a name" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":[\"a,b\"]}", 400,
		  "each is a name" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":[\"a\",\"a\"]}", 400, "once" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"groups\":[\"a b\"]}", 400, "names" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"until\":\"2001-01-01T00:00:00Z\"}", 400,
		  "in the past" },
		{ "{\"name\":\"t\",\"role\":\"viewer\",\"until\":\"soon\"}", 400, "until" },
		{ "{\"name\":\"test\",\"role\":\"viewer\"}", 409, "of this name" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect(f, f->s.token, "POST", "/api/v1/tokens", rows[i].body, rows[i].want,
		       rows[i].words);
}

struct again {
	const char *name;
	char text[TOKEN_TEXT_SIZE];
};

static int reset(struct tx *tx, void *arg, struct err *e)
{
	struct again *a = arg;

	return token_reset(tx, a->name, "local", a->text, e);
}

static void a_lost_token_gets_another_text_and_the_old_one_is_over(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE];
	struct again a = { .name = make(f, "operator", "\"edge\"", token) },
		     none = { .name = "nobody" };
	struct err e = { 0 };
	json_t *j;

	assert_ok(store_write(f->s.server->store, reset, &a, &e), &e);
	expect(f, token, "GET", "/api/v1/hosts", NULL, 401, NULL);
	j = call_as(f, a.text, "GET", "/api/v1/tokens/self", NULL, 200, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "role")), "operator");
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "groups"), 0)),
			    "edge");
	json_decref(j);
	assert_refused(store_write(f->s.server->store, reset, &none, &e), &e, E_NOTFOUND,
		       "no token has the name");
}

static void a_row_that_was_changed_is_no_token(void **state)
{
	struct fixture *f = *state;
	static const char *const changes[] = {
		"UPDATE admin_tokens SET role = 'admin' WHERE name LIKE 'viewer-%'",
		"UPDATE admin_tokens SET scope = '' WHERE name LIKE 'viewer-%'",
		"UPDATE admin_tokens SET not_after = 4102444800 WHERE name LIKE 'viewer-%'",
		"UPDATE admin_tokens SET revoked = 0, not_after = 1 - not_after"
		" WHERE name LIKE 'viewer-%'",
		"UPDATE admin_tokens SET name = 'v-' || name WHERE name LIKE 'viewer-%'",
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		char token[TOKEN_TEXT_SIZE];
		OWNED(db) d = NULL;
		struct err e = { 0 };

		make(f, "viewer", "\"edge\"", token);
		assert_ok(db_open(f->s.settings.database, false, &d, &e), &e);
		assert_ok(db_run(d, changes[i], NULL, 0, NULL, NULL, NULL, &e), &e);
		expect(f, token, "GET", "/api/v1/hosts", NULL, 403, "changed in the database");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_may_what_it_is_for),
		cmocka_unit_test(a_token_of_some_groups_reaches_their_hosts_alone),
		cmocka_unit_test(names_of_groups_in_the_policy_are_for_those_whose_groups_they_are),
		cmocka_unit_test(a_list_has_the_tokens_hosts_however_many_others_come_before),
		cmocka_unit_test(a_token_that_is_over_is_as_one_that_never_was),
		cmocka_unit_test(what_no_token_can_be_is_refused),
		cmocka_unit_test(a_lost_token_gets_another_text_and_the_old_one_is_over),
		cmocka_unit_test(a_row_that_was_changed_is_no_token),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, set_up, refusal_tear_down);
}
