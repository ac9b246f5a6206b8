/* SPDX-License-Identifier: Apache-2.0 */
/* Who works on a state folder: any number at once, or one alone that changes its keys. */
#ifndef ASSAY_SERVER_STATE_LOCK_H
#define ASSAY_SERVER_STATE_LOCK_H

#include "common/err.h"

/** state_lock - *@fd holds it until it is closed. E_CONFLICT when another one's lock is in the way. */
int state_lock(const char *state, bool alone, int *fd, struct err *e);

#endif
