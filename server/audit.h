/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: a hash chain in the database, and its floor outside it.
 * Its records: proto/audit_record.h.
 */
#ifndef ASSAY_SERVER_AUDIT_H
#define ASSAY_SERVER_AUDIT_H

#include "db.h"
#include "keys.h"

/* What is looked for need not be there: a request goes through so many records, and the next one goes on. */
enum { AUDIT_LOOKED_MAX = 10000 };

struct audit_head {
	u64 seq; /* of the last record, 0: none */
	u8 hash[32];
};

int audit_head_load(struct db *d, struct audit_head *out, struct err *e);
/** audit_insert - append one record; @head moves with it. */
int audit_insert(struct db *d, struct audit_head *head, const char *actor, const char *event,
		 const char *detail, struct err *e);
/**
 * audit_follow - move @head over records that another process appended (`assay-server token` beside a running server).
 * Return: E_SIGNATURE when they do not follow from @head, which then stays.
 */
int audit_follow(struct db *d, struct audit_head *head, struct err *e);
int audit_verify(struct db *d, long long *n_records, struct err *e);

/** audit_floor_write - @head with a MAC; @sync: onto the disk. */
int audit_floor_write(int fd, const struct audit_head *head, const struct server_keys *k, bool sync,
		      struct err *e);
/** audit_floor_read - the record that the floor names; untouched when it is not ours. */
void audit_floor_read(int fd, const struct server_keys *k, u64 *seq);
/** audit_floor_check - the database must hold the floor's record; an empty file is a first start. */
int audit_floor_check(int fd, struct db *d, const struct server_keys *k, struct err *e);

#endif
