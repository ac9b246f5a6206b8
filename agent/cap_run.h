/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the boot phase: what was opened is extended into the cap PCR, straight into the TPM. SPEC: RULES 3 */
#ifndef ASSAY_AGENT_CAP_RUN_H
#define ASSAY_AGENT_CAP_RUN_H

#include "proto/cap.h"
#include "settings.h"

/**
 * cap_run - the phase ends. @asked: a person is about to be asked for a passphrase; that is said at once, and which
 * volumes it opens by a second call without @asked. Else: extend for each volume in @folder, or that nothing was opened.
 * Whatever else was extended before stays as it is: *@done is false then.
 */
int cap_run(const struct agent_settings *s, const char *folder, bool asked, bool *done,
	    struct err *e);

#endif
