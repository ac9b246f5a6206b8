// SPDX-License-Identifier: Apache-2.0
#include "approvals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit.h"
#include "common/clock.h"
#include "common/text.h"
#include "http.h"
#include "problem.h"
#include "proto/strict.h"
#include "rows.h"
#include "server.h"

static int approval_mac(struct tx *tx, const u8 uuid[16], struct bytes body, struct digest *out,
			struct err *e)
{
	struct bytes fields[] = { { uuid, 16 }, body };

	return keys_row_mac(tx->keys, "approvals", fields, ARRAY_LEN(fields), out, e);
}

/* ---- taking ---- */
static int take_ueid(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;

	if (row->at[0].bytes.len != UEID_LEN)
		return err_set(e, E_SIGNATURE, "share row was changed in the database");
	memcpy(f->out, row->at[0].bytes.at, UEID_LEN);
	f->found = true;
	return 0;
}

static int owner_of(struct tx *tx, const u8 uuid[16], u8 ueid[UEID_LEN], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));
	struct finding f = { tx, ueid, false };

	if (db_run(tx->db, "SELECT ueid FROM secrets WHERE uuid = $1 LIMIT 1", &v, 1, take_ueid, &f,
		   NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no share of this volume");
}

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int room_for_one(struct tx *tx, const u8 uuid[16], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));
	long long n = 0;

	if (db_run(tx->db, "SELECT COUNT(*) FROM approvals WHERE uuid = $1", &v, 1, take_number, &n,
		   NULL, e))
		return (int)e->code;
	return n < APPROVALS_MAX
		       ? 0
		       : err_set(e, E_LIMIT,
				 "this volume has %d approvals: a change of epochs drops them",
				 APPROVALS_MAX);
}

int approval_add(struct tx *tx, struct bytes body, const char *actor, struct err *e)
{
	char detail[300], uuid[UUID_TEXT_LEN + 1], hex[65];
	struct digest id = sha256_of(body), mac;
	u8 ueid[UEID_LEN];
	struct approval a;
	struct db_value p[7];

	if (approval_parse(body, &a, e) || owner_of(tx, a.uuid, ueid, e) ||
	    room_for_one(tx, a.uuid, e) || approval_mac(tx, a.uuid, body, &mac, e))
		return (int)e->code;
	p[0] = DB_B(digest_bytes(&id));
	p[1] = DB_B(BYTES(a.uuid));
	p[2] = DB_B(BYTES(ueid));
	p[3] = DB_I(a.epoch);
	p[4] = DB_B(body);
	p[5] = DB_I(clock_now_s());
	p[6] = DB_B(digest_bytes(&mac));
	snprintf(detail, sizeof(detail),
		 "{\"volume\":\"%s\",\"epoch\":%" PRIu64 ",\"pcrs\":\"%s\"}",
		 uuid_write(a.uuid, uuid), a.epoch, hex_write(BYTES(a.pcr_digest), hex));
	return db_run(tx->db,
		      "INSERT INTO approvals (digest, uuid, ueid, epoch, body, added, mac)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING",
		      p, ARRAY_LEN(p), NULL, NULL, NULL, e) ||
			       audit_append(tx, actor, "approval-added", detail, e)
		       ? (int)e->code
		       : 0;
}

/* ---- giving ---- */
struct giving {
	struct tx *tx;
	const u8 *uuid;
	struct buf **out;
	size_t n;
};

static int take_body(void *user, const struct db_row *row, struct err *e)
{
	struct giving *g = user;
	struct digest mac;

	if (approval_mac(g->tx, g->uuid, row->at[0].bytes, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[1].bytes))
		return err_set(e, E_SIGNATURE, "approval row was changed in the database");
	if (g->n == APPROVALS_MAX)
		return 0;
	g->out[g->n] = buf_copy(row->at[0].bytes);
	return g->out[g->n++] ? 0 : err_set(e, E_MEMORY, "no memory for approvals");
}

int approvals_find(struct tx *tx, const u8 uuid[16], u64 epoch, struct buf *out[APPROVALS_MAX],
		   size_t *n, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ uuid, 16 })), DB_I(epoch) };
	struct giving g = { tx, uuid, out, *n };
	int rc = db_run(tx->db,
			"SELECT body, mac FROM approvals WHERE uuid = $1 AND epoch >= $2"
			" ORDER BY added DESC, digest",
			v, ARRAY_LEN(v), take_body, &g, NULL, e);

	*n = g.n;
	return rc;
}

int approvals_forget(struct tx *tx, const u8 uuid[16], u64 epoch, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ uuid, 16 })), DB_I(epoch) };

	return db_run(tx->db, "DELETE FROM approvals WHERE uuid = $1 AND epoch < $2", v,
		      ARRAY_LEN(v), NULL, NULL, NULL, e);
}

/* ---- the API ---- */
struct adding {
	struct call *call;
	struct bytes body;
};

static int add(struct tx *tx, void *arg, struct err *e)
{
	struct adding *a = arg;

	return approval_add(tx, a->body, a->call->actor, e);
}

void post_approval(struct call *c)
{
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(body, "approval"));
	u8 raw[APPROVAL_MAX];
	long n = text ? base64_read(bytes_text(text), raw, sizeof(raw)) : -1;
	struct adding a = { c, { raw, n > 0 ? (size_t)n : 0 } };
	struct err e = { 0 };

	json_decref(body);
	if (n <= 0)
		err_set(&e, E_USAGE, "approval is missing or not base64url");
	else
		store_write(c->server->store, add, &a, &e);
	if (e.code)
		problem_of(c->out, &e);
	else
		answer_json(c->out, 201, json_pack("{s:s}", "status", "added"));
}
