// SPDX-License-Identifier: Apache-2.0
/* The second half of a round: the token goes out, and what comes back is acted on. */
#include "round_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/service.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "judged.h"
#include "proto/release_answer.h"

/* Of the 150 s that a nonce is good for: the last piece has to be judged within it, too. */
enum { PIECES_MS = 100000 };

void round_result_clear(struct round_result *r)
{
	buf_drop(&r->json);
	buf_drop(&r->token);
	for (size_t i = 0; i < r->n_shares; i++)
		secret_drop(&r->shares[i].share);
	r->n_shares = 0;
	for (size_t i = 0; i < r->n_leases; i++)
		buf_drop(&r->leases[i].kept);
	r->n_leases = 0;
	free(r->approvals);
	r->approvals = NULL;
	r->n_approvals = 0;
}

/* ---- the answer ---- */
/* One that does not parse is passed over: they come from whoever may write to the server. */
static int take_approvals(const struct release_answer *a, struct round_result *out, struct err *e)
{
	out->approvals = calloc(a->n_approvals + 1, sizeof(*out->approvals));
	if (!out->approvals)
		return err_set(e, E_MEMORY, "no memory for approvals");
	for (size_t i = 0; i < a->n_approvals; i++) {
		struct err why = { 0 };

		if (approval_parse(a->approvals[i], &out->approvals[out->n_approvals], &why))
			log_event(LOG_LEVEL_WARN, "approval", LOG_T("why", why.text));
		else
			out->n_approvals++;
	}
	return 0;
}

static int open_shares(struct round *r, const char *text, struct round_result *out, struct err *e)
{
	OWNED(buf) raw = buf_new(RELEASE_ANSWER_MAX);
	struct release_answer answer;
	u8 *p = raw ? write_space(&raw->w, RELEASE_ANSWER_MAX) : NULL;
	long n = p ? base64_read(bytes_text(text), p, RELEASE_ANSWER_MAX) : -1;

	if (n <= 0)
		return err_set(e, E_FORMAT, "release is not base64url");
	if (release_answer_parse((struct bytes){ p, (size_t)n }, &answer, e))
		return (int)e->code;
	if (!r->k || !bytes_equal(answer.k_name, BYTES(r->k->name)))
		return err_set(e, E_BINDING, "release is wrapped to another key");
	for (size_t i = 0; i < answer.n && out->n_shares < ARRAY_LEN(out->shares); i++) {
		struct round_share *s = &out->shares[out->n_shares];

		if (tpm_open_share(r->tpm, r->k, answer.shares[i].public_2b,
				   answer.shares[i].private_2b, answer.shares[i].secret_2b,
				   r->s->release_pcrs, &r->clock, &s->share, e))
			return (int)e->code;
		memcpy(s->uuid, answer.shares[i].uuid.at, 16);
		s->epoch = answer.shares[i].epoch;
		s->pending = answer.shares[i].pending;
		out->n_shares++;
	}
	round_take_leases(r, answer.lease, out);
	return take_approvals(&answer, out, e);
}

/* What the collector does about it is its own affair: a round has its verdict all the same. */
static int tell_collector(struct round *r, const json_t *answer, struct round_result *out,
			  struct err *e)
{
	struct device_verdicts *v = calloc(1, sizeof(*v));
	OWNED(buf) argument = buf_new(VERDICTS_MAX);
	OWNED(buf) anew = NULL;
	int rc = v && argument ? judged_read(answer, v, e)
			       : err_set(e, E_MEMORY, "no memory for a verdict");

	if (!rc) {
		memcpy(v->ctx, r->context.ctx, sizeof(v->ctx));
		verdicts_write(v, &argument->w);
		rc = argument->w.full ? err_set(e, E_MEMORY, "no memory for a verdict")
				      : collector_ask(r->s->collector_socket, COLLECT_JUDGED,
						      buf_bytes(argument), &anew, e);
	}
	free(v);
	out->anew = rc ? rc == E_AGAIN : anew->w.len == 1 && anew->w.at[0] == 1;
	return rc;
}

static void act_on(struct round *r, const json_t *answer, struct round_result *out)
{
	struct err e = { 0 };

	/* the server cannot say that a caller's nonce is fresh: nothing here may change for it (RULES 13) */
	if (r->s->gate == GATE_MODE_OFF || r->whom.has_nonce)
		return;
	round_say("gate");
	if (tell_collector(r, answer, out, &e))
		log_event(LOG_LEVEL_ERROR, "gate-failed", LOG_T("why", e.text));
}

static int take_answer(struct round *r, const struct reply *reply, struct round_result *out,
		       struct err *e)
{
	json_t *j = json_loadb((const char *)reply->body->w.at, reply->body->w.len, 0, NULL);
	const char *status = json_string_value(json_object_get(j, "ear_status"));
	const char *release = json_string_value(json_object_get(j, "release"));
	long long since_ms;
	char *text;
	int rc = 0;

	if (!status)
		rc = err_set(e, E_FORMAT, "server's answer has no ear_status");
	else
		snprintf(out->status, sizeof(out->status), "%.20s", status);
	out->revoke = json_is_integer(json_object_get(j, "lease_revoke"));
	out->revoke_at = (u64)json_integer_value(json_object_get(j, "lease_revoke"));
	out->not_enrolled = json_is_false(json_object_get(j, "enrolled"));
	if (!r->whom.has_nonce)
		ima_heard(r->ima, &r->ima_part.from, j, &r->quoted, &r->clock);
	if (!rc)
		act_on(r, j, out);
	since_ms = clock_monotonic_ms();
	if (!rc && release && r->k)
		rc = open_shares(r, release, out, e);
	round_took(r, ROUND_PART_TPM, since_ms);
	json_object_del(j, "release");
	json_object_del(j, "evidence");
	text = rc ? NULL : json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (text)
		out->json = buf_copy(bytes_text(text));
	free(text);
	return rc ? rc : out->json ? 0 : err_set(e, E_MEMORY, "no memory for the answer");
}

static int send_token(struct round *r, struct reply *reply, struct err *e)
{
	char path[sizeof(r->session) + EAR_AUDIENCE_MAX + 32];
	long long since_ms = clock_monotonic_ms();

	round_say("verdict");
	snprintf(path, sizeof(path), "%s%s%s%s", r->session,
		 r->whom.cwt ? "?result=cwt" : "?result=jwt",
		 r->whom.audience[0] ? "&audience=" : "", r->whom.audience);
	if (transport_call_same(r->t, "POST", path, EAT_MEDIA_TYPE, buf_bytes(r->token), reply, e))
		return err_while(e, "send evidence");
	round_took(r, ROUND_PART_SERVER, since_ms);
	return 0;
}

/* ---- IMA's list, until the server has what it needs for a verdict ---- */
static json_t *json_of(const struct reply *reply)
{
	struct bytes b = buf_bytes(reply->body);

	return json_loadb((const char *)b.at, b.len, 0, NULL);
}

static bool wants_whole_ima(const struct reply *reply)
{
	json_t *j = reply->status == 409 ? json_of(reply) : NULL;
	const char *type = json_string_value(json_object_get(j, "type"));
	bool wants = type && !strcmp(type, IMA_WHOLE_PROBLEM);

	json_decref(j);
	return wants;
}

static int piece_taken(struct round *r, const struct reply *reply, struct err *e)
{
	json_t *j = json_of(reply);
	int rc = ima_piece_taken(r->ima, &r->ima_part, j, &r->quoted, e);

	json_decref(j);
	if (!rc)
		log_event(LOG_LEVEL_INFO, "ima-piece", LOG_N("next", r->ima->place.next),
			  LOG_T("why", "the list is longer than a token holds"));
	return rc;
}

/* A nonce of the caller's choice leaves no trace at the server, so that no piece can follow another. */
static bool out_of_place(const struct round *r)
{
	return r->whom.has_nonce && r->ima_part.more;
}

/*
 * Each piece brings the server's place further, so this ends; and the whole is sent anew once, so that a server
 * which forgets is left alone until the next round. The logs are outside of `bind`: nonce, devices and quote stay
 * as they are, the token is signed anew.
 */
static int send_list(struct round *r, struct reply *reply, struct round_result *out, struct err *e)
{
	bool anew = false;

	for (;;) {
		if (reply->status == 202) {
			if (piece_taken(r, reply, e))
				return (int)e->code;
			out->goes_on = clock_monotonic_ms() - r->nonce_at_ms > PIECES_MS;
		} else if (!anew && r->ima_part.from.next && wants_whole_ima(reply)) {
			log_event(LOG_LEVEL_INFO, "ima-whole",
				  LOG_T("why",
					"the server cannot go on from what it was sent before"));
			r->ima->known = false;
			anew = true;
		} else {
			return 0;
		}
		reply_clear(reply);
		if (out->goes_on)
			return 0;
		if (round_read_logs(r, e))
			return (int)e->code;
		out->goes_on = out_of_place(r);
		if (out->goes_on)
			return 0;
		if (round_write_token(r, e) || send_token(r, reply, e))
			return (int)e->code;
	}
}

int round_send(struct round *r, struct round_result *out, struct err *e)
{
	struct reply reply = { 0 };
	int rc;

	*out = (struct round_result){ .goes_on = out_of_place(r) };
	if (out->goes_on)
		return 0;
	rc = send_token(r, &reply, e) || send_list(r, &reply, out, e) ? (int)e->code : 0;
	if (!rc && !out->goes_on)
		rc = reply.status == 200 ? take_answer(r, &reply, out, e)
					 : transport_problem(&reply, e);
	reply_clear(&reply);
	memcpy(out->ms, r->ms, sizeof(out->ms));
	if (rc)
		round_result_clear(out);
	else if (!out->goes_on)
		out->token = TAKE(r->token);
	return rc;
}
