/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From verified claims to an appraisal: evidence against reference values.
 * SPEC: draft-ietf-rats-corim-11 9.3 (phases 2 to 4), draft-ietf-rats-ar4si 2.3
 */
#ifndef ASSAY_APPRAISE_H
#define ASSAY_APPRAISE_H

#include "policy.h"

struct appraised {
	char name[80]; /* "host", or a device's label */
	enum ear_tier status;
	signed char vector[TV_COUNT];
	size_t n_elements, n_matched;
};

struct appraisal {
	size_t n; /* [0] is the host */
	struct appraised *at;
	struct ima_state *ima; /* NULL: there is no list that replays, nor a piece of one */
};
/** struct appraisal_terms - what is neither evidence nor reference value. */
struct appraisal_terms {
	const struct policy *policy;
	long long now_s;		    /* what counts is valid now */
	long long boot_seen_s;		    /* as policy_apply() wants it */
	const struct ima_state *ima_before; /* of the entries before those in the token; or NULL */
};
/**
 * appraise - evidence becomes an appraisal claims set, reference values and endorsements are held
 * against it, and what follows for each submodule is its trustworthiness vector.
 * @refs: ready. @terms->policy may be NULL: no limits, and learned values do not affirm.
 * @reasons: gets a row for whatever is not right.
 * Return: 0; E_MEMORY; E_LIMIT for more than one appraisal may hold, which denies.
 */
int appraise(const struct verified_claims *v, const struct refs *refs,
	     const struct appraisal_terms *terms, struct reasons *reasons, struct appraisal **out,
	     struct err *e);
void appraisal_drop(struct appraisal **a);

#endif
