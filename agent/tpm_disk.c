// SPDX-License-Identifier: Apache-2.0
#include "tpm_disk.h"

#include <stdlib.h>

#include <tss2/tss2_mu.h>

#include "tpm_tss.h"

/* ---- the half ---- */
void tpm_half_clear(struct tpm_half *h)
{
	buf_drop(&h->public_2b);
	buf_drop(&h->private_2b);
}

static TPM2B_PUBLIC half_template(u32 index, u64 epoch, const struct tpm_strict *strict)
{
	struct digest policy = strict ? strict_half_policy(&strict->key, &strict->ref, index, epoch)
				      : tpm_half_policy(index, epoch);
	TPM2B_PUBLIC p = { .publicArea = {
				   .type = TPM2_ALG_KEYEDHASH,
				   .nameAlg = TPM2_ALG_SHA256,
				   .objectAttributes =
					   TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					   TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_NODA,
				   .authPolicy = { .size = 32 },
				   .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
			   } };

	memcpy(p.publicArea.authPolicy.buffer, policy.at, 32);
	return p;
}

static int half_take(const TPM2B_PUBLIC *pub, const TPM2B_PRIVATE *private, struct tpm_half *out,
		     struct err *e)
{
	u8 a[sizeof(*pub)], b[sizeof(*private)];
	size_t n = 0, m = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(pub, a, sizeof(a), &n) ||
	    Tss2_MU_TPM2B_PRIVATE_Marshal(private, b, sizeof(b), &m))
		return err_set(e, E_TPM, "the TPM gave an object that is not well-formed");
	out->public_2b = buf_copy((struct bytes){ a, n });
	out->private_2b = buf_copy((struct bytes){ b, m });
	return out->public_2b && out->private_2b ? 0 : err_set(e, E_MEMORY, "no memory for a half");
}

static int half_create(struct tpm *t, const struct tpm_key *srk, const struct tpm_key *salt,
		       const u8 l[32], const TPM2B_PUBLIC *want, struct tpm_half *out,
		       struct err *e)
{
	static const TPM2B_DATA no_info;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_SENSITIVE_CREATE sensitive = { .sensitive.data.size = 32 };
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC *pub = NULL;
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	ESYS_TR hidden;
	TSS2_RC rc;
	int result;

	if (tpm_cipher_session(t, salt->handle, &hidden, e))
		return (int)e->code;
	memcpy(sensitive.sensitive.data.buffer, l, 32);
	rc = Esys_Create(t->esys, srk->handle, ESYS_TR_PASSWORD, hidden, ESYS_TR_NONE, &sensitive,
			 want, &no_info, &no_pcrs, &private, &pub, &data, &hash, &ticket);
	secret_wipe(&sensitive, sizeof(sensitive));
	Esys_FlushContext(t->esys, hidden);
	result = rc ? tpm_failed(e, "TPM2_Create", rc) : half_take(pub, private, out, e);
	Esys_Free(private);
	Esys_Free(pub);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return result;
}

int tpm_half_seal(struct tpm *t, const struct tpm_key *salt, const u8 l[32], u32 index, u64 epoch,
		  const struct tpm_strict *strict, struct tpm_half *out, struct err *e)
{
	OWNED(tpm_key) srk = NULL;
	TPM2B_PUBLIC want = half_template(index, epoch, strict);

	if (tpm_key_make(t, TEMPLATE_SRK_ECC_P256, &srk, e) ||
	    half_create(t, srk, salt, l, &want, out, e))
		return err_while(e, "seal this machine's half");
	return 0;
}

/* Everything of it but the hash of what is sealed is told by index and epoch. */
static int half_check(const TPM2B_PUBLIC *got, u32 index, u64 epoch,
		      const struct tpm_strict *strict, struct err *e)
{
	TPM2B_PUBLIC want = half_template(index, epoch, strict);
	u8 a[sizeof(*got)], b[sizeof(want)];
	size_t n = 0, m = 0;

	want.publicArea.unique = got->publicArea.unique;
	if (Tss2_MU_TPMT_PUBLIC_Marshal(&got->publicArea, a, sizeof(a), &n) ||
	    Tss2_MU_TPMT_PUBLIC_Marshal(&want.publicArea, b, sizeof(b), &m) ||
	    !bytes_equal((struct bytes){ a, n }, (struct bytes){ b, m }))
		return err_set(e, E_POLICY,
			       "it is sealed to something else than counter and epoch");
	return 0;
}

static int half_load(struct tpm *t, const struct tpm_key *srk, const struct tpm_half *h, u32 index,
		     u64 epoch, const struct tpm_strict *strict, ESYS_TR *out, struct err *e)
{
	struct bytes pub_2b = buf_bytes(h->public_2b), private_2b = buf_bytes(h->private_2b);
	TPM2B_PUBLIC pub = { .size = 0 };
	TPM2B_PRIVATE private = { .size = 0 };
	size_t n = 0, m = 0;
	TSS2_RC rc;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(pub_2b.at, pub_2b.len, &n, &pub) || n != pub_2b.len ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_2b.at, private_2b.len, &m, &private) ||
	    m != private_2b.len)
		return err_set(e, E_FORMAT, "it is not well-formed");
	if (half_check(&pub, index, epoch, strict, e))
		return (int)e->code;
	rc = Esys_Load(t->esys, srk->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
		       &pub, out);
	return rc ? tpm_failed(e, "TPM2_Load", rc) : 0;
}

/* ---- the strict profile ---- */
/* The TPM's own word that the policy key signed @a for this host and epoch. */
static int approval_ticket(struct tpm *t, const struct tpm_strict *s, const struct approval *a,
			   TPMT_TK_VERIFIED **ticket, struct err *e)
{
	struct digest approved = strict_approved(a->pcrs, BYTES(a->pcr_digest)),
		      signed_digest = strict_digest(&approved, &s->ref);
	TPMT_SIGNATURE sig = { .sigAlg = TPM2_ALG_ECDSA,
			       .signature.ecdsa = { .hash = TPM2_ALG_SHA256,
						    .signatureR = { .size = 32 },
						    .signatureS = { .size = 32 } } };
	TPM2B_PUBLIC pub = { .size = 0 };
	TPM2B_DIGEST digest = { .size = 32 };
	ESYS_TR key;
	size_t at = 0;
	TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(s->key.public, s->key.public_len, &at,
						   &pub.publicArea);

	memcpy(sig.signature.ecdsa.signatureR.buffer, a->signature, 32);
	memcpy(sig.signature.ecdsa.signatureS.buffer, a->signature + 32, 32);
	memcpy(digest.buffer, signed_digest.at, 32);
	if (!rc)
		rc = Esys_LoadExternal(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
				       &pub, ESYS_TR_RH_OWNER, &key);
	if (rc)
		return tpm_failed(e, "TPM2_LoadExternal", rc);
	rc = Esys_VerifySignature(t->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
				  &sig, ticket);
	Esys_FlushContext(t->esys, key);
	return rc ? tpm_refused(
			    e,
			    "strict profile: the approval is not the policy key's for this host "
			    "and epoch: TPM2_VerifySignature",
			    rc)
		  : 0;
}

/* The first that is for what was booted and that the policy key signed. */
static int find_approval(struct tpm *t, const struct tpm_strict *s, const struct approval **out,
			 TPMT_TK_VERIFIED **ticket, struct err *e)
{
	err_set(e, E_POLICY,
		"strict profile: nobody has approved of what was booted (%zu approvals of this "
		"epoch)",
		s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct approval *a = &s->approvals[i];
		struct digest now;

		if (tpm_pcrs_now(t, a->pcrs, &now, e))
			return (int)e->code;
		if (!digest_equals(&now, BYTES(a->pcr_digest)) ||
		    approval_ticket(t, s, a, ticket, e))
			continue;
		*e = (struct err){ 0 };
		*out = a;
		if (s->used)
			*s->used = *a;
		return 0;
	}
	return (int)e->code;
}

int tpm_strict_check(struct tpm *t, const struct tpm_strict *s, struct err *e)
{
	const struct approval *found;
	TPMT_TK_VERIFIED *ticket = NULL;
	int rc = find_approval(t, s, &found, &ticket, e);

	Esys_Free(ticket);
	return rc;
}

static TSS2_RC policy_approved(struct tpm *t, ESYS_TR session, const struct tpm_strict *s,
			       const struct approval *a, const TPMT_TK_VERIFIED *ticket)
{
	struct tpm_selection set = { 1, { { TPM_ALG_SHA256, a->pcrs } } };
	TPML_PCR_SELECTION select = tpm_selection_tss(&set);
	struct digest approved = strict_approved(a->pcrs, BYTES(a->pcr_digest));
	TPM2B_DIGEST now = { .size = 0 }, policy = { .size = 32 };
	TPM2B_NONCE ref = { .size = 32 };
	TPM2B_NAME name = { .size = sizeof(s->key.name) };
	TSS2_RC rc = Esys_PolicyPCR(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				    &now, &select);

	memcpy(policy.buffer, approved.at, 32);
	memcpy(ref.buffer, s->ref.at, 32);
	memcpy(name.name, s->key.name, sizeof(s->key.name));
	return rc ? rc
		  : Esys_PolicyAuthorize(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					 &policy, &ref, &name, ticket);
}

/* ---- opening ---- */
struct opening {
	const struct tpm_strict *strict;
	const struct approval *approval;
	TPMT_TK_VERIFIED *ticket;
	ESYS_TR nv;
	u64 epoch;
};

static TSS2_RC policy_half(struct tpm *t, ESYS_TR session, const struct opening *o)
{
	TPM2B_OPERAND operand = { .size = COUNTER_LEN };
	struct writer w = writer_on(operand.buffer, COUNTER_LEN);
	TSS2_RC rc = o->strict ? policy_approved(t, session, o->strict, o->approval, o->ticket) : 0;

	write_be64(&w, o->epoch);
	if (!rc)
		rc = tpm_policy_uncapped(t, session);
	return rc ? rc
		  : Esys_PolicyNV(t->esys, o->nv, o->nv, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				  ESYS_TR_NONE, &operand, 0, TPM2_EO_UNSIGNED_LE);
}

static int half_unseal(struct tpm *t, const struct tpm_key *salt, ESYS_TR object,
		       const struct opening *o, struct secret **out, struct err *e)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	ESYS_TR session;
	TSS2_RC rc = TPM2_RC_PCR_CHANGED;

	for (int i = 0; i < TPM_POLICY_TRIES && tpm_pcr_changed(rc); i++) {
		if (tpm_policy_session(t, salt->handle, &session, e))
			return (int)e->code;
		rc = policy_half(t, session, o);
		if (!rc)
			rc = Esys_Unseal(t->esys, object, session, ESYS_TR_NONE, ESYS_TR_NONE,
					 &data);
		Esys_FlushContext(t->esys, session);
	}
	return rc ? tpm_refused(e, "TPM2_Unseal", rc) : tpm_take_unsealed(data, out, e);
}

static int half_open(struct tpm *t, const struct tpm_key *salt, const struct tpm_half *h, u32 index,
		     struct opening *o, struct secret **out, struct err *e)
{
	OWNED(tpm_key) srk = NULL;
	ESYS_TR object;
	int rc = tpm_key_make(t, TEMPLATE_SRK_ECC_P256, &srk, e);

	if (!rc)
		rc = half_load(t, srk, h, index, o->epoch, o->strict, &object, e);
	tpm_key_drop(&srk); /* a TPM without resource manager holds three objects */
	if (rc)
		return rc;
	if (o->strict)
		rc = find_approval(t, o->strict, &o->approval, &o->ticket, e);
	if (!rc)
		rc = half_unseal(t, salt, object, o, out, e);
	Esys_FlushContext(t->esys, object);
	return rc;
}

int tpm_half_open(struct tpm *t, const struct tpm_key *salt, const struct tpm_half *h, u32 index,
		  u64 epoch, const struct tpm_strict *strict, struct secret **out, struct err *e)
{
	struct opening o = { .strict = strict, .epoch = epoch };
	int rc;

	if (tpm_counter_use(t, index, &o.nv, e))
		return err_while(e, "open this machine's half");
	rc = half_open(t, salt, h, index, &o, out, e);
	Esys_Free(o.ticket);
	Esys_TR_Close(t->esys, &o.nv);
	return rc ? err_while(e, "open this machine's half") : 0;
}

/* ---- the cap ---- */
int tpm_cap(struct tpm *t, const struct digest *value, struct err *e)
{
	struct tpm_selection banks;
	TPML_DIGEST_VALUES values = { .count = 0 };
	TSS2_RC rc;

	if (tpm_active_banks(t, &banks, e))
		return (int)e->code;
	for (size_t i = 0; i < banks.n; i++) {
		enum digest_alg alg = tpm_digest_alg(banks.bank[i].alg);
		struct bytes content = digest_bytes(value);
		struct digest d = alg == DIGEST_SHA256 ? *value : digest_of(alg, &content, 1);

		values.digests[values.count].hashAlg = banks.bank[i].alg;
		memcpy(&values.digests[values.count++].digest, d.at, digest_len(alg));
	}
	rc = Esys_PCR_Extend(t->esys, ESYS_TR_PCR0 + CAP_PCR, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			     ESYS_TR_NONE, &values);
	return rc ? tpm_failed(e, "extend the cap PCR", rc) : 0;
}

/* What each active bank has in the cap PCR; the caller frees *@out. */
static int read_cap(struct tpm *t, struct tpm_quoted **out, struct err *e)
{
	struct tpm_quoted *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return err_set(e, E_MEMORY, "no memory for PCRs");
	rc = tpm_active_banks(t, &q->selection, e);
	for (size_t i = 0; !rc && i < q->selection.n; i++)
		q->selection.bank[i].pcrs = 1u << CAP_PCR;
	if (!rc)
		rc = tpm_read_pcrs(t, q, e);
	if (rc)
		free(q);
	else
		*out = q;
	return rc;
}

int tpm_cap_is_zero(struct tpm *t, bool *zero, struct err *e)
{
	static const u8 zeros[DIGEST_MAX];
	struct tpm_quoted *q;

	if (read_cap(t, &q, e))
		return (int)e->code;
	*zero = true;
	for (size_t i = 0; i < q->selection.n; i++) {
		const struct digest *d = &q->pcrs[i][CAP_PCR];

		*zero &= !memcmp(d->at, zeros, digest_len(d->alg));
	}
	free(q);
	return 0;
}

int tpm_cap_value(struct tpm *t, struct digest *value, struct err *e)
{
	struct tpm_quoted *q;
	int rc = E_NOTFOUND;

	if (read_cap(t, &q, e))
		return (int)e->code;
	for (size_t i = 0; i < q->selection.n; i++) {
		if (q->pcrs[i][CAP_PCR].alg != DIGEST_SHA256)
			continue;
		*value = q->pcrs[i][CAP_PCR];
		rc = 0;
	}
	free(q);
	return rc ? err_set(e, E_TPM, "the TPM's bank of SHA-256 is not active") : 0;
}
