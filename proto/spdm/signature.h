/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The bytes around a signature; hashing and keys are the caller's. SPEC: DSP0274 15 (signatures), X9.62 */
#ifndef ASSAY_SPDM_SIGNATURE_H
#define ASSAY_SPDM_SIGNATURE_H

#include "codes.h"
#include "common/writer.h"

#define SPDM_CONTEXT_MEASUREMENTS "responder-measurements signing"
#define SPDM_CONTEXT_CHALLENGE	  "responder-challenge_auth signing"

/** spdm_signature_prefix - combined_spdm_prefix, which a signature of 1.2 and later covers before the hash. */
void spdm_signature_prefix(u8 version, const char *context, u8 out[SPDM_PREFIX_LEN]);

/**
 * spdm_ecdsa_der - @raw, r and s of equal size, as ECDSA-Sig-Value, for a kernel that takes no other form.
 * Whether r and s are in range is the verifier's to say. Return: 0; -EBADMSG when @raw is empty, odd or
 * larger than P-521's; -ENOSPC when @out is too small.
 */
int spdm_ecdsa_der(struct bytes raw, struct writer *out);

#endif
