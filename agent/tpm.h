/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's TPM. tpm.c is the only user of tpm2-tss. Keys are primaries made again from fixed
 * templates each time, so that nothing has to be stored on the host.
 */
#ifndef ASSAY_AGENT_TPM_H
#define ASSAY_AGENT_TPM_H

#include "proto/evidence.h"
#include "proto/tpm_template.h"

struct tpm;

/** tpm_open - @tcti as tpm2-tss names it ("device:/dev/tpmrm0", "swtpm:path=..."). */
int tpm_open(const char *tcti, struct tpm **out, struct err *e);
void tpm_drop(struct tpm **t);

/** struct tpm_key - a loaded primary; flushed on drop. */
struct tpm_key {
	struct tpm *tpm;
	u32 handle;	 /* ESYS_TR                       */
	struct buf *pub; /* TPMT_PUBLIC                   */
	u8 name[AK_NAME_LEN];
};
/** tpm_key_make - create the primary of @which in the hierarchy it belongs to. */
int tpm_key_make(struct tpm *t, enum tpm_template which, struct tpm_key **out, struct err *e);
void tpm_key_drop(struct tpm_key **k);

/**
 * tpm_endorsement - the EK: the one of the NV certificate (ECC before RSA), else ECC P-256.
 * @cert: DER, or NULL when the TPM holds none for a template we know.
 */
int tpm_endorsement(struct tpm *t, struct tpm_key **ek, struct buf **cert, struct err *e);

/** tpm_activate - TPM2_ActivateCredential: the secret wrapped for @ek and @ak, at most 32 bytes. */
int tpm_activate(struct tpm *t, const struct tpm_key *ek, const struct tpm_key *ak,
		 struct bytes id_object, struct bytes encrypted_secret, u8 *out, size_t *len,
		 struct err *e);

/** struct tpm_quoted - a quote and the values it speaks of. */
struct tpm_quoted {
	struct buf *attest;    /* TPMS_ATTEST    */
	struct buf *signature; /* TPMT_SIGNATURE */
	struct tpm_selection selection;
	struct digest pcrs[TPM_BANKS_MAX][TPM_PCRS]; /* of the selected PCRs */
};
void tpm_quoted_clear(struct tpm_quoted *q);
/**
 * tpm_quote - PCRs 0 to 15 of every active bank, read and quoted until both agree (bounded).
 * @extra: 32 bytes of extraData.
 */
int tpm_quote(struct tpm *t, const struct tpm_key *ak, const struct digest *extra,
	      struct tpm_quoted *out, struct err *e);
/** tpm_certify - TPM2_Certify(@object) by @ak with @extra as extraData. */
int tpm_certify(struct tpm *t, const struct tpm_key *ak, const struct tpm_key *object,
		const struct digest *extra, struct buf **attest, struct buf **signature,
		struct err *e);

/**
 * tpm_open_share - import a delivered share under @k and unseal it: PolicyPCR over @pcrs (SHA-256
 * bank, current values), PolicyCounterTimer(counts of @clock), PolicyCommandCode. The session is
 * salted to @k and encrypts the answer: nothing in clear on the bus.
 * Return: E_POLICY when the TPM refuses the policy, E_TPM otherwise.
 */
int tpm_open_share(struct tpm *t, const struct tpm_key *k, struct bytes public_2b,
		   struct bytes private_2b, struct bytes secret_2b, u32 pcrs,
		   const struct tpm_clock *clock, struct secret **out, struct err *e);

#endif
