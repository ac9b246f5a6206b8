/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TPM holds of a lease: the counter that ends it, and the share, under the SRK and a policy that reaches over
 * some resets. SPEC: docs/PROTOCOL.md, Lease; RULES 18
 */
#ifndef ASSAY_AGENT_TPM_LEASE_H
#define ASSAY_AGENT_TPM_LEASE_H

#include "proto/lease.h"
#include "tpm.h"

/**
 * tpm_lease_counter_make - define the counter and count it up once, where there is none yet; in any case what it says.
 * One that was removed begins behind where any ended.
 * Return: 0; E_CONFLICT when something else is at @index.
 */
int tpm_lease_counter_make(struct tpm *t, u32 index, u64 *value, struct err *e);
/** tpm_lease_counter_read - E_NOTFOUND; E_POLICY when the index is not one of ours, or was never counted up. */
int tpm_lease_counter_read(struct tpm *t, u32 index, u64 *value, struct err *e);
/** tpm_lease_counter_up - by one: no lease of before opens any more. In any phase of a boot. */
int tpm_lease_counter_up(struct tpm *t, u32 index, struct err *e);
int tpm_lease_counter_certify(struct tpm *t, const struct tpm_key *ak, u32 index,
			      const struct digest *extra, struct buf **attest,
			      struct buf **signature, struct err *e);

/**
 * tpm_lease_take - import one share of a grant under @srk. @out gets a lease-kept of lease.h.
 * E_POLICY when its policy is another than @terms, with the PCRs as they are now, would have.
 */
int tpm_lease_take(struct tpm *t, const struct tpm_key *srk, const struct lease_terms *terms,
		   const struct lease_share *share, struct writer *out, struct err *e);
/** struct lease_left - after this boot, by the TPM's own count and clock. */
struct lease_left {
	u32 reboots;
	u64 ms;
};
/**
 * tpm_lease_open - @kept comes from the LUKS header, which anybody can write: it is opened only if its counter is the
 * one at @index and its policy is that of its terms and of this boot's PCRs. The session is salted to @salt.
 * Return: 0; E_FORMAT; E_POLICY with what of the terms does not hold any more; E_TPM.
 */
int tpm_lease_open(struct tpm *t, const struct tpm_key *salt, u32 index, struct bytes kept,
		   struct secret **out, struct lease_left *left, struct err *e);

#endif
