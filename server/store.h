/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: who may read and write it, and when a write is durable. Writes are jobs; the first caller
 * in line runs those of all who wait, in one transaction, and a caller returns only when its group is
 * on the disk and the audit floor beside the KEK says so.
 */
#ifndef ASSAY_SERVER_STORE_H
#define ASSAY_SERVER_STORE_H

#include "db.h"
#include "keys.h"

struct store;

/**
 * store_open - @floor_path: file of the last audit sequence and head; it lives outside the database,
 * so that putting back an old database is noticed.
 * Return: E_CONFLICT when the database is older than the floor.
 */
int store_open(const char *db_path, const char *floor_path, const struct server_keys *keys,
	       struct store **out, struct err *e);
void store_drop(struct store **s);
/** store_init - make the database, for rows under the root key @id. */
int store_init(const char *db_path, const u8 id[ROOT_ID_LEN], struct err *e);

/** store_root_id - of the key that the rows were written under; *@known: the database says so. */
int store_root_id(const char *db_path, u8 id[ROOT_ID_LEN], bool *known, struct err *e);
/** store_set_root_id - in the transaction that writes the rows anew. */
int store_set_root_id(struct db *d, const u8 id[ROOT_ID_LEN], struct err *e);

/** struct tx - what a job works on. */
struct tx {
	struct db *db;
	const struct server_keys *keys;
	struct store *store; /* NULL for reads */
};
typedef int (*store_job)(struct tx *tx, void *arg, struct err *e);

/** store_read - run @job on a connection of its own; it must not write. */
int store_read(struct store *s, store_job job, void *arg, struct err *e);
/** store_write - run @job inside a group commit. When it fails nothing of it stays. */
int store_write(struct store *s, store_job job, void *arg, struct err *e);

/**
 * audit_append - one record of the hash chain, in the transaction of what it tells of.
 * @detail: a JSON object as text, without secrets.
 */
int audit_append(struct tx *tx, const char *actor, const char *event, const char *detail,
		 struct err *e);
/** audit_check - recompute the chain from the start; names the first record that does not fit. */
int audit_check(struct tx *tx, long long *n_records, struct err *e);

#endif
