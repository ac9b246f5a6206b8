/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyslots of ours in a LUKS2 header through the states of a change of epochs, each step such that power may go after
 * it. What is asked of the agent between them is disk_open.c's. SPEC: RULES 6; docs/PROTOCOL.md, Epochs
 */
#ifndef ASSAY_AGENT_DISK_SLOTS_H
#define ASSAY_AGENT_DISK_SLOTS_H

#include "disk_message.h"
#include "luks.h"

/** disk_found_keys - tokens by epoch. Staged ones are left out: they are no keys of an epoch. */
void disk_found_keys(const struct luks *l, struct luks_tokens *out);
/** disk_token_of - of that epoch, or NULL. */
const struct luks_found *disk_token_of(const struct luks_tokens *tokens, u64 epoch);
/** disk_place_of - where the keyslot of @t is, or is to be: LUKS_NO_KEYSLOT for nowhere. */
int disk_place_of(const struct luks_token *t);
bool disk_opens_there(struct luks *l, int slot, const struct disk_key *key);
/** disk_passphrase_of - points into @k; no bytes when it has none. */
struct bytes disk_passphrase_of(const struct disk_key *k);

/** disk_to_key, disk_to_message - what the agent is asked with: of a header the two newest epochs. */
void disk_to_key(const struct luks_token *t, struct disk_key *key);
void disk_to_message(const struct luks *l, const struct luks_tokens *tokens,
		     struct disk_message *m);

/** disk_write_slot - of @key's epoch, pending; the token first. One that is there from a time that was cut short is used again. */
int disk_write_slot(struct luks *l, const struct secret *volume_key, const struct disk_key *key,
		    struct err *e);
/** disk_open_anew - read from the disk again, does @key's slot give the volume key? E_IO, E_DENIED, E_INTERNAL when not. */
int disk_open_anew(const char *path, const u8 uuid[16], const struct disk_key *key,
		   const struct secret *volume_key, struct err *e);
/** disk_set_active - with the lease that is told, or none. */
int disk_set_active(struct luks *l, u64 epoch, const struct disk_key *told, struct err *e);
/** disk_keep_lease - writes only what differs. */
int disk_keep_lease(struct luks *l, const struct luks_found *f, const struct disk_key *key,
		    struct err *e);
/** disk_remove_before - epochs that the counter has left behind, and what was staged for this one. */
int disk_remove_before(struct luks *l, u64 epoch, struct err *e);
/** disk_remove_pending - all that is not active: its share is nobody's any more. */
int disk_remove_pending(struct luks *l, struct err *e);

#endif
