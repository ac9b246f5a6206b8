// SPDX-License-Identifier: Apache-2.0
/* What becomes of IMA's list after it was judged: from where the next one may go on. */
#include "attest_round.h"

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
	const struct ima_state *s = r->appraisal->ima;
	json_t *j = json_pack("{s:I, s:I, s:I}", "first",
			      (json_int_t)verified_view(r->verified)->ima.first, "entries",
			      (json_int_t)s->place.next, "violations",
			      (json_int_t)s->count[IMA_CHANGED]);

	if (attest_ima_kept(r)) /* the agent may go on from here */
		json_object_set_new(j, "next", json_integer((json_int_t)s->place.next));
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

/* Told to whom the quote shows to be a host of ours, and to nobody else. Nothing is consumed. */
bool attest_ima_asked(struct round *r)
{
	const struct verified_view *v = verified_view(r->verified);

	if ((!v->ima.whole_wanted && !r->ima_stale) || !v->quoted ||
	    v->checks.result[CHECK_TOKEN_SIGNATURE] != PASSED ||
	    v->checks.result[CHECK_NONCE] != PASSED ||
	    v->checks.result[CHECK_QUOTE_BINDS] != PASSED)
		return false;
	log_event(LOG_LEVEL_INFO, "ima-whole-wanted", LOG_T("host", r->host->name),
		  LOG_N("first", r->token->logs.ima.from.next),
		  LOG_T("why", r->ima_stale ? "they were judged by other rules or vouchers"
					    : "nothing is known of the entries before"),
		  LOG_T("remote", r->call->rq->remote));
	problem_typed(
		r->call->out, 409, IMA_WHOLE_PROBLEM, "Whole IMA list needed",
		"the IMA list starts with an entry, and those before it are not known here, or "
		"have to be judged again: send all of it, the nonce is still good");
	return true;
}
