// SPDX-License-Identifier: Apache-2.0
/* What an operator does with key shares; their content leaves by a release alone. */
#include <stdio.h>

#include "approvals.h"
#include "audit.h"
#include "common/text.h"
#include "hosts.h"
#include "http.h"
#include "leases.h"
#include "page.h"
#include "problem.h"
#include "secrets.h"
#include "server.h"
#include "volumes.h"

struct asked {
	struct call *call;
	u8 uuid[16], check[SHARE_CHECK_LEN];
	char host[128];
	long long n; /* shares that are gone */
};

static int told(struct tx *tx, const struct asked *a, const char *event, const char *more,
		struct err *e)
{
	char detail[500], uuid[UUID_TEXT_LEN + 1];

	snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"volume\":\"%s\"%s}", a->host,
		 uuid_write(a->uuid, uuid), more);
	return audit_append(tx, a->call->actor, event, detail, e);
}

/* ---- one by hand ---- */
static int add(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	OWNED(host) h = NULL;

	if (host_find_by_name(tx, a->host, &h, e))
		return (int)e->code;
	if (!call_covers(a->call, bytes_text(h->group)))
		return err_set(e, E_NOTFOUND, "no such host in the token's groups");
	return share_create(tx, h->ueid, a->uuid, a->check, e) ||
			       told(tx, a, "secret-created", ",\"epoch\":1", e)
		       ? (int)e->code
		       : 0;
}

void post_secret(struct call *c)
{
	struct asked a = { .call = c };
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *host = json_string_value(json_object_get(body, "host"));
	const char *volume = json_string_value(json_object_get(body, "volume"));
	char check[2 * SHARE_CHECK_LEN + 1];
	struct err e = { 0 };

	if (!json_is_object(body))
		err_set(&e, E_USAGE, "body is not a JSON object");
	else if (!volume || !uuid_read(volume, a.uuid))
		err_set(&e, E_USAGE, "volume is not a UUID");
	snprintf(a.host, sizeof(a.host), "%.127s", host ? host : "");
	json_decref(body);
	if (!e.code)
		store_write(c->server->store, add, &a, &e);
	if (e.code)
		problem_of(c->out, &e);
	else
		answer_json(c->out, 201,
			    json_pack("{s:i, s:s}", "epoch", 1, "check",
				      hex_write(BYTES(a.check), check)));
}

/* ---- the list ---- */
/* Columns 7 to 10: last boot and end of the clock of its lease; resetCount and clock of the last attestation. */
static void add_lease(json_t *j, const struct db_row *row)
{
	long long reboots = row->at[7].number - row->at[9].number;
	long long ms = row->at[8].number - row->at[10].number;

	if (row->at[7].kind != DB_INT)
		return;
	json_object_set_new(j, "lease",
			    json_pack("{s:I, s:I}", "reboots_left",
				      (json_int_t)(reboots > 0 && ms > 0 ? reboots : 0),
				      "hours_left", (json_int_t)(ms > 0 ? ms / 3600000 : 0)));
}

struct share_list {
	const struct call *call;
	json_t *rows;
};

static int list_one(void *user, const struct db_row *row, struct err *e)
{
	char uuid[UUID_TEXT_LEN + 1] = "", check[2 * SHARE_CHECK_LEN + 1] = "";
	json_t *j;

	(void)e;
	if (row->at[1].bytes.len == 16)
		uuid_write(row->at[1].bytes.at, uuid);
	if (row->at[4].bytes.len == SHARE_CHECK_LEN)
		hex_write(row->at[4].bytes, check);
	j = json_pack("{s:o, s:s, s:I, s:o, s:s, s:b, s:b}", "host", text_json(row->at[0].bytes),
		      "volume", uuid, "epoch", (json_int_t)row->at[2].number, "state",
		      text_json(row->at[3].bytes), "check", check, "counted",
		      row->at[5].kind == DB_INT, "rotate", row->at[6].number != 0);
	add_lease(j, row);
	json_array_append_new(user, j);
	return 0;
}

static int list_all(struct tx *tx, void *arg, struct err *e)
{
	const struct share_list *l = arg;
	struct db_value groups = DB_T(l->call->token.groups);

	return db_run(tx->db,
		      "SELECT h.name, s.uuid, s.epoch, s.state, s.check_value, v.counter, v.rotate,"
		      " l.reset_max, l.clock_max, a.reset_count, a.clock_ms"
		      " FROM secrets s JOIN hosts h ON h.ueid = s.ueid"
		      " LEFT JOIN volumes v ON v.uuid = s.uuid"
		      " LEFT JOIN leases l ON l.uuid = s.uuid AND l.epoch = s.epoch"
		      " LEFT JOIN attestations a ON a.ueid = s.ueid"
		      " WHERE " TOKEN_COVERS_SQL " ORDER BY h.name, s.uuid, s.epoch LIMIT 10000",
		      &groups, 1, list_one, l->rows, NULL, e);
}

void get_secrets(struct call *c)
{
	struct share_list l = { c, json_array() };
	struct err e = { 0 };

	if (store_read(c->server->store, list_all, &l, &e)) {
		json_decref(l.rows);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "secrets", l.rows));
}

/* ---- the next epoch, and the end ---- */
static int of_host(struct tx *tx, const u8 ueid[UEID_LEN], struct asked *a, struct err *e)
{
	OWNED(host) h = NULL;
	int rc = host_find_by_ueid(tx, ueid, &h, e);

	if (!rc)
		snprintf(a->host, sizeof(a->host), "%.127s", h->name);
	return rc;
}

static int rotate(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	struct volume v;

	if (volume_find(tx, a->uuid, &v, e))
		return e->code == E_NOTFOUND
			       ? err_set(e, E_NOTFOUND,
					 "no volume with a counter has this UUID: `assay disk "
					 "enroll` makes it one")
			       : (int)e->code;
	v.rotate = true;
	return of_host(tx, v.ueid, a, e) || volume_put(tx, &v, e) ||
			       told(tx, a, "secret-rotate", "", e)
		       ? (int)e->code
		       : 0;
}

void post_secret_rotate(struct call *c)
{
	struct asked a = { .call = c };
	struct err e = { 0 };

	if (!uuid_read(c->part[0], a.uuid))
		err_set(&e, E_USAGE, "not the UUID of a volume");
	else
		store_write(c->server->store, rotate, &a, &e);
	if (e.code)
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200, json_pack("{s:s}", "host", a.host));
}

static int take_ueid(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	if (row->at[0].bytes.len == UEID_LEN)
		memcpy(user, row->at[0].bytes.at, UEID_LEN);
	return 0;
}

static int shred(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	struct db_value uuid = DB_B(BYTES(a->uuid));
	u8 ueid[UEID_LEN] = { 0 };
	char more[40];

	if (db_run(tx->db, "SELECT ueid FROM secrets WHERE uuid = $1 LIMIT 1", &uuid, 1, take_ueid,
		   ueid, NULL, e) ||
	    (ueid[0] && of_host(tx, ueid, a, e)) ||
	    db_run(tx->db, "DELETE FROM secrets WHERE uuid = $1", &uuid, 1, NULL, NULL, &a->n, e) ||
	    db_run(tx->db, "DELETE FROM volumes WHERE uuid = $1", &uuid, 1, NULL, NULL, NULL, e))
		return (int)e->code;
	if (!a->n)
		return err_set(e, E_NOTFOUND, "no share of this volume");
	/* a lease of it would open it all the same */
	if (lease_end_volume(tx, a->uuid, e) || approvals_forget(tx, a->uuid, INT64_MAX, e))
		return (int)e->code;
	snprintf(more, sizeof(more), ",\"shares\":%lld", a->n);
	return told(tx, a, "secret-deleted", more, e);
}

void delete_secret(struct call *c)
{
	struct asked a = { .call = c };
	struct err e = { 0 };

	if (!uuid_read(c->part[0], a.uuid))
		err_set(&e, E_USAGE, "not the UUID of a volume");
	else
		store_write(c->server->store, shred, &a, &e);
	if (e.code)
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200,
			    json_pack("{s:s, s:I}", "host", a.host, "shares", (json_int_t)a.n));
}
