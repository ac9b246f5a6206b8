/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a LUKS2 volume with the agent's help, from where the disk is: the initramfs, a token plugin, a person's
 * command. SPEC: RULES 3, 6, 19; docs/PROTOCOL.md, Epochs
 */
#ifndef ASSAY_DISK_OPEN_H
#define ASSAY_DISK_OPEN_H

#include "disk_message.h"
#include "luks.h"
#include "verbs.h"

/** disk_ask - one verb of the agent's socket; the answer in locked memory. */
int disk_ask(const char *socket, enum agent_verb verb, const struct disk_message *m,
	     struct secret **hold, struct err *e);
static inline const struct disk_message *disk_answer(const struct secret *hold)
{
	return (const struct disk_message *)(const void *)hold->at;
}

/** struct disk_opened - secrets in locked memory; clear it. */
struct disk_opened {
	struct secret *passphrase, *volume_key;
	u8 proof[CAP_PROOF_LEN];
	u64 epoch;
	bool rotated;  /* a new epoch has taken the place of the one that opened it */
	bool by_lease; /* no server was asked: it opens this many boots more: */
	u32 reboots_left;
	struct disk_times times;  /* what the agent waited for */
	u32 header_ms, change_ms; /* that the keyslot took, and what the server wanted of epochs */
	char not_kept[256]; /* why the lease that came is not in the header; "": nothing to say */
	char not_rotated[256]; /* why one that the server wants was not made; "": nothing to say */
};
void disk_opened_clear(struct disk_opened *o);
enum disk_how {
	DISK_MAY_LEASE =
		1, /* where no server can be reached, a lease in the header will do             */
	DISK_KEEP =
		2, /* the keyslot that the passphrase opens stays until the next call: who asks */
		   /* has read the header before                                                */
};
/**
 * disk_open - the passphrase that opens @l, proved by opening its keyslot, and what the server wants of its epochs
 * done. @l may have other keyslots afterwards.
 * @how: of disk_how, or 0.
 */
int disk_open(struct luks *l, const char *path, const char *socket, unsigned int how,
	      struct disk_opened *out, struct err *e);
/**
 * disk_add - a keyslot of a new epoch: made, written, read anew, opened, told to the server, counted; what was
 * before it is gone then. @volume_key is of @l. *@counter: the NV index, for the configuration.
 * @policy_key: SubjectPublicKeyInfo, for a volume that is to be of the strict profile; or no bytes.
 * Idempotent: called again after it was cut short anywhere, it goes on. E_CONFLICT once the boot phase has ended.
 */
int disk_add(struct luks *l, const char *path, const char *socket, const struct secret *volume_key,
	     struct bytes policy_key, u32 *counter, u64 *epoch, struct err *e);
/**
 * disk_add_staged - the same where the boot phase has ended: the keyslot is written, opened and left pending; the next
 * boot proves it. E_CONFLICT while the phase lasts.
 */
int disk_add_staged(struct luks *l, const char *path, const char *socket,
		    const struct secret *volume_key, struct bytes policy_key, u32 *counter,
		    u64 *epoch, struct err *e);

#endif
