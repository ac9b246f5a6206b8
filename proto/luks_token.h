/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What assay keeps in the header of a LUKS2 volume: one token per keyslot of ours, with the machine's half as the TPM
 * sealed it. Anybody who can write the disk can write the header, so nothing of it says which server, which volume or
 * which counter: those come from the measured configuration, and what stands here is held against them.
 * SPEC: docs/PROTOCOL.md, LUKS token; LUKS2 On-Disk Format Specification 3.3 (tokens); RULES 19
 */
#ifndef ASSAY_LUKS_TOKEN_H
#define ASSAY_LUKS_TOKEN_H

#include "common/buf.h"
#include "common/err.h"
#include "common/limits.h"

#define LUKS_TOKEN_TYPE "assay"
enum {
	LUKS_TOKEN_MAX = 4096, /* its JSON; the area of a header is 16 KiB, for all tokens */
	LUKS_TOKEN_SEALED_MAX = 512,
	LUKS_KEYSLOTS_MAX = 32,
	LUKS_NO_KEYSLOT = -1
};

enum luks_token_state {
	LUKS_TOKEN_STAGED, /* written by a running host: the slot opens by the machine's half alone, to be replaced */
	LUKS_TOKEN_PENDING, /* the next epoch: its slot is there, its counter is not                                 */
	LUKS_TOKEN_ACTIVE
};

struct luks_token {
	enum luks_token_state state;
	int keyslot; /* 0 to LUKS_KEYSLOTS_MAX - 1; LUKS_NO_KEYSLOT: it was removed, or is to be made */
	int planned; /* where it is to be made; else LUKS_NO_KEYSLOT */
	u64 epoch;   /* 1 and up, below 2^63 */
	u8 public_2b[LUKS_TOKEN_SEALED_MAX], private_2b[LUKS_TOKEN_SEALED_MAX];
	size_t public_len, private_len;
	u8 lease[LEASE_KEPT_MAX]; /* of lease.h; none: no bytes */
	size_t lease_len;
};

/** luks_token_write - as JSON with a NUL behind, which its length does not count. */
int luks_token_write(const struct luks_token *t, struct buf **json, struct err *e);
/** luks_token_parse - E_FORMAT or E_LIMIT naming the member; one of another type is E_NOTFOUND. */
int luks_token_parse(struct bytes json, struct luks_token *out, struct err *e);

#endif
