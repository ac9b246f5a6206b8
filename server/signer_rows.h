/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of what came by the API about signers of CoRIMs: trust anchors and revocation lists. Their MAC
 * covers all of them (RULES 7): what was changed in the database is not genuine.
 */
#ifndef ASSAY_SERVER_SIGNER_ROWS_H
#define ASSAY_SERVER_SIGNER_ROWS_H

#include "store.h"

enum signer_kind { SIGNER_ANCHOR, SIGNER_CRL, SIGNER_KINDS };
/**
 * struct signer_row - views die with the callback that gets it.
 * @bytes: an anchor's DER; a revocation list as it came. SHA-256 of them names the row.
 */
struct signer_row {
	struct bytes bytes, by;
	long long added; /* seconds since 1970 */
	bool genuine;
};
typedef int (*signer_row_taker)(void *user, const struct signer_row *row, struct err *e);
/** signer_rows_all - in the order of their digests. */
int signer_rows_all(struct tx *tx, enum signer_kind kind, signer_row_taker take, void *user,
		    struct err *e);
/** signer_row_insert - E_CONFLICT when it is there already. */
int signer_row_insert(struct tx *tx, enum signer_kind kind, const struct signer_row *row,
		      struct err *e);
/** signer_row_delete - E_NOTFOUND when there is none. */
int signer_row_delete(struct tx *tx, enum signer_kind kind, const u8 digest[32], struct err *e);
/** signer_kind_name - "trust anchor", "revocation list". */
const char *signer_kind_name(enum signer_kind kind);

#endif
