// SPDX-License-Identifier: Apache-2.0
/*
 * Evidence in, verdict and perhaps a share back. One attestation reads here from top to bottom: decode,
 * verify, appraise, decide, record, release, answer.
 */
#include "attest_round.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "boots.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "events.h"
#include "metrics.h"
#include "refvals.h"
#include "release.h"
#include "release_rate.h"
#include "verifier/firmware.h"
#include "verifier/reasons_json.h"
#include "webhook.h"

#define POLICY_ID	"assay-default-1"
#define MEDIA_TYPE_JSON "\"application/eat+cwt; eat_profile=\\\"" EAT_PROFILE_HOST "\\\"\""
enum { ANSWER_MAX = 4 * 1024 * 1024 };

static void round_clear(struct round *r)
{
	eat_drop(&r->token);
	host_drop(&r->host);
	buf_drop(&r->inventory);
	free(r->ima);
	free(r->ima_pending);
	reasons_drop(&r->reasons);
	verified_claims_drop(&r->verified);
	appraisal_drop(&r->appraisal);
	json_decref(r->complete);
	buf_drop(&r->answer);
	buf_drop(&r->release);
	buf_drop(&r->ear);
}

static void check_nonce(struct round *r)
{
	struct err e = { 0 };

	if (memcmp(r->session.nonce, r->token->nonce, NONCE_SIZE))
		err_set(&e, E_FRESHNESS, "the token answers another session's nonce");
	else
		session_check(r->server, &r->session, &e);
	r->ctx.caller_nonce = r->session.callers;
	r->ctx.nonce = e.code ? FAILED : PASSED;
	snprintf(r->ctx.nonce_why, sizeof(r->ctx.nonce_why), "%.255s", e.text);
}

/* Everything that only reads: one view of the store. */
static int judge(struct tx *tx, void *arg, struct err *e)
{
	struct round *r = arg;
	const struct settings *s = r->server->settings;
	struct appraisal_terms terms;
	const struct verified_view *v;
	struct refs *refs;
	int rc;

	r->tx = tx;
	r->ctx.now_s = clock_now_s();
	memcpy(r->ctx.deployment, r->server->keys->deployment, DEPLOYMENT_ID_LEN);
	r->ctx.aks = r->server->aks;
	r->ctx.device_roots = r->server->device_roots;
	r->ctx.spdm_version_min = s->spdm_version_min;
	r->ctx.release_pcrs = s->release_pcrs;
	r->ctx.release_after_restart = s->release_after_restart;
	r->ctx.session_required = s->session_required;
	r->ctx.ide_required = s->ide_required;
	r->ctx.must_detect = s->must_detect;
	r->ctx.must_prevent = s->must_prevent;
	r->ctx.device_log_required = s->device_log_required;
	r->ctx.ima_required = s->appraisal.ima.mode != IMA_MODE_OFF;
	r->ctx.test_sources_may_release = s->release_from_test_sources;
	r->ctx.lookup = attest_lookup_leaf;
	r->ctx.lookup_volume = attest_lookup_volume;
	r->ctx.user = r;
	if (attest_load_host(r, e))
		return (int)e->code;
	check_nonce(r);
	if (verify_evidence(r->token, &r->ctx, r->reasons, &r->verified, e))
		return (int)e->code;
	v = verified_view(r->verified);
	terms = (struct appraisal_terms){ &s->appraisal, r->ctx.now_s, 0, attest_ima_before(r) };
	if (s->appraisal.reboot_within_s && r->host && v->quoted &&
	    boot_first_seen(tx, r->host->ueid, &v->quote.clock, &terms.boot_seen_s, e))
		return (int)e->code;
	if (r->host && r->token->release.len &&
	    release_rate_reached(tx, r->host->ueid, s->releases_max, r->ctx.now_s, &r->rate_reached,
				 e))
		return (int)e->code;
	if (r->host && lease_host_find(tx, r->host->ueid, &r->leases, e))
		return (int)e->code;
	refs = refvals_take(r->server->refvals);
	r->ima_stale = (v->ima.there || v->ima.piece) && v->ima.first &&
		       !ima_state_holds(terms.ima_before, &s->appraisal.ima,
					s->appraisal.learned_affirms, v, refs, r->ctx.now_s);
	rc = appraise(r->verified, refs, &terms, r->reasons, &r->appraisal, e);
	refvals_give(r->server->refvals, refs);
	if (!rc)
		r->decision = decide(r->verified, r->appraisal, r->token->release.len > 0);
	r->leased =
		r->decision.release && lease_terms_of(s, r->host->group, &r->leases, v, &r->lease);
	return rc;
}

/* ---- the answer ---- */
json_t *attest_devices_json(const struct round *r)
{
	const struct verified_view *v = verified_view(r->verified);
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_devices; i++) {
		const struct verified_device *d = &v->devices[i];
		const struct appraised *a = &r->appraisal->at[i + 1];
		u8 version = d->evidence ? d->evidence->nego.version : 0;
		char note[512], model[MODEL_TEXT], firmware[FIRMWARE_TEXT], leaf[65] = "";

		if (d->verified)
			hex_write(BYTES(d->leaf_key), leaf);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s%, s:i, s:s, s:I, s:I, s:s, s:s, s:s}",
					"label", d->label, "address", d->address, "source",
					(const char *)d->claims->source.at, d->claims->source.len,
					"spdm_version", version & 15, "status",
					tier_name(a->status), "elements", (json_int_t)a->n_elements,
					"matched", (json_int_t)a->n_matched, "model",
					firmware_model(d->label, model), "firmware",
					firmware_text(d, firmware), "leaf_key", leaf));
		if (d->evidence && spdm_evidence_oddity(d->evidence, note))
			json_object_set_new(json_array_get(list, i), "note", json_string(note));
	}
	return list;
}

static int make_ear(struct round *r, struct err *e)
{
	struct ear ear = { .iat = clock_now_s(),
			   .policy_id = POLICY_ID,
			   .caller_nonce = r->session.callers,
			   .status = (int)r->decision.status,
			   .cnf = r->token->cnf };
	char audience[UUID_TEXT_LEN + 1];

	ear.exp = ear.iat + EAR_LIFE_S;
	ear.audience = http_query(r->call->rq, "audience");
	if (!ear.audience)
		ear.audience = uuid_write(r->server->keys->deployment, audience);
	memcpy(ear.ueid, r->token->ueid, UEID_LEN);
	memcpy(ear.nonce, r->token->nonce, NONCE_SIZE);
	return result_make(&ear, r->appraisal, r->reasons, r->form, r->server->keys->ear, &r->ear,
			   e);
}

/* A JWT as it is, a CWT in base64url. */
static json_t *result_text(const struct round *r)
{
	struct bytes ear = buf_bytes(r->ear);
	json_t *j = NULL;
	char *text;

	if (r->form == RESULT_JWT)
		return json_stringn((const char *)ear.at, ear.len);
	text = malloc(base64_len(ear.len, false) + 1);
	if (text)
		j = json_string(base64url_write(ear, false, text));
	free(text);
	return j;
}

/* The host's counter must not stay where it is: it counts it up, and its next evidence shows that. */
static void tell_of_leases(const struct round *r, json_t *j)
{
	u64 value;

	if (!r->session.callers && r->host &&
	    lease_to_revoke(&r->leases, r->ctx.active, &verified_view(r->verified)->lease, &value))
		json_object_set_new(j, "lease_revoke", json_integer((json_int_t)value));
}

static json_t *complete_json(const struct round *r)
{
	json_t *j = session_json(&r->session, "complete");

	json_object_set_new(j, "result", result_text(r));
	json_object_set_new(
		j, "result_type",
		json_string(r->form == RESULT_CWT ? EAR_MEDIA_TYPE_CWT : EAR_MEDIA_TYPE_JWT));
	json_object_set_new(j, "host", json_string(r->host->name));
	json_object_set_new(j, "ear_status", json_string(tier_name(r->decision.status)));
	json_object_set_new(j, "devices", attest_devices_json(r));
	if (r->appraisal->ima)
		json_object_set_new(j, "ima", attest_ima_json(r));
	json_object_set_new(j, "reasons", reasons_json(r->reasons));
	tell_of_leases(r, j);
	return j;
}

static int wrap(struct tx *tx, void *arg, struct err *e)
{
	struct round *r = arg;

	return release_wrap(tx, r->verified, &r->decision, r->server->settings->release_pcrs,
			    r->leased ? &r->lease : NULL, &r->release, e);
}

static void release(struct round *r, struct err *why)
{
	struct withheld w = { r, why };
	struct err e = { 0 };

	if (!store_read(r->server->store, wrap, r, why))
		return;
	log_event(LOG_LEVEL_WARN, "release-failed", LOG_T("host", r->host->name),
		  LOG_T("why", why->text));
	if (store_write(r->server->store, attest_record_withheld, &w, &e))
		log_event(LOG_LEVEL_ERROR, "audit", LOG_T("error", e.text));
}

static bool ek_may_release(const struct round *r)
{
	/* Joined by token alone: an operator confirms the EK first (RULES 16). */
	return strcmp(r->host->ek_trust, "token") != 0;
}

/* Nothing is wrong with the evidence, and all the same nothing goes out. */
static void hold_back(struct round *r, const char *why)
{
	struct reason *row = reasons_add(r->reasons, TIER_WARNING, -1, "host", "");

	snprintf(row->element, sizeof(row->element), "release");
	snprintf(row->found, sizeof(row->found), "%s", why);
	r->decision.release = false;
}

static int make_answer(struct round *r, struct err *e)
{
	char *text;

	if (r->decision.release && !ek_may_release(r))
		hold_back(r,
			  "host joined by token alone; an operator has to confirm its EK before a "
			  "share goes out");
	else if (r->decision.release && r->rate_reached)
		hold_back(r, "this host had as many shares within ten minutes as [policy] releases "
			     "allows; later");
	if (make_ear(r, e))
		return (int)e->code;
	r->complete = complete_json(r);
	text = json_dumps(r->complete, JSON_COMPACT);
	r->answer = text && strlen(text) <= ANSWER_MAX ? buf_copy(bytes_text(text)) : NULL;
	free(text);
	return r->answer ? 0 : err_set(e, E_MEMORY, "no memory for an answer");
}

static void write_text(struct writer *w, const char *text)
{
	write_bytes(w, bytes_text(text));
}

static void write_base64(struct writer *w, struct bytes b, bool pad)
{
	char *at = (char *)write_space(w, base64_len(b.len, pad) + 1);

	if (at)
		base64url_write(b, pad, at);
	w->len -= at != NULL; /* its NUL */
}

/* A release that could not be made is told of in this answer; the stored one says what was decided. */
static struct buf *with_reason(const struct round *r, const char *why)
{
	struct reason row = { .tier = TIER_WARNING, .check = -1 };
	struct buf *b = NULL;
	char *text;

	snprintf(row.device, sizeof(row.device), "host");
	snprintf(row.element, sizeof(row.element), "release");
	snprintf(row.found, sizeof(row.found), "%.479s", why);
	json_array_append_new(json_object_get(r->complete, "reasons"), reason_json(&row));
	text = json_dumps(r->complete, JSON_COMPACT);
	if (text)
		b = buf_copy(bytes_text(text));
	free(text);
	return b;
}

/*
 * The stored answer, and in this one response the evidence and the release: base64, put in before the
 * last brace, for they are most of the bytes and nothing in them needs an escape.
 */
static void answer_complete(struct round *r, const struct err *release_error)
{
	OWNED(buf) told = release_error->code ? with_reason(r, release_error->text) : NULL;
	struct bytes answer = buf_bytes(told ? told : r->answer);
	struct bytes token = buf_bytes(r->token->bytes);
	struct buf *out = buf_new(2 * EVIDENCE_MAX + 2 * ANSWER_MAX);

	if (!out || (release_error->code && !told)) {
		buf_drop(&out);
		problem(r->call->out, 500, "Internal error", "no memory for an answer");
		return;
	}
	write_bytes(&out->w, bytes_slice(answer, 0, answer.len - 1));
	if (r->release) {
		write_text(&out->w, ",\"release\":\"");
		write_base64(&out->w, buf_bytes(r->release), false);
		write_text(&out->w, "\"");
	}
	write_text(&out->w, ",\"evidence\":{\"type\":" MEDIA_TYPE_JSON ",\"value\":\"");
	write_base64(&out->w, token, true);
	write_text(&out->w, "\"}}");
	r->call->out->status = out->w.full ? 500 : 200;
	r->call->out->content_type = "application/json";
	r->call->out->body = out;
}

static void answer_unquoted(struct round *r)
{
	/* No quote of an enrolled AK: nothing is stored, the nonce stays unused. */
	json_t *j = session_json(&r->session, "failed");

	json_object_set_new(j, "ear_status", json_string("contraindicated"));
	json_object_set_new(j, "enrolled", json_boolean(r->host != NULL));
	json_object_set_new(j, "reasons", reasons_json(r->reasons));
	if (verified_view(r->verified)->checks.result[CHECK_QUOTE_SIGNATURE] == PASSED)
		tell_of_leases(r, j); /* of a host that was revoked */
	answer_json(r->call->out, 200, j);
}

static void count_verdict(struct metrics *m, enum ear_tier status)
{
	metrics_event(m, status == TIER_AFFIRMING ? EVENT_AFFIRMED
			 : status == TIER_WARNING ? EVENT_WARNED
						  : EVENT_REFUSED);
}

static int attest(struct round *r, struct err *e)
{
	struct metrics *m = r->server->metrics;
	struct err release_error = { 0 };
	u64 since = metrics_now();

	if (eat_parse(r->call->rq->body, &r->token, e)) {
		metrics_event(m, EVENT_UNREADABLE);
		return (int)e->code;
	}
	since = metrics_stage(m, STAGE_DECODE, since);
	r->reasons = reasons_new();
	if (!r->reasons)
		return err_set(e, E_MEMORY, "no memory for an attestation");
	if (store_read(r->server->store, judge, r, e))
		return (int)e->code;
	since = metrics_stage(m, STAGE_JUDGE, since);
	if (attest_ima_asked(r, e))
		return (int)e->code;
	log_event(LOG_LEVEL_INFO, "attested", LOG_T("host", r->host ? r->host->name : "?"),
		  LOG_T("status", tier_name(r->decision.status)),
		  LOG_N("devices", r->token->n_devices), LOG_N("release", r->decision.release),
		  LOG_N("reasons", r->reasons->n), LOG_T("remote", r->call->rq->remote));
	if (!verified_view(r->verified)->quoted) {
		metrics_event(m, EVENT_UNQUOTED);
		answer_unquoted(r);
		return 0;
	}
	if (make_answer(r, e) || store_write(r->server->store, attest_record, r, e))
		return (int)e->code;
	since = metrics_stage(m, STAGE_RECORD, since);
	count_verdict(m, r->decision.status);
	events_verdict(r->server->events, r->host, &r->change);
	webhook_wake(r->change.seq ? r->server->webhook : NULL);
	if (r->decision.release) {
		release(r, &release_error);
		metrics_stage(m, STAGE_RELEASE, since);
	}
	if (r->token->release.len)
		metrics_event(m, r->release ? EVENT_RELEASED : EVENT_WITHHELD);
	answer_complete(r, &release_error);
	return 0;
}

/* The type itself, and if it names a profile, ours. */
static bool is_our_token(const char *type)
{
	static const char plain[] = "application/eat+cwt";
	const char *rest = type + strlen(plain);

	if (strncasecmp(type, plain, strlen(plain)))
		return false;
	rest += strspn(rest, " ");
	return !*rest || (*rest == ';' && (!strstr(rest, "eat_profile") ||
					   strstr(rest, "eat_profile=\"" EAT_PROFILE_HOST "\"")));
}

void post_evidence(struct call *c)
{
	struct round r = { .call = c, .server = c->server };
	struct err e = { 0 };

	if (!is_our_token(c->rq->content_type)) {
		problem(c->out, 415, "Not supported", "evidence is taken as " EAT_MEDIA_TYPE);
		return;
	}
	if (http_query(c->rq, "audience") && !ear_audience_valid(http_query(c->rq, "audience"))) {
		problem(c->out, 400, "Bad request", "audience has characters it may not have");
		return;
	}
	if (!result_form_of(http_query(c->rq, "result"), &r.form)) {
		problem(c->out, 400, "Bad request", "result is jwt or cwt");
		return;
	}
	if (!session_of(c, &r.session))
		return;
	if (attest(&r, &e)) {
		log_event(LOG_LEVEL_WARN, "evidence-refused", LOG_T("why", e.text),
			  LOG_T("remote", c->rq->remote));
		problem_of(c->out, &e);
	}
	round_clear(&r);
}
