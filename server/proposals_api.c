// SPDX-License-Identifier: Apache-2.0
/* /api/v1/proposals, and where hosts post theirs. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "host_said.h"
#include "problem.h"
#include "proposals.h"
#include "refvals.h"

/* ---- a host proposes ---- */
struct proposing {
	struct host_said said;
	json_t *answer;
};

static int check_request(struct tx *tx, void *arg, struct err *e)
{
	struct proposing *p = arg;
	struct digest bind = proposal_bind(p->said.rq.nonce.at, p->said.rq.body);
	struct proposal *body;
	int rc;

	if (host_said_check(&p->said, tx, &bind, TPM_ST_ATTEST_QUOTE, e))
		return (int)e->code;
	body = malloc(sizeof(*body));
	rc = body ? proposal_parse(p->said.rq.body, body, e)
		  : err_set(e, E_MEMORY, "no memory for a proposal");
	free(body);
	return rc;
}

static int write_proposal(struct tx *tx, void *arg, struct err *e)
{
	struct proposing *p = arg;
	struct digest digest = sha256_of(p->said.rq.body);
	char detail[500], hex[65];
	long long recent;

	if (host_said_find(&p->said, tx, e) || proposals_recent(tx, p->said.host->ueid, &recent, e))
		return (int)e->code;
	if (recent >= PROPOSALS_RATE_MAX)
		return err_set(e, E_AGAIN, "%s proposed %lld times in %d minutes: later",
			       p->said.host->name, recent, NONCE_KEEP_S / 60);
	if (session_consume(tx, p->said.session.ticket, BYTES(p->said.host->ueid), BYTES_NONE, e) ||
	    proposal_put(tx, p->said.host->ueid, p->said.rq.body, p->said.call->rq->remote, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"proposal\":\"%s\"}",
		 p->said.host->name, hex_write(digest_bytes(&digest), hex));
	return audit_append(tx, p->said.call->actor, "proposal", detail, e);
}

static int say_next_boot(struct tx *tx, void *arg, struct err *e)
{
	struct proposing *p = arg;
	struct digest digest = sha256_of(p->said.rq.body);
	json_t *next = NULL;

	if (proposals_next_boot(tx, p->said.call->server, p->said.host->name, digest.at, &next, e))
		return (int)e->code;
	p->answer = json_pack("{s:s, s:s, s:o*}", "status", "proposed", "host", p->said.host->name,
			      "next_boot", next);
	return 0;
}

void post_proposal(struct call *c)
{
	struct proposing p = { 0 };
	struct store *store = c->server->store;
	struct err e = { 0 };

	if (host_said_read(c, &p.said, &e)) {
		problem_of(c->out, &e);
		return;
	}
	if (store_read(store, check_request, &p, &e) ||
	    store_write(store, write_proposal, &p, &e) ||
	    store_read(store, say_next_boot, &p, &e)) {
		log_event(LOG_LEVEL_WARN, "proposal-refused", LOG_T("host", c->part[0]),
			  LOG_T("why", e.text));
		problem_of(c->out, &e);
	} else {
		answer_json(c->out, 201, p.answer);
	}
	host_said_clear(&p.said);
}

/* ---- operators look ---- */
struct listing {
	struct tx *tx;
	struct call *call;
	json_t *groups;	   /* newest first; equal proposals are one */
	json_t *by_digest; /* the same, to be found */
	bool whole;	   /* of one proposal: judged on each host */
	u8 digest[32];
};

static json_t *bytes_json(struct bytes b)
{
	return json_stringn((const char *)b.at, b.len);
}

static json_t *row_json(const struct proposal_row *row, const char *digest)
{
	json_t *g = json_pack("{s:s, s:I, s:[]}", "digest", digest, "time", (json_int_t)row->time,
			      "hosts");
	char hex[65];

	if (row->corim.len == 32) {
		json_object_set_new(g, "corim", json_string(hex_write(row->corim, hex)));
		json_object_set_new(g, "signed_by", bytes_json(row->signed_by));
	}
	return g;
}

static void add_bases(json_t *group, const json_t *more)
{
	json_t *have = json_object_get(group, "bases"), *b;
	size_t i;

	json_array_foreach(more, i, b)
	{
		bool there = false;
		json_t *other;
		size_t k;

		json_array_foreach(have, k, other) there |= json_equal(other, b);
		if (!there)
			json_array_append(have, b);
	}
}

/* Of a group the newest is told; where hosts differ in what they measure, each has its own word in "hosts". */
static int take_proposal(void *user, const struct proposal_row *row, struct err *e)
{
	struct listing *l = user;
	char digest[65];
	json_t *g, *judged, *host;
	bool first;

	hex_write(row->digest, digest);
	g = json_object_get(l->by_digest, digest);
	first = !g;
	if (first) {
		g = row_json(row, digest);
		json_array_append_new(l->groups, g);
		json_object_set(l->by_digest, digest, g);
	}
	host = json_pack("{s:o, s:I, s:o}", "name", bytes_json(row->host), "time",
			 (json_int_t)row->time, "remote", bytes_json(row->remote));
	json_array_append_new(json_object_get(g, "hosts"), host);
	if (!first && !l->whole)
		return 0;
	judged = json_object();
	if (proposal_judged(l->tx, l->call->server, row, l->whole, judged, e)) {
		json_decref(judged);
		return (int)e->code;
	}
	json_object_set(host, "next_boot", json_object_get(judged, "next_boot"));
	if (first)
		json_object_update_missing(g, judged);
	else
		add_bases(g, json_object_get(judged, "bases"));
	json_decref(judged);
	return 0;
}

static int list_all(struct tx *tx, void *arg, struct err *e)
{
	struct listing *l = arg;

	l->tx = tx;
	return proposal_rows(tx, l->call->token.groups, l->whole ? l->digest : NULL, NULL,
			     take_proposal, l, e);
}

void get_proposals(struct call *c)
{
	struct listing l = { .call = c, .groups = json_array(), .by_digest = json_object() };
	struct err e = { 0 };
	int rc = store_read(c->server->store, list_all, &l, &e);

	json_decref(l.by_digest);
	if (rc) {
		json_decref(l.groups);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "proposals", l.groups));
}

static bool read_digest(struct call *c, u8 out[32])
{
	if (hex_read(c->part[0], out, 32))
		return true;
	problem(c->out, 400, "Malformed", "a digest is 64 hex digits");
	return false;
}

struct copying {
	u8 digest[32];
	struct buf *body;
};

static int take_body(void *user, const struct proposal_row *row, struct err *e)
{
	struct copying *k = user;

	if (!k->body && !(k->body = buf_copy(row->body)))
		return err_set(e, E_MEMORY, "no memory for a proposal");
	return 0;
}

static int find_body(struct tx *tx, void *arg, struct err *e)
{
	struct copying *k = arg;

	return proposal_rows(tx, "", k->digest, NULL, take_body, k, e);
}

static json_t *body_json(struct bytes body)
{
	char *text = malloc(base64_len(body.len, false) + 1);
	json_t *j = text ? json_string(base64url_write(body, false, text)) : NULL;

	free(text);
	return j;
}

void get_proposal(struct call *c)
{
	struct listing l = {
		.call = c, .groups = json_array(), .by_digest = json_object(), .whole = true
	};
	struct copying k = { .body = NULL };
	struct err e = { 0 };
	json_t *g;

	if (read_digest(c, l.digest)) {
		memcpy(k.digest, l.digest, 32);
		if (store_read(c->server->store, list_all, &l, &e) ||
		    store_read(c->server->store, find_body, &k, &e)) {
			problem_of(c->out, &e);
		} else if (!k.body || !(g = json_array_get(l.groups, 0))) {
			problem(c->out, 404, "Not found", "no such proposal");
		} else {
			json_object_set_new(g, "body", body_json(buf_bytes(k.body)));
			answer_json(c->out, 200, json_incref(g));
		}
	}
	buf_drop(&k.body);
	json_decref(l.groups);
	json_decref(l.by_digest);
}

/* ---- operators decide ---- */
struct deciding {
	struct call *call;
	u8 digest[32], corim[32];
	long long n;
};

static int audit(struct tx *tx, const struct deciding *d, const char *event, struct err *e)
{
	char detail[300], proposal[65], corim[65];

	snprintf(detail, sizeof(detail), "{\"proposal\":\"%s\",\"corim\":\"%s\",\"hosts\":%lld}",
		 hex_write(BYTES(d->digest), proposal), hex_write(BYTES(d->corim), corim), d->n);
	return audit_append(tx, d->call->actor, event, detail, e);
}

static int write_signed(struct tx *tx, void *arg, struct err *e)
{
	struct deciding *d = arg;

	if (proposal_signed(tx, d->digest, d->corim, d->call->actor, &d->n, e))
		return (int)e->code;
	return d->n ? audit(tx, d, "proposal-signed", e)
		    : err_set(e, E_NOTFOUND, "no such proposal");
}

static int write_dropped(struct tx *tx, void *arg, struct err *e)
{
	struct deciding *d = arg;

	if (proposal_drop(tx, d->digest, &d->n, e))
		return (int)e->code;
	return d->n ? audit(tx, d, "proposal-dropped", e)
		    : err_set(e, E_NOTFOUND, "no such proposal");
}

static void decide(struct call *c, struct deciding *d, store_job job)
{
	struct err e = { 0 };

	if (store_write(c->server->store, job, d, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200,
			    json_pack("{s:s, s:I}", "status", "done", "hosts", (json_int_t)d->n));
}

/* It says what was signed, nothing more: the CoRIM came by itself, and counts by itself. */
void post_proposal_signed(struct call *c)
{
	struct deciding d = { .call = c };
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *corim = json_string_value(json_object_get(body, "corim"));
	bool ok = corim && hex_read(corim, d.corim, 32);

	json_decref(body);
	if (!read_digest(c, d.digest))
		return;
	if (!ok)
		problem(c->out, 400, "Malformed", "corim is not 64 hex digits");
	else if (!refvals_holds(c->server->refvals, d.corim, clock_now_s()))
		problem(c->out, 409, "Conflict", "this CoRIM does not count here");
	else
		decide(c, &d, write_signed);
}

void delete_proposal(struct call *c)
{
	struct deciding d = { .call = c };

	if (read_digest(c, d.digest))
		decide(c, &d, write_dropped);
}
