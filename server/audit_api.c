// SPDX-License-Identifier: Apache-2.0
/* /api/v1/audit: the log as it stands, page by page, and its signed head. Whoever has it checks it himself. */
#include <stdlib.h>

#include "audit.h"
#include "audit_head.h"
#include "common/text.h"
#include "problem.h"
#include "proto/audit_record.h"
#include "server.h"

enum { LAST_SHOWN = 100 };

static json_t *text_json(struct bytes b)
{
	return json_stringn((const char *)b.at, b.len);
}

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

struct page {
	long long from; /* 0: the last ones */
	json_t *records;
};

static int load_page(struct tx *tx, void *arg, struct err *e)
{
	struct page *p = arg;
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

void get_audit(struct call *c)
{
	const char *from = http_query(c->rq, "from");
	struct page p = { .records = json_array() };
	struct err e = { 0 };
	char *end = "";

	if (from)
		p.from = strtoll(from, &end, 10);
	if (from && (p.from < 1 || *end))
		err_set(&e, E_USAGE, "from is not the number of a record");
	else
		store_read(c->server->store, load_page, &p, &e);
	if (e.code) {
		json_decref(p.records);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "records", p.records));
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
