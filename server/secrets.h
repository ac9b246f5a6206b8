/* SPDX-License-Identifier: Apache-2.0 */
/* The server's halves of disk keys, sealed at rest. SPEC: RULES 5, 7 */
#ifndef ASSAY_SERVER_SECRETS_H
#define ASSAY_SERVER_SECRETS_H

#include "store.h"

enum { SHARE_LEN = 32, SHARE_CHECK_LEN = 8 };

/**
 * share_create - a new random share of @uuid for @ueid, epoch 1, current.
 * E_CONFLICT when the UUID exists already, under this host or another.
 */
int share_create(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16],
		 u8 check[SHARE_CHECK_LEN], struct err *e);
/** share_open - E_NOTFOUND when this host has no such volume or epoch; E_SIGNATURE when rows were swapped. */
int share_open(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
	       struct secret **out, bool *pending, struct err *e);
/**
 * share_add - a share of @epoch, pending: the host has no keyslot that opens with it yet. One that is there already
 * stays; a pending one of another epoch goes.
 * E_CONFLICT when a share of this epoch or a later one is in use.
 */
int share_add(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, struct err *e);
/**
 * share_deposit - @share, which the host has made itself, as a pending one of @epoch; other pending ones go.
 * E_CONFLICT as share_add().
 */
int share_deposit(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
		  const struct secret *share, struct err *e);
/** share_stored - @epoch is current, what was so before retires. E_NOTFOUND. */
int share_stored(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
		 struct err *e);
/** share_shred - all below @epoch, once that one or a later is current. *@n: how many. */
int share_shred(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, long long *n,
		struct err *e);
/** share_there - is there one of this epoch? */
int share_there(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, bool *there,
		struct err *e);
/** shares_rekey - each under a new key of its own, sealed under @to's; *@n counts them. E_SIGNATURE names the row. */
int shares_rekey(struct tx *from, struct tx *to, long long *n, struct err *e);
/** share_check_value - shown on both sides, so that a person sees the same share arrived. */
void share_check_value(struct bytes share, u8 out[SHARE_CHECK_LEN]);

#endif
