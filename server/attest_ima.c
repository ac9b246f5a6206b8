// SPDX-License-Identifier: Apache-2.0
/* What becomes of IMA's list after it was judged: from where the next one may go on. */
#include "attest_round.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

/* Only what was accepted is gone on from: whoever sent something bad has to send it again. */
bool attest_ima_kept(const struct round *r)
{
	const struct verified_view *v = verified_view(r->verified);

	if (r->session.callers || !r->appraisal->ima ||
	    !ima_state_keepable(r->appraisal->ima, &r->server->settings->appraisal.ima))
		return false;
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_scope((enum check_id)i) == SCOPE_HOST && v->checks.result[i] != PASSED)
			return false;
	return true;
}

json_t *attest_ima_json(const struct round *r)
{
	const struct verified_view *v = verified_view(r->verified);
	const struct ima_state *s = r->appraisal->ima;
	json_t *j = json_pack("{s:I, s:I, s:I}", "first", (json_int_t)v->ima.first, "entries",
			      (json_int_t)s->place.next, "violations",
			      (json_int_t)s->count[IMA_CHANGED]);

	if (attest_ima_kept(r)) /* the agent may go on from here */
		json_object_set_new(j, "next", json_integer((json_int_t)s->place.next));
	else if (v->ima.after_pieces && !r->session.callers) /* or from there again */
		json_object_set_new(j, "next", json_integer((json_int_t)v->ima.first));
	return j;
}

int attest_ima_still_so(struct tx *tx, const struct round *r, struct err *e)
{
	struct ima_state *now = NULL;
	bool same;

	if (ima_state_find(tx, r->host->ueid, &now, e) && e->code != E_NOTFOUND)
		return (int)e->code;
	e->code = E_OK;
	same = !now == !r->ima &&
	       (!now || (now->place.next == r->ima->place.next &&
			 ima_banks_equal(&now->place.pcr10, &r->ima->place.pcr10)));
	free(now);
	return same ? 0
		    : err_set(e, E_AGAIN, "another IMA list was judged meanwhile: attest again");
}

const struct ima_state *attest_ima_before(const struct round *r)
{
	return verified_view(r->verified)->ima.after_pieces ? r->ima_pending : r->ima;
}

/*
 * A list that led to the quote has proven the pieces before it: their place stays good, whatever else was wrong,
 * until the accepted one is beyond it. One that did not has shown that something in them was a lie.
 */
int attest_ima_record(struct tx *tx, const struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);
	bool kept = attest_ima_kept(r);
	bool lied = v->ima.after_pieces && v->checks.result[CHECK_IMA_LOG] == FAILED;

	if (kept && ima_state_keep(tx, r->host->ueid, r->appraisal->ima, e))
		return (int)e->code;
	if (lied)
		log_event(LOG_LEVEL_WARN, "ima-pieces-dropped", LOG_T("host", r->host->name),
			  LOG_N("entries", r->ima_pending->place.next));
	return (kept && r->ima_pending) || lied ? ima_pending_drop(tx, r->host->ueid, e) : 0;
}

/* Told to whom the quote shows to be a host of ours, and to nobody else. */
static bool may_be_asked(const struct round *r)
{
	static const enum check_id wanted[] = { CHECK_TOKEN_SIGNATURE, CHECK_NONCE,
						CHECK_QUOTE_BINDS };
	const struct verified_view *v = verified_view(r->verified);

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (v->checks.result[wanted[i]] != PASSED)
			return false;
	return v->quoted;
}

static void ask_for_whole(struct round *r)
{
	log_event(LOG_LEVEL_INFO, "ima-whole-wanted", LOG_T("host", r->host->name),
		  LOG_N("first", r->token->logs.ima.from.next),
		  LOG_T("why", r->ima_stale ? "they were judged by other rules or vouchers"
					    : "nothing is known of the entries before"),
		  LOG_T("remote", r->call->rq->remote));
	problem_typed(
		r->call->out, 409, IMA_WHOLE_PROBLEM, "Whole IMA list needed",
		"the IMA list starts with an entry, and those before it are not known here, or "
		"have to be judged again: send all of it, the nonce is still good");
}

/* ---- pieces ---- */
/* Not a verdict: the nonce stays good for the next piece, and one that was used is good for none. */
static int keep_piece(struct tx *tx, void *arg, struct err *e)
{
	struct round *r = arg;

	if (session_unused(tx, r->session.ticket, e) || attest_still_so(tx, r, e))
		return (int)e->code;
	return ima_pending_keep(tx, r->host->ueid, BYTES(r->host->ak_name), r->appraisal->ima, e);
}

/* The state of the TPM's clock is that of the next verdict; a quote that goes back brings nothing on. */
static bool piece_fits(const struct verified_view *v)
{
	return v->checks.result[CHECK_UEID] == PASSED && v->checks.result[CHECK_CLOCK] == PASSED;
}

static void answer_piece(struct round *r)
{
	const struct ima_state *s = r->appraisal->ima;
	json_t *j = session_json(&r->session, "processing");
	char text[160];

	snprintf(text, sizeof(text),
		 "IMA list: %llu entries seen, the rest follows; there is no verdict before",
		 (unsigned long long)s->place.next);
	json_object_set_new(j, "host", json_string(r->host->name));
	json_object_set_new(j, "detail", json_string(text));
	json_object_set_new(j, "ima",
			    json_pack("{s:I, s:I}", "first",
				      (json_int_t)verified_view(r->verified)->ima.first, "next",
				      (json_int_t)s->place.next));
	answer_json(r->call->out, 202, j);
}

static int take_piece(struct round *r, struct err *e)
{
	const struct ima_state *s = r->appraisal->ima;

	if (s->crowded)
		return err_set(e, E_LIMIT,
			       "more than %d CoRIMs vouch for files of an IMA list that comes in "
			       "pieces: who they are cannot be kept until its end",
			       IMA_VOUCHERS_MAX);
	if (store_write(r->server->store, keep_piece, r, e))
		return (int)e->code;
	log_event(LOG_LEVEL_INFO, "ima-piece", LOG_T("host", r->host->name),
		  LOG_N("first", verified_view(r->verified)->ima.first),
		  LOG_N("next", s->place.next), LOG_T("remote", r->call->rq->remote));
	answer_piece(r);
	return 0;
}

bool attest_ima_asked(struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);

	if (!may_be_asked(r))
		return false;
	if (v->ima.whole_wanted || r->ima_stale) {
		ask_for_whole(r);
		return true;
	}
	return v->ima.piece && piece_fits(v) && (take_piece(r, e), true);
}
