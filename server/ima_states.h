/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far IMA's list of each host's last boot was judged, and what is to be remembered of it; beside that, how far
 * a list that comes in pieces was judged without a proof yet.
 */
#ifndef ASSAY_SERVER_IMA_STATES_H
#define ASSAY_SERVER_IMA_STATES_H

#include "store.h"
#include "verifier/ima_judge.h"

/** ima_state_find - *@out to be freed. E_NOTFOUND; E_SIGNATURE when the row was changed in the database. */
int ima_state_find(struct tx *tx, const u8 ueid[UEID_LEN], struct ima_state **out, struct err *e);
/** ima_state_keep - in place of what was there of this host. */
int ima_state_keep(struct tx *tx, const u8 ueid[UEID_LEN], const struct ima_state *s,
		   struct err *e);

/**
 * ima_pending_find - behind the pieces that came beside quotes of this AK; those of another AK are not found.
 * Errors as of ima_state_find().
 */
int ima_pending_find(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes ak_name,
		     struct ima_state **out, struct err *e);
/** ima_pending_keep - one place per host. */
int ima_pending_keep(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes ak_name,
		     const struct ima_state *s, struct err *e);
int ima_pending_drop(struct tx *tx, const u8 ueid[UEID_LEN], struct err *e);

#endif
