/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the boot phase: what was opened is extended into the cap PCR, straight into the TPM. SPEC: RULES 3 */
#ifndef ASSAY_AGENT_CAP_RUN_H
#define ASSAY_AGENT_CAP_RUN_H

#include "proto/cap.h"
#include "settings.h"

#define OPENED_FOLDER "/run/assay/opened"

/** opened_write - what `assay-agent cap` will find: @folder/UUID with the proof in hex. */
int opened_write(const char *folder, const struct cap_volume *v, struct err *e);
/** opened_read - by UUID; no such folder: none. E_FORMAT, E_LIMIT. */
int opened_read(const char *folder, struct cap_volume out[VOLUMES_MAX], size_t *n, struct err *e);
/**
 * cap_run - extend for each volume in @folder, and before them that a person was asked, or that nothing was opened.
 * Once it is extended by anybody it stays as it is: *@done is false then.
 */
int cap_run(const struct agent_settings *s, const char *folder, bool asked, bool *done,
	    struct err *e);

#endif
