// SPDX-License-Identifier: Apache-2.0
/* /endorsement-provisioning/v1/submit, /api/v1/refvals and /api/v1/anchors. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/config.h"
#include "common/log.h"
#include "common/text.h"
#include "problem.h"
#include "proto/corim_json.h"
#include "refvals.h"
#include "server.h"
#include "until.h"

static bool read_digest(struct call *c, u8 out[32])
{
	if (hex_read(c->part[0], out, 32))
		return true;
	problem(c->out, 400, "Malformed", "a digest is 64 hex digits");
	return false;
}

/* ---- one row as data ---- */
struct showing {
	struct call *call;
	json_t *list;
	bool whole; /* with its triples */
};

static const char *own_fault(const struct corim_row *row, const struct corim *c, long long now_s)
{
	if (!row->genuine)
		return "its row was changed in the database";
	if (!row->active)
		return "inactive";
	if (row->until && now_s > row->until)
		return "its update window has ended";
	if (c && c->not_after && now_s > c->not_after)
		return "expired";
	return c && c->not_before && now_s < c->not_before ? "not valid yet" : NULL;
}

/* Why it does not count, or NULL: for what its signer is the reason, he is asked again. */
static const char *why_not(struct refvals *r, const struct corim_row *row, struct corim *c,
			   struct err *e)
{
	struct digest digest = corim_row_digest(row->bytes);
	long long now_s = clock_now_s();
	const char *fault = own_fault(row, c, now_s);

	if (fault || refvals_holds(r, digest.at, now_s))
		return fault;
	return c && row->is_signed && refvals_check(r, c, now_s, e)
		       ? e->text
		       : "it no longer verifies: see the server's log";
}

static int show_row(void *user, const struct corim_row *row, struct err *e)
{
	struct showing *s = user;
	struct digest digest = corim_row_digest(row->bytes);
	OWNED(corim) c = NULL;
	char hex[65];
	struct err why = { 0 };
	const char * not ;
	json_t *j;

	(void)e;
	j = refvals_read(s->call->server->refvals, row->bytes, row->beside, &c, &why)
		    ? json_pack("{s:s}", "id", "?")
		    : corim_json(c);
	why = (struct err){ 0 };
	not = why_not(s->call->server->refvals, row, c, &why);
	json_object_set_new(j, "digest", json_string(hex_write(digest_bytes(&digest), hex)));
	json_object_set_new(j, "active", json_boolean(row->active));
	json_object_set_new(j, "counts", json_boolean(!not ));
	if (not )
		json_object_set_new(j, "why_not", json_string(not ));
	if (row->until)
		json_object_set_new(j, "until", json_integer(row->until));
	json_object_set_new(j, "changed", json_integer(row->changed));
	json_object_set_new(j, "changed_by", json_stringn((const char *)row->by.at, row->by.len));
	if (s->whole && c)
		json_object_set_new(j, "statements", corim_triples_json(c));
	json_array_append_new(s->list, j);
	return 0;
}

static int list_rows(struct tx *tx, void *arg, struct err *e)
{
	return corim_rows_all(tx, show_row, arg, e);
}

void get_corims(struct call *c)
{
	struct showing s = { .call = c, .list = json_array() };
	struct err e = { 0 };

	if (store_read(c->server->store, list_rows, &s, &e)) {
		json_decref(s.list);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "corims", s.list));
}

struct one {
	u8 digest[32];
	corim_row_taker take;
	void *user;
};

static int find_one(struct tx *tx, void *arg, struct err *e)
{
	struct one *o = arg;

	return corim_row_find(tx, o->digest, o->take, o->user, e);
}

void get_corim(struct call *c)
{
	struct showing s = { .call = c, .list = json_array(), .whole = true };
	struct one o = { .take = show_row, .user = &s };
	struct err e = { 0 };

	if (read_digest(c, o.digest)) {
		if (store_read(c->server->store, find_one, &o, &e))
			problem_of(c->out, &e);
		else
			answer_json(c->out, 200, json_incref(json_array_get(s.list, 0)));
	}
	json_decref(s.list);
}

/* As it was signed; with ?part=beside what came beside it. */
static int export_row(void *user, const struct corim_row *row, struct err *e)
{
	struct call *c = user;
	const char *part = http_query(c->rq, "part");
	bool beside = part && !strcmp(part, "beside");

	if (beside && !row->beside.len)
		return err_set(e, E_NOTFOUND, "nothing came beside this CoRIM");
	c->out->body = buf_copy(beside ? row->beside : row->bytes);
	if (!c->out->body)
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	c->out->status = 200;
	c->out->content_type =
		row->is_signed && !beside ? "application/rim+cose" : "application/rim+cbor";
	return 0;
}

void get_corim_bytes(struct call *c)
{
	struct one o = { .take = export_row, .user = c };
	struct err e = { 0 };

	if (read_digest(c, o.digest) && store_read(c->server->store, find_one, &o, &e))
		problem_of(c->out, &e);
}

/* ---- changes ---- */
static void answer_change(struct call *c, const struct refvals_change *ch)
{
	char hex[65];

	answer_json(c->out, 200,
		    json_pack("{s:s, s:s, s:b}", "status", "success", "digest",
			      hex_write(BYTES(ch->digest), hex), "new", (int)ch->fresh));
}

/* The CoRIM that a hash envelope or a detached payload speaks of is the end of the body, ?beside=BYTES. */
static int split_body(struct call *c, struct refvals_change *ch, struct err *e)
{
	const char *beside = http_query(c->rq, "beside");
	long long n = 0;

	if (beside && config_number(&n, 1, (long long)CORIM_MAX, beside, e))
		return err_set(e, E_USAGE, "beside: how many bytes of the body's end");
	if ((size_t)n > c->rq->body.len)
		return err_set(e, E_USAGE, "beside: more bytes than the body has");
	ch->bytes = bytes_slice(c->rq->body, 0, c->rq->body.len - (size_t)n);
	ch->beside = bytes_slice(c->rq->body, c->rq->body.len - (size_t)n, (size_t)n);
	return 0;
}

void post_corim(struct call *c)
{
	const char *unsigned_ok = http_query(c->rq, "unsigned");
	struct refvals_change ch = { .verb = REFVALS_IMPORT,
				     .actor = c->actor,
				     .unsigned_ok = unsigned_ok && !strcmp(unsigned_ok, "yes") };
	OWNED(corim) corim = NULL;
	struct err e = { 0 };
	char hex[65];

	if (until_read(http_query(c->rq, "until"), &ch.until, &e) || split_body(c, &ch, &e) ||
	    refvals_read(c->server->refvals, ch.bytes, ch.beside, &corim, &e) ||
	    refvals_change(c->server->refvals, &ch, &e)) {
		problem_of(c->out, &e);
		return;
	}
	if (ch.fresh)
		log_event(LOG_LEVEL_INFO, "corim-imported", LOG_T("corim", corim->id),
			  LOG_N("triples", corim->n_references));
	answer_json(c->out, 200,
		    json_pack("{s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:o}", "status", "success", "id",
			      corim->id, "digest", hex_write(BYTES(ch.digest), hex),
			      "reference_triples", (json_int_t)corim->n_references, "triples",
			      (json_int_t)corim_triples(corim), "signed", (int)corim->is_signed,
			      "new", (int)ch.fresh, "notes", corim_notes_json(corim)));
}

static void run_change(struct call *c, struct refvals_change *ch)
{
	struct err e = { 0 };

	ch->actor = c->actor;
	if (!read_digest(c, ch->digest))
		return;
	if (until_read(http_query(c->rq, "until"), &ch->until, &e) ||
	    refvals_change(c->server->refvals, ch, &e))
		problem_of(c->out, &e);
	else
		answer_change(c, ch);
}

void post_corim_action(struct call *c)
{
	struct refvals_change ch = { .verb = REFVALS_ACTIVATE };

	if (!strcmp(c->part[1], "deactivate"))
		ch.verb = REFVALS_DEACTIVATE;
	else if (strcmp(c->part[1], "activate")) {
		problem(c->out, 404, "Not found", "activate or deactivate");
		return;
	}
	run_change(c, &ch);
}

void delete_corim(struct call *c)
{
	struct refvals_change ch = { .verb = REFVALS_DELETE };

	run_change(c, &ch);
}
