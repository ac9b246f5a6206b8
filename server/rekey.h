/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another key-encryption key, and another root key with it: every row is sealed and authenticated anew, so that who has the
 * old ones has nothing of the rows that are in use.
 *
 * The database alone decides which key is in force: one transaction writes all rows and the id of their root key. What
 * lies beside it (root-next.sealed, KEK.next, FLOOR.next) is put in place afterwards, or thrown away when the transaction
 * did not happen, by whoever opens the server next. SPEC: RULES 7, 27
 */
#ifndef ASSAY_SERVER_REKEY_H
#define ASSAY_SERVER_REKEY_H

#include "settings.h"
#include "store.h"

/** rekey_settle - finish what a rekey that was cut short had left, or undo it; in the log, which. */
int rekey_settle(const struct settings *s, struct err *e);
/**
 * rekey_run - @to: a key that is there, NULL: make one in place of the file that [kek] names.
 * @kek_id: of the new one. @n_rows: how many were written.
 * Return: E_CONFLICT while a server runs; E_SIGNATURE when a row is not ours, and nothing has changed.
 */
int rekey_run(const struct settings *s, const struct key_place *to, u8 kek_id[KEK_ID_LEN],
	      long long *n_rows, struct err *e);

/** rekey_rows - rekey_rows.c: every row of @from's key under @to's, in the transaction that is open on their db. */
int rekey_rows(struct tx *from, struct tx *to, long long *n_rows, struct err *e);
/** rekey_tables - names of the tables that rekey_rows() knows, NULL at the end: all that have a column mac, and secrets. */
const char *const *rekey_tables(void);

#endif
