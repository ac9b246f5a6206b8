// SPDX-License-Identifier: Apache-2.0
/* What one attestation finds in the store of its host, and what it leaves there. */
#include "attest_round.h"

#include <stdio.h>
#include <stdlib.h>

#include "boots.h"
#include "common/clock.h"
#include "host_pins.h"
#include "release_rate.h"
#include "seen_devices.h"
#include "verifier/reasons_json.h"
#include "volumes.h"
#include "webhook.h"

static int take_last(void *user, const struct db_row *row, struct err *e)
{
	struct verify_context *ctx = user;

	(void)e;
	ctx->has_last = true;
	ctx->last_clock.reset_count = (u32)row->at[0].number;
	ctx->last_clock.restart_count = (u32)row->at[1].number;
	ctx->last_clock.clock_ms = (u64)row->at[2].number;
	return 0;
}

int attest_lookup_leaf(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		       struct err *e)
{
	struct round *r = user;
	struct known_device d;

	if (!r->host)
		return 0;
	if (!device_find(r->tx, r->host->ueid, label, &d, e)) {
		out->known = true;
		out->version = d.version;
		memcpy(out->leaf_key, d.leaf_key, 32);
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	*e = (struct err){ 0 };
	if (device_find_key(r->tx, r->host->ueid, label, leaf_key, &d, e) && e->code != E_NOTFOUND)
		return (int)e->code;
	if (e->code != E_NOTFOUND)
		snprintf(out->moved_from, sizeof(out->moved_from), "%s", d.label);
	*e = (struct err){ 0 };
	return device_other_host(r->tx, r->host->ueid, leaf_key,
				 clock_now_s() - r->server->settings->device_move_s,
				 out->other_host, e);
}

int attest_lookup_volume(void *user, const u8 *uuid, struct known_volume *out, struct err *e)
{
	struct round *r = user;

	return r->host ? volume_known(r->tx, r->host->ueid, uuid, out, e)
		       : err_set(e, E_NOTFOUND, "nobody's volume");
}

static int find_last(struct tx *tx, const u8 ueid[UEID_LEN], struct verify_context *into,
		     struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));

	return db_run(
		tx->db,
		"SELECT reset_count, restart_count, clock_ms FROM attestations WHERE ueid = $1", &v,
		1, take_last, into, NULL, e);
}

/* Those that have a keyslot: until then there is nothing to open. */
static int load_enrolled(struct round *r, struct err *e)
{
	struct volume all[VOLUMES_MAX];
	size_t n;

	if (volumes_of(r->tx, r->host->ueid, all, &n, e))
		return (int)e->code;
	for (size_t i = 0; i < n; i++) {
		struct cap_volume *v = &r->enrolled[r->ctx.n_enrolled];

		if (!all[i].has_proof) {
			r->ctx.has_unproven = true;
			continue;
		}
		memcpy(v->uuid, all[i].uuid, sizeof(v->uuid));
		memcpy(v->proof, all[i].proof, sizeof(v->proof));
		r->ctx.n_enrolled++;
	}
	r->ctx.enrolled = r->enrolled;
	return 0;
}

int attest_load_host(struct round *r, struct err *e)
{
	if (host_find_by_ak(r->tx, r->token->ak_name, &r->host, e))
		return e->code == E_NOTFOUND ? 0 : (int)e->code;
	r->ctx.host_name = r->host->name;
	r->ctx.ak_pub = buf_bytes(r->host->ak_pub);
	r->ctx.active = r->host->active && r->host->ak_active;
	memcpy(r->ctx.ueid, r->host->ueid, UEID_LEN);
	if (find_last(r->tx, r->host->ueid, &r->ctx, e))
		return (int)e->code;
	if (inventory_find(r->tx, r->host->ueid, &r->inventory, e) && e->code != E_NOTFOUND)
		return (int)e->code;
	r->ctx.inventory = buf_bytes(r->inventory);
	if (load_enrolled(r, e))
		return (int)e->code;
	if (ima_state_find(r->tx, r->host->ueid, &r->ima, e) && e->code != E_NOTFOUND)
		return (int)e->code;
	r->ctx.ima_from = r->ima ? &r->ima->place : NULL;
	if (ima_pending_find(r->tx, r->host->ueid, BYTES(r->host->ak_name), &r->ima_pending, e) &&
	    e->code != E_NOTFOUND)
		return (int)e->code;
	r->ctx.ima_pending = r->ima_pending ? &r->ima_pending->place : NULL;
	return 0;
}

/* ---- recording: the decision is in the audit log before anything goes out ---- */
static int record_devices(struct tx *tx, const struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);

	for (size_t i = 0; i < v->n_devices; i++) {
		const struct verified_device *d = &v->devices[i];
		struct known_device known = { .version =
						      d->evidence ? d->evidence->nego.version : 0 };

		if (!d->sighted)
			continue;
		snprintf(known.label, sizeof(known.label), "%s", d->label);
		memcpy(known.leaf_key, d->leaf_key, 32);
		if (device_seen(tx, r->host->ueid, &known, e))
			return (int)e->code;
	}
	return 0;
}

static int record_state(struct tx *tx, const struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);
	char *reasons, *devices;
	json_t *jr = reasons_json(r->reasons), *jd = attest_devices_json(r);
	struct db_value values[9];
	int rc;

	reasons = json_dumps(jr, JSON_COMPACT);
	devices = json_dumps(jd, JSON_COMPACT);
	json_decref(jr);
	json_decref(jd);
	if (!reasons || !devices) {
		free(reasons);
		free(devices);
		return err_set(e, E_MEMORY, "no memory to record a verdict");
	}
	values[0] = DB_B(BYTES(r->host->ueid));
	values[1] = DB_I(clock_now_s());
	values[2] = DB_I(r->decision.status);
	values[3] = DB_I(v->quote.clock.reset_count);
	values[4] = DB_I(v->quote.clock.restart_count);
	values[5] = DB_I(v->quote.clock.clock_ms);
	values[6] = DB_T(reasons);
	values[7] = DB_T(devices);
	values[8] = DB_B(buf_bytes(r->token->bytes));
	rc = db_run(
		tx->db,
		"INSERT INTO attestations (ueid, time, status, reset_count, restart_count, "
		"clock_ms, reasons,"
		" devices, token) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (ueid) "
		"DO UPDATE SET"
		" time = excluded.time, status = excluded.status, reset_count = "
		"excluded.reset_count,"
		" restart_count = excluded.restart_count, clock_ms = excluded.clock_ms,"
		" reasons = excluded.reasons, devices = excluded.devices, token = excluded.token",
		values, 9, NULL, NULL, NULL, e);
	free(reasons);
	free(devices);
	return rc;
}

/* What is shown of the host from now on. */
static int record_standing(struct tx *tx, struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);
	struct seen_device *seen = calloc(v->n_devices + 1, sizeof(*seen));
	int rc;

	if (!seen)
		return err_set(e, E_MEMORY, "no memory to record a verdict");
	for (size_t i = 0; i < v->n_devices; i++) {
		const struct verified_device *d = &v->devices[i];

		seen[i] = (struct seen_device){ .label = d->label,
						.address = d->address,
						.status = r->appraisal->at[i + 1].status };
		firmware_model(d->label, seen[i].model);
		firmware_text(d, seen[i].firmware);
		if (d->verified)
			seen[i].leaf_key = BYTES(d->leaf_key);
	}
	rc = standing_verdict(tx, r->host, r->decision.status, r->reasons, &r->change, e) ||
			     seen_devices_set(tx, r->host, seen, v->n_devices, e) ||
			     webhook_queue(tx, r->server->settings, r->host, &r->change, e)
		     ? (int)e->code
		     : 0;
	free(seen);
	return rc;
}

static bool same_clock(const struct verify_context *a, const struct verify_context *b)
{
	return a->has_last == b->has_last &&
	       a->last_clock.reset_count == b->last_clock.reset_count &&
	       a->last_clock.restart_count == b->last_clock.restart_count &&
	       a->last_clock.clock_ms == b->last_clock.clock_ms;
}

/*
 * The verdict was reached on a snapshot. What another request has changed since must not slip through:
 * the same device on two hosts at one time, a host revoked, a TPM's clock that went on.
 */
int attest_still_so(struct tx *tx, struct round *r, struct err *e)
{
	const struct verified_view *v = verified_view(r->verified);
	struct verify_context now = { 0 };
	OWNED(host) host = NULL;

	r->tx = tx;
	if (host_find_by_ak(tx, r->token->ak_name, &host, e) || find_last(tx, host->ueid, &now, e))
		return (int)e->code;
	if ((host->active && host->ak_active) != r->ctx.active || !same_clock(&now, &r->ctx))
		return err_set(e, E_AGAIN, "the host's state changed meanwhile: attest again");
	if (attest_ima_kept(r) && attest_ima_still_so(tx, r, e))
		return (int)e->code;
	for (size_t i = 0; i < v->n_devices; i++) {
		const struct verified_device *d = &v->devices[i];
		struct known_leaf known = { 0 };

		if (d->checks.result[CHECK_KEY_KNOWN] != PASSED)
			continue;
		if (attest_lookup_leaf(r, d->label, d->leaf_key, &known, e))
			return (int)e->code;
		if (known.other_host[0] || (known.known && memcmp(known.leaf_key, d->leaf_key, 32)))
			return err_set(e, E_AGAIN,
				       "device %s was seen elsewhere meanwhile: attest again",
				       d->label);
	}
	return 0;
}

static int audit_withheld(struct tx *tx, const struct round *r, const char *why, struct err *e)
{
	json_t *j = json_pack("{s:s, s:s}", "host", r->host->name, "why", why);
	char *detail = json_dumps(j, JSON_COMPACT);
	int rc = detail ? audit_append(tx, r->call->actor, "release-refused", detail, e)
			: err_set(e, E_MEMORY, "no memory for an audit record");

	json_decref(j);
	free(detail);
	return rc;
}

/* Two rounds at a time were judged on one snapshot. */
static int count_release(struct tx *tx, const struct round *r, struct err *e)
{
	long long now = clock_now_s();
	bool reached;

	if (release_rate_reached(tx, r->host->ueid, r->server->settings->releases_max, now,
				 &reached, e))
		return (int)e->code;
	return reached ? err_set(e, E_AGAIN, "this host asks for shares too often")
		       : release_rate_note(tx, r->host->ueid, now, e);
}

/* Who asks for what is not theirs is on record. SPEC: RULES 5 */
static int audit_foreign(struct tx *tx, const struct round *r, struct err *e)
{
	for (size_t i = 0; i < r->reasons->n; i++)
		if (r->reasons->at[i].check == CHECK_VOLUME &&
		    audit_withheld(tx, r, r->reasons->at[i].found, e))
			return (int)e->code;
	return 0;
}

/* It is this host's word of now, whatever it says: what is known of the host goes on from it. */
static bool evidence_counts(const struct round *r)
{
	const struct checks *c = &verified_view(r->verified)->checks;

	return !r->session.callers && c->result[CHECK_TOKEN_SIGNATURE] == PASSED &&
	       c->result[CHECK_NONCE] == PASSED && c->result[CHECK_QUOTE_BINDS] == PASSED;
}

int attest_record(struct tx *tx, void *arg, struct err *e)
{
	struct round *r = arg;
	const struct verified_view *v = verified_view(r->verified);
	char detail[512];

	if (session_consume(tx, r->session.callers ? r->session.ticket : r->token->nonce,
			    BYTES(r->host->ueid), buf_bytes(r->answer), e) ||
	    attest_still_so(tx, r, e))
		return (int)e->code;
	if (evidence_counts(r)) {
		if (record_state(tx, r, e) || record_devices(tx, r, e) ||
		    record_standing(tx, r, e) ||
		    (v->log && boot_seen(tx, r->host->ueid, &v->quote.clock, &r->token->logs, e)) ||
		    host_pins_keep(tx, r->host->ueid, r->token, e) || attest_ima_record(tx, r, e))
			return (int)e->code;
		if (v->first_inventory && r->decision.status <= TIER_WARNING &&
		    inventory_set(tx, r->host->ueid, r->token->inventory, "first attestation", e))
			return (int)e->code;
	}
	if (evidence_counts(r) &&
	    leases_settle(tx, v, r->decision.release && r->leased ? &r->lease : NULL, r->host->name,
			  r->call->actor, e))
		return (int)e->code;
	if (audit_foreign(tx, r, e))
		return (int)e->code;
	if (r->decision.release && count_release(tx, r, e))
		return (int)e->code;
	if (r->decision.release && volumes_settle(tx, v, r->host->name, r->call->actor, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail),
		 "{\"host\":\"%s\",\"status\":\"%s\",\"release\":%s,\"volumes\":%zu}",
		 r->host->name, tier_name(r->decision.status),
		 r->decision.release ? "true" : "false", r->token->n_volumes);
	return audit_append(tx, r->call->actor, "verdict", detail, e);
}

/* The verdict in the log says release; that none went out, and why, has to stand there as well. */
int attest_record_withheld(struct tx *tx, void *arg, struct err *e)
{
	const struct withheld *w = arg;

	return audit_withheld(tx, w->round, w->why->text, e);
}
