// SPDX-License-Identifier: Apache-2.0
#include "tpm_lease.h"

#include <tss2/tss2_mu.h>

#include "tpm_tss.h"

/* ---- the share ---- */
/* Everything of it but the hash of what is sealed is told by the terms and this boot. */
static int check_object(struct tpm *t, const TPM2B_PUBLIC *got, const struct lease_terms *terms,
			struct err *e)
{
	TPM2B_PUBLIC want = { .publicArea = {
				      .type = TPM2_ALG_KEYEDHASH,
				      .nameAlg = TPM2_ALG_SHA256,
				      .objectAttributes = TPMA_OBJECT_NODA,
				      .authPolicy = { .size = 32 },
				      .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL,
			      } };
	struct digest pcrs, policy;
	u8 a[sizeof(*got)], b[sizeof(want)];
	size_t n = 0, m = 0;

	if (tpm_pcrs_now(t, terms->pcrs, &pcrs, e))
		return (int)e->code;
	policy = lease_policy(terms, digest_bytes(&pcrs));
	memcpy(want.publicArea.authPolicy.buffer, policy.at, 32);
	want.publicArea.unique = got->publicArea.unique;
	if (Tss2_MU_TPMT_PUBLIC_Marshal(&got->publicArea, a, sizeof(a), &n) ||
	    Tss2_MU_TPMT_PUBLIC_Marshal(&want.publicArea, b, sizeof(b), &m) ||
	    !bytes_equal((struct bytes){ a, n }, (struct bytes){ b, m }))
		return err_set(e, E_POLICY,
			       "it is sealed to something else than its terms and what has been "
			       "booted");
	return 0;
}

int tpm_lease_take(struct tpm *t, const struct tpm_key *srk, const struct lease_terms *terms,
		   const struct lease_share *share, struct writer *out, struct err *e)
{
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC pub;
	u8 room[sizeof(*private)];
	size_t n = 0;
	int rc = tpm_import(t, srk, share->public_2b, share->private_2b, share->secret_2b, &pub,
			    &private, e);

	if (!rc)
		rc = check_object(t, &pub, terms, e);
	if (!rc && Tss2_MU_TPM2B_PRIVATE_Marshal(private, room, sizeof(room), &n))
		rc = err_set(e, E_TPM, "the TPM gave an object that is not well-formed");
	Esys_Free(private);
	if (!rc)
		rc = lease_kept_write(
			&(struct lease_kept){ *terms, share->public_2b, { room, n }, BYTES_NONE },
			out, e);
	return rc ? err_while(e, "take a lease") : 0;
}

static int load(struct tpm *t, const struct lease_kept *k, ESYS_TR *out, struct err *e)
{
	OWNED(tpm_key) srk = NULL;
	TPM2B_PUBLIC pub = { .size = 0 };
	TPM2B_PRIVATE private = { .size = 0 };
	size_t n = 0, m = 0;
	TSS2_RC rc;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(k->public_2b.at, k->public_2b.len, &n, &pub) ||
	    n != k->public_2b.len ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(k->private_2b.at, k->private_2b.len, &m, &private) ||
	    m != k->private_2b.len)
		return err_set(e, E_FORMAT, "it is not well-formed");
	if (check_object(t, &pub, &k->terms, e) || tpm_key_make(t, TEMPLATE_SRK_ECC_P256, &srk, e))
		return (int)e->code;
	rc = Esys_Load(t->esys, srk->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private,
		       &pub, out);
	return rc ? tpm_failed(e, "TPM2_Load", rc) : 0;
}

static TSS2_RC policy_time(struct tpm *t, ESYS_TR session, struct bytes operand, u16 offset,
			   TPM2_EO operation)
{
	TPM2B_OPERAND o = { .size = (u16)operand.len };

	memcpy(o.buffer, operand.at, operand.len);
	return Esys_PolicyCounterTimer(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				       &o, offset, operation);
}

/* In the order of lease_policy(). */
static TSS2_RC policy_lease(struct tpm *t, ESYS_TR session, ESYS_TR nv,
			    const struct lease_terms *terms)
{
	static const u8 no_restart[4];
	struct tpm_selection selection = { 1, { { TPM_ALG_SHA256, terms->pcrs } } };
	TPML_PCR_SELECTION select = tpm_selection_tss(&selection);
	TPM2B_DIGEST current = { .size = 0 };
	TPM2B_OPERAND value = { .size = COUNTER_LEN };
	u8 resets[4], clock[8];
	struct writer rw = writer_on(resets, sizeof(resets)), cw = writer_on(clock, sizeof(clock));
	struct writer vw = writer_on(value.buffer, COUNTER_LEN);
	TSS2_RC rc;

	write_be32(&rw, terms->reset_max);
	write_be64(&cw, terms->clock_max);
	write_be64(&vw, terms->value);
	rc = policy_time(t, session, BYTES(resets), TIME_INFO_RESET_COUNT, TPM2_EO_UNSIGNED_LE);
	if (!rc)
		rc = policy_time(t, session, BYTES(no_restart), TIME_INFO_RESTART_COUNT,
				 TPM2_EO_EQ);
	if (!rc)
		rc = policy_time(t, session, BYTES(clock), TIME_INFO_CLOCK, TPM2_EO_UNSIGNED_LE);
	if (!rc)
		rc = Esys_PolicyPCR(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				    &current, &select);
	if (!rc)
		rc = Esys_PolicyNV(t->esys, nv, nv, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE, &value, 0, TPM2_EO_EQ);
	return rc ? rc
		  : Esys_PolicyCommandCode(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, TPM2_CC_Unseal);
}

static int unseal(struct tpm *t, const struct tpm_key *salt, ESYS_TR object, ESYS_TR nv,
		  const struct lease_terms *terms, struct secret **out, struct err *e)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	ESYS_TR session;
	TSS2_RC rc = TPM2_RC_PCR_CHANGED;

	for (int i = 0; i < TPM_POLICY_TRIES && tpm_pcr_changed(rc); i++) {
		if (tpm_policy_session(t, salt->handle, &session, e))
			return (int)e->code;
		rc = policy_lease(t, session, nv, terms);
		if (!rc)
			rc = Esys_Unseal(t->esys, object, session, ESYS_TR_NONE, ESYS_TR_NONE,
					 &data);
		Esys_FlushContext(t->esys, session);
	}
	return rc ? tpm_refused(e, "TPM2_Unseal", rc) : tpm_take_unsealed(data, out, e);
}

/* The TPM says no all the same; this says why, to a person before a console. */
static int still_runs(struct tpm *t, ESYS_TR nv, const struct lease_terms *terms,
		      struct lease_left *left, struct err *e)
{
	TPMS_TIME_INFO *now = NULL;
	TPMS_CLOCK_INFO clock;
	u64 value;
	TSS2_RC rc;

	if (tpm_nv_counter(t, nv, &value, e))
		return (int)e->code;
	if (value != terms->value)
		return err_set(e, E_POLICY, "it was revoked");
	rc = Esys_ReadClock(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &now);
	if (rc)
		return tpm_failed(e, "TPM2_ReadClock", rc);
	clock = now->clockInfo;
	Esys_Free(now);
	if (clock.restartCount)
		return err_set(e, E_POLICY, "the TPM was restarted without a reset");
	if (clock.resetCount > terms->reset_max)
		return err_set(e, E_POLICY, "it has opened as many reboots as it was for");
	if (clock.clock > terms->clock_max)
		return err_set(e, E_POLICY, "its time is over");
	left->reboots = terms->reset_max - clock.resetCount;
	left->ms = terms->clock_max - clock.clock;
	return 0;
}

int tpm_lease_open(struct tpm *t, const struct tpm_key *salt, u32 index, struct bytes kept,
		   struct secret **out, struct lease_left *left, struct err *e)
{
	struct lease_kept k;
	ESYS_TR object, nv;
	int rc;

	if (lease_kept_parse(kept, &k, e))
		return (int)e->code;
	if (k.terms.counter != index)
		return err_set(e, E_POLICY, "lease: it hangs on another counter than this host's");
	if (tpm_lease_counter_use(t, index, &nv, e))
		return err_while(e, "lease");
	rc = still_runs(t, nv, &k.terms, left, e);
	if (!rc)
		rc = load(t, &k, &object, e);
	if (!rc) {
		rc = unseal(t, salt, object, nv, &k.terms, out, e);
		Esys_FlushContext(t->esys, object);
	}
	Esys_TR_Close(t->esys, &nv);
	return rc ? err_while(e, "lease") : 0;
}
