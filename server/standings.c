// SPDX-License-Identifier: Apache-2.0
#include "standings.h"

#include <stdio.h>

#include "common/clock.h"
#include "rows.h"
#include "tokens.h"

int standing_enrolled(struct tx *tx, const struct host *h, struct err *e)
{
	struct db_value v[] = { DB_B(BYTES(h->ueid)), DB_T(h->name), DB_T(h->group),
				DB_T(h->active ? "active" : "revoked"), DB_I(clock_now_s()) };

	return db_run(tx->db,
		      "INSERT INTO standings (ueid, name, grp, state, status, time, since, reason)"
		      " VALUES ($1, $2, $3, $4, 0, 0, $5, '') ON CONFLICT (ueid) DO UPDATE SET"
		      " name = excluded.name, grp = excluded.grp, state = excluded.state",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

/* ---- verdicts ---- */
/* Of the worst the first: what a person would be told if there were time for one thing. */
static void one_sentence(const struct reasons *reasons, enum ear_tier status,
			 char out[REASON_SHOWN])
{
	const struct reason *worst = NULL;

	out[0] = 0;
	for (size_t i = 0; i < reasons->n; i++)
		if (!worst || reasons->at[i].tier > worst->tier)
			worst = &reasons->at[i];
	if (worst && status != TIER_AFFIRMING)
		reason_text(worst, out, REASON_SHOWN);
}

struct was {
	bool known;
	enum ear_tier status;
};

static int take_status(void *user, const struct db_row *row, struct err *e)
{
	struct was *w = user;

	(void)e;
	*w = (struct was){ true, (enum ear_tier)row->at[0].number };
	return 0;
}

static int take_seq(void *user, const struct db_row *row, struct err *e)
{
	struct verdict_change *c = user;

	(void)e;
	c->seq = row->at[0].number;
	return 0;
}

static int add_change(struct tx *tx, const struct host *h, struct verdict_change *c, struct err *e)
{
	struct db_value v[] = { DB_B(BYTES(h->ueid)), DB_I(c->time), DB_I(c->status), DB_I(c->was),
				DB_T(c->reason) };
	struct db_value old[] = { v[0], DB_I(CHANGES_PER_HOST_MAX) };

	if (db_run(tx->db,
		   "INSERT INTO verdict_changes (ueid, time, status, was, reason)"
		   " VALUES ($1, $2, $3, $4, $5) RETURNING seq",
		   v, ARRAY_LEN(v), take_seq, c, NULL, e))
		return (int)e->code;
	return db_run(tx->db,
		      "DELETE FROM verdict_changes WHERE ueid = $1 AND seq <= (SELECT seq FROM"
		      " verdict_changes WHERE ueid = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)",
		      old, ARRAY_LEN(old), NULL, NULL, NULL, e);
}

int standing_verdict(struct tx *tx, const struct host *h, enum ear_tier status,
		     const struct reasons *reasons, struct verdict_change *out, struct err *e)
{
	struct db_value v[4] = { DB_B(BYTES(h->ueid)) };
	struct was was = { 0 };

	*out = (struct verdict_change){ .time = clock_now_s(), .status = status };
	one_sentence(reasons, status, out->reason);
	if (db_run(tx->db, "SELECT status FROM standings WHERE ueid = $1", v, 1, take_status, &was,
		   NULL, e) ||
	    (!was.known && standing_enrolled(tx, h, e)))
		return (int)e->code;
	out->was = was.status;
	v[1] = DB_I(status);
	v[2] = DB_I(out->time);
	v[3] = DB_T(out->reason);
	if (db_run(tx->db,
		   "UPDATE standings SET since = CASE WHEN status = $2 THEN since ELSE $3 END,"
		   " status = $2, time = $3, reason = $4 WHERE ueid = $1",
		   v, 4, NULL, NULL, NULL, e))
		return (int)e->code;
	return out->was == status ? 0 : add_change(tx, h, out, e);
}

/* ---- a database of an earlier build ---- */
/* Reasons stand there as JSON: the host's next verdict says its sentence. */
int standings_fill(struct tx *tx, long long *n, struct err *e)
{
	return db_run(tx->db,
		      "INSERT INTO standings (ueid, name, grp, state, status, time, since, reason)"
		      " SELECT h.ueid, h.name, h.grp, h.state, COALESCE(a.status, 0),"
		      " COALESCE(a.time, 0), COALESCE(a.time, h.created), ''"
		      " FROM hosts h LEFT JOIN attestations a ON a.ueid = h.ueid"
		      " WHERE h.ueid NOT IN (SELECT ueid FROM standings)",
		      NULL, 0, NULL, NULL, n, e);
}

/* ---- counting ---- */
static int take_count(void *user, const struct db_row *row, struct err *e)
{
	struct fleet_count *f = user;
	bool active = bytes_equal(row->at[0].bytes, bytes_text("active"));
	long long status = row->at[1].number, stale = row->at[2].number, n = row->at[3].number;

	(void)e;
	if (!active) {
		f->revoked += n;
	} else if (!status) {
		f->never += n;
	} else {
		f->stale += stale;
		*(status == TIER_AFFIRMING ? &f->affirming
		  : status == TIER_WARNING ? &f->warning
					   : &f->contraindicated) += n - stale;
	}
	return 0;
}

int standings_count(struct tx *tx, const char *groups, long long stale_before,
		    struct fleet_count *out, struct err *e)
{
	struct db_value v[] = { DB_T(groups), DB_I(stale_before) };

	*out = (struct fleet_count){ 0 };
	return db_run(tx->db,
		      "SELECT h.state, h.status, SUM(h.time < $2), COUNT(*) FROM standings h"
		      " WHERE " TOKEN_COVERS_SQL " GROUP BY h.state, h.status",
		      v, ARRAY_LEN(v), take_count, out, NULL, e);
}
