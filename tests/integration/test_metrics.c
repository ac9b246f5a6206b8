// SPDX-License-Identifier: Apache-2.0
/* What the server counts, as Prometheus reads it. */
#include "refusal.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "server/metrics.h"
#include "server/tokens.h"

static struct buf *scrape(struct fixture *f)
{
	struct reply r;
	struct err e = { 0 };

	assert_ok(transport_call(f->s.transport, "GET", "/metrics", NULL, f->s.token, BYTES_NONE,
				 &r, &e),
		  &e);
	assert_int_equal(r.status, 200);
	write_u8(&r.body->w, 0);
	return r.body;
}

/* The number behind @series at the beginning of a line, or -1. */
static double value_of(const struct buf *text, const char *series)
{
	const char *at = (const char *)text->w.at;

	for (; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, series, strlen(series)) && at[strlen(series)] == ' ')
			return strtod(at + strlen(series), NULL);
	return -1;
}

static void what_comes_in_is_counted_by_what_became_of_it(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *series;
		double more;
	} rows[] = {
		{ "assay_verdicts_total{status=\"affirmed\"}", 1 },
		{ "assay_verdicts_total{status=\"warning\"}", 0 },
		{ "assay_verdicts_total{status=\"contraindicated\"}", 1 },
		{ "assay_releases_total{outcome=\"given\"}", 1 },
		{ "assay_releases_total{outcome=\"withheld\"}", 1 },
		{ "assay_evidence_rejected_total{reason=\"unreadable\"}", 1 },
		{ "assay_attestation_stage_seconds_count{stage=\"decode\"}", 2 },
		{ "assay_attestation_stage_seconds_count{stage=\"record\"}", 2 },
		{ "assay_attestation_stage_seconds_count{stage=\"release\"}", 1 },
		{ "assay_http_requests_total{method=\"POST\",route=\"/challenge-response/v1/"
		  "session/{}\",code=\"2xx\"}",
		  2 },
		{ "assay_http_requests_total{method=\"POST\",route=\"/challenge-response/v1/"
		  "session/{}\",code=\"4xx\"}",
		  1 },
	};
	OWNED(buf) before = scrape(f);
	OWNED(buf) after = NULL;
	struct forged t;

	honest(f, &f->a, &t);
	released(&t);
	forged_clear(&t);
	honest(f, &f->a, &t); /* a PCR that the quote has and the claims have not */
	t.claimed.pcrs &= ~1u;
	forge_again(&t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	turned_away(&t, bytes_text("no token"), 400, "");
	forged_clear(&t);
	after = scrape(f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double was = value_of(before, rows[i].series), is = value_of(after, rows[i].series);

		if (is - (was < 0 ? 0 : was) != rows[i].more)
			fail_msg("%s: %g, then %g", rows[i].series, was, is);
	}
}

static void hosts_are_counted_by_what_their_last_verdict_is_worth(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) now = NULL;
	OWNED(buf) later = NULL;
	OWNED(buf) revoked = NULL;
	struct forged t;

	honest(f, &f->a, &t);
	released(&t);
	forged_clear(&t);
	now = scrape(f);
	assert_true(value_of(now, "assay_hosts{state=\"affirmed\"}") == 2);
	assert_true(value_of(now, "assay_hosts{state=\"stale\"}") == 0);
	clock_set_s(clock_now_s() + f->s.settings.stale_after_s + 1);
	later = scrape(f);
	clock_set_s(0);
	assert_true(value_of(later, "assay_hosts{state=\"affirmed\"}") == 0);
	assert_true(value_of(later, "assay_hosts{state=\"stale\"}") == 2);
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-b/revoke", "application/json",
			       true, bytes_text("{}"), &(long){ 0 }));
	revoked = scrape(f);
	assert_true(value_of(revoked, "assay_hosts{state=\"affirmed\"}") == 1);
	assert_true(value_of(revoked, "assay_hosts{state=\"revoked\"}") == 1);
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-b/restore", "application/json",
			       true, bytes_text("{}"), &(long){ 0 }));
}

static void a_stage_is_counted_where_its_time_belongs(void **state)
{
	struct fixture *f = *state;
	static const char bucket[] = "assay_attestation_stage_seconds_bucket{stage=\"record\",le=";
	static const struct {
		const char *le;
		double n;
	} rows[] = {
		{ "\"0.00025\"}", 0 }, { "\"0.25\"}", 0 }, { "\"1\"}", 1 }, { "\"+Inf\"}", 2 }
	};
	OWNED(metrics) m = metrics_new();
	OWNED(buf) text = NULL;
	struct err e = { 0 };

	assert_non_null(m);
	metrics_stage(m, STAGE_RECORD,
		      metrics_now() - 300000000); /* 0.3 s, and what a busy machine adds */
	metrics_stage(m, STAGE_RECORD, metrics_now() - 3000000000);
	assert_ok(metrics_write(m, f->s.server->store, NULL, 0, 0, &text, &e), &e);
	write_u8(&text->w, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char series[120];

		snprintf(series, sizeof(series), "%s%s", bucket, rows[i].le);
		assert_true(value_of(text, series) == rows[i].n);
	}
	assert_true(value_of(text, "assay_attestation_stage_seconds_sum{stage=\"record\"}") >= 3.3);
}

static int lines_of(const struct buf *text)
{
	int n = 0;

	for (const char *at = (const char *)text->w.at; *at; at++)
		n += *at == '\n';
	return n;
}

/* Whatever is asked for, and by whom: paths and names from outside are in no label. */
static void nothing_from_outside_makes_a_series(void **state)
{
	struct fixture *f = *state;
	OWNED(buf) before = NULL;
	OWNED(buf) after = NULL;
	long status;

	json_decref(forge_call(&f->s, "GET", "/nowhere", NULL, true, BYTES_NONE, &status));
	json_decref(
		forge_call(&f->s, "GET", "/api/v1/hosts/host-a", NULL, true, BYTES_NONE, &status));
	json_decref(
		forge_call(&f->s, "GET", "/api/v1/hosts/no-1", NULL, true, BYTES_NONE, &status));
	before = scrape(f);
	for (int i = 0; i < 20; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/nowhere-%d%%22%%0a", i);
		json_decref(forge_call(&f->s, "GET", path, NULL, true, BYTES_NONE, &status));
		snprintf(path, sizeof(path), "/api/v1/hosts/no-%d", i);
		json_decref(forge_call(&f->s, "GET", path, NULL, true, BYTES_NONE, &status));
	}
	after = scrape(f);
	assert_int_equal(lines_of(before), lines_of(after));
	assert_null(strstr((const char *)after->w.at, "nowhere"));
	assert_null(strstr((const char *)after->w.at, "host-a"));
}

static void every_line_is_of_the_text_format_and_every_family_has_its_head(void **state)
{
	struct fixture *f = *state;
	static const char pattern[] =
		"^(# HELP [a-z_]+ .+|# TYPE [a-z_]+ (counter|gauge|histogram)|"
		"[a-z_]+(\\{[a-z]+=\"[^\"\\\\]*\"(,[a-z]+=\"[^\"\\\\]*\")*\\})? "
		"[0-9]+(\\.[0-9]+)?)$";
	OWNED(buf) text = scrape(f);
	char *save = NULL, family[80] = "";
	regex_t r;

	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	for (char *line = strtok_r((char *)text->w.at, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (regexec(&r, line, 0, NULL, 0))
			fail_msg("%s", line);
		if (!strncmp(line, "# TYPE ", 7))
			snprintf(family, sizeof(family), "%.*s", (int)strcspn(line + 7, " "),
				 line + 7);
		else if (*line != '#' && strncmp(line, family, strlen(family)) != 0)
			fail_msg("%s stands under the head of %s", line, family);
	}
	regfree(&r);
}

static void it_is_for_who_may_look_at_all_hosts(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *role, *groups;
		long want;
	} rows[] = { { "viewer", "", 200 },
		     { "viewer", "default", 403 },
		     { "provisioner", "", 403 },
		     { NULL, "", 401 } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char body[200], token[TOKEN_TEXT_SIZE] = "";
		struct reply r;
		struct err e = { 0 };

		if (rows[i].role) {
			json_t *j;

			snprintf(body, sizeof(body),
				 "{\"name\":\"m-%zu\",\"role\":\"%s\",\"groups\":[%s%s%s]}", i,
				 rows[i].role, *rows[i].groups ? "\"" : "", rows[i].groups,
				 *rows[i].groups ? "\"" : "");
			j = forge_call(&f->s, "POST", "/api/v1/tokens", "application/json", true,
				       bytes_text(body), &(long){ 0 });
			snprintf(token, sizeof(token), "%s",
				 json_string_value(json_object_get(j, "token")));
			json_decref(j);
		}
		assert_ok(transport_call(f->s.transport, "GET", "/metrics", NULL,
					 *token ? token : NULL, BYTES_NONE, &r, &e),
			  &e);
		assert_int_equal(r.status, rows[i].want);
		reply_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_in_is_counted_by_what_became_of_it),
		cmocka_unit_test(hosts_are_counted_by_what_their_last_verdict_is_worth),
		cmocka_unit_test(a_stage_is_counted_where_its_time_belongs),
		cmocka_unit_test(nothing_from_outside_makes_a_series),
		cmocka_unit_test(every_line_is_of_the_text_format_and_every_family_has_its_head),
		cmocka_unit_test(it_is_for_who_may_look_at_all_hosts),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
