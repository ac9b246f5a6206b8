// SPDX-License-Identifier: Apache-2.0
/* /api/v1/hosts/NAME/deposits: a share that a host has made itself, kept for its next boot. */
#include "common/log.h"
#include "host_said.h"
#include "problem.h"
#include "proto/deposit.h"
#include "volumes.h"

struct depositing {
	struct host_said said;
	struct deposit *deposit; /* in locked memory */
};

static int counter_attested(const struct depositing *d, u64 *counted, struct err *e)
{
	u8 name[COUNTER_NAME_LEN];

	tpm_counter_name(d->deposit->counter, name);
	return tpm_counter_attested(&d->said.attest, BYTES(name), d->deposit->counter, counted, e);
}

static int check(struct tx *tx, void *arg, struct err *e)
{
	struct depositing *d = arg;
	struct digest bind = deposit_bind(d->said.rq.nonce.at, d->said.rq.body);
	u64 counted;

	if (host_said_check(&d->said, tx, &bind, TPM_ST_ATTEST_NV, e) ||
	    counter_attested(d, &counted, e))
		return (int)e->code;
	if (counted != d->deposit->epoch)
		return err_set(e, E_FRESHNESS,
			       "deposit: it is of another epoch than that of its counter");
	return 0;
}

static int keep(struct tx *tx, void *arg, struct err *e)
{
	struct depositing *d = arg;

	return host_said_find(&d->said, tx, e) ||
			       session_consume(tx, d->said.session.ticket,
					       BYTES(d->said.host->ueid), BYTES_NONE, e) ||
			       volume_deposit(tx, d->said.host->ueid, d->deposit,
					      d->said.host->name, d->said.call->actor, e)
		       ? (int)e->code
		       : 0;
}

/* A volume of another host is somebody's try: it is told in the log that is kept. */
static int tell_refusal(struct tx *tx, void *arg, struct err *e)
{
	struct depositing *d = arg;

	return volume_deposit_refused(tx, d->deposit, d->said.host->name, d->said.call->actor, e);
}

void post_deposit(struct call *c)
{
	OWNED(secret) hold = secret_new(sizeof(struct deposit));
	struct depositing d = { 0 };
	struct store *store = c->server->store;
	struct err e = { 0 }, why = { 0 };
	int rc;

	if (!hold)
		err_set(&e, E_MEMORY, "no locked memory for a share");
	d.deposit = hold ? (void *)hold->at : NULL;
	rc = e.code || host_said_read(c, &d.said, &e) ||
	     deposit_parse(d.said.rq.body, d.deposit, &e) || store_read(store, check, &d, &e) ||
	     store_write(store, keep, &d, &e);
	if (rc) {
		log_event(LOG_LEVEL_WARN, "deposit-refused", LOG_T("host", c->part[0]),
			  LOG_T("why", e.text));
		if (e.code == E_CONFLICT && d.said.host)
			store_write(store, tell_refusal, &d, &why);
		problem_of(c->out, &e);
	} else {
		answer_json(c->out, 201, json_pack("{s:s}", "host", d.said.host->name));
	}
	host_said_clear(&d.said);
	/* the request is ours until it is answered, and nobody reads it again */
	secret_wipe((u8 *)(uintptr_t)c->rq->body.at, c->rq->body.len);
}
