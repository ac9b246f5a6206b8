/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes between who has the disk and who has the TPM and the server: halves as they stand in a header, and the
 * passphrases that they make. SPEC: docs/PROTOCOL.md, Local sockets
 */
#ifndef ASSAY_DISK_MESSAGE_H
#define ASSAY_DISK_MESSAGE_H

#include "common/crypto.h"
#include "disk_times.h"
#include "proto/cap.h"
#include "proto/luks_token.h"
#include "proto/passphrase.h"
#include "proto/strict.h"

enum { DISK_KEYS_MAX = 2, DISK_MESSAGE_MAX = 8192 };

/** struct disk_key - of one epoch: the sealed half, and in an answer what opens its keyslot. */
struct disk_key {
	u64 epoch;
	bool pending; /* its keyslot was not finished */
	u8 public_2b[LUKS_TOKEN_SEALED_MAX], private_2b[LUKS_TOKEN_SEALED_MAX];
	size_t public_len, private_len;
	u8 lease[LEASE_KEPT_MAX]; /* of its token: proto/lease.h; none: no bytes */
	size_t lease_len;
	bool has_passphrase;
	char passphrase[PASSPHRASE_LEN];
};
/** enum disk_lease - what about opening without a server. */
enum disk_lease {
	DISK_LEASE_NO,
	DISK_LEASE_MAY, /* in a request: where no server can be reached, the header's lease may be used */
	DISK_LEASE_USED /* in an answer: it was                                                       */
};
/** struct disk_message - it has passphrases: it lives in locked memory, see disk_message_new(). */
struct disk_message {
	u8 uuid[16];
	u32 counter; /* NV index; in a request 0 where the agent knows, or chooses */
	enum disk_lease lease;
	u32 reboots_left; /* with DISK_LEASE_USED: after this one */
	bool has_proof;
	u8 proof[CAP_PROOF_LEN];
	u8 policy_key[STRICT_SPKI_MAX]; /* of a new volume of the strict profile; none: no bytes */
	size_t policy_key_len;
	size_t n;
	struct disk_key keys[DISK_KEYS_MAX]; /* epochs ascending */
	struct disk_times times;	     /* in an answer */
};
/** disk_message_new - zeros in locked memory; dropping *@hold wipes it. NULL: none to be had. */
struct disk_message *disk_message_new(struct secret **hold);
void disk_message_write(const struct disk_message *m, struct writer *w);
/** disk_message_parse - E_FORMAT naming the field. */
int disk_message_parse(struct bytes b, struct disk_message *out, struct err *e);

#endif
