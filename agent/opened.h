/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which volumes were opened in this boot phase, and what proves it: left by who opens them for who extends the cap.
 * The proofs open nothing.
 */
#ifndef ASSAY_AGENT_OPENED_H
#define ASSAY_AGENT_OPENED_H

#include "proto/cap.h"

#define OPENED_FOLDER "/run/assay/opened"

/** opened_write - what `assay-agent cap` will find: @folder/UUID with the proof in hex. */
int opened_write(const char *folder, const struct cap_volume *v, struct err *e);
/** opened_by_lease - and that one of them was opened by a lease. */
int opened_by_lease(const char *folder, struct err *e);
/** opened_read - by UUID; no such folder: none. E_FORMAT, E_LIMIT. */
int opened_read(const char *folder, struct cap_volume out[VOLUMES_MAX], size_t *n, bool *leased,
		struct err *e);

#endif
