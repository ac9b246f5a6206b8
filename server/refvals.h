/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: stored as signed, compiled to an immutable snapshot, swapped on change. */
#ifndef ASSAY_SERVER_REFVALS_H
#define ASSAY_SERVER_REFVALS_H

#include "store.h"
#include "verifier/refs.h"

struct refvals;
/** refvals_open - build the snapshot from the store; a row that no longer verifies is left out, loudly. */
int refvals_open(struct store *s, const struct trust_store *roots, struct refvals **out,
		 struct err *e);
void refvals_drop(struct refvals **r);
/** refvals_take - the current snapshot; give it back with refvals_give(). */
struct refs *refvals_take(struct refvals *r);
void refvals_give(struct refvals *r, struct refs *snapshot);
int refvals_reload(struct refvals *r, struct err *e);

#endif
