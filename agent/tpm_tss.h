/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that use tpm2-tss share, tpm*.c; nobody else includes this. */
#ifndef ASSAY_AGENT_TPM_TSS_H
#define ASSAY_AGENT_TPM_TSS_H

#include <tss2/tss2_esys.h>

#include "tpm.h"

struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
};

/** tpm_failed - E_TPM with the TPM's own reason. */
int tpm_failed(struct err *e, const char *what, TSS2_RC rc);
/** tpm_policy_session - SHA-256; salted to @salt_key and encrypting answers unless that is ESYS_TR_NONE. */
int tpm_policy_session(struct tpm *t, ESYS_TR salt_key, ESYS_TR *out, struct err *e);
/** tpm_cipher_session - authorizes nothing: salted to @salt_key, it encrypts what goes in and what comes out. */
int tpm_cipher_session(struct tpm *t, ESYS_TR salt_key, ESYS_TR *out, struct err *e);
/** tpm_active_banks - PCRs 0 to 15 of every bank that is allocated; one whose hash is unknown here is refused. */
int tpm_active_banks(struct tpm *t, struct tpm_selection *out, struct err *e);
/** tpm_read_pcrs - those of @q->selection into @q->pcrs. */
int tpm_read_pcrs(struct tpm *t, struct tpm_quoted *q, struct err *e);
/** tpm_attest_take - as bytes, TPMS_ATTEST and TPMT_SIGNATURE; frees what the library gave. */
int tpm_attest_take(TPM2B_ATTEST *attest, TPMT_SIGNATURE *sig, struct buf **a, struct buf **s,
		    struct err *e);

/** tpm_selection_tss - as the library has it. */
TPML_PCR_SELECTION tpm_selection_tss(const struct tpm_selection *s);
/**
 * tpm_import - TPM2_Import of a duplicate under @parent. *@private is the library's: Esys_Free(). E_FORMAT when one of the
 * three is not well-formed.
 */
int tpm_import(struct tpm *t, const struct tpm_key *parent, struct bytes public_2b,
	       struct bytes private_2b, struct bytes secret_2b, TPM2B_PUBLIC *pub,
	       TPM2B_PRIVATE **private, struct err *e);

/** tpm_pcrs_now - SHA-256 over the values of @pcrs in that bank, as PolicyPCR wants it. */
int tpm_pcrs_now(struct tpm *t, u32 pcrs, struct digest *out, struct err *e);

/* ---- tpm_nv.c ---- */
enum { TPM_POLICY_TRIES = 8 }; /* somebody may extend a PCR between the policy and its use */
bool tpm_pcr_changed(TSS2_RC rc);
/** tpm_refused - E_POLICY with the TPM's own reason. */
int tpm_refused(struct err *e, const char *what, TSS2_RC rc);
/** tpm_take_unsealed - into locked memory; what the library gave is wiped and freed. */
int tpm_take_unsealed(TPM2B_SENSITIVE_DATA *data, struct secret **out, struct err *e);
/** tpm_nv_open - E_USAGE outside of the range of our counters, E_NOTFOUND. To be closed. */
int tpm_nv_open(struct tpm *t, u32 index, ESYS_TR *out, struct err *e);
/** tpm_nv_is - its TPMS_NV_PUBLIC is @want, else E_POLICY: anybody may have defined what stands there. */
int tpm_nv_is(struct tpm *t, ESYS_TR nv, u32 index, struct bytes want, struct err *e);
int tpm_nv_counter(struct tpm *t, ESYS_TR nv, u64 *value, struct err *e);
/** tpm_nv_define - @public: TPMS_NV_PUBLIC. */
int tpm_nv_define(struct tpm *t, struct bytes public, ESYS_TR *nv, struct err *e);
int tpm_nv_certify(struct tpm *t, const struct tpm_key *ak, ESYS_TR nv, const struct digest *extra,
		   struct buf **attest, struct buf **signature, struct err *e);

/* ---- tpm_counter.c ---- */
/** tpm_counter_use - of a volume: E_NOTFOUND; E_POLICY when it is none of ours or never counted. To be closed. */
int tpm_counter_use(struct tpm *t, u32 index, ESYS_TR *nv, struct err *e);
/** tpm_lease_counter_use - the same of leases. */
int tpm_lease_counter_use(struct tpm *t, u32 index, ESYS_TR *nv, struct err *e);
/** tpm_policy_uncapped - the cap PCR is zero. */
TSS2_RC tpm_policy_uncapped(struct tpm *t, ESYS_TR session);

#endif
