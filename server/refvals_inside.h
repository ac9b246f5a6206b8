/* SPDX-License-Identifier: Apache-2.0 */
/* Between refvals.c, which makes and swaps snapshots, and refvals_change.c; nobody else includes this. */
#ifndef ASSAY_SERVER_REFVALS_INSIDE_H
#define ASSAY_SERVER_REFVALS_INSIDE_H

#include <pthread.h>

#include "anchors.h"
#include "refvals.h"

struct snapshot {
	struct refs *refs;
	u8 (*held)[32]; /* digests of the CoRIMs in it, sorted by snapshot_ready() */
	size_t n_held, held_cap;
	unsigned int users;
	struct snapshot *next;
};

struct refvals {
	struct store *store;
	const struct settings *settings;
	pthread_mutex_t change;	 /* one change at a time; guards anchors */
	struct anchors *anchors; /* who may sign */
	pthread_mutex_t lock;	 /* guards the snapshots */
	struct snapshot *current, *old;
};

void snapshot_drop(struct snapshot **s);
/** snapshot_load - all that is active but for @skip (a digest, or NULL); not ready yet. */
int snapshot_load(struct refvals *r, const struct anchors *anchors, const u8 *skip,
		  struct snapshot **out, struct err *e);
/** snapshot_add - takes @c whatever the result. @bytes: the row's; @until: its update window, or 0. */
int snapshot_add(struct snapshot *s, struct corim *c, struct bytes bytes, long long until,
		 struct err *e);
int snapshot_ready(struct snapshot *s, struct err *e);
/** refvals_swap - takes @s: from now on it is the one that counts. */
void refvals_swap(struct refvals *r, struct snapshot *s);

#endif
