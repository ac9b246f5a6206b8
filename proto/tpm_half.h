/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's half L of a disk key, and the counter that says which epoch of it still opens, as the TPM has
 * them. Both are computed here without a TPM: the agent makes them, and neither it nor the server takes others.
 * SPEC: TCG TPM 2.0 Part 2: 13.4 (TPMA_NV), 13.5 (TPMS_NV_PUBLIC); RULES 3, 6, 17
 */
#ifndef ASSAY_TPM_HALF_H
#define ASSAY_TPM_HALF_H

#include "tpm_policy.h"

enum {
	CAP_PCR = 15,
	COUNTER_LEN = 8, /* its content, big-endian */
	COUNTER_FIRST = 0x01800000,
	COUNTER_LAST = 0x01bfffff,
	COUNTER_NAME_LEN = 34,
	NV_PUBLIC_MAX = 64,
};

/**
 * tpm_counter_public - TPMS_NV_PUBLIC of the counter at @index: counts up only, keeps its value without power, may be
 * read by anybody, and is counted up while the cap PCR is zero, or for the first time.
 * @written: it was counted up once.
 */
void tpm_counter_public(u32 index, bool written, struct writer *w);
/** tpm_counter_policy - either branch of what counting up demands: cap PCR zero; never written. And both of them. */
struct digest tpm_counter_policy_uncapped(void);
struct digest tpm_counter_policy_new(void);
struct digest tpm_counter_policy(void);
/** tpm_nv_name - nameAlg, SHA-256, ‖ its digest of @public, a TPMS_NV_PUBLIC. */
void tpm_nv_name(struct bytes public, u8 out[COUNTER_NAME_LEN]);
/** tpm_counter_name - nameAlg ‖ SHA-256(TPMS_NV_PUBLIC) of one that was counted up. */
void tpm_counter_name(u32 index, u8 out[COUNTER_NAME_LEN]);

/**
 * tpm_counter_attested - what @a, a TPM2_NV_Certify whose signature was verified, says of the counter @name at @index.
 * Return: E_POLICY for an attestation of another kind, E_BINDING for what is not such a counter, E_FORMAT for a part of it.
 */
int tpm_counter_attested(const struct tpm_attest *a, struct bytes name, u32 index, u64 *value,
			 struct err *e);

/** tpm_half_conditions - those two of tpm_half_policy(), behind what @p has already. */
void tpm_half_conditions(struct tpm_policy *p, u32 index, u64 epoch);
/** tpm_half_policy - PolicyPCR(cap PCR zero), then PolicyNV(counter at @index is at most @epoch). */
struct digest tpm_half_policy(u32 index, u64 epoch);

#endif
