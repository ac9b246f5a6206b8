// SPDX-License-Identifier: Apache-2.0
/* The counters of volumes and of leases: NV indices of two kinds, which differ in who may count them up. */
#include "tpm_disk.h"
#include "tpm_lease.h"
#include "tpm_tss.h"

struct kind {
	void (*public)(u32 index, bool written, struct writer *w);
	int (*up)(struct tpm *t, ESYS_TR nv, bool new, struct err *e);
};

/* Anybody may have defined what stands there: only what we would have defined is taken. */
static int check(struct tpm *t, const struct kind *k, ESYS_TR nv, u32 index, bool written,
		 struct err *e)
{
	u8 want[NV_PUBLIC_MAX];
	struct writer w = writer_on(want, sizeof(want));

	k->public(index, written, &w);
	return tpm_nv_is(t, nv, index, write_done(&w), e);
}

/* One of this kind that counts; to be closed. */
static int use(struct tpm *t, const struct kind *k, u32 index, ESYS_TR *nv, struct err *e)
{
	int rc = tpm_nv_open(t, index, nv, e);

	if (rc)
		return rc;
	rc = check(t, k, *nv, index, true, e);
	if (rc)
		Esys_TR_Close(t->esys, nv);
	return rc;
}

static int value_of(struct tpm *t, const struct kind *k, u32 index, u64 *value, struct err *e)
{
	ESYS_TR nv;
	int rc;

	if (use(t, k, index, &nv, e))
		return (int)e->code;
	rc = tpm_nv_counter(t, nv, value, e);
	Esys_TR_Close(t->esys, &nv);
	return rc;
}

static int up(struct tpm *t, const struct kind *k, u32 index, struct err *e)
{
	ESYS_TR nv;
	int rc;

	if (use(t, k, index, &nv, e))
		return (int)e->code;
	rc = k->up(t, nv, false, e);
	Esys_TR_Close(t->esys, &nv);
	return rc;
}

static int define(struct tpm *t, const struct kind *k, u32 index, ESYS_TR *nv, struct err *e)
{
	u8 room[NV_PUBLIC_MAX];
	struct writer w = writer_on(room, sizeof(room));

	k->public(index, false, &w);
	return tpm_nv_define(t, write_done(&w), nv, e);
}

/* One that was defined and never counted is what is left when the power went in between: it is made whole. */
static int make(struct tpm *t, const struct kind *k, u32 index, u64 *value, struct err *e)
{
	ESYS_TR nv;
	int rc = tpm_nv_open(t, index, &nv, e);

	if (!rc && check(t, k, nv, index, false, e)) {
		Esys_TR_Close(t->esys, &nv);
		return err_set(e, E_CONFLICT, "NV index 0x%08x is in use already", index);
	}
	if (rc && e->code != E_NOTFOUND)
		return rc;
	*e = (struct err){ 0 };
	if (rc && define(t, k, index, &nv, e))
		return (int)e->code;
	rc = k->up(t, nv, true, e);
	Esys_TR_Close(t->esys, &nv);
	return rc ? rc : value_of(t, k, index, value, e);
}

static int certify(struct tpm *t, const struct kind *k, const struct tpm_key *ak, u32 index,
		   const struct digest *extra, struct buf **attest, struct buf **signature,
		   struct err *e)
{
	ESYS_TR nv;
	int rc;

	if (use(t, k, index, &nv, e))
		return (int)e->code;
	rc = tpm_nv_certify(t, ak, nv, extra, attest, signature, e);
	Esys_TR_Close(t->esys, &nv);
	return rc;
}

/* ---- of a volume: before the cap ---- */
TSS2_RC tpm_policy_uncapped(struct tpm *t, ESYS_TR session)
{
	static const TPML_PCR_SELECTION cap = {
		.count = 1,
		.pcrSelections = { { .hash = TPM2_ALG_SHA256,
				     .sizeofSelect = 3,
				     .pcrSelect = { 0, 1 << (CAP_PCR - 8), 0 } } },
	};
	TPM2B_DIGEST current = { .size = 0 };

	return Esys_PolicyPCR(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &current,
			      &cap);
}

/* @new: it was never counted up, and the cap does not matter. */
static TSS2_RC policy_up(struct tpm *t, ESYS_TR session, bool new)
{
	struct digest branch[] = { tpm_counter_policy_uncapped(), tpm_counter_policy_new() };
	TPML_DIGEST either = { .count = 2 };
	TSS2_RC rc;

	for (size_t i = 0; i < 2; i++) {
		either.digests[i].size = 32;
		memcpy(either.digests[i].buffer, branch[i].at, 32);
	}
	rc = new ? Esys_PolicyNvWritten(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_NO)
		 : tpm_policy_uncapped(t, session);
	return rc ? rc
		  : Esys_PolicyOR(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
				  &either);
}

static int volume_up(struct tpm *t, ESYS_TR nv, bool new, struct err *e)
{
	ESYS_TR session;
	TSS2_RC rc = TPM2_RC_PCR_CHANGED;

	for (int i = 0; i < TPM_POLICY_TRIES && tpm_pcr_changed(rc); i++) {
		if (tpm_policy_session(t, ESYS_TR_NONE, &session, e))
			return (int)e->code;
		rc = policy_up(t, session, new);
		if (!rc)
			rc = Esys_NV_Increment(t->esys, nv, nv, session, ESYS_TR_NONE,
					       ESYS_TR_NONE);
		Esys_FlushContext(t->esys, session);
	}
	return rc ? tpm_refused(e, "TPM2_NV_Increment", rc) : 0;
}

static const struct kind of_volume = { tpm_counter_public, volume_up };

int tpm_counter_use(struct tpm *t, u32 index, ESYS_TR *nv, struct err *e)
{
	return use(t, &of_volume, index, nv, e);
}

int tpm_counter_read(struct tpm *t, u32 index, u64 *value, struct err *e)
{
	return value_of(t, &of_volume, index, value, e);
}

int tpm_counter_up(struct tpm *t, u32 index, struct err *e)
{
	return up(t, &of_volume, index, e);
}

int tpm_counter_make(struct tpm *t, u32 index, u64 *value, struct err *e)
{
	return make(t, &of_volume, index, value, e);
}

int tpm_counter_certify(struct tpm *t, const struct tpm_key *ak, u32 index,
			const struct digest *extra, struct buf **attest, struct buf **signature,
			struct err *e)
{
	return certify(t, &of_volume, ak, index, extra, attest, signature, e);
}

int tpm_counter_remove(struct tpm *t, u32 index, struct err *e)
{
	ESYS_TR nv;
	TSS2_RC rc;

	if (tpm_nv_open(t, index, &nv, e))
		return (int)e->code;
	rc = Esys_NV_UndefineSpace(t->esys, ESYS_TR_RH_OWNER, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				   ESYS_TR_NONE);
	if (rc)
		Esys_TR_Close(t->esys, &nv);
	return rc ? tpm_failed(e, "TPM2_NV_UndefineSpace", rc) : 0;
}

/* ---- of leases: at any time ---- */
static int lease_up(struct tpm *t, ESYS_TR nv, bool new, struct err *e)
{
	TSS2_RC rc =
		Esys_NV_Increment(t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);

	(void)new;
	return rc ? tpm_failed(e, "TPM2_NV_Increment", rc) : 0;
}
static const struct kind of_lease = { lease_counter_public, lease_up };

int tpm_lease_counter_use(struct tpm *t, u32 index, ESYS_TR *nv, struct err *e)
{
	return use(t, &of_lease, index, nv, e);
}

int tpm_lease_counter_read(struct tpm *t, u32 index, u64 *value, struct err *e)
{
	return value_of(t, &of_lease, index, value, e);
}

int tpm_lease_counter_up(struct tpm *t, u32 index, struct err *e)
{
	return up(t, &of_lease, index, e);
}

int tpm_lease_counter_make(struct tpm *t, u32 index, u64 *value, struct err *e)
{
	if (!value_of(t, &of_lease, index, value, e))
		return 0;
	return make(t, &of_lease, index, value, e);
}

int tpm_lease_counter_certify(struct tpm *t, const struct tpm_key *ak, u32 index,
			      const struct digest *extra, struct buf **attest,
			      struct buf **signature, struct err *e)
{
	return certify(t, &of_lease, ak, index, extra, attest, signature, e);
}
