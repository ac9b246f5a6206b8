/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cap: what the initramfs extends into PCR 15 once nothing more is to be opened. Each volume that was opened has
 * a value that only who had its volume key can make; a boot that opened none, or asked a person for a passphrase,
 * says so first. Which volumes a host opened, in which order, is therefore told by the value that the TPM quotes.
 * SPEC: docs/PROTOCOL.md, Cap; RULES 3
 */
#ifndef ASSAY_CAP_H
#define ASSAY_CAP_H

#include "evidence.h"
#include "tpm_half.h"

enum { CAP_PROOF_LEN = 32 };

/** struct cap_volume - @proof: HMAC-SHA256(volume key, "assay/volume/1"). It opens nothing. */
struct cap_volume {
	u8 uuid[16];
	u8 proof[CAP_PROOF_LEN];
};
/** cap_proof - E_MEMORY, E_INTERNAL. */
int cap_proof(struct bytes volume_key, u8 out[CAP_PROOF_LEN], struct err *e);
/** cap_volume_value - what is extended for a volume. */
struct digest cap_volume_value(const struct cap_volume *v);
/** cap_none_value, cap_lease_value - for a boot phase that ended otherwise; for one in which no server was asked. */
struct digest cap_none_value(void);
struct digest cap_lease_value(void);

enum cap_state {
	CAP_OPEN,	/* nothing was extended: the boot phase                              */
	CAP_VOLUMES,	/* all volumes were opened, in the order of their UUIDs               */
	CAP_PASSPHRASE, /* and before that a person was asked                                 */
	CAP_NONE,	/* it ended with nothing opened: a shell, a panic, another way to root */
	CAP_UNPROVEN,	/* it cannot be told: a volume's keyslot has not been proven by a boot */
	CAP_OTHER,	/* something else: another volume, another order, or more than that    */
};
/** cap_state_text - in a sentence for people. */
const char *cap_state_text(enum cap_state s);
/**
 * cap_judge - what @pcr, a value of PCR 15 in the bank of SHA-256, says of the boot.
 * @volumes: those of the host, in any order; none: CAP_VOLUMES cannot come out.
 * *@leased: one of them was opened by a lease, without a server; beside CAP_VOLUMES and CAP_PASSPHRASE only.
 */
enum cap_state cap_judge(const struct digest *pcr, const struct cap_volume *volumes, size_t n,
			 bool *leased);

#endif
