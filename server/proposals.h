/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts say they will boot next: kept until somebody signs it or drops it, shown, and held against the reference
 * values that count. A row here makes nothing acceptable.
 * SPEC: docs/RULES.md 1
 */
#ifndef ASSAY_SERVER_PROPOSALS_H
#define ASSAY_SERVER_PROPOSALS_H

#include <jansson.h>

#include "hosts.h"
#include "proto/proposal.h"
#include "server.h"

/** struct proposal_row - one host's; views that end with the row. */
struct proposal_row {
	struct bytes ueid, digest, body, remote;
	struct bytes host;  /* its name */
	struct bytes corim; /* digest of what was signed of it, or empty */
	struct bytes signed_by;
	long long time; /* when it was proposed last */
};
typedef int (*proposal_taker)(void *user, const struct proposal_row *row, struct err *e);

/** proposal_put - the newest PROPOSALS_PER_HOST_MAX of a host stay. @remote: where it came from. */
int proposal_put(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes body, const char *remote,
		 struct err *e);
/** proposal_rows - newest first; E_SIGNATURE when one was changed in the database. @groups: those of a token, "" for all;
 * @digest: NULL for all; @host: or NULL. */
int proposal_rows(struct tx *tx, const char *groups, const u8 *digest, const char *host,
		  proposal_taker take, void *user, struct err *e);
/** proposal_signed - of all hosts that proposed it; *@n: how many. */
int proposal_signed(struct tx *tx, const u8 digest[32], const u8 corim[32], const char *by,
		    long long *n, struct err *e);
int proposal_drop(struct tx *tx, const u8 digest[32], long long *n, struct err *e);
/** proposals_recent - how many came of this host while a nonce is kept. */
int proposals_recent(struct tx *tx, const u8 ueid[UEID_LEN], long long *n, struct err *e);

/**
 * proposal_judged - @row on top of the host's last boot: "next_boot", "elements" and, with @whole, "bases" in @into.
 * @tx: NULL is none: in a transaction, as the boots are read.
 */
int proposal_judged(struct tx *tx, struct server *s, const struct proposal_row *row, bool whole,
		    json_t *into, struct err *e);
/**
 * proposals_next_boot - what reference values say of the proposal @digest of @host, or with NULL of its newest one for the
 * highest kernel version, which is what Debian boots by default. *@out stays as it is when there is none.
 */
int proposals_next_boot(struct tx *tx, struct server *s, const char *host, const u8 *digest,
			json_t **out, struct err *e);

#endif
