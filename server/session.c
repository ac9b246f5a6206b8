// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <stdio.h>
#include <time.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "common/text.h"
#include "proto/ear.h"
#include "proto/eat.h"

json_t *session_json(const struct session *s, const char *status)
{
	char text[64], when[32];
	time_t expiry = (time_t)nonce_expiry(s->ticket);
	struct tm tm;

	gmtime_r(&expiry, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	base64url_write(BYTES(s->nonce), true, text);
	return json_pack("{s:s, s:s, s:[s], s:s}", "nonce", text, "expiry", when, "accept",
			 EAT_MEDIA_TYPE, "status", status);
}

/* Both are checked alike: a caller's nonce stands under the ticket's MAC. */
static struct bytes bound_to(const struct session *s)
{
	return s->callers ? BYTES(s->nonce) : BYTES_NONE;
}

static enum nonce_purpose purpose_of(const struct session *s)
{
	return s->callers ? NONCE_FOR_CALLER : NONCE_FOR_SESSION;
}

int session_check(const struct server *server, const struct session *s, struct err *e)
{
	return nonce_check(server->keys, purpose_of(s), bound_to(s), clock_now_s(), s->ticket, e);
}

bool session_of(struct call *c, struct session *out)
{
	u8 raw[2 * NONCE_SIZE];
	long n = base64_read(bytes_text(c->part[0]), raw, sizeof(raw));

	if (n != NONCE_SIZE && n != 2 * NONCE_SIZE) {
		problem(c->out, 404, "Not found", "no such session");
		return false;
	}
	out->callers = n == 2 * NONCE_SIZE;
	memcpy(out->ticket, raw, NONCE_SIZE);
	memcpy(out->nonce, raw + n - NONCE_SIZE, NONCE_SIZE);
	return true;
}

void post_new_session(struct call *c)
{
	const char *size = http_query(c->rq, "nonceSize"), *nonce = http_query(c->rq, "nonce");
	struct session s = { .callers = nonce != NULL };
	u8 raw[2 * NONCE_SIZE];
	char id[128];
	struct err e = { 0 };

	if (size && strcmp(size, "32")) {
		problem(c->out, 400, "Bad request", "nonceSize is 32");
		return;
	}
	if (nonce && base64_read(bytes_text(nonce), s.nonce, NONCE_SIZE) != NONCE_SIZE) {
		problem(c->out, 400, "Bad request", "nonce is 32 bytes in base64url");
		return;
	}
	if (nonce_make(c->server->keys, purpose_of(&s), bound_to(&s), clock_now_s(), s.ticket,
		       &e)) {
		problem_of(c->out, &e);
		return;
	}
	if (!s.callers)
		memcpy(s.nonce, s.ticket, NONCE_SIZE);
	memcpy(raw, s.ticket, NONCE_SIZE);
	memcpy(raw + NONCE_SIZE, s.nonce, NONCE_SIZE);
	base64url_write((struct bytes){ raw, s.callers ? sizeof(raw) : NONCE_SIZE }, false, id);
	snprintf(c->out->location, sizeof(c->out->location), "/challenge-response/v1/session/%s",
		 id);
	answer_json(c->out, 201, session_json(&s, "waiting"));
}

int session_consume(struct tx *tx, const u8 ticket[NONCE_SIZE], struct bytes ueid,
		    struct bytes answer, struct err *e)
{
	struct db_value old = DB_I(clock_now_s() - NONCE_KEEP_S);
	struct db_value v[4];

	v[0] = DB_B(((struct bytes){ ticket, NONCE_SIZE }));
	v[1] = DB_I(clock_now_s());
	v[2] = ueid.len ? DB_B(ueid) : DB_NONE;
	v[3] = DB_B(answer);
	if (db_run(tx->db, "DELETE FROM sessions WHERE time < $1", &old, 1, NULL, NULL, NULL, e))
		return (int)e->code;
	if (!db_run(tx->db,
		    "INSERT INTO sessions (nonce, time, ueid, answer) VALUES ($1, $2, $3, $4)", v,
		    4, NULL, NULL, NULL, e))
		return 0;
	return e->code == E_CONFLICT ? err_set(e, E_FRESHNESS, "nonce was used before")
				     : (int)e->code;
}

/* ---- GET and DELETE ---- */
struct looking {
	const u8 *ticket;
	struct buf *answer;
};

static int take_answer(void *user, const struct db_row *row, struct err *e)
{
	struct looking *l = user;

	l->answer = buf_copy(row->at[0].bytes);
	return l->answer ? 0 : err_set(e, E_MEMORY, "no memory for an answer");
}

static int find_answer(struct tx *tx, void *arg, struct err *e)
{
	struct looking *l = arg;
	struct db_value v[] = { DB_B(((struct bytes){ l->ticket, NONCE_SIZE })),
				DB_I(clock_now_s() - NONCE_KEEP_S) };

	return db_run(tx->db, "SELECT answer FROM sessions WHERE nonce = $1 AND time >= $2", v, 2,
		      take_answer, l, NULL, e);
}

int session_unused(struct tx *tx, const u8 ticket[NONCE_SIZE], struct err *e)
{
	struct looking l = { .ticket = ticket };
	bool used;

	if (find_answer(tx, &l, e))
		return (int)e->code;
	used = l.answer != NULL;
	buf_drop(&l.answer);
	return used ? err_set(e, E_FRESHNESS, "nonce was used before") : 0;
}

void get_session(struct call *c)
{
	struct session s;
	struct looking l = { .ticket = s.ticket };
	struct err e = { 0 };

	if (!session_of(c, &s))
		return;
	if (store_read(c->server->store, find_answer, &l, &e)) {
		problem_of(c->out, &e);
	} else if (l.answer && l.answer->w.len) {
		c->out->status = 200;
		c->out->content_type = "application/json";
		c->out->body = TAKE(l.answer);
	} else if (l.answer || session_check(c->server, &s, &e)) {
		problem(c->out, 404, "Not found", "no such session, or it has ended");
	} else {
		answer_json(c->out, 200, session_json(&s, "waiting"));
	}
	buf_drop(&l.answer);
}

static int cancel(struct tx *tx, void *arg, struct err *e)
{
	return session_consume(tx, arg, BYTES_NONE, BYTES_NONE, e);
}

void delete_session(struct call *c)
{
	struct session s;
	struct err e = { 0 };

	if (!session_of(c, &s))
		return;
	if (session_check(c->server, &s, &e) ||
	    store_write(c->server->store, cancel, s.ticket, &e)) {
		problem(c->out, 404, "Not found", "no such session, or it has ended");
		return;
	}
	c->out->status = 204;
}

void get_well_known(struct call *c)
{
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	struct err e = { 0 };
	json_t *jwk;

	if (jwk_write(keypair_pub(c->server->keys->ear), &w, &e)) {
		problem_of(c->out, &e);
		return;
	}
	jwk = json_loadb((const char *)room, w.len, 0, NULL);
	json_object_set_new(jwk, "alg", json_string("ES256"));
	answer_json(c->out, 200,
		    json_pack("{s:o, s:[s], s:s, s:s, s:{s:s, s:s}}", "ear-verification-key", jwk,
			      "media-types", EAT_MEDIA_TYPE, "version",
			      ASSAY_VERSION "+" ASSAY_COMMIT, "service-state", "READY",
			      "api-endpoints", "newChallengeResponseSession",
			      "/challenge-response/v1/newSession", "CoRIMProvisioning",
			      "/endorsement-provisioning/v1/submit"));
}
