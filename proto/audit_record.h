/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of the audit log, wherever it stands: in the server's database, or in a file that was exported.
 * hash = H("assay/audit/1", previous, u64be seq, u64be time, actor, event, detail); before the first: zeros.
 */
#ifndef ASSAY_AUDIT_RECORD_H
#define ASSAY_AUDIT_RECORD_H

#include "evidence.h"
#include "jws.h"

enum { AUDIT_HASH_LEN = 32, AUDIT_PAGE_MAX = 1000 };

/** struct audit_record - @detail: JSON text. Views. */
struct audit_record {
	u64 seq, time;
	struct bytes actor, event, detail;
};
void audit_record_hash(const u8 previous[AUDIT_HASH_LEN], const struct audit_record *r,
		       u8 out[AUDIT_HASH_LEN]);

/** audit_head_kind - the JWS of the log's head, by the key of results: {deployment, seq, hash, time}. */
extern const struct jws_kind audit_head_kind;
/** struct audit_seen - what a head says; @deployment: a UUID as text. */
struct audit_seen {
	long long seq;
	u8 hash[AUDIT_HASH_LEN];
	char deployment[40];
};
/** audit_head_open - E_SIGNATURE; E_FORMAT naming the member. */
int audit_head_open(struct bytes jws, const struct pubkey *key, struct audit_seen *out,
		    struct err *e);

#endif
