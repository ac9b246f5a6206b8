// SPDX-License-Identifier: Apache-2.0
#include "decide.h"

static bool passed_all(const struct checks *c, enum check_scope scope)
{
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_scope((enum check_id)i) == scope && c->result[i] != PASSED)
			return false;
	return true;
}

struct decision decide(const struct verified_claims *claims, const struct appraisal *a,
		       bool release_asked)
{
	const struct verified_view *v = verified_view(claims);
	struct decision d = { .status = TIER_AFFIRMING };

	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].status > d.status)
			d.status = a->at[i].status;
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].status == TIER_NONE && d.status < TIER_WARNING)
			d.status = TIER_WARNING;
	if (!passed_all(&v->checks, SCOPE_HOST))
		d.status = TIER_CONTRAINDICATED;
	d.release = release_asked && d.status == TIER_AFFIRMING &&
		    passed_all(&v->checks, SCOPE_HOST) && passed_all(&v->checks, SCOPE_RELEASE);
	for (size_t i = 0; i < v->n_devices; i++) {
		if (!passed_all(&v->devices[i].checks, SCOPE_DEVICE)) {
			d.status = TIER_CONTRAINDICATED;
			d.release = false;
		}
	}
	return d;
}
