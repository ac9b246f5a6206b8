// SPDX-License-Identifier: Apache-2.0
/* /api/v1/audit: the log as it stands, page by page, and its signed head. Whoever has it checks it himself. */
#include <stdio.h>
#include <stdlib.h>

#include "audit.h"
#include "audit_head.h"
#include "common/text.h"
#include "page.h"
#include "problem.h"
#include "proto/audit_record.h"
#include "server.h"

enum { LAST_SHOWN = 100 };

static int take_record(void *user, const struct db_row *row, struct err *e)
{
	char hex[2 * AUDIT_HASH_LEN + 1];
	json_t *record;

	if (row->at[5].bytes.len != AUDIT_HASH_LEN)
		return err_set(e, E_FORMAT, "audit record %lld: hash of another length",
			       row->at[0].number);
	record = json_pack("{s:I, s:I, s:o, s:o, s:o, s:s}", "seq", (json_int_t)row->at[0].number,
			   "time", (json_int_t)row->at[1].number, "actor",
			   text_json(row->at[2].bytes), "event", text_json(row->at[3].bytes),
			   "detail", text_json(row->at[4].bytes), "hash",
			   hex_write(row->at[5].bytes, hex));
	if (!record)
		return err_set(e, E_FORMAT, "audit record %lld is no text", row->at[0].number);
	json_array_append_new(user, record);
	return 0;
}

struct records {
	long long from; /* 0: the last ones */
	bool newest;
	struct page page;
	char event[40], part[80];
	long long looked_to; /* of the newest: the first that was looked at */
	json_t *records;
};

static int load_from(struct tx *tx, struct records *p, struct err *e)
{
	struct audit_head head;
	struct db_value v[2];

	if (audit_head_load(tx->db, &head, e))
		return (int)e->code;
	if (!p->from)
		p->from =
			(long long)head.seq > LAST_SHOWN ? (long long)head.seq - LAST_SHOWN + 1 : 1;
	v[0] = DB_I(p->from);
	v[1] = DB_I(AUDIT_PAGE_MAX);
	return db_run(tx->db,
		      "SELECT seq, time, actor, event, detail, hash FROM audit WHERE seq >= $1"
		      " ORDER BY seq LIMIT $2",
		      v, 2, take_record, p->records, NULL, e);
}

/* For people: the newest first, and of them those that are looked for. */
static int load_newest(struct tx *tx, struct records *p, struct err *e)
{
	long long before = INT64_MAX;
	struct audit_head head;
	struct db_value v[5];

	if ((*p->page.after && asked_number(&before, 1, INT64_MAX, p->page.after, "cursor", e)) ||
	    audit_head_load(tx->db, &head, e))
		return (int)e->code;
	if (before > (long long)head.seq + 1)
		before = (long long)head.seq + 1;
	p->looked_to = before > AUDIT_LOOKED_MAX ? before - AUDIT_LOOKED_MAX : 1;
	v[0] = DB_I(before);
	v[1] = DB_T(p->event);
	v[2] = DB_T(p->part);
	v[3] = DB_I(p->page.limit + 1);
	v[4] = DB_I(p->looked_to);
	return db_run(tx->db,
		      "SELECT seq, time, actor, event, detail, hash FROM audit WHERE seq < $1"
		      " AND seq >= $5 AND ($2 = '' OR event = $2)"
		      " AND ($3 = '' OR instr(actor, $3) > 0 OR instr(detail, $3) > 0)"
		      " ORDER BY seq DESC LIMIT $4",
		      v, ARRAY_LEN(v), take_record, p->records, NULL, e);
}

static int load_page(struct tx *tx, void *arg, struct err *e)
{
	struct records *p = arg;

	return p->newest ? load_newest(tx, p, e) : load_from(tx, p, e);
}

static int read_question(struct call *c, struct records *p, struct err *e)
{
	static const char *const known[] = {
		"from", "newest", "event", "q", "limit", "cursor", NULL
	};
	const char *from = http_query(c->rq, "from"), *newest = http_query(c->rq, "newest");

	if (query_known(c, known, e) || page_of(c, &p->page, e) ||
	    query_text(c, "event", p->event, sizeof(p->event), e) ||
	    query_text(c, "q", p->part, sizeof(p->part), e) ||
	    (from && asked_number(&p->from, 1, INT64_MAX, from, "from", e)))
		return (int)e->code;
	p->newest = newest && !strcmp(newest, "yes");
	if (newest && (!p->newest || from))
		return err_set(e, E_USAGE, "newest is yes, and then there is no from");
	return !p->newest && (*p->event || *p->part)
		       ? err_set(e, E_USAGE, "event and q are of the newest")
		       : 0;
}

/* Where it goes on: after a page that is full, or where looking ended, though nothing may have been found. */
static void put_next(json_t *answer, const struct records *p)
{
	char from[24];

	page_cut(answer, p->records, &p->page, "seq");
	if (json_object_get(answer, "next") || p->looked_to <= 1)
		return;
	snprintf(from, sizeof(from), "%lld", p->looked_to);
	page_more(answer, from);
}

void get_audit(struct call *c)
{
	struct records p = { .records = json_array() };
	struct err e = { 0 };
	json_t *answer;

	if (read_question(c, &p, &e) || store_read(c->server->store, load_page, &p, &e)) {
		json_decref(p.records);
		problem_of(c->out, &e);
		return;
	}
	answer = json_pack("{s:o}", "records", p.records);
	if (p.newest)
		put_next(answer, &p);
	answer_json(c->out, 200, answer);
}

void get_audit_head(struct call *c)
{
	OWNED(buf) jws = NULL;
	struct err e = { 0 };

	if (audit_head_export(c->server, &jws, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200, json_pack("{s:o}", "head", text_json(buf_bytes(jws))));
}
