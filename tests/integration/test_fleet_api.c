// SPDX-License-Identifier: Apache-2.0
/* The API that a dashboard stands on: counts, changes, lists in pages, devices, models, policy. */
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "fleet_rig.h"
#include "server/coverage.h"
#include "server/events.h"
#include "server/seen_devices.h"
#include "wire.h"

/* ---- counts and changes ---- */
/* Past the routes, which would tell it. */
static void enrol_third(struct fixture *f, const struct forge_host *h)
{
	forge_host_enrol(&f->s, h);
	events_moved(f->s.server->events);
}

static void the_overview_counts_each_host_once_by_what_its_verdict_is_worth(void **state)
{
	static const struct {
		const char *what;
		long long later; /* seconds */
		int affirming, contraindicated, stale, never, revoked;
	} rows[] = {
		{ "", 0, 2, 0, 0, 0, 0 },	{ "contradict", 0, 1, 1, 0, 0, 0 },
		{ "", 1000000, 0, 0, 2, 0, 0 }, { "enrol", 0, 1, 1, 0, 1, 0 },
		{ "revoke", 0, 1, 0, 0, 1, 1 }, { "restore", 0, 1, 1, 0, 1, 0 },
		{ "affirm", 0, 2, 0, 0, 1, 0 },
	};
	struct fixture *f = *state;
	struct forge_host third;

	affirm(f, &f->a);
	affirm(f, &f->b);
	forge_host_make(&third, "host-c", 4);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *j, *h;

		if (!strcmp(rows[i].what, "contradict"))
			contradict(f, &f->b);
		else if (!strcmp(rows[i].what, "affirm"))
			affirm(f, &f->b);
		else if (!strcmp(rows[i].what, "enrol"))
			enrol_third(f, &third);
		else if (*rows[i].what) {
			char path[64];

			snprintf(path, sizeof(path), "/api/v1/hosts/host-b/%s", rows[i].what);
			json_decref(forge_call(&f->s, "POST", path, "application/json", true,
					       bytes_text("{}"), &(long){ 0 }));
		}
		if (rows[i].later)
			clock_set_s(clock_now_s() + rows[i].later);
		j = fleet_get(f, "/api/v1/overview", 200);
		clock_set_s(0);
		h = json_object_get(j, "hosts");
		if (number_in(h, "affirming") != rows[i].affirming ||
		    number_in(h, "contraindicated") != rows[i].contraindicated ||
		    number_in(h, "stale") != rows[i].stale ||
		    number_in(h, "never") != rows[i].never ||
		    number_in(h, "revoked") != rows[i].revoked || number_in(h, "warning") != 0)
			fail_msg("row %zu: %s", i, json_dumps(h, 0));
		assert_int_equal(number_in(h, "total"),
				 rows[i].affirming + rows[i].contraindicated + rows[i].stale +
					 rows[i].never + rows[i].revoked);
		json_decref(j);
	}
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-c/remove", "application/json",
			       true, bytes_text("{}"), &(long){ 0 }));
	forge_host_clear(&third);
}

static void
a_verdict_that_differs_is_a_change_with_its_sentence_and_another_like_it_is_none(void **state)
{
	struct fixture *f = *state;
	json_t *before, *after, *c;
	size_t n;

	affirm(f, &f->b);
	before = fleet_get(f, "/api/v1/changes?host=host-b", 200);
	n = json_array_size(json_object_get(before, "changes"));
	affirm(f, &f->b);
	contradict(f, &f->b);
	contradict(f, &f->b);
	after = fleet_get(f, "/api/v1/changes?host=host-b", 200);
	assert_int_equal(json_array_size(json_object_get(after, "changes")), n + 1);
	c = json_array_get(json_object_get(after, "changes"), 0);
	assert_string_equal(text_in(c, "host"), "host-b");
	assert_string_equal(text_in(c, "status"), "contraindicated");
	assert_string_equal(text_in(c, "was"), "affirming");
	assert_non_null(strstr(text_in(c, "reason"), "PCR"));
	json_decref(before);
	json_decref(after);
	after = fleet_get(f, "/api/v1/hosts/host-b", 200);
	assert_string_equal(text_in(after, "status"), "contraindicated");
	assert_non_null(strstr(text_in(after, "reason"), "PCR"));
	json_decref(after);
	affirm(f, &f->b);
	after = fleet_get(f, "/api/v1/changes?host=host-b&status=affirming", 200);
	c = json_array_get(json_object_get(after, "changes"), 0);
	assert_string_equal(text_in(c, "was"), "contraindicated");
	assert_string_equal(text_in(c, "reason"), "");
	json_decref(after);
}

/* ---- lists ---- */
static void a_list_comes_in_pages_each_host_once_and_in_order(void **state)
{
	enum { MORE = 5 };
	struct fixture *f = *state;
	struct forge_host more[MORE];
	char path[700] = "/api/v1/hosts?limit=2", last[64] = "";
	int seen = 0, pages = 0;

	for (int i = 0; i < MORE; i++) {
		char name[32];

		snprintf(name, sizeof(name), "page-%d", i);
		forge_host_make(&more[i], name, 0);
		forge_host_enrol(&f->s, &more[i]);
	}
	for (;;) {
		json_t *j = fleet_get(f, path, 200), *row;
		const char *next = json_string_value(json_object_get(j, "next"));
		size_t i;

		assert_true(json_array_size(json_object_get(j, "hosts")) <= 2);
		json_array_foreach(json_object_get(j, "hosts"), i, row)
		{
			assert_true(strcmp(last, text_in(row, "name")) < 0);
			snprintf(last, sizeof(last), "%s", text_in(row, "name"));
			seen++;
		}
		pages++;
		snprintf(path, sizeof(path), "/api/v1/hosts?limit=2&cursor=%s", next ? next : "");
		json_decref(j);
		if (!next)
			break;
	}
	assert_int_equal(seen, 2 + MORE);
	assert_int_equal(pages, (2 + MORE + 1) / 2);
	for (int i = 0; i < MORE; i++) {
		snprintf(path, sizeof(path), "/api/v1/hosts/%s/remove", more[i].name);
		json_decref(forge_call(&f->s, "POST", path, "application/json", true,
				       bytes_text("{}"), &(long){ 0 }));
		forge_host_clear(&more[i]);
	}
}

static void filters_leave_what_fits_and_a_misspelt_one_is_an_error(void **state)
{
	static const struct {
		const char *query;
		long status;
		int n; /* rows, or -1: none are counted */
	} rows[] = {
		{ "hosts", 200, 2 },
		{ "hosts?status=affirming", 200, 1 },
		{ "hosts?status=contraindicated", 200, 1 },
		{ "hosts?status=warning", 200, 0 },
		{ "hosts?status=stale", 200, 0 },
		{ "hosts?status=never", 200, 0 },
		{ "hosts?status=revoked", 200, 0 },
		{ "hosts?status=good", 400, -1 },
		{ "hosts?group=default", 200, 2 },
		{ "hosts?group=other", 200, 0 },
		{ "hosts?q=HOST-", 200, 2 },
		{ "hosts?q=t-b", 200, 1 },
		{ "hosts?q=%25", 200, 0 },
		{ "hosts?q=%27%20OR%201%3D1--", 200, 0 },
		{ "hosts?group=%27%20OR%201%3D1--", 200, 0 },
		{ "hosts?stauts=affirming", 400, -1 },
		{ "hosts?%ff=1", 400, -1 },
		{ "hosts?q=%ff", 200, 0 },
		{ "hosts?status=%ff%00", 400, -1 },
		{ "hosts?limit=0", 400, -1 },
		{ "hosts?limit=501", 400, -1 },
		{ "hosts?limit=two", 400, -1 },
		{ "hosts?cursor=%00", 200, 2 },
		{ "hosts?cursor=*", 400, -1 },
		{ "hosts?cursor=AA", 400, -1 }, /* a NUL */
		{ "hosts?firmware=x", 400, -1 },
		{ "hosts?model=pci:0000:0000", 200, 0 },
		{ "hosts?model=pci:0000:00000000000000000000", 400, -1 },
		{ "changes?status=stale", 400, -1 },
		{ "changes?cursor=LTE", 400, -1 },	  /* -1 */
		{ "changes?cursor=MTsgRFJPUA", 400, -1 }, /* 1; DROP */
		{ "changes?host=nobody", 200, 0 },
		{ "changes?group=other", 200, 0 },
		{ "devices", 200, 4 },
		{ "devices?q=host-a", 200, 2 },
		{ "devices?status=warning", 200, 0 },
		{ "devices?firmware=x", 400, -1 },
		{ "devices/00", 400, -1 },
		{ "devices/0000000000000000000000000000000000000000000000000000000000000000", 404,
		  -1 },
		{ "devices/..%2f..%2fhosts", 404, -1 },
		{ "firmware", 200, -1 },
		{ "firmware/pci:0000:0000/spread", 200, -1 },
		{ "groups", 200, -1 },
		{ "hosts/nobody/inventory", 404, -1 },
		{ "hosts/nobody/evidence", 404, -1 },
		{ "audit?newest=yes&event=verdict&limit=1", 200, -1 },
		{ "audit?newest=maybe", 400, -1 },
		{ "audit?event=verdict", 400, -1 },
		{ "audit?newest=yes&from=1", 400, -1 },
	};
	struct fixture *f = *state;

	affirm(f, &f->a);
	contradict(f, &f->b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char path[200], list[16];
		json_t *j;

		snprintf(path, sizeof(path), "/api/v1/%s", rows[i].query);
		j = fleet_get(f, path, rows[i].status);
		snprintf(list, sizeof(list), "%.*s", (int)strcspn(rows[i].query, "?/"),
			 rows[i].query);
		if (rows[i].n >= 0 &&
		    json_array_size(json_object_get(j, list)) != (size_t)rows[i].n)
			fail_msg("%s: %s", path, json_dumps(j, JSON_COMPACT));
		json_decref(j);
	}
	affirm(f, &f->b);
}

/* ---- devices ---- */
static void devices_are_counted_by_model_and_firmware_and_no_more_when_their_host_goes(void **state)
{
	struct fixture *f = *state;
	struct forge_host third;
	json_t *d, *j, *sighting;
	char path[200];
	long long n;

	affirm(f, &f->a);
	d = first_device(f, "host-a");
	assert_string_equal(text_in(d, "status"), "affirming");
	assert_true(strlen(text_in(d, "firmware")) >= 8);
	n = firmware_total(f, text_in(d, "model"));
	assert_true(n > 0);
	snprintf(path, sizeof(path), "/api/v1/devices/%s", text_in(d, "leaf_key"));
	j = fleet_get(f, path, 200);
	sighting = json_array_get(json_object_get(j, "sightings"), 0);
	assert_string_equal(text_in(sighting, "host"), "host-a");
	assert_string_equal(text_in(sighting, "label"), text_in(d, "label"));
	assert_string_equal(text_in(sighting, "firmware"), text_in(d, "firmware"));
	assert_true(json_is_true(json_object_get(sighting, "now")));
	json_decref(j);
	/* a host with the same devices comes, and goes */
	forge_host_make(&third, "host-c", 4);
	forge_host_enrol(&f->s, &third);
	affirm(f, &third);
	affirm(f, &third);
	assert_true(firmware_total(f, text_in(d, "model")) > n);
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-c/remove", "application/json",
			       true, bytes_text("{}"), &(long){ 0 }));
	assert_int_equal(firmware_total(f, text_in(d, "model")), n);
	forge_host_clear(&third);
	json_decref(d);
}

static void a_host_shows_its_inventory_and_gives_its_evidence(void **state)
{
	struct fixture *f = *state;
	char answer[65536];
	json_t *j = fleet_get(f, "/api/v1/hosts/host-a/inventory", 200), *fn;
	char request[400];

	fn = json_array_get(json_object_get(j, "functions"), 0);
	assert_int_equal(strlen(text_in(fn, "vendor")), 4);
	assert_true(strlen(text_in(fn, "label")) > 10);
	json_decref(j);
	snprintf(request, sizeof(request),
		 "GET /api/v1/hosts/host-a/evidence HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		 "Authorization: Bearer %s\r\n\r\n",
		 f->s.token);
	wire_ask(http_port(f->s.http), request, answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
	assert_non_null(strstr(answer, "Content-Type: application/eat+cwt"));
	assert_non_null(strstr(answer, "attachment; filename=\"host-a.eat\""));
}

/* ---- a token of other groups ---- */
static void a_token_of_other_groups_sees_nothing_of_these_hosts(void **state)
{
	static const struct {
		const char *path, *list;
	} rows[] = {
		{ "/api/v1/hosts", "hosts" },	  { "/api/v1/changes", "changes" },
		{ "/api/v1/devices", "devices" }, { "/api/v1/groups", "groups" },
		{ "/api/v1/firmware", "models" }, { "/api/v1/overview", "trend" },
	};
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], path[200];
	json_t *d = first_device(f, "host-a"), *j;
	long status;

	make_token(f, "elsewhere", "\"elsewhere\"", token);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		j = fleet_get_as(f, token, rows[i].path, &status);
		assert_int_equal(status, 200);
		assert_true(json_is_array(json_object_get(j, rows[i].list)));
		assert_int_equal(json_array_size(json_object_get(j, rows[i].list)), 0);
		json_decref(j);
	}
	j = fleet_get_as(f, token, "/api/v1/overview", &status);
	assert_int_equal(number_in(json_object_get(j, "hosts"), "total"), 0);
	assert_int_equal(number_in(j, "devices"), 0);
	assert_int_equal(number_in(json_object_get(j, "changes"), "day"), 0);
	json_decref(j);
	snprintf(path, sizeof(path), "/api/v1/devices/%s", text_in(d, "leaf_key"));
	json_decref(fleet_get_as(f, token, path, &status));
	assert_int_equal(status, 404);
	json_decref(fleet_get_as(f, token, "/api/v1/hosts/host-a/evidence", &status));
	assert_int_equal(status, 404);
	json_decref(d);
}

/* ---- how many hosts have a model, and what said nothing ---- */
static long long later; /* on the server's clock */

/* Return: the number @key in the row of @list that is of @model, 0 where none is. */
static long long told(struct fixture *f, const char *token, const char *list, const char *model,
		      const char *key)
{
	json_t *j, *row;
	long long n = 0;
	long status;
	size_t i;

	clock_set_s(clock_now_s() + later);
	j = fleet_get_as(f, token, "/api/v1/firmware", &status);
	clock_set_s(0);
	assert_int_equal(status, 200);
	assert_true(json_is_array(json_object_get(j, list)));
	json_array_foreach(json_object_get(j, list), i, row) n +=
		strcmp(text_in(row, "model"), model) ? 0 : number_in(row, key);
	json_decref(j);
	return n;
}

static long long told_later(struct fixture *f, const char *token, const char *list,
			    const char *model, const char *key)
{
	later += MODELS_KEPT_S + 1;
	return told(f, token, list, model, key);
}

static void accept_inventory_of(struct fixture *f, const char *name)
{
	char path[100];
	long status;

	snprintf(path, sizeof(path), "/api/v1/hosts/%s/accept-inventory", name);
	json_decref(forge_call(&f->s, "POST", path, "application/json", true, bytes_text("{}"),
			       &status));
	assert_int_equal(status, 200);
}

static void a_model_tells_how_many_hosts_have_it_and_one_without_evidence_is_named(void **state)
{
	static const char disk[] = "pci:1b36:0010", net[] = "pci:8086:1572";
	struct fixture *f = *state;
	char other[TOKEN_TEXT_SIZE], same[TOKEN_TEXT_SIZE];
	struct forged t;

	make_token(f, "firmware-of-others", "\"elsewhere\"", other);
	make_token(f, "firmware-of-these", "\"default\"", same);
	affirm(f, &f->a);
	affirm(f, &f->b);
	assert_int_equal(told_later(f, f->s.token, "models", disk, "devices"), 4);
	assert_int_equal(told_later(f, f->s.token, "models", disk, "hosts"), 2);
	assert_int_equal(told_later(f, same, "models", disk, "hosts"), 2);
	assert_int_equal(told_later(f, other, "models", disk, "hosts"), 0);
	assert_int_equal(told_later(f, f->s.token, "no_evidence", net, "seen"), 0);

	forge_begin(&f->s, &f->b, &t);
	t.functions[t.n_functions++] = (struct eat_function){ .address = bytes_text("0000:03:00.0"),
							      .vendor = 0x8086,
							      .device = 0x1572,
							      .class_code = 0x020000 };
	forge_collect(&t);
	forge_rest(&t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	forged_clear(&t);
	accept_inventory_of(f, "host-b");
	assert_int_equal(told_later(f, f->s.token, "no_evidence", net, "seen"), 1);
	assert_int_equal(told(f, other, "no_evidence", net, "seen"),
			 0); /* not what is kept of all */
	assert_int_equal(told_later(f, f->s.token, "no_evidence", disk, "seen"), 0);
	assert_int_equal(told_later(f, same, "no_evidence", net, "seen"), 1);
	assert_int_equal(told_later(f, other, "no_evidence", net, "seen"), 0);

	honest(f, &f->b, &t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	forged_clear(&t);
	accept_inventory_of(f, "host-b");
	affirm(f, &f->b);
	assert_int_equal(told_later(f, f->s.token, "no_evidence", net, "seen"), 0);
}

/* ---- policy ---- */
static const json_t *rule(const json_t *answer, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "rules"), i,
			   row) if (!strcmp(text_in(row, "key"), key)) return row;
	fail_msg("no rule %s", key);
	return NULL;
}

static void whoever_looks_sees_by_which_rules_the_server_judges(void **state)
{
	struct fixture *f = *state;
	struct policy *p = &((struct settings *)(uintptr_t)f->s.server->settings)->appraisal;
	json_t *j = fleet_get(f, "/api/v1/policy", 200), *root;
	struct err e = { 0 };
	size_t i;

	assert_true(json_is_true(json_object_get(rule(j, "svn_floor"), "default")));
	assert_int_equal(json_array_size(json_object_get(rule(j, "svn_floor"), "value")), 0);
	json_array_foreach(json_object_get(j, "roots"), i, root)
	{
		assert_string_equal(text_in(root, "of"), "device_roots");
		assert_int_equal(strlen(text_in(root, "digest")), 64);
		assert_true(number_in(root, "not_after") > clock_now_s());
		assert_true(strlen(text_in(root, "subject")) > 3);
	}
	assert_int_equal(i, trust_store_count(f->s.server->device_roots));
	assert_true(i > 0);
	json_decref(j);
	assert_ok(policy_add_floor(p, "1b36:0010 7", &e), &e);
	j = fleet_get(f, "/api/v1/policy", 200);
	assert_false(json_is_true(json_object_get(rule(j, "svn_floor"), "default")));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(rule(j, "svn_floor"), "value"), 0)),
			    "1b36:0010 7");
	assert_string_equal(text_in(rule(j, "svn_floor"), "rule"), "SVN_FLOOR");
	json_decref(j);
	p->n_floors = 0;
	json_decref(fleet_get(f, "/api/v1/policy?key=learned", 400));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_overview_counts_each_host_once_by_what_its_verdict_is_worth),
		cmocka_unit_test(
			a_verdict_that_differs_is_a_change_with_its_sentence_and_another_like_it_is_none),
		cmocka_unit_test(a_list_comes_in_pages_each_host_once_and_in_order),
		cmocka_unit_test(filters_leave_what_fits_and_a_misspelt_one_is_an_error),
		cmocka_unit_test(
			devices_are_counted_by_model_and_firmware_and_no_more_when_their_host_goes),
		cmocka_unit_test(a_host_shows_its_inventory_and_gives_its_evidence),
		cmocka_unit_test(a_token_of_other_groups_sees_nothing_of_these_hosts),
		cmocka_unit_test(
			a_model_tells_how_many_hosts_have_it_and_one_without_evidence_is_named),
		cmocka_unit_test(whoever_looks_sees_by_which_rules_the_server_judges),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
