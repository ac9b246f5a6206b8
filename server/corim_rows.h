/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of imported CoRIMs. What decides trust in a row stands under its MAC (RULES 7): a row that was changed in the database is not genuine, and nothing of it counts.
 */
#ifndef ASSAY_SERVER_CORIM_ROWS_H
#define ASSAY_SERVER_CORIM_ROWS_H

#include "store.h"

/** struct corim_row - one imported CoRIM. Views die with the callback that gets it. */
struct corim_row {
	struct bytes bytes;  /* as it came: the envelope        */
	struct bytes beside; /* what its hash or signature is of, if that came beside it */
	struct bytes by;     /* who imported it, or changed last whether it counts */
	bool is_signed, active;
	long long until;   /* the end of an update window, seconds since 1970; 0: none */
	long long changed; /* when it was imported, or changed last whether it counts  */
	bool genuine;	   /* its MAC is right */
};
typedef int (*corim_row_taker)(void *user, const struct corim_row *row, struct err *e);

/** corim_row_digest - what a CoRIM is named by: SHA-256 of its bytes as they came. */
struct digest corim_row_digest(struct bytes bytes);
/** corim_rows_all - in the order of their digests. */
int corim_rows_all(struct tx *tx, corim_row_taker take, void *user, struct err *e);
/**
 * struct corim_head - a row that counts, but for its bytes: who has them already need not read them again.
 * @digest is only what the row says, and names it; corim_head_genuine() holds it against the MAC.
 */
struct corim_head {
	struct tx *tx;
	struct bytes digest, mac;
	struct corim_row row; /* without bytes and beside; genuine is not filled */
};
typedef int (*corim_head_taker)(void *user, const struct corim_head *head, struct err *e);
/** corim_heads_active - in the order of their digests. */
int corim_heads_active(struct tx *tx, corim_head_taker take, void *user, struct err *e);
/** corim_head_genuine - the row is as the server wrote it, of bytes with these digests. */
bool corim_head_genuine(const struct corim_head *h, const u8 digest[32], const u8 beside[32]);
/** corim_head_row - the same row with its bytes. */
int corim_head_row(const struct corim_head *h, corim_row_taker take, void *user, struct err *e);
/** corim_row_find - E_NOTFOUND when there is none, E_SIGNATURE when it is not genuine. */
int corim_row_find(struct tx *tx, const u8 digest[32], corim_row_taker take, void *user,
		   struct err *e);
/** corim_row_insert - E_CONFLICT when it is there already. */
int corim_row_insert(struct tx *tx, const struct corim_row *row, struct err *e);
/** corim_row_set - whether it counts, and until when; E_NOTFOUND, E_SIGNATURE as corim_row_find(). */
int corim_row_set(struct tx *tx, const u8 digest[32], bool active, long long until, const char *by,
		  long long now_s, struct err *e);
int corim_row_delete(struct tx *tx, const u8 digest[32], struct err *e);

#endif
