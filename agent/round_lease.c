// SPDX-License-Identifier: Apache-2.0
/* Leases in a round: what is said of them, and what comes. None of it is a reason for a round to fail. */
#include "common/log.h"
#include "round_parts.h"
#include "tpm_lease.h"

static bool wants_lease(const struct round *r)
{
	for (size_t i = 0; r->ask && i < r->ask->n; i++)
		if (r->ask->volumes[i].counter && r->ask->volumes[i].act != VOLUME_NEW)
			return true;
	return false;
}

/* The SRK is there for as long as it takes to certify it: the TPM has room for three. */
static int certify_srk(struct round *r, struct err *e)
{
	OWNED(tpm_key) srk = NULL;

	if (tpm_key_make(r->tpm, TEMPLATE_SRK_ECC_P256, &srk, e) ||
	    tpm_certify(r->tpm, r->ak, srk, &r->bind, &r->srk_certify, &r->srk_certify_sig, e))
		return (int)e->code;
	r->srk = buf_copy(buf_bytes(srk->pub));
	return r->srk ? 0 : err_set(e, E_MEMORY, "no memory for a key");
}

static int certify(struct round *r, bool wanted, struct err *e)
{
	u32 index = r->s->lease_counter;
	u64 value;
	int rc = wanted ? tpm_lease_counter_make(r->tpm, index, &value, e)
			: tpm_lease_counter_read(r->tpm, index, &value, e);

	if (rc == E_NOTFOUND) /* no lease was ever asked for */
		return 0;
	if (rc ||
	    tpm_lease_counter_certify(r->tpm, r->ak, index, &r->bind, &r->lease_counted,
				      &r->lease_counted_sig, e) ||
	    (wanted && certify_srk(r, e)))
		return (int)e->code;
	r->lease = (struct eat_lease){ .counter = index,
				       .counted = buf_bytes(r->lease_counted),
				       .counted_sig = buf_bytes(r->lease_counted_sig) };
	if (wanted) {
		r->lease.parent = buf_bytes(r->srk);
		r->lease.certify = buf_bytes(r->srk_certify);
		r->lease.certify_sig = buf_bytes(r->srk_certify_sig);
	}
	return 0;
}

void round_certify_lease(struct round *r)
{
	struct err e = { 0 };

	if (r->s->lease_counter && !r->whom.has_nonce && certify(r, wants_lease(r), &e))
		log_event(LOG_LEVEL_ERROR, "no-lease", LOG_T("why", e.text));
}

static int take(struct round *r, const struct tpm_key *srk, const struct lease_grant *g, size_t i,
		struct round_lease *out, struct err *e)
{
	OWNED(buf) kept = buf_new(LEASE_KEPT_MAX);

	if (!kept)
		return err_set(e, E_MEMORY, "no memory for a lease");
	if (tpm_lease_take(r->tpm, srk, &g->terms, &g->shares[i], &kept->w, e))
		return (int)e->code;
	memcpy(out->uuid, g->shares[i].uuid.at, sizeof(out->uuid));
	out->epoch = g->shares[i].epoch;
	out->kept = TAKE(kept);
	return 0;
}

static int take_all(struct round *r, struct bytes bytes, struct round_result *out, struct err *e)
{
	OWNED(tpm_key) srk = NULL;
	struct lease_grant grant;

	if (lease_grant_parse(bytes, &grant, e))
		return (int)e->code;
	if (grant.terms.counter != r->lease.counter)
		return err_set(e, E_BINDING, "the lease hangs on another counter than ours");
	if (tpm_key_make(r->tpm, TEMPLATE_SRK_ECC_P256, &srk, e))
		return (int)e->code;
	for (size_t i = 0; i < grant.n; i++) {
		if (take(r, srk, &grant, i, &out->leases[out->n_leases], e))
			return (int)e->code;
		out->n_leases++;
	}
	return 0;
}

void round_take_leases(struct round *r, struct bytes grant, struct round_result *out)
{
	struct err e = { 0 };

	if (grant.len && r->lease.parent.len && take_all(r, grant, out, &e))
		log_event(LOG_LEVEL_ERROR, "no-lease", LOG_T("why", e.text));
}
