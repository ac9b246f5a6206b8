/* SPDX-License-Identifier: Apache-2.0 */
/* Why: an explanation is data, and one function renders it for CLI, API and dashboard. */
#ifndef ASSAY_EXPLAIN_H
#define ASSAY_EXPLAIN_H

#include "checks.h"
#include "common/err.h"
#include "common/own.h"

enum { REASONS_MAX = 512 };
/* AR4SI tiers. SPEC: draft-ietf-rats-ar4si 2.3 */
enum ear_tier { TIER_NONE = 0, TIER_AFFIRMING = 2, TIER_WARNING = 32, TIER_CONTRAINDICATED = 96 };

struct reason {
	enum ear_tier tier;
	int check;	       /* enum check_id, or -1: appraisal against reference values */
	char device[80];       /* label, or "host"                                         */
	char address[80];      /* to show beside the label, or ""                          */
	char environment[160]; /* what reference values were looked for under, or ""     */
	char element[96];      /* "block 2", "pcr4/EV_...", a check's name                 */
	char wanted[480];      /* "" when no single value was wanted                       */
	char found[480];
	char corim[128]; /* which CoRIM wanted it, or ""                             */
	char policy[24]; /* the policy rule that lowered the verdict, or "" */
	bool alternative; /* one more value that would have done; the row before it tells the first */
	size_t others;	  /* how many more values would have done                  */
};

struct reasons {
	size_t n, room;
	size_t dropped; /* past REASONS_MAX, or past memory */
	struct reason *at;
};
struct reasons *reasons_new(void);
void reasons_drop(struct reasons **r);
/**
 * reasons_add - the next row, to be filled before the next call; never NULL: past the maximum rows
 * fall together.
 */
struct reason *reasons_add(struct reasons *r, enum ear_tier tier, int check, const char *device,
			   const char *address);
/** reason_text - one sentence. Return: @out. */
const char *reason_text(const struct reason *r, char *out, size_t size);
/** reason_hint - what a person can do about it, one or two sentences; a literal. */
const char *reason_hint(const struct reason *r);
const char *tier_name(enum ear_tier tier); /* "affirming", "warning", "contraindicated", "none" */

#endif
