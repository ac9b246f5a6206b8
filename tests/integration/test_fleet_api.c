// SPDX-License-Identifier: Apache-2.0
/* The API that a dashboard stands on: counts, changes, lists in pages, devices, signing in, events. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "refusal.h"
#include "server/audit.h"
#include "server/coverage.h"
#include "server/events.h"
#include "server/samples.h"
#include "server/seen_devices.h"
#include "server/sign_in.h"
#include "server/tokens.h"
#include "wire.h"

static json_t *get(struct fixture *f, const char *path, long want)
{
	long status;
	json_t *j = forge_call(&f->s, "GET", path, NULL, true, BYTES_NONE, &status);

	if (status != want) {
		char *text = json_dumps(j, JSON_COMPACT);

		fail_msg("%s: %ld, not %ld: %s", path, status, want, text ? text : "");
	}
	return j;
}

static const char *text_in(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "(none)";
}

static long long number_in(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

static void affirm(struct fixture *f, const struct forge_host *h)
{
	struct forged t;

	honest(f, h, &t);
	released(&t);
	forged_clear(&t);
}

/* A PCR that the quote has and the claims have not. */
static void contradict(struct fixture *f, const struct forge_host *h)
{
	struct forged t;

	honest(f, h, &t);
	t.claimed.pcrs &= ~1u;
	forge_again(&t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	forged_clear(&t);
}

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
		j = get(f, "/api/v1/overview", 200);
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
	before = get(f, "/api/v1/changes?host=host-b", 200);
	n = json_array_size(json_object_get(before, "changes"));
	affirm(f, &f->b);
	contradict(f, &f->b);
	contradict(f, &f->b);
	after = get(f, "/api/v1/changes?host=host-b", 200);
	assert_int_equal(json_array_size(json_object_get(after, "changes")), n + 1);
	c = json_array_get(json_object_get(after, "changes"), 0);
	assert_string_equal(text_in(c, "host"), "host-b");
	assert_string_equal(text_in(c, "status"), "contraindicated");
	assert_string_equal(text_in(c, "was"), "affirming");
	assert_non_null(strstr(text_in(c, "reason"), "PCR"));
	json_decref(before);
	json_decref(after);
	after = get(f, "/api/v1/hosts/host-b", 200);
	assert_string_equal(text_in(after, "status"), "contraindicated");
	assert_non_null(strstr(text_in(after, "reason"), "PCR"));
	json_decref(after);
	affirm(f, &f->b);
	after = get(f, "/api/v1/changes?host=host-b&status=affirming", 200);
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
		json_t *j = get(f, path, 200), *row;
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
		j = get(f, path, rows[i].status);
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
static json_t *first_device(struct fixture *f, const char *host)
{
	char path[100];
	json_t *j, *d;

	snprintf(path, sizeof(path), "/api/v1/devices?q=%s", host);
	j = get(f, path, 200);
	d = json_incref(json_array_get(json_object_get(j, "devices"), 0));
	json_decref(j);
	return d;
}

static long long firmware_total(struct fixture *f, const char *model)
{
	json_t *j = get(f, "/api/v1/firmware", 200), *m, *v;
	long long n = 0, sum = 0;
	size_t i, k;

	json_array_foreach(json_object_get(j, "models"), i, m)
	{
		if (strcmp(text_in(m, "model"), model))
			continue;
		n = number_in(m, "devices");
		json_array_foreach(json_object_get(m, "versions"), k, v) sum +=
			number_in(v, "affirming") + number_in(v, "warning") +
			number_in(v, "contraindicated");
	}
	assert_int_equal(n, sum);
	json_decref(j);
	return n;
}

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
	j = get(f, path, 200);
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
	json_t *j = get(f, "/api/v1/hosts/host-a/inventory", 200), *fn;
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
static int make_token(struct fixture *f, const char *name, const char *groups,
		      char text[TOKEN_TEXT_SIZE])
{
	char body[300];
	long status;
	json_t *j;

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"viewer\",\"groups\":[%s]}", name,
		 groups);
	j = forge_call(&f->s, "POST", "/api/v1/tokens", "application/json", true, bytes_text(body),
		       &status);
	assert_int_equal(status, 201);
	snprintf(text, TOKEN_TEXT_SIZE, "%s", text_in(j, "token"));
	json_decref(j);
	return 0;
}

static json_t *get_as(struct fixture *f, const char *token, const char *path, long *status)
{
	struct reply r;
	struct err e = { 0 };
	json_t *j;

	assert_ok(transport_call(f->s.transport, "GET", path, NULL, token, BYTES_NONE, &r, &e), &e);
	*status = r.status;
	forge_record(&f->s, "GET", path, &r);
	j = json_loadb((const char *)r.body->w.at, r.body->w.len, 0, NULL);
	reply_clear(&r);
	return j;
}

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
		j = get_as(f, token, rows[i].path, &status);
		assert_int_equal(status, 200);
		assert_true(json_is_array(json_object_get(j, rows[i].list)));
		assert_int_equal(json_array_size(json_object_get(j, rows[i].list)), 0);
		json_decref(j);
	}
	j = get_as(f, token, "/api/v1/overview", &status);
	assert_int_equal(number_in(json_object_get(j, "hosts"), "total"), 0);
	assert_int_equal(number_in(j, "devices"), 0);
	assert_int_equal(number_in(json_object_get(j, "changes"), "day"), 0);
	json_decref(j);
	snprintf(path, sizeof(path), "/api/v1/devices/%s", text_in(d, "leaf_key"));
	json_decref(get_as(f, token, path, &status));
	assert_int_equal(status, 404);
	json_decref(get_as(f, token, "/api/v1/hosts/host-a/evidence", &status));
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
	j = get_as(f, token, "/api/v1/firmware", &status);
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

/* ---- signing in ---- */
static void ask_with(struct fixture *f, const char *method, const char *path, const char *headers,
		     const char *body, char *answer, size_t size)
{
	char request[2000];

	snprintf(
		request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, path, headers, strlen(body), body);
	wire_ask(http_port(f->s.http), request, answer, size);
}

/* Return: the cookie as a browser sends it back. */
static const char *sign_in(struct fixture *f, const char *token, char out[300])
{
	char answer[4096], body[100];
	const char *at;

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
	ask_with(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", body, answer,
		 sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 204"));
	at = strstr(answer, "Set-Cookie: ");
	assert_non_null(at);
	assert_non_null(strstr(at, "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="));
	snprintf(out, 300, "Cookie: %.*s\r\n", (int)strcspn(at + 12, ";"), at + 12);
	return out;
}

static void expect_status(struct fixture *f, const char *method, const char *path,
			  const char *headers, const char *body, const char *want)
{
	char answer[65536];

	ask_with(f, method, path, headers, body, answer, sizeof(answer));
	if (strncmp(answer + strlen("HTTP/1.1 "), want, 3))
		fail_msg("%s %s: %.200s", method, path, answer);
}

static void a_browser_signs_in_with_a_token_and_ends_with_it(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], cookie[300], both[400];

	make_token(f, "page", "", token);
	sign_in(f, token, cookie);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
	expect_status(f, "GET", "/api/v1/tokens", cookie, "", "403"); /* what the role has */
	/* another origin's page can send the cookie along, and nothing else */
	expect_status(f, "POST", "/api/v1/hosts/host-b/revoke", cookie, "{}", "403");
	snprintf(both, sizeof(both), "%s%s: 1\r\n", cookie, SIGN_IN_HEADER);
	expect_status(f, "DELETE", "/api/v1/sign-in", cookie, "", "204");
	clock_set_s(clock_now_s() + SIGN_IN_S + 1);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "401");
	clock_set_s(0);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
	json_decref(forge_call(&f->s, "DELETE", "/api/v1/tokens/page", NULL, true, BYTES_NONE,
			       &(long){ 0 }));
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "401");
}

static void an_operator_changes_by_cookie_what_its_page_asks_with_the_header(void **state)
{
	struct fixture *f = *state;
	char cookie[300], both[400];

	sign_in(f, f->s.token, cookie);
	snprintf(both, sizeof(both), "%s%s: 1\r\nContent-Type: application/json\r\n", cookie,
		 SIGN_IN_HEADER);
	expect_status(f, "POST", "/api/v1/hosts/host-b/confirm", cookie, "{}", "403");
	expect_status(f, "POST", "/api/v1/hosts/host-b/confirm", both, "{}", "400"); /* no hash */
}

static void a_cookie_that_the_server_did_not_write_is_none(void **state)
{
	struct fixture *f = *state;
	char cookie[300], changed[300];
	size_t from;

	sign_in(f, f->s.token, cookie);
	from = strlen("Cookie: " SIGN_IN_COOKIE "=");
	for (size_t i = 0; i < SIGN_IN_TEXT - 1; i += 5) {
		memcpy(changed, cookie, sizeof(changed));
		changed[from + i] = changed[from + i] == 'A' ? 'B' : 'A';
		if (i % 25 == 0) /* each waits a second */
			expect_status(f, "GET", "/api/v1/hosts", changed, "", "401");
	}
	expect_status(f, "GET", "/api/v1/hosts", "Cookie: " SIGN_IN_COOKIE "=short\r\n", "", "401");
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
}

static void whoever_guesses_waits_and_nobody_else_does(void **state)
{
	static const struct {
		const char *method, *path, *headers, *body;
	} rows[] = {
		{ "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "{\"token\":\"guess\"}" },
		{ "GET", "/api/v1/hosts", "Authorization: Bearer guess\r\n", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		long long begin = clock_monotonic_ms();
		char request[400], answer[2048];
		int fd = wire_connect(http_port(f->s.http));

		snprintf(request, sizeof(request),
			 "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
			 rows[i].method, rows[i].path, rows[i].headers, strlen(rows[i].body),
			 rows[i].body);
		wire_say(fd, request);
		for (int k = 0; k < 8; k++) /* more than threads */
			json_decref(get(f, "/api/v1/groups", 200));
		assert_false(wire_hear(fd, answer, sizeof(answer), GUESS_DELAY_MS + 2000));
		assert_true(wire_begins(answer, "HTTP/1.1 401"));
		assert_true(clock_monotonic_ms() - begin >= GUESS_DELAY_MS);
		close(fd);
	}
}

static void a_page_of_another_origin_does_not_sign_anybody_in(void **state)
{
	struct fixture *f = *state;
	char body[100];

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", f->s.token);
	expect_status(f, "POST", "/api/v1/sign-in", "", body, "403");
	expect_status(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "[]", "400");
	expect_status(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "{\"token\":7}",
		      "400");
}

/* ---- events ---- */
static int listen_as(struct fixture *f, const char *token, const char *more)
{
	char request[400], answer[2048];
	int fd = wire_connect(http_port(f->s.http));

	snprintf(request, sizeof(request),
		 "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n",
		 token, more);
	wire_say(fd, request);
	if (!*more) { /* what was missed comes at once */
		wire_hear(fd, answer, sizeof(answer), 300);
		assert_non_null(strstr(answer, "Content-Type: text/event-stream"));
		assert_non_null(strstr(answer, "retry: "));
	}
	return fd;
}

static void a_change_is_heard_by_those_whom_it_concerns_as_it_happens(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], heard[8192];
	int all, elsewhere;

	affirm(f, &f->b);
	make_token(f, "deaf", "\"elsewhere\"", token);
	all = listen_as(f, f->s.token, "");
	elsewhere = listen_as(f, token, "");
	contradict(f, &f->b);
	wire_hear(all, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "event: change\ndata: {\"seq\":"));
	assert_non_null(strstr(heard, "\"host\":\"host-b\""));
	assert_non_null(strstr(heard, "\"status\":\"contraindicated\""));
	wire_hear(elsewhere, heard, sizeof(heard), 200);
	assert_null(strstr(heard, "host-b"));
	contradict(f, &f->b); /* the same again is no news */
	wire_hear(all, heard, sizeof(heard), 300);
	assert_null(strstr(heard, "event: change"));
	close(all);
	close(elsewhere);
	affirm(f, &f->b);
}

static void who_comes_back_hears_what_it_missed(void **state)
{
	struct fixture *f = *state;
	json_t *j = get(f, "/api/v1/changes?limit=1", 200);
	char more[64], heard[8192];
	int fd;

	snprintf(more, sizeof(more), "Last-Event-ID: %lld\r\n",
		 number_in(json_array_get(json_object_get(j, "changes"), 0), "seq"));
	json_decref(j);
	affirm(f, &f->b);
	contradict(f, &f->b);
	affirm(f, &f->b);
	fd = listen_as(f, f->s.token, more);
	wire_hear(fd, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "\"status\":\"contraindicated\""));
	assert_non_null(strstr(strstr(heard, "contraindicated"), "\"status\":\"affirming\""));
	close(fd);
	expect_status(f, "GET", "/api/v1/events", "Authorization: Bearer none\r\n", "", "401");
}

static void a_token_that_is_revoked_hears_no_more(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], heard[4096];
	int fd;

	make_token(f, "short", "", token);
	fd = listen_as(f, token, "");
	events_beat(f->s.server->events);
	assert_false(wire_hear(fd, heard, sizeof(heard), 300));
	assert_non_null(strstr(heard, ":\n\n"));
	json_decref(forge_call(&f->s, "DELETE", "/api/v1/tokens/short", NULL, true, BYTES_NONE,
			       &(long){ 0 }));
	events_beat(f->s.server->events);
	wire_hear(fd, heard, sizeof(heard), 300);
	assert_non_null(strstr(heard, "0\r\n\r\n")); /* the last chunk */
	close(fd);
}

/* Return: its status, once there is one. */
static int stream_as(struct fixture *f, const char *token, int *fd)
{
	char request[200], answer[2048] = "";

	*fd = wire_connect(http_port(f->s.http));
	snprintf(request, sizeof(request),
		 "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
		 token);
	wire_say(*fd, request);
	for (int i = 0; i < WIRE_PATIENCE_MS / 5 && !strstr(answer, "\r\n\r\n"); i++)
		wire_hear(*fd, answer, sizeof(answer), 5);
	assert_true(wire_begins(answer, "HTTP/1.1 "));
	return atoi(answer + strlen("HTTP/1.1 "));
}

/* Who has hung up is noticed when something is sent to him, and goes with what is sent next. */
static void wait_for_listeners(struct fixture *f, size_t n)
{
	for (int i = 0; i < WIRE_PATIENCE_MS / 20 && events_listeners(f->s.server->events) != n;
	     i++) {
		events_beat(f->s.server->events);
		usleep(20000);
	}
	assert_int_equal(events_listeners(f->s.server->events), n);
}

static void one_token_listens_so_often_and_all_together_no_more_than_they_may(void **state)
{
	enum { TOKENS = LISTENERS_MAX / LISTENERS_PER_TOKEN_MAX };
	struct fixture *f = *state;
	char token[TOKENS + 1][TOKEN_TEXT_SIZE], name[32];
	static int fd[LISTENERS_MAX + 1];
	int n = 0, more;

	wait_for_listeners(f, 0);
	for (int i = 0; i <= TOKENS; i++) {
		snprintf(name, sizeof(name), "wall-%d", i);
		make_token(f, name, "", token[i]);
	}
	for (int i = 0; i < TOKENS; i++) {
		for (int k = 0; k < LISTENERS_PER_TOKEN_MAX; k++)
			assert_int_equal(stream_as(f, token[i], &fd[n++]), 200);
		assert_int_equal(stream_as(f, token[i], &more), 503);
		close(more);
	}
	assert_int_equal(n, LISTENERS_MAX);
	assert_int_equal(stream_as(f, token[TOKENS], &more), 503); /* the first of its kind */
	close(more);
	close(fd[--n]);
	wait_for_listeners(f, LISTENERS_MAX - 1);
	assert_int_equal(stream_as(f, token[TOKENS], &fd[n++]), 200);
	while (n)
		close(fd[--n]);
	wait_for_listeners(f, 0);
}

/* ---- what is bounded, and what is made anew ---- */
static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

/* What a device says of its firmware is without end. */
static int run_much(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	OWNED(host) h = NULL;
	struct seen_device d = { .label = "1af4:4d58/-/1",
				 .address = "0000:07:00.0",
				 .model = "pci:1af4:4d58",
				 .status = TIER_WARNING };

	if (host_find_by_name(tx, f->b.name, &h, e))
		return (int)e->code;
	for (int i = 0; i < FIRMWARES_PER_MODEL_MAX + 20; i++) {
		snprintf(d.firmware, sizeof(d.firmware), "version %d", i);
		if (seen_devices_set(tx, h, &d, 1, e))
			return (int)e->code;
	}
	return 0;
}

static int count_firmware(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT COUNT(*) FROM firmware WHERE model = 'pci:1af4:4d58'", NULL,
		      0, take_number, arg, NULL, e);
}

static void a_device_that_calls_itself_ever_something_else_is_told_apart_so_often(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	long long n = 0;
	char path[100];
	json_t *j;

	assert_ok(store_write(f->s.server->store, run_much, f, &e), &e);
	assert_ok(store_read(f->s.server->store, count_firmware, &n, &e), &e);
	assert_int_equal(n, FIRMWARES_PER_MODEL_MAX);
	snprintf(path, sizeof(path), "/api/v1/devices?model=pci:1af4:4d58&firmware=version%%20%d",
		 FIRMWARES_PER_MODEL_MAX + 19);
	j = get(f, path, 200); /* the last one is what it runs */
	assert_int_equal(json_array_size(json_object_get(j, "devices")), 1);
	json_decref(j);
	assert_int_equal(firmware_total(f, "pci:1af4:4d58"), 1);
	affirm(f, &f->b);
}

static int go_to_and_fro(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	OWNED(reasons) none = reasons_new();
	OWNED(host) h = NULL;
	struct verdict_change c;

	if (host_find_by_name(tx, f->b.name, &h, e))
		return (int)e->code;
	for (int i = 0; i < 2 * CHANGES_PER_HOST_MAX; i++)
		if (standing_verdict(tx, h, i % 2 ? TIER_AFFIRMING : TIER_CONTRAINDICATED, none, &c,
				     e))
			return (int)e->code;
	return 0;
}

static void
a_host_that_goes_to_and_fro_keeps_its_last_changes_and_who_missed_many_looks_anew(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char path[700] = "/api/v1/changes?host=host-b&limit=500", heard[65536];
	json_t *j;
	int fd;

	assert_ok(store_write(f->s.server->store, go_to_and_fro, f, &e), &e);
	j = get(f, path, 200);
	assert_int_equal(json_array_size(json_object_get(j, "changes")), CHANGES_PER_HOST_MAX);
	json_decref(j);
	fd = listen_as(f, f->s.token, "Last-Event-ID: 1\r\n");
	wire_hear(fd, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "event: reload\n"));
	close(fd);
	affirm(f, &f->b);
}

static int write_much(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	if (audit_append(tx, "needle", "rare", "{}", e))
		return (int)e->code;
	for (int i = 0; i < AUDIT_LOOKED_MAX + 50; i++)
		if (audit_append(tx, "straw", "common", "{}", e))
			return (int)e->code;
	return 0;
}

static void the_audit_log_is_looked_through_in_parts_that_lead_on(void **state)
{
	static const char *const filters[] = { "q=needle", "event=rare", "q=nothing",
					       "event=none" };
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(store_write(f->s.server->store, write_much, NULL, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		char path[700], cursor[64] = "";
		size_t found = 0, parts = 0;

		do {
			json_t *j;
			const char *next;

			snprintf(path, sizeof(path), "/api/v1/audit?newest=yes&%s%s", filters[i],
				 cursor);
			j = get(f, path, 200);
			next = json_string_value(json_object_get(j, "next"));
			found += json_array_size(json_object_get(j, "records"));
			if (!parts++)
				assert_true(next && !found); /* it is further back than one looks */
			snprintf(cursor, sizeof(cursor), "&cursor=%s", next ? next : "");
			json_decref(j);
		} while (strlen(cursor) > strlen("&cursor="));
		assert_int_equal(found, i < 2);
		assert_int_equal(parts, 2);
	}
}

static int forget_and_fill(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "DELETE FROM standings", NULL, 0, NULL, NULL, NULL, e) ||
			       standings_fill(tx, arg, e)
		       ? (int)e->code
		       : 0;
}

static void standings_that_a_database_lacks_are_made_of_its_verdicts(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	long long n = 0;
	json_t *j, *h;

	contradict(f, &f->b);
	assert_ok(store_write(f->s.server->store, forget_and_fill, &n, &e), &e);
	assert_int_equal(n, 2);
	events_moved(f->s.server->events);
	j = get(f, "/api/v1/overview", 200);
	h = json_object_get(j, "hosts");
	assert_int_equal(number_in(h, "affirming"), 1);
	assert_int_equal(number_in(h, "contraindicated"), 1);
	json_decref(j);
	affirm(f, &f->b);
}

struct sampling {
	long long now_s;
	bool due;
};

static int sample(struct tx *tx, void *arg, struct err *e)
{
	struct sampling *s = arg;

	return samples_due(tx, s->now_s, &s->due, e) || (s->due && samples_take(tx, s->now_s, 0, e))
		       ? (int)e->code
		       : 0;
}

static void each_hour_is_a_point_of_the_trend_and_each_day_of_the_spread(void **state)
{
	static const struct {
		long long later;
		bool due;
	} rows[] = {
		{ 0, true }, { 1, false }, { SAMPLE_EACH_S, true }, { FIRMWARE_EACH_S, true }
	};
	struct fixture *f = *state;
	long long base = clock_now_s() / FIRMWARE_EACH_S * FIRMWARE_EACH_S;
	json_t *d = first_device(f, "host-a"), *j, *list;
	char path[100];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sampling s = { base + rows[i].later, false };
		struct err e = { 0 };

		assert_ok(store_write(f->s.server->store, sample, &s, &e), &e);
		assert_int_equal(s.due, rows[i].due);
	}
	events_moved(f->s.server->events);
	j = get(f, "/api/v1/overview", 200);
	list = json_object_get(j, "trend");
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(number_in(json_array_get(list, 0), "time"), base);
	assert_int_equal(number_in(json_array_get(list, 2), "affirming"), 2);
	json_decref(j);
	snprintf(path, sizeof(path), "/api/v1/firmware/%s/spread", text_in(d, "model"));
	j = get(f, path, 200);
	list = json_object_get(j, "samples");
	assert_int_equal(json_array_size(list), 2);
	assert_true(number_in(json_object_get(json_array_get(list, 1), "versions"),
			      text_in(d, "firmware")) > 0);
	json_decref(j);
	json_decref(d);
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
	json_t *j = get(f, "/api/v1/policy", 200), *root;
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
	j = get(f, "/api/v1/policy", 200);
	assert_false(json_is_true(json_object_get(rule(j, "svn_floor"), "default")));
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(rule(j, "svn_floor"), "value"), 0)),
			    "1b36:0010 7");
	assert_string_equal(text_in(rule(j, "svn_floor"), "rule"), "SVN_FLOOR");
	json_decref(j);
	p->n_floors = 0;
	json_decref(get(f, "/api/v1/policy?key=learned", 400));
}

static void every_answer_was_as_openapi_yaml_describes_it(void **state)
{
	struct fixture *f = *state;

	forge_answers_fit(&f->s);
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
		cmocka_unit_test(a_browser_signs_in_with_a_token_and_ends_with_it),
		cmocka_unit_test(an_operator_changes_by_cookie_what_its_page_asks_with_the_header),
		cmocka_unit_test(a_cookie_that_the_server_did_not_write_is_none),
		cmocka_unit_test(whoever_guesses_waits_and_nobody_else_does),
		cmocka_unit_test(a_page_of_another_origin_does_not_sign_anybody_in),
		cmocka_unit_test(a_change_is_heard_by_those_whom_it_concerns_as_it_happens),
		cmocka_unit_test(who_comes_back_hears_what_it_missed),
		cmocka_unit_test(a_token_that_is_revoked_hears_no_more),
		cmocka_unit_test(one_token_listens_so_often_and_all_together_no_more_than_they_may),
		cmocka_unit_test(
			a_device_that_calls_itself_ever_something_else_is_told_apart_so_often),
		cmocka_unit_test(
			a_host_that_goes_to_and_fro_keeps_its_last_changes_and_who_missed_many_looks_anew),
		cmocka_unit_test(the_audit_log_is_looked_through_in_parts_that_lead_on),
		cmocka_unit_test(standings_that_a_database_lacks_are_made_of_its_verdicts),
		cmocka_unit_test(each_hour_is_a_point_of_the_trend_and_each_day_of_the_spread),
		cmocka_unit_test(whoever_looks_sees_by_which_rules_the_server_judges),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
