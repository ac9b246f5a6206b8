/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy digests as the TPM computes them, SHA-256. The order of calls is part of the digest.
 * SPEC: TCG TPM 2.0 Part 3: 23.6 (PolicyOR), 23.7 (PolicyPCR), 23.9 (PolicyNV), 23.10 (PolicyCounterTimer),
 *       23.11 (PolicyCommandCode), 23.16 (PolicyAuthorize), 23.18 (PolicyNvWritten)
 */
#ifndef ASSAY_TPM_POLICY_H
#define ASSAY_TPM_POLICY_H

#include "tpm_attest.h"

struct tpm_policy {
	struct digest digest; /* starts as 32 zero bytes */
};

struct tpm_policy tpm_policy_start(void);
/** tpm_policy_pcr - @pcr_digest: SHA-256 over the selected values in selection order. */
void tpm_policy_pcr(struct tpm_policy *p, const struct tpm_selection *s, struct bytes pcr_digest);
/** tpm_policy_counter_timer - @operand compared with TPMS_TIME_INFO at @offset. */
void tpm_policy_counter_timer(struct tpm_policy *p, struct bytes operand, u16 offset,
			      u16 operation);
void tpm_policy_command_code(struct tpm_policy *p, u32 command);

/** tpm_policy_nv - @operand compared with the content of the index of that name, from @offset on. */
void tpm_policy_nv(struct tpm_policy *p, struct bytes index_name, struct bytes operand, u16 offset,
		   u16 operation);
/** tpm_policy_authorize - a key of that name signed what @p was; it does not count any more. */
void tpm_policy_authorize(struct tpm_policy *p, struct bytes key_name, struct bytes policy_ref);
void tpm_policy_nv_written(struct tpm_policy *p, bool written);
/** tpm_policy_or - either of two; what @p was before does not count. */
void tpm_policy_or(struct tpm_policy *p, const struct digest *a, const struct digest *b);

enum {
	TPM_EO_EQ = 0x0000,
	TPM_EO_UNSIGNED_LE = 0x0009,
	TPM_CC_UNSEAL = 0x0000015e,
	/* offsets in TPMS_TIME_INFO. SPEC: TCG TPM 2.0 Part 2 10.11.5 */
	TIME_INFO_CLOCK = 8,
	TIME_INFO_RESET_COUNT = 16,
	TIME_INFO_RESTART_COUNT = 20
};

/**
 * tpm_release_policy - of a delivered share: PolicyPCR(@s, values hashed in @pcr_digest), then
 * PolicyCounterTimer(resetCount ‖ restartCount equal @clock's), then PolicyCommandCode(Unseal).
 */
struct digest tpm_release_policy(const struct tpm_selection *s, struct bytes pcr_digest,
				 const struct tpm_clock *clock);

#endif
