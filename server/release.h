/* SPDX-License-Identifier: Apache-2.0 */
/* From a decision to wrapped shares. SPEC: RULES 2, 4, 5, 15 */
#ifndef ASSAY_SERVER_RELEASE_H
#define ASSAY_SERVER_RELEASE_H

#include "proto/lease.h"
#include "store.h"
#include "verifier/decide.h"

/**
 * release_wrap - the release answer for every volume the token asks for. @d must say release; the
 * decision must be in the audit log already. @lease: its terms, or NULL: none is given.
 */
int release_wrap(struct tx *tx, const struct verified_claims *v, const struct decision *d,
		 u32 release_pcrs, const struct lease_terms *lease, struct buf **out,
		 struct err *e);

#endif
