/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the boot phase: what was opened is extended into the cap PCR, straight into the TPM. SPEC: RULES 3 */
#ifndef ASSAY_AGENT_CAP_RUN_H
#define ASSAY_AGENT_CAP_RUN_H

#include "proto/cap.h"
#include "settings.h"

/**
 * cap_run - extend for each volume in @folder, and before them that a person was asked, or that nothing was opened.
 * Once it is extended by anybody it stays as it is: *@done is false then.
 */
int cap_run(const struct agent_settings *s, const char *folder, bool asked, bool *done,
	    struct err *e);

#endif
