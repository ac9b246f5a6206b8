/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that many ask for within one moment: made once, until something moves or it is too old. */
#ifndef ASSAY_SERVER_KEPT_H
#define ASSAY_SERVER_KEPT_H

#include "common/buf.h"

enum { KEPT_S = 2 };

struct kept;
/** kept_new - @age_s: how long an answer is given. */
struct kept *kept_new(long long age_s);
void kept_drop(struct kept **k);
/** kept_moved - what was made before now is not given any more. */
void kept_moved(struct kept *k);
/** kept_get - a copy, or NULL; then *@since is for kept_put(). */
struct buf *kept_get(struct kept *k, unsigned long long *since);
/** kept_put - made from what was there after kept_get() said @since; dropped if something has moved since. */
void kept_put(struct kept *k, unsigned long long since, struct bytes answer);

#endif
