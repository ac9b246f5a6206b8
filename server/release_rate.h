/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a host gets key shares: whoever has taken over its boot phase, and wants to try something with them, is slowed
 * down and seen. SPEC: RULES 25; docs/CONFIGURATION.md, releases
 */
#ifndef ASSAY_SERVER_RELEASE_RATE_H
#define ASSAY_SERVER_RELEASE_RATE_H

#include "store.h"

enum { RELEASE_WINDOW_S = 600 };

/** release_rate_reached - has @ueid had @max releases within the window? @max 0: never. */
int release_rate_reached(struct tx *tx, const u8 ueid[UEID_LEN], long long max, long long now_s,
			 bool *reached, struct err *e);
/** release_rate_note - one more; those before the window are forgotten. */
int release_rate_note(struct tx *tx, const u8 ueid[UEID_LEN], long long now_s, struct err *e);

#endif
