/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A share of a disk's key that the host has made itself, because its boot phase has ended and nothing is released to
 * it: the server keeps it, and gives it back to the next boot when that is as it has to be. SPEC: docs/PROTOCOL.md,
 * Deposit; RULES 3
 */
#ifndef ASSAY_DEPOSIT_H
#define ASSAY_DEPOSIT_H

#include "evidence.h"
#include "tpm_attest.h"

enum {
	DEPOSIT_VERSION = 1,
	DEPOSIT_SHARE_LEN = 32,
	DEPOSIT_LEN = 1 + 16 + 4 + 8 + DEPOSIT_SHARE_LEN,
	DEPOSIT_REQUEST_MAX = 4096
};

/** struct deposit - it has a secret: keep it in locked memory. @counter: NV index of the volume. */
struct deposit {
	u8 uuid[16];
	u32 counter;
	u64 epoch;
	u8 share[DEPOSIT_SHARE_LEN];
};
void deposit_write(const struct deposit *d, struct writer *w);
/** deposit_parse - E_FORMAT naming the field. */
int deposit_parse(struct bytes body, struct deposit *out, struct err *e);
/**
 * deposit_bind - extraData of the counter's certification, which says who deposits, and that it is at this epoch:
 * H("assay/deposit/1", nonce, SHA-256(body)).
 */
struct digest deposit_bind(const u8 nonce[EVIDENCE_NONCE_LEN], struct bytes body);

#endif
