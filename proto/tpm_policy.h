/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy digests as the TPM computes them, SHA-256. The order of calls is part of the digest.
 * SPEC: TCG TPM 2.0 Part 3: 23.7 (PolicyPCR), 23.10 (PolicyCounterTimer), 23.11 (PolicyCommandCode)
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

enum { TPM_EO_EQ = 0x0000, TPM_CC_UNSEAL = 0x0000015e, TIME_INFO_RESET_COUNT = 16 };

/**
 * tpm_release_policy - of a delivered share: PolicyPCR(@s, values hashed in @pcr_digest), then
 * PolicyCounterTimer(resetCount ‖ restartCount equal @clock's), then PolicyCommandCode(Unseal).
 */
struct digest tpm_release_policy(const struct tpm_selection *s, struct bytes pcr_digest,
				 const struct tpm_clock *clock);

#endif
