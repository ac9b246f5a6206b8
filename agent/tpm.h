/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's TPM. tpm.c, tpm_endorsement.c and tpm_disk.c are the only users of tpm2-tss. Keys are primaries made again from fixed
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
	u32 handle;	      /* ESYS_TR                       */
	struct buf *pub;      /* TPMT_PUBLIC                   */
	u8 name[AK_NAME_LEN]; /* zeros for an EK whose name is SHA-384 */
	bool with_auth;	      /* its (empty) authValue is enough to use it */
	enum digest_alg hash; /* of its signing scheme; DIGEST_NONE: it does not sign */
};
/** tpm_key_make - create the primary of @which in the hierarchy it belongs to. */
int tpm_key_make(struct tpm *t, enum tpm_template which, struct tpm_key **out, struct err *e);
void tpm_key_drop(struct tpm_key **k);

enum { EK_BY_CERTIFICATE = -1 };
/**
 * tpm_endorsement - the EK.
 * @want: its template, or EK_BY_CERTIFICATE: the one of the first NV certificate that fits a template we
 * know, ECC before RSA, low range before high; without any ECC P-256. The same TPM gives the same EK.
 * @cert: DER, or NULL when the TPM holds none for it.
 */
int tpm_endorsement(struct tpm *t, int want, struct tpm_key **ek, struct buf **cert, struct err *e);
/**
 * tpm_endorsement_chain - the certificates between EK and root that the vendor left in NV, as
 * concatenated DER; at most EK_CHAIN_MAX bytes. *@out is NULL when there are none.
 * SPEC: TCG EK Credential Profile 2.5 2.2.1.5 (NV 0x01C00100 to 0x01C001FF)
 */
int tpm_endorsement_chain(struct tpm *t, struct buf **out, struct err *e);

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
