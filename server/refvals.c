// SPDX-License-Identifier: Apache-2.0
#include "refvals.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "problem.h"
#include "server.h"

struct snapshot {
	struct refs *refs;
	unsigned int users;
	bool retired;
	struct snapshot *next;
};

struct refvals {
	struct store *store;
	const struct trust_store *roots;
	pthread_mutex_t lock;
	struct snapshot *current, *old;
};

struct loading {
	struct refvals *r;
	struct refs *refs;
};

static int corim_mac(struct tx *tx, struct bytes digest, bool is_signed, bool active,
		     struct digest *out, struct err *e)
{
	struct bytes fields[] = { digest, bytes_text(is_signed ? "signed" : "unsigned"),
				  bytes_text(active ? "active" : "inactive") };

	return keys_row_mac(tx->keys, "corims", fields, ARRAY_LEN(fields), out, e);
}

/* Signed ones are verified again by their own signature; unsigned ones stand on the row's MAC. */
static int check_row(struct tx *tx, struct refvals *r, const struct db_row *row, struct corim *c,
		     struct err *e)
{
	struct digest digest = sha256_of(row->at[0].bytes), mac;
	bool is_signed = row->at[1].number != 0;

	if (corim_mac(tx, digest_bytes(&digest), is_signed, true, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[2].bytes))
		return err_set(e, E_SIGNATURE, "row was changed in the database");
	return is_signed ? corim_check_signature(c, r->roots, NULL, clock_now_s(), e) : 0;
}

struct loading_row {
	struct loading *l;
	struct tx *tx;
};

static int take_corim(void *user, const struct db_row *row, struct err *e)
{
	struct loading_row *lr = user;
	struct loading *l = lr->l;
	OWNED(corim) c = NULL;
	struct err why = { 0 };

	if (corim_parse(row->at[0].bytes, &c, &why) || check_row(lr->tx, l->r, row, c, &why)) {
		log_event(LOG_LEVEL_ERROR, "corim-left-out", LOG_T("corim", c ? c->id : "?"),
			  LOG_T("why", why.text));
		return 0;
	}
	return refs_add(l->refs, TAKE(c), e);
}

static int load_all(struct tx *tx, void *arg, struct err *e)
{
	struct loading_row lr = { arg, tx };

	return db_run(tx->db,
		      "SELECT bytes, is_signed, mac FROM corims WHERE active = 1 ORDER BY imported",
		      NULL, 0, take_corim, &lr, NULL, e);
}

static void drop_unused(struct refvals *r)
{
	for (struct snapshot **at = &r->old; *at;) {
		struct snapshot *s = *at;

		if (s->users) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		refs_drop(&s->refs);
		free(s);
	}
}

int refvals_reload(struct refvals *r, struct err *e)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct loading l = { r, refs_new() };

	if (!s || !l.refs || store_read(r->store, load_all, &l, e)) {
		free(s);
		refs_drop(&l.refs);
		return e->code ? (int)e->code
			       : err_set(e, E_MEMORY, "no memory for reference values");
	}
	if (refs_ready(l.refs, e)) {
		free(s);
		refs_drop(&l.refs);
		return (int)e->code;
	}
	s->refs = l.refs;
	pthread_mutex_lock(&r->lock);
	if (r->current) {
		r->current->next = r->old;
		r->old = r->current;
	}
	r->current = s;
	drop_unused(r);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

struct refs *refvals_take(struct refvals *r)
{
	struct refs *refs;

	pthread_mutex_lock(&r->lock);
	r->current->users++;
	refs = r->current->refs;
	pthread_mutex_unlock(&r->lock);
	return refs;
}

void refvals_give(struct refvals *r, struct refs *snapshot)
{
	pthread_mutex_lock(&r->lock);
	if (r->current->refs == snapshot)
		r->current->users--;
	for (struct snapshot *s = r->old; s; s = s->next)
		if (s->refs == snapshot)
			s->users--;
	drop_unused(r);
	pthread_mutex_unlock(&r->lock);
}

int refvals_open(struct store *store, const struct trust_store *roots, struct refvals **out,
		 struct err *e)
{
	OWNED(refvals) r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(e, E_MEMORY, "no memory for reference values");
	r->store = store;
	r->roots = roots;
	pthread_mutex_init(&r->lock, NULL);
	if (refvals_reload(r, e))
		return (int)e->code;
	*out = TAKE(r);
	return 0;
}

void refvals_drop(struct refvals **rp)
{
	struct refvals *r = rp ? *rp : NULL;

	if (!r)
		return;
	if (r->current) {
		r->current->next = r->old;
		r->old = r->current;
		r->old->users = 0;
	}
	drop_unused(r);
	free(r);
	*rp = NULL;
}

/* ---- handlers ---- */
struct import {
	struct call *call;
	const struct corim *corim;
	struct bytes bytes;
	bool fresh;
};

static int write_corim(struct tx *tx, void *arg, struct err *e)
{
	struct import *im = arg;
	struct digest digest = sha256_of(im->bytes), mac;
	struct db_value v[8];
	long long changed = 0;
	char detail[400], hex[65];

	if (corim_mac(tx, digest_bytes(&digest), im->corim->is_signed, true, &mac, e))
		return (int)e->code;
	v[0] = DB_B(digest_bytes(&digest));
	v[1] = DB_T(im->corim->id);
	v[2] = DB_B(im->bytes);
	v[3] = DB_I(im->corim->is_signed);
	v[4] = DB_I(1);
	v[5] = DB_I(clock_now_s());
	v[6] = DB_T(im->call->actor);
	v[7] = DB_B(digest_bytes(&mac));
	if (db_run(tx->db,
		   "INSERT INTO corims (digest, id, bytes, is_signed, active, imported, "
		   "imported_by, mac)"
		   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (digest) DO NOTHING",
		   v, 8, NULL, NULL, &changed, e))
		return (int)e->code;
	im->fresh = changed == 1;
	if (!im->fresh)
		return 0; /* the same bytes again: nothing changes */
	snprintf(detail, sizeof(detail), "{\"digest\":\"%s\",\"triples\":%zu,\"signed\":%s}",
		 hex_write(digest_bytes(&digest), hex), im->corim->n_references,
		 im->corim->is_signed ? "true" : "false");
	return audit_append(tx, im->call->actor, "corim-imported", detail, e);
}

void post_corim(struct call *c)
{
	const char *unsigned_ok = http_query(c->rq, "unsigned");
	OWNED(corim) corim = NULL;
	struct import im = { .call = c, .bytes = c->rq->body };
	struct err e = { 0 };
	int rc = corim_parse(c->rq->body, &corim, &e);

	if (!rc && (corim->is_signed || !unsigned_ok || strcmp(unsigned_ok, "yes")))
		rc = corim_check_signature(corim, c->server->corim_roots, NULL, clock_now_s(), &e);
	im.corim = corim;
	if (!rc)
		rc = store_write(c->server->store, write_corim, &im, &e);
	if (!rc && im.fresh)
		rc = refvals_reload(c->server->refvals, &e);
	if (rc) {
		problem_of(c->out, &e);
		return;
	}
	log_event(LOG_LEVEL_INFO, "corim-imported", LOG_T("corim", corim->id),
		  LOG_N("triples", corim->n_references));
	answer_json(c->out, 200,
		    json_pack("{s:s, s:s, s:I, s:I, s:b, s:b}", "status", "success", "id",
			      corim->id, "reference_triples", (json_int_t)corim->n_references,
			      "triples", (json_int_t)corim_triples(corim), "signed",
			      (int)corim->is_signed, "new", (int)im.fresh));
}

static int list_corim(void *user, const struct db_row *row, struct err *e)
{
	char hex[65] = "";

	(void)e;
	if (row->at[0].bytes.len == 32)
		hex_write(row->at[0].bytes, hex);
	json_array_append_new(
		user, json_pack("{s:s, s:s%, s:b, s:b, s:I, s:s%}", "digest", hex, "id",
				(const char *)row->at[1].bytes.at, row->at[1].bytes.len, "signed",
				(int)row->at[2].number, "active", (int)row->at[3].number,
				"imported", (json_int_t)row->at[4].number, "imported_by",
				(const char *)row->at[5].bytes.at, row->at[5].bytes.len));
	return 0;
}

static int list_corims(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db,
		      "SELECT digest, id, is_signed, active, imported, imported_by FROM corims "
		      "ORDER BY imported, id"
		      " LIMIT 10000",
		      NULL, 0, list_corim, arg, NULL, e);
}

void get_corims(struct call *c)
{
	json_t *list = json_array();
	struct err e = { 0 };

	if (store_read(c->server->store, list_corims, list, &e)) {
		json_decref(list);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "corims", list));
}
