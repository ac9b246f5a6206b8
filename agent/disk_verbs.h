/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs about disks, as they come over the agent's socket. */
#ifndef ASSAY_AGENT_DISK_VERBS_H
#define ASSAY_AGENT_DISK_VERBS_H

#include "disk.h"
#include "verbs.h"

bool disk_verb_is(unsigned int verb);
/** disk_verb - *@fd: a sealed memory file with the answer, the caller's to close. */
int disk_verb(struct disk *d, unsigned int verb, struct bytes argument, int *fd, struct err *e);

#endif
