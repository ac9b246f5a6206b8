/* SPDX-License-Identifier: Apache-2.0 */
/* Between refvals.c, which makes and swaps snapshots, and refvals_change.c; nobody else includes this. */
#ifndef ASSAY_SERVER_REFVALS_INSIDE_H
#define ASSAY_SERVER_REFVALS_INSIDE_H

#include <pthread.h>

#include "anchors.h"
#include "refvals.h"

/* A CoRIM that counts, as its row had it. Verified then: the next snapshot shares it while that holds. */
struct held {
	u8 digest[32], beside[32];
	long long until;
	bool is_signed;
	struct corim *corim; /* a share of what @refs owns */
};

struct snapshot {
	struct refs *refs;
	u8 state[32];	   /* of the anchors that verified it */
	struct held *held; /* sorted by digest in snapshot_ready() */
	size_t n_held, held_cap;
	size_t n_verified; /* how many were not shared from the one before */
	unsigned int users;
	struct snapshot *next;
};

struct refvals {
	struct store *store;
	const struct settings *settings;
	/*
	 * Whoever holds a reader of the store may take the two inner ones, never @change: who holds that waits
	 * for readers.
	 */
	pthread_mutex_t change;	 /* one change at a time */
	pthread_mutex_t signers; /* who uses @anchors without @change, and who replaces them */
	struct anchors *anchors; /* who may sign */
	u8 crls_seen[32];	 /* what the folder of revocation lists looked like */
	long long looked_s;	 /* when; atomic */
	pthread_mutex_t lock;	 /* guards the snapshots */
	struct snapshot *current, *old;
};

void snapshot_drop(struct snapshot **s);
/** snapshot_load - all that is active but for @skip (a digest, or NULL); not ready yet. */
int snapshot_load(struct refvals *r, const struct anchors *anchors, const u8 *skip,
		  struct snapshot **out, struct err *e);
/**
 * snapshot_add - takes @c whatever the result. @row: its bytes, update window and whether it is signed.
 * From here on c->not_after is the end of all that it needs: validity, window, signer.
 */
int snapshot_add(struct snapshot *s, struct corim *c, const struct corim_row *row, struct err *e);
int snapshot_ready(struct snapshot *s, struct err *e);
/** refvals_sign_by - takes @next: from now on they may sign. Under r->change. */
void refvals_sign_by(struct refvals *r, struct anchors *next);
/** refvals_swap - takes @s: from now on it is the one that counts. */
void refvals_swap(struct refvals *r, struct snapshot *s);
/** refvals_n_verified - how many CoRIMs the making of the current snapshot had to verify; for tests. */
size_t refvals_n_verified(struct refvals *r);

#endif
