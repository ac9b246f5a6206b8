// SPDX-License-Identifier: Apache-2.0
#include "release.h"

#include "approvals.h"
#include "proto/release_answer.h"
#include "proto/tpm_policy.h"
#include "proto/tpm_wrap.h"
#include "secrets.h"

/* SHA-256 over the release set's values, in the order a TPM concatenates them. */
static int release_digest(const struct eat *t, u32 pcrs, struct digest *out, struct err *e)
{
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);

	for (size_t i = 0; h && i < t->n_banks; i++) {
		if (t->banks[i].alg != TPM_ALG_SHA256)
			continue;
		for (u32 p = 0; p < TPM_PCRS; p++)
			if (pcrs & 1u << p)
				hasher_add(h, t->banks[i].value[p]);
		*out = hasher_end(h);
		return 0;
	}
	return err_set(e, E_POLICY, "no SHA-256 bank in the quote");
}

struct wrapped {
	struct buf *public_2b, *private_2b, *secret_2b;
};

static void wrapped_clear(struct wrapped *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_drop(&w[i].public_2b);
		buf_drop(&w[i].private_2b);
		buf_drop(&w[i].secret_2b);
	}
}

static int wrap_one(struct tx *tx, const struct eat *t, const struct eat_volume *volume, u64 epoch,
		    const struct tpm_public *k, const struct digest *policy, struct wrapped *w,
		    struct release_share *out, struct err *e)
{
	OWNED(secret) share = NULL;
	bool pending;

	if (share_open(tx, t->ueid, volume->uuid.at, epoch, &share, &pending, e))
		return (int)e->code;
	w->public_2b = buf_new(TPM_STRUCT_MAX);
	w->private_2b = buf_new(TPM_STRUCT_MAX);
	w->secret_2b = buf_new(TPM_STRUCT_MAX);
	if (!w->public_2b || !w->private_2b || !w->secret_2b)
		return err_set(e, E_MEMORY, "no memory for a share");
	if (tpm_seal_for(k, secret_bytes(share), policy, &w->public_2b->w, &w->private_2b->w,
			 &w->secret_2b->w, e))
		return (int)e->code;
	out->uuid = volume->uuid;
	out->epoch = epoch;
	out->pending = pending || epoch > volume->epoch;
	out->public_2b = buf_bytes(w->public_2b);
	out->private_2b = buf_bytes(w->private_2b);
	out->secret_2b = buf_bytes(w->secret_2b);
	return 0;
}

/* The share that is asked for, and the next one where a change of epochs is under way. */
static int wrap_volume(struct tx *tx, const struct eat *t, const struct eat_volume *volume,
		       const struct tpm_public *k, const struct digest *policy,
		       struct wrapped *wrapped, struct release_answer *a, struct err *e)
{
	bool next = false;

	if (volume->counter &&
	    share_there(tx, t->ueid, volume->uuid.at, volume->epoch + 1, &next, e))
		return (int)e->code;
	for (u64 i = 0; i < 1u + next; i++) {
		if (wrap_one(tx, t, volume, volume->epoch + i, k, policy, &wrapped[a->n],
			     &a->shares[a->n], e))
			return (int)e->code;
		a->n++;
	}
	return 0;
}

/* ---- a lease: the same shares, under another policy, for a key that outlives this boot ---- */
static int lease_one(struct tx *tx, const struct verified_view *v, const struct eat_volume *volume,
		     const struct digest *policy, struct wrapped *w, struct lease_share *out,
		     struct err *e)
{
	struct release_share as_share = { 0 };

	if (wrap_one(tx, v->token, volume, volume->epoch, &v->lease.parent, policy, w, &as_share,
		     e))
		return (int)e->code;
	*out = (struct lease_share){ .uuid = as_share.uuid,
				     .epoch = as_share.epoch,
				     .public_2b = as_share.public_2b,
				     .private_2b = as_share.private_2b,
				     .secret_2b = as_share.secret_2b };
	return 0;
}

/* Of volumes that have a keyslot: what is made for a new one opens nothing yet. */
static int lease_wrap(struct tx *tx, const struct verified_view *v, const struct lease_terms *terms,
		      const struct digest *pcrs, struct buf **out, struct err *e)
{
	struct wrapped wrapped[VOLUMES_MAX] = { 0 };
	struct lease_grant grant = { .terms = *terms };
	struct digest policy = lease_policy(terms, digest_bytes(pcrs));
	OWNED(buf) b = buf_new(LEASE_GRANT_MAX);
	int rc = b ? 0 : err_set(e, E_MEMORY, "no memory for a lease");

	for (size_t i = 0; !rc && i < v->token->n_volumes; i++) {
		const struct eat_volume *volume = &v->token->volumes[i];

		if (!volume->counter || volume->act == VOLUME_NEW)
			continue;
		rc = lease_one(tx, v, volume, &policy, &wrapped[grant.n], &grant.shares[grant.n],
			       e);
		grant.n++;
	}
	if (!rc && grant.n)
		rc = lease_grant_write(&grant, &b->w, e);
	wrapped_clear(wrapped, ARRAY_LEN(wrapped));
	if (!rc && grant.n)
		*out = TAKE(b);
	return rc ? err_while(e, "lease") : 0;
}

int release_wrap(struct tx *tx, const struct verified_claims *claims, const struct decision *d,
		 u32 release_pcrs, const struct lease_terms *lease, struct buf **out, struct err *e)
{
	const struct verified_view *v = verified_view(claims);
	struct tpm_selection set = { .n = 1, .bank = { { TPM_ALG_SHA256, release_pcrs } } };
	struct wrapped wrapped[2 * VOLUMES_MAX] = { 0 };
	struct release_answer answer = { 0 };
	OWNED(buf) b = buf_new(RELEASE_ANSWER_MAX);
	OWNED(buf) leased = NULL;
	struct buf *approvals[APPROVALS_MAX] = { 0 };
	struct digest pcrs, policy;
	struct tpm_public k;
	u8 name[TPM_NAME_MAX];
	int rc;

	if (!d->release)
		return err_set(e, E_INTERNAL, "release without a decision for it");
	if (!b || release_digest(v->token, release_pcrs, &pcrs, e) ||
	    tpm_public_parse(v->token->volumes[0].k_public, &k, e))
		return e->code ? (int)e->code : err_set(e, E_MEMORY, "no memory for a release");
	policy = tpm_release_policy(&set, digest_bytes(&pcrs), &v->quote.clock);
	answer.k_name = (struct bytes){ name, tpm_public_name(&k, name) };
	rc = 0;
	for (size_t i = 0; !rc && i < v->token->n_volumes; i++)
		rc = wrap_volume(tx, v->token, &v->token->volumes[i], &k, &policy, wrapped, &answer,
				 e);
	for (size_t i = 0; !rc && i < v->token->n_volumes; i++)
		rc = approvals_find(tx, v->token->volumes[i].uuid.at, v->token->volumes[i].epoch,
				    approvals, &answer.n_approvals, e);
	for (size_t i = 0; i < answer.n_approvals; i++)
		answer.approvals[i] = buf_bytes(approvals[i]);
	if (!rc && lease)
		rc = lease_wrap(tx, v, lease, &pcrs, &leased, e);
	answer.lease = buf_bytes(leased);
	if (!rc)
		rc = release_answer_write(&answer, &b->w, e);
	wrapped_clear(wrapped, ARRAY_LEN(wrapped));
	for (size_t i = 0; i < answer.n_approvals; i++)
		buf_drop(&approvals[i]);
	if (!rc)
		*out = TAKE(b);
	return rc;
}
