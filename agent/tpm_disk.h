/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM holds of a disk: the machine's half L, sealed to the boot phase and to a counter; the counter, one per
 * volume; and the cap, which ends the phase in which any of it opens.
 */
#ifndef ASSAY_AGENT_TPM_DISK_H
#define ASSAY_AGENT_TPM_DISK_H

#include "proto/strict.h"
#include "tpm.h"

/**
 * tpm_counter_make - define the counter and count it up once. One that was removed begins behind where it ended.
 * @index: COUNTER_FIRST to COUNTER_LAST.
 * One that was defined and never counted, because the power went, is made whole.
 * Return: 0; E_CONFLICT when something else is there already.
 */
int tpm_counter_make(struct tpm *t, u32 index, u64 *value, struct err *e);
/** tpm_counter_read - E_NOTFOUND; E_POLICY when the index is not one of ours, or was never counted up. */
int tpm_counter_read(struct tpm *t, u32 index, u64 *value, struct err *e);
/** tpm_counter_up - by one. E_POLICY once the cap is set. */
int tpm_counter_up(struct tpm *t, u32 index, struct err *e);
/** tpm_counter_certify - TPM2_NV_Certify of its content by @ak, with 32 bytes of extraData. */
int tpm_counter_certify(struct tpm *t, const struct tpm_key *ak, u32 index,
			const struct digest *extra, struct buf **attest, struct buf **signature,
			struct err *e);
/** tpm_counter_remove - what is sealed to it never opens again. */
int tpm_counter_remove(struct tpm *t, u32 index, struct err *e);

/** struct tpm_half - a sealed half as it is kept, outside the TPM: TPM2B_PUBLIC and TPM2B_PRIVATE. */
struct tpm_half {
	struct buf *public_2b, *private_2b;
};
void tpm_half_clear(struct tpm_half *h);
/** struct tpm_strict - of a volume of the strict profile: whose approval of what was booted its half needs besides. */
struct tpm_strict {
	struct strict_key key;
	struct digest ref;
	const struct approval
		*approvals; /* anybody's word: those that do not fit are passed over */
	size_t n;
	struct approval *used; /* NULL, or gets the one that fitted */
};
/** tpm_strict_check - one of the approvals is the key's, and for the PCRs as they are now; else E_POLICY. */
int tpm_strict_check(struct tpm *t, const struct tpm_strict *s, struct err *e);

/**
 * tpm_half_seal - @l under the SRK: opens while the cap PCR is zero and the counter is at most @epoch.
 * @salt: the key that the session is salted to, which hides @l on the bus.
 * @strict: NULL: of the standard profile.
 */
int tpm_half_seal(struct tpm *t, const struct tpm_key *salt, const u8 l[32], u32 index, u64 epoch,
		  const struct tpm_strict *strict, struct tpm_half *out, struct err *e);
/**
 * tpm_half_open - @h comes from the LUKS header, which anybody can write: it is opened only if its policy is that of
 * @index and @epoch, and of @strict's key where that is not NULL.
 * Return: 0; E_POLICY when it is another, when the cap is set or the counter has gone on; E_TPM.
 */
int tpm_half_open(struct tpm *t, const struct tpm_key *salt, const struct tpm_half *h, u32 index,
		  u64 epoch, const struct tpm_strict *strict, struct secret **out, struct err *e);

/** tpm_cap - extend the cap PCR in every active bank: with @value in that of SHA-256, with its hash in others. */
int tpm_cap(struct tpm *t, const struct digest *value, struct err *e);
/** tpm_cap_is_zero - nothing was extended yet, in any active bank. */
int tpm_cap_is_zero(struct tpm *t, bool *zero, struct err *e);
/** tpm_cap_value - what stands in it in the bank of SHA-256. E_TPM: there is no such bank. */
int tpm_cap_value(struct tpm *t, struct digest *value, struct err *e);

#endif
