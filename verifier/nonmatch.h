/* SPDX-License-Identifier: Apache-2.0 */
/* Why evidence that no reference value covers is not covered, element by element. */
#ifndef ASSAY_NONMATCH_H
#define ASSAY_NONMATCH_H

#include "acs.h"

enum { NONMATCH_SHOWN_MAX = 4 }; /* reference values that are told for one element */

/**
 * nonmatch_explain - a reason per element that is not covered: *no reference value* and *another value*
 * are different answers, and of several reference values the ones in the closest states come first.
 * @vector: the submodule's trustworthiness claims, made worse by what is found.
 */
int nonmatch_explain(const struct acs_env *x, const struct refs *refs, long long now_s,
		     const char *name, const char *address, signed char vector[TV_COUNT],
		     struct reasons *reasons, struct err *e);
/** claim_worse - a claim keeps the worst value that was found for it. */
void claim_worse(signed char vector[TV_COUNT], int claim, signed char value);

#endif
