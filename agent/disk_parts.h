/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the agent's disk part share; nobody else includes this. */
#ifndef ASSAY_AGENT_DISK_PARTS_H
#define ASSAY_AGENT_DISK_PARTS_H

#include "disk.h"
#include "tpm_disk.h"

/** disk_volume - of the configuration, or NULL. */
struct agent_volume *disk_volume(const struct disk *d, const u8 uuid[16]);
int disk_ueid(struct disk *d, u8 ueid[UEID_LEN], struct err *e);

/** disk_held - a share, or NULL. disk_keep - takes the share out of @s. */
const struct secret *disk_held(const struct disk *d, const u8 uuid[16], u64 epoch);
void disk_keep(struct disk *d, struct round_share *s);
/** disk_keep_answer - leases of @ask's volumes and all approvals, as they came; what came before is gone. */
void disk_keep_answer(struct disk *d, const struct round_ask *ask, struct round_result *r);
/** disk_give_lease - into @key, for its token: the lease that came for it, or none. */
void disk_give_lease(struct disk *d, const u8 uuid[16], struct disk_key *key);
/**
 * disk_open_by_lease - no server can be reached; @e says which and why, and goes on saying it when there is no lease
 * that opens. A server that refuses is reached: nobody comes here then.
 */
int disk_open_by_lease(struct disk *d, const u8 uuid[16], const struct disk_key *key,
		       struct disk_message *out, struct err *e);

/**
 * disk_ask_one - the server, about one volume: a share of @epoch is held afterwards. @proof: with VOLUME_STORED, else NULL.
 * disk_ask_all - for what opens it, and the other volumes of the configuration too, by one attestation: who asks for
 * one of those next, within a minute, has its share already. Where the server gives none, it is asked for this one alone.
 * Return: E_POLICY with the server's reasons; E_UNREACHABLE, E_TPM.
 */
int disk_ask_one(struct disk *d, const u8 uuid[16], u32 counter, u64 epoch, enum eat_volume_act act,
		 const u8 *proof, struct err *e);
int disk_ask_all(struct disk *d, const u8 uuid[16], u32 counter, u64 epoch, struct err *e);

/** struct disk_strict_room - where what a half of the strict profile needs stands; free its approvals. */
struct disk_strict_room {
	struct tpm_strict strict;
	struct approval *approvals; /* of this volume and epoch */
};
/** disk_strict - *@out points into @room; NULL where the configuration names no policy key. */
int disk_strict(struct disk *d, const u8 uuid[16], u64 epoch, struct disk_strict_room *room,
		const struct tpm_strict **out, struct err *e);
/** disk_not_approved - a half that does not open now would be proved in vain. Return: 0 when it does. */
int disk_not_approved(struct disk *d, const u8 uuid[16], u64 epoch, const struct tpm_strict *strict,
		      struct err *e);

/* ---- how long things take ---- */
/** disk_times_begin - a key of the volume is asked for, perhaps not for the first time. */
void disk_times_begin(struct disk *d, const u8 uuid[16]);
/** disk_times_asked - a round that began at @since_ms is over; @round: what it took, or NULL when it failed. */
void disk_times_asked(struct disk *d, long long since_ms, const u32 round[ROUND_PARTS]);
/** disk_times_give - the key is there. */
void disk_times_give(struct disk *d, struct disk_times *out);

#endif
