/* SPDX-License-Identifier: Apache-2.0 */
/* From an appraisal to a decision: what the verdict is, and whether a share may go out. */
#ifndef ASSAY_DECIDE_H
#define ASSAY_DECIDE_H

#include "appraise.h"

struct decision {
	enum ear_tier status; /* worst of all submodules */
	bool release;	      /* every check of every scope PASSED and everything affirmed */
};

/** decide - the default policy. A NOT_RUN check denies like a failed one. */
struct decision decide(const struct verified_claims *v, const struct appraisal *a,
		       bool release_asked);

#endif
