/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict profile: the machine's half opens only where somebody with a key that is on no server has approved of what
 * was booted, for this host, volume key and epoch. An approval is a signature over a policy that the TPM checks itself.
 * SPEC: TCG TPM 2.0 Part 3: 23.16 (PolicyAuthorize); docs/PROTOCOL.md, Strict profile; proto/assay.cddl approval; RULES 17
 */
#ifndef ASSAY_STRICT_H
#define ASSAY_STRICT_H

#include "evidence.h"
#include "tpm_half.h"

enum {
	STRICT_SPKI_MAX = 128,	 /* a P-256 key has 91 bytes                */
	STRICT_PUBLIC_MAX = 128, /* TPMT_PUBLIC of it                       */
	APPROVAL_MAX = 192,
	APPROVAL_SIG_LEN = 64,
	STRICT_PCRS =
		0xdbff &
		~(1 << 15), /* those of a release but the cap, which the half looks at by itself */
};

/** struct approval - what was approved, for which key; it counts by its signature alone. */
struct approval {
	u8 uuid[16];
	u64 epoch;
	u32 pcrs;	   /* of the bank of SHA-256 */
	u8 pcr_digest[32]; /* SHA-256 over their values in order */
	u8 signature[APPROVAL_SIG_LEN];
};
int approval_write(const struct approval *a, struct writer *out, struct err *e);
/** approval_parse - E_FORMAT or E_LIMIT naming the member. */
int approval_parse(struct bytes b, struct approval *out, struct err *e);

/** strict_ref - policyRef: H("assay/strict/1", ueid, epoch). */
struct digest strict_ref(const u8 ueid[UEID_LEN], u64 epoch);
/** strict_approved - the policy that is approved: PolicyPCR of those PCRs and nothing before it. */
struct digest strict_approved(u32 pcrs, struct bytes pcr_digest);
/** strict_digest - what is signed, and what TPM2_VerifySignature is asked about: SHA-256(approved ‖ policyRef). */
struct digest strict_digest(const struct digest *approved, const struct digest *ref);
/** strict_sign - @a but for its signature is what is approved. E_UNSUPPORTED for a key other than P-256. */
int strict_sign(struct approval *a, const u8 ueid[UEID_LEN], const struct keypair *key,
		struct err *e);

/** struct strict_key - the policy key as a TPM loads it. */
struct strict_key {
	u8 public[STRICT_PUBLIC_MAX]; /* TPMT_PUBLIC */
	size_t public_len;
	u8 name[COUNTER_NAME_LEN];
};
/** strict_key_of - @spki: DER, of a P-256 key. */
int strict_key_of(struct bytes spki, struct strict_key *out, struct err *e);

/** strict_half_policy - PolicyAuthorize(key, @ref), then as tpm_half_policy(). */
struct digest strict_half_policy(const struct strict_key *key, const struct digest *ref, u32 index,
				 u64 epoch);

#endif
