// SPDX-License-Identifier: Apache-2.0
#include "host_said.h"

void host_said_clear(struct host_said *s)
{
	host_drop(&s->host);
}

int host_said_read(struct call *c, struct host_said *out, struct err *e)
{
	*out = (struct host_said){ .call = c };
	if (proposal_request_parse(c->rq->body, &out->rq, e))
		return (int)e->code;
	memcpy(out->session.ticket, out->rq.nonce.at, NONCE_SIZE);
	memcpy(out->session.nonce, out->rq.nonce.at, NONCE_SIZE);
	return 0;
}

int host_said_find(struct host_said *s, struct tx *tx, struct err *e)
{
	host_drop(&s->host);
	if (host_find_by_ak(tx, s->rq.ak_name, &s->host, e))
		return e->code == E_NOTFOUND ? err_set(e, E_DENIED, "this AK is not enrolled")
					     : (int)e->code;
	if (strcmp(s->host->name, s->call->part[0]))
		return err_set(e, E_BINDING, "this AK is another host's than %s", s->call->part[0]);
	if (!s->host->active || !s->host->ak_active)
		return err_set(e, E_DENIED, "host %s or its AK is revoked", s->host->name);
	return 0;
}

struct last {
	struct tpm_clock clock;
	bool there;
};

static int take_clock(void *user, const struct db_row *row, struct err *e)
{
	struct last *l = user;

	(void)e;
	l->there = true;
	l->clock.reset_count = (u32)row->at[0].number;
	l->clock.restart_count = (u32)row->at[1].number;
	l->clock.clock_ms = (u64)row->at[2].number;
	return 0;
}

static bool is_older(const struct tpm_clock *a, const struct tpm_clock *b)
{
	if (a->reset_count != b->reset_count)
		return a->reset_count < b->reset_count;
	if (a->restart_count != b->restart_count)
		return a->restart_count < b->restart_count;
	return a->clock_ms < b->clock_ms;
}

static int check_clock(struct host_said *s, struct tx *tx, struct err *e)
{
	struct db_value v = DB_B(BYTES(s->host->ueid));
	struct last last = { 0 };

	if (db_run(tx->db,
		   "SELECT reset_count, restart_count, clock_ms FROM attestations WHERE ueid = $1",
		   &v, 1, take_clock, &last, NULL, e))
		return (int)e->code;
	if (last.there && is_older(&s->attest.clock, &last.clock))
		return err_set(e, E_FRESHNESS, "quote of %s is older than its last attestation",
			       s->host->name);
	return 0;
}

/* Signature first, parsing second; only then what it is bound to. */
static int check_attest(struct host_said *s, const struct digest *bind, u16 type, struct err *e)
{
	OWNED(pubkey) ak = NULL;
	struct tpm_public area;
	struct tpm_signature sig;

	if (tpm_public_parse(buf_bytes(s->host->ak_pub), &area, e) || tpm_public_key(&area, &ak, e))
		return err_while(e, "AK of %s", s->host->name);
	if (tpm_signature_parse(s->rq.quote_sig, ak, &sig, e) ||
	    pubkey_verify(ak, sig.scheme, sig.hash, &s->rq.quote, 1,
			  (struct bytes){ sig.raw, sig.len }, e))
		return err_while(e, "check quote signature of %s", s->host->name);
	if (tpm_attest_parse(s->rq.quote, &s->attest, e))
		return err_while(e, "quote of %s", s->host->name);
	if (s->attest.type != type)
		return err_set(e, E_BINDING, "what %s signed is no %s", s->host->name,
			       type == TPM_ST_ATTEST_QUOTE ? "quote"
							   : "certification of a counter");
	if (!digest_equals(bind, s->attest.extra_data))
		return err_set(e, E_BINDING, "quote of %s binds another %s than this",
			       s->host->name, type == TPM_ST_ATTEST_QUOTE ? "proposal" : "deposit");
	return 0;
}

int host_said_check(struct host_said *s, struct tx *tx, const struct digest *bind, u16 type,
		    struct err *e)
{
	return host_said_find(s, tx, e) || check_attest(s, bind, type, e) ||
			       session_check(s->call->server, &s->session, e) ||
			       check_clock(s, tx, e)
		       ? (int)e->code
		       : 0;
}
