// SPDX-License-Identifier: Apache-2.0
/* /api/v1/hosts: who is enrolled, and what their last verdict is worth. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"
#include "leases.h"
#include "page.h"
#include "problem.h"
#include "proposals.h"
#include "proto/eat.h"
#include "rows.h"
#include "seen_devices.h"
#include "standings.h"

/* ---- a list ---- */
struct host_list {
	const struct call *call;
	struct page page;
	char status[20], group[GROUP_MAX_LEN + 1], part[HOST_NAME_MAX_LEN + 1];
	char model[MODEL_TEXT], firmware[FIRMWARE_TEXT];
	long long now_s, stale_before;
	json_t *rows;
};

static bool is_stale(long long time, long long now_s, const struct settings *s)
{
	return s->stale_after_s && time && now_s - time > s->stale_after_s;
}

/*
 * What was true long ago is neither trusted nor refused: the verdict becomes "stale", and the last one
 * stands beside it. A host that is off, or whose network is, is no worse than that.
 */
static void put_status(json_t *j, const struct settings *s, bool active, enum ear_tier status,
		       long long time)
{
	const char *last = time ? tier_name(status) : NULL;
	const char *now = !active			     ? "revoked"
			  : !time			     ? "never"
			  : is_stale(time, clock_now_s(), s) ? "stale"
							     : last;

	json_object_set_new(j, "status", json_string(now));
	if (last && last != now)
		json_object_set_new(j, "last_status", json_string(last));
	if (time)
		json_object_set_new(j, "attested", json_integer(time));
}

#define HOST_COLUMNS                                                                               \
	"h.ueid, h.name, h.grp, t.ek_trust, h.state, h.status, h.time, h.since, h.reason"

static json_t *host_json(const struct db_row *row, const struct settings *s)
{
	char ueid[2 * UEID_LEN + 1] = "";
	bool active = bytes_equal(row->at[4].bytes, bytes_text("active"));
	json_t *j;

	if (row->at[0].bytes.len == UEID_LEN)
		hex_write(row->at[0].bytes, ueid);
	j = json_pack("{s:s, s:o, s:o, s:o, s:o, s:I, s:o}", "ueid", ueid, "name",
		      text_json(row->at[1].bytes), "group", text_json(row->at[2].bytes), "ek_trust",
		      text_json(row->at[3].bytes), "state", text_json(row->at[4].bytes), "since",
		      (json_int_t)row->at[7].number, "reason", text_json(row->at[8].bytes));
	put_status(j, s, active, (enum ear_tier)row->at[5].number, row->at[6].number);
	return j;
}

static int list_host(void *user, const struct db_row *row, struct err *e)
{
	struct host_list *l = user;

	(void)e;
	json_array_append_new(l->rows, host_json(row, l->call->server->settings));
	return 0;
}

/* A statement a question: each reads the index that has its rows in order. */
#define FROM_HOSTS(where)                                                                          \
	"SELECT " HOST_COLUMNS " FROM standings h JOIN hosts t ON t.ueid = h.ueid WHERE " where    \
	" AND h.name > $2 AND " TOKEN_COVERS_SQL " AND ($3 = '' OR h.grp = $3)"                    \
	" AND ($4 = '' OR instr(lower(h.name), $4) > 0)"
#define WITH_DEVICE                                                                                \
	" AND h.ueid IN (SELECT ueid FROM seen_devices WHERE model = $8"                           \
	" AND ($9 = '' OR firmware = $9))"
#define IN_ORDER " ORDER BY h.name LIMIT $5"
#define LISTS(where)                                                                               \
	{                                                                                          \
		FROM_HOSTS(where) IN_ORDER, FROM_HOSTS(where) WITH_DEVICE IN_ORDER                 \
	}

static const struct {
	const char *status;
	enum ear_tier tier;
	const char *sql[2]; /* [1]: of those with a device */
} host_lists[] = {
	{ "", TIER_NONE, LISTS("TRUE") },
	{ "affirming", TIER_AFFIRMING,
	  LISTS("h.state = 'active' AND h.status = $6 AND h.time >= $7") },
	{ "warning", TIER_WARNING, LISTS("h.state = 'active' AND h.status = $6 AND h.time >= $7") },
	{ "contraindicated", TIER_CONTRAINDICATED,
	  LISTS("h.state = 'active' AND h.status = $6 AND h.time >= $7") },
	{ "stale", TIER_NONE, LISTS("h.state = 'active' AND h.status <> 0 AND h.time < $7") },
	{ "never", TIER_NONE, LISTS("h.state = 'active' AND h.status = 0") },
	{ "revoked", TIER_NONE, LISTS("h.state = 'revoked'") },
};

static int list_hosts(struct tx *tx, void *arg, struct err *e)
{
	struct host_list *l = arg;
	struct db_value v[] = { DB_T(l->call->token.groups),
				DB_T(l->page.after),
				DB_T(l->group),
				DB_T(l->part),
				DB_I(l->page.limit + 1),
				DB_NONE,
				DB_I(l->stale_before),
				DB_T(l->model),
				DB_T(l->firmware) };

	for (size_t i = 0; i < ARRAY_LEN(host_lists); i++) {
		if (strcmp(l->status, host_lists[i].status))
			continue;
		v[5] = DB_I(host_lists[i].tier);
		return db_run(tx->db, host_lists[i].sql[*l->model != 0], v, ARRAY_LEN(v), list_host,
			      l, NULL, e);
	}
	return err_set(e, E_USAGE,
		       "status is affirming, warning, contraindicated, stale, never or revoked");
}

static int read_questions(struct call *c, struct host_list *l, struct err *e)
{
	static const char *const known[] = { "status", "group",	   "q",	     "model",
					     "limit",  "firmware", "cursor", NULL };

	if (query_known(c, known, e) || page_of(c, &l->page, e) ||
	    query_text(c, "status", l->status, sizeof(l->status), e) ||
	    query_text(c, "group", l->group, sizeof(l->group), e) ||
	    query_text(c, "q", l->part, sizeof(l->part), e) ||
	    query_text(c, "model", l->model, sizeof(l->model), e) ||
	    query_text(c, "firmware", l->firmware, sizeof(l->firmware), e))
		return (int)e->code;
	for (char *p = l->part; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return *l->firmware && !*l->model ? err_set(e, E_USAGE, "firmware is of a model") : 0;
}

void get_hosts(struct call *c)
{
	const struct settings *s = c->server->settings;
	struct host_list l = { .call = c, .rows = json_array() };
	struct err e = { 0 };
	json_t *answer;

	l.stale_before = s->stale_after_s ? clock_now_s() - s->stale_after_s : 0;
	if (read_questions(c, &l, &e) || store_read(c->server->store, list_hosts, &l, &e)) {
		json_decref(l.rows);
		problem_of(c->out, &e);
		return;
	}
	answer = json_pack("{s:o}", "hosts", l.rows);
	page_cut(answer, l.rows, &l.page, "name");
	answer_json(c->out, 200, answer);
}

/* ---- one of them ---- */
struct one_host {
	const char *name;
	json_t *list;
	struct server *server;
};

/* What it said it will boot next, and what reference values say of that. */
static int add_next_boot(struct tx *tx, const struct one_host *o, json_t *host, struct err *e)
{
	json_t *next = NULL;

	if (proposals_next_boot(tx, o->server, o->name, NULL, &next, e))
		return (int)e->code;
	if (next)
		json_object_set_new(host, "next_boot", next);
	return 0;
}

static int list_ak(void *user, const struct db_row *row, struct err *e)
{
	char name[2 * AK_NAME_LEN + 1] = "";

	(void)e;
	if (row->at[0].bytes.len == AK_NAME_LEN)
		hex_write(row->at[0].bytes, name);
	json_array_append_new(user, json_pack("{s:s, s:o, s:I}", "name", name, "state",
					      text_json(row->at[1].bytes), "since",
					      (json_int_t)row->at[2].number));
	return 0;
}

/* With the AK, so that `assay verify --host` can check a saved token of this host without the server. */
static int add_ak(struct tx *tx, const struct one_host *o, struct err *e)
{
	OWNED(host) h = NULL;
	char text[2 * TPM_STRUCT_MAX], hex[65];
	struct digest ek_hash;
	struct db_value ueid;
	struct bytes ak;
	json_t *j, *aks;

	if (!json_array_size(o->list))
		return 0;
	if (host_find_by_name(tx, o->name, &h, e))
		return (int)e->code;
	j = json_array_get(o->list, 0);
	ak = buf_bytes(h->ak_pub);
	if (ak.len && ak.len <= TPM_STRUCT_MAX)
		json_object_set_new(j, "ak", json_string(base64url_write(ak, false, text)));
	ek_hash = host_ek_hash(buf_bytes(h->ek_pub));
	json_object_set_new(j, "ek_hash", json_string(hex_write(digest_bytes(&ek_hash), hex)));
	aks = json_array();
	json_object_set_new(j, "aks", aks);
	if (add_next_boot(tx, o, j, e) || leases_add_json(tx, h->ueid, j, e))
		return (int)e->code;
	ueid = DB_B(BYTES(h->ueid));
	return db_run(tx->db,
		      "SELECT name, state, created FROM aks WHERE ueid = $1 ORDER BY created",
		      &ueid, 1, list_ak, aks, NULL, e);
}

static json_t *json_of(struct bytes text)
{
	return json_loadb((const char *)text.at, text.len, 0, NULL);
}

static int take_host(void *user, const struct db_row *row, struct err *e)
{
	struct one_host *o = user;
	json_t *j = host_json(row, o->server->settings);

	(void)e;
	if (row->at[9].kind == DB_TEXT) {
		json_object_set_new(j, "reasons", json_of(row->at[9].bytes));
		json_object_set_new(j, "devices", json_of(row->at[10].bytes));
	}
	json_array_append_new(o->list, j);
	return 0;
}

static int one_host(struct tx *tx, void *arg, struct err *e)
{
	struct one_host *o = arg;
	struct db_value v = DB_T(o->name);

	if (db_run(tx->db,
		   "SELECT " HOST_COLUMNS ", a.reasons, a.devices FROM standings h"
		   " JOIN hosts t ON t.ueid = h.ueid LEFT JOIN attestations a ON a.ueid = h.ueid"
		   " WHERE h.name = $1",
		   &v, 1, take_host, o, NULL, e))
		return (int)e->code;
	return add_ak(tx, o, e);
}

void get_host(struct call *c)
{
	struct one_host o = { c->part[0], json_array(), c->server };
	char deployment[UUID_TEXT_LEN + 1];
	struct err e = { 0 };

	if (store_read(c->server->store, one_host, &o, &e))
		problem_of(c->out, &e);
	else if (!json_array_size(o.list))
		problem(c->out, 404, "Not found", "no such host");
	else {
		uuid_write(c->server->keys->deployment, deployment);
		json_object_set_new(json_array_get(o.list, 0), "deployment",
				    json_string(deployment));
		answer_json(c->out, 200, json_incref(json_array_get(o.list, 0)));
	}
	json_decref(o.list);
}
