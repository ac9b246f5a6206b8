// SPDX-License-Identifier: Apache-2.0
/* /api/v1/overview, changes, groups: the fleet at a glance, and what became of it. */
#include <stdio.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "events.h"
#include "page.h"
#include "problem.h"
#include "rows.h"
#include "samples.h"
#include "verifier/explain.h"

enum { CHANGES_SHOWN = 20, DAY_S = 86400 };

/* ---- changes ---- */
static int take_change(void *user, const struct db_row *row, struct err *e)
{
	struct verdict_change c = { .seq = row->at[0].number,
				    .time = row->at[1].number,
				    .status = (enum ear_tier)row->at[2].number,
				    .was = (enum ear_tier)row->at[3].number };

	(void)e;
	row_text(c.reason, sizeof(c.reason), row->at[4].bytes);
	json_array_append_new(user, change_json(&c, row->at[5].bytes, row->at[6].bytes));
	return 0;
}

struct changes {
	const char *groups;
	struct page page;
	char host[HOST_NAME_MAX_LEN + 1], group[GROUP_MAX_LEN + 1], status[20];
	long long before, tier;
	json_t *rows;
};

#define FROM_CHANGES                                                                               \
	"SELECT c.seq, c.time, c.status, c.was, c.reason, h.name, h.grp FROM verdict_changes c"    \
	" JOIN standings h ON h.ueid = c.ueid WHERE c.seq < $2 AND " TOKEN_COVERS_SQL

static int list_changes(struct tx *tx, void *arg, struct err *e)
{
	struct changes *c = arg;
	struct db_value v[] = { DB_T(c->groups), DB_I(c->before), DB_I(c->page.limit + 1),
				DB_I(c->tier),	 DB_T(c->group),  DB_T(c->host) };

	/* of one host there are few: its own index, and no walk through all */
	return db_run(tx->db,
		      *c->host ? FROM_CHANGES " AND ($4 = 0 OR c.status = $4) AND ($5 = '' OR"
					      " h.grp = $5) AND c.ueid = (SELECT ueid FROM"
					      " standings WHERE name = $6) ORDER BY c.seq DESC"
					      " LIMIT $3"
			       : FROM_CHANGES " AND ($4 = 0 OR c.status = $4) AND ($5 = '' OR"
					      " h.grp = $5) ORDER BY c.seq DESC"
					      " LIMIT $3",
		      v, ARRAY_LEN(v), take_change, c->rows, NULL, e);
}

void get_changes(struct call *call)
{
	static const char *const known[] = { "host", "group", "status", "limit", "cursor", NULL };
	struct changes c = { .groups = call->token.groups,
			     .before = INT64_MAX,
			     .rows = json_array() };
	struct err e = { 0 };
	json_t *answer;

	if (query_known(call, known, &e) || page_of(call, &c.page, &e) ||
	    query_text(call, "host", c.host, sizeof(c.host), &e) ||
	    query_text(call, "group", c.group, sizeof(c.group), &e) ||
	    query_text(call, "status", c.status, sizeof(c.status), &e) ||
	    tier_of_name(c.status, &c.tier, &e) ||
	    (*c.page.after && asked_number(&c.before, 1, INT64_MAX, c.page.after, "cursor", &e)) ||
	    store_read(call->server->store, list_changes, &c, &e)) {
		json_decref(c.rows);
		problem_of(call->out, &e);
		return;
	}
	answer = json_pack("{s:o}", "changes", c.rows);
	page_cut(answer, c.rows, &c.page, "seq");
	answer_json(call->out, 200, answer);
}

/* ---- the overview ---- */
struct overview {
	const struct call *call;
	long long now_s;
	struct fleet_count hosts;
	long long devices, models, proposals, day;
	json_t *trend, *latest;
};

static int take_numbers(void *user, const struct db_row *row, struct err *e)
{
	struct overview *o = user;

	(void)e;
	o->devices = row->at[0].number;
	o->models = row->at[1].number;
	o->proposals = row->at[2].number;
	o->day = row->at[3].number;
	return 0;
}

/* Of all, from what is counted already; of some groups, by looking at each. */
static int count_rest(struct tx *tx, struct overview *o, struct err *e)
{
	const char *groups = o->call->token.groups;
	struct db_value v[] = { DB_T(groups), DB_I(o->now_s - DAY_S) };

	if (!*groups)
		return db_run(tx->db,
			      "SELECT COALESCE(SUM(n), 0), COUNT(DISTINCT model), (SELECT"
			      " COUNT(DISTINCT digest) FROM proposals WHERE corim IS NULL),"
			      " (SELECT COUNT(*) FROM verdict_changes WHERE time >= $2)"
			      " FROM firmware WHERE n > 0",
			      v, ARRAY_LEN(v), take_numbers, o, NULL, e);
	return db_run(tx->db,
		      "SELECT COUNT(*), COUNT(DISTINCT h.model), (SELECT COUNT(DISTINCT digest)"
		      " FROM proposals p JOIN standings h ON h.ueid = p.ueid WHERE corim IS NULL"
		      " AND " TOKEN_COVERS_SQL "), (SELECT COUNT(*) FROM verdict_changes c"
		      " JOIN standings h ON h.ueid = c.ueid WHERE c.time >= $2"
		      " AND " TOKEN_COVERS_SQL ") FROM seen_devices h WHERE " TOKEN_COVERS_SQL,
		      v, ARRAY_LEN(v), take_numbers, o, NULL, e);
}

static int look(struct tx *tx, void *arg, struct err *e)
{
	struct overview *o = arg;
	const struct settings *s = o->call->server->settings;
	struct changes c = { .groups = o->call->token.groups,
			     .before = INT64_MAX,
			     .page = { .limit = CHANGES_SHOWN - 1 },
			     .rows = o->latest };

	if (standings_count(tx, o->call->token.groups,
			    s->stale_after_s ? o->now_s - s->stale_after_s : 0, &o->hosts, e) ||
	    count_rest(tx, o, e) || list_changes(tx, &c, e))
		return (int)e->code;
	if (*o->call->token.groups)
		return 0;
	json_decref(o->trend);
	return samples_trend(tx, &o->trend, e);
}

static json_t *hosts_json(const struct fleet_count *f)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "affirming",
			 (json_int_t)f->affirming, "warning", (json_int_t)f->warning,
			 "contraindicated", (json_int_t)f->contraindicated, "stale",
			 (json_int_t)f->stale, "never", (json_int_t)f->never, "revoked",
			 (json_int_t)f->revoked, "total",
			 (json_int_t)(f->affirming + f->warning + f->contraindicated + f->stale +
				      f->never + f->revoked));
}

static json_t *switches_json(const struct settings *s)
{
	json_t *list = json_array();

	if (s->release_from_test_sources)
		json_array_append_new(list, json_string("release_from_test_sources"));
	return list;
}

void get_overview(struct call *c)
{
	const struct settings *s = c->server->settings;
	struct overview o = {
		.call = c, .now_s = clock_now_s(), .trend = json_array(), .latest = json_array()
	};
	struct kept *kept = *c->token.groups ? NULL : events_overview(c->server->events);
	unsigned long long since = 0;
	struct err e = { 0 };

	c->out->body = kept ? kept_get(kept, &since) : NULL;
	if (c->out->body) {
		json_decref(o.trend);
		json_decref(o.latest);
		c->out->status = 200;
		c->out->content_type = "application/json";
		return;
	}
	if (store_read(c->server->store, look, &o, &e)) {
		json_decref(o.trend);
		json_decref(o.latest);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200,
		    json_pack("{s:I, s:s, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:o, s:{s:I, s:o}}",
			      "time", (json_int_t)o.now_s, "version", ASSAY_VERSION, "commit",
			      ASSAY_COMMIT, "stale_after_s", (json_int_t)s->stale_after_s,
			      "test_switches", switches_json(s), "hosts", hosts_json(&o.hosts),
			      "devices", (json_int_t)o.devices, "models", (json_int_t)o.models,
			      "proposals_pending", (json_int_t)o.proposals, "trend", o.trend,
			      "changes", "day", (json_int_t)o.day, "latest", o.latest));
	if (kept && c->out->body)
		kept_put(kept, since, buf_bytes(c->out->body));
}

/* ---- groups ---- */
struct groups {
	const char *covered;
	json_t *rows;
};

static int take_group(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	json_array_append_new(user, json_pack("{s:o, s:I}", "group", text_json(row->at[0].bytes),
					      "hosts", (json_int_t)row->at[1].number));
	return 0;
}

static int list_groups(struct tx *tx, void *arg, struct err *e)
{
	const struct groups *g = arg;
	struct db_value v = DB_T(g->covered);

	return db_run(tx->db,
		      "SELECT h.grp, COUNT(*) FROM standings h WHERE " TOKEN_COVERS_SQL
		      " GROUP BY h.grp ORDER BY h.grp LIMIT 1000",
		      &v, 1, take_group, g->rows, NULL, e);
}

void get_groups(struct call *c)
{
	struct groups g = { c->token.groups, json_array() };
	struct err e = { 0 };

	if (store_read(c->server->store, list_groups, &g, &e)) {
		json_decref(g.rows);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "groups", g.rows));
}
