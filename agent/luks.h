/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a LUKS2 volume. luks.c is the only user of libcryptsetup. What stands in a header is the word of
 * whoever last had the disk: one that would have the data lie there in the clear, that is being encrypted anew, or that
 * is of another volume is not opened.
 * SPEC: LUKS2 On-Disk Format Specification 1.1; RULES 19
 */
#ifndef ASSAY_AGENT_LUKS_H
#define ASSAY_AGENT_LUKS_H

#include "common/crypto.h"
#include "proto/luks_token.h"

struct luks;

/**
 * luks_open - the header on the device or file at @path.
 * @uuid: 16 bytes, the volume that is wanted, or NULL for any.
 * Return: 0; E_FORMAT when it is no LUKS2 header; E_BINDING for another volume; E_POLICY for one that protects
 * nothing, or is in a state between two; E_IO.
 */
int luks_open(const char *path, const u8 *uuid, struct luks **out, struct err *e);
void luks_drop(struct luks **l);
const u8 *luks_uuid(const struct luks *l); /* 16 bytes */

/** struct luks_tokens - ours; those that do not parse are left out and counted. */
struct luks_tokens {
	size_t n, n_bad;
	struct luks_found {
		int id;
		struct luks_token token;
	} at[LUKS_KEYSLOTS_MAX];
};
void luks_tokens(const struct luks *l, struct luks_tokens *out);
/** luks_token_put - at @id, or at a free place when it is negative. */
int luks_token_put(struct luks *l, int id, const struct luks_token *t, struct err *e);
int luks_token_remove(struct luks *l, int id, struct err *e);

enum { LUKS_ANY_SLOT = -1 };
/** luks_volume_key - what @passphrase opens in @slot; *@out in locked memory. E_DENIED: it opens nothing there, or not the data. */
int luks_volume_key(struct luks *l, int slot, struct bytes passphrase, struct secret **out,
		    struct err *e);
/**
 * luks_slot_add - a keyslot more that opens with @passphrase.
 * @want: which, or LUKS_ANY_SLOT.
 * @stretch: it came from a person's head, and is stretched as the library sees fit; else it is 256 random bits and is not.
 */
int luks_slot_add(struct luks *l, const struct secret *volume_key, struct bytes passphrase,
		  bool stretch, int want, int *slot, struct err *e);
/** luks_slot_free - one that nothing is in; E_LIMIT. */
int luks_slot_free(const struct luks *l, int *slot, struct err *e);
/** luks_slot_hide - nothing tries it unless it is named. */
int luks_slot_hide(struct luks *l, int slot, struct err *e);
bool luks_slot_is_hidden(const struct luks *l, int slot);
/** luks_slot_show - who gives a passphrase and names no keyslot finds it, until it is hidden again. The header says so. */
int luks_slot_show(struct luks *l, int slot, struct err *e);
/** luks_hide_shown - those that were shown and, because power went, not hidden again; *@n: how many. */
int luks_hide_shown(struct luks *l, int *n, struct err *e);
/** luks_slot_kill - E_CONFLICT for the last one. */
int luks_slot_kill(struct luks *l, int slot, struct err *e);
/** luks_activate - as /dev/mapper/@name. E_CONFLICT when it is open already. */
int luks_activate(struct luks *l, const char *name, const struct secret *volume_key, struct err *e);
size_t luks_n_slots(const struct luks *l);

#endif
