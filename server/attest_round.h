/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of one attestation share; nobody else includes this. */
#ifndef ASSAY_SERVER_ATTEST_ROUND_H
#define ASSAY_SERVER_ATTEST_ROUND_H

#include "hosts.h"
#include "ima_states.h"
#include "leases.h"
#include "result.h"
#include "session.h"
#include "standings.h"
#include "verifier/decide.h"

struct round {
	struct call *call;
	struct server *server;
	struct session session; /* of the URL */
	struct eat *token;
	struct host *host; /* NULL: this AK is nobody's */
	struct verify_context ctx;
	struct buf *inventory;
	struct cap_volume enrolled[VOLUMES_MAX];
	struct ima_state *ima;	       /* of the last list that was judged, or NULL */
	struct ima_state *ima_pending; /* of the pieces that came since, unproven; or NULL */
	bool rate_reached;	       /* this host had as many releases as it may have now */
	struct lease_host leases;
	bool leased; /* a lease is given, with: */
	struct lease_terms lease;
	bool ima_stale; /* it was judged by other rules, or on the word of who vouches no more */
	struct tx *tx;	/* while reading */
	struct reasons *reasons;
	struct verified_claims *verified;
	struct appraisal *appraisal;
	struct decision decision;
	json_t *complete;   /* the answer without release and evidence */
	struct buf *answer; /* its text, as it is stored               */
	struct buf *release;
	enum result_form form; /* as the caller asked */
	struct buf *ear;
	struct verdict_change change; /* of what is shown of the host; after attest_record() */
};

/* attest.c */
json_t *attest_devices_json(const struct round *r);
/* attest_record.c */
/** attest_load_host - whose AK signed the quote, and what is known of that host; nobody's is no error. */
int attest_load_host(struct round *r, struct err *e);
/** attest_lookup_leaf - of struct verify_context; @user is the round. */
int attest_lookup_leaf(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		       struct err *e);
int attest_lookup_volume(void *user, const u8 *uuid, struct known_volume *out, struct err *e);
/** attest_record - a job of store_write(): the verdict and all that follows from it, or nothing. @arg: the round. */
int attest_record(struct tx *tx, void *arg, struct err *e);
/** attest_record_withheld - a job, too; @arg: struct withheld. */
struct withheld {
	const struct round *round;
	const struct err *why;
};
int attest_record_withheld(struct tx *tx, void *arg, struct err *e);
/** attest_still_so - E_AGAIN when what the verdict was reached on has changed meanwhile. */
int attest_still_so(struct tx *tx, struct round *r, struct err *e);
/* attest_ima.c */
/** attest_ima_before - what was found in the entries before those of the token. */
const struct ima_state *attest_ima_before(const struct round *r);
/** attest_ima_kept - the list leads to the quote, and all of it was accepted. */
bool attest_ima_kept(const struct round *r);
json_t *attest_ima_json(const struct round *r);
/** attest_ima_still_so - E_AGAIN when another round has moved the place meanwhile. */
int attest_ima_still_so(struct tx *tx, const struct round *r, struct err *e);
/** attest_ima_record - of the job attest_record(): the place moves, and pieces are settled. */
int attest_ima_record(struct tx *tx, const struct round *r, struct err *e);
/**
 * attest_ima_asked - more of the list is wanted before there can be a verdict: all of it, or what follows a
 * piece. Return: true: answered, the nonce is unused; or @e says why that failed.
 */
bool attest_ima_asked(struct round *r, struct err *e);

#endif
