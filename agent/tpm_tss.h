/* SPDX-License-Identifier: Apache-2.0 */
/* What tpm.c, tpm_endorsement.c and tpm_disk.c share; nobody else includes this. */
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

#endif
