/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of policy share with those about IMA; nobody else includes this. */
#ifndef ASSAY_POLICY_RUN_H
#define ASSAY_POLICY_RUN_H

#include "policy.h"

struct policing {
	const struct policy *p;
	const struct verified_view *v;
	const struct acs *acs;
	const struct policed *submods;
	long long now_s, boot_seen_s;
	const struct ima_state *ima;
	struct reasons *reasons;
	enum policy_rule rule;
};
/** policy_lower - a claim of a submodule gets worse, and the reason is there to be filled. */
struct reason *policy_lower(const struct policing *g, int submod, int claim, signed char value,
			    const char *element);

/* policy_ima.c */
void rule_ima_files(const struct policing *g);
void rule_ima_paths(const struct policing *g);
void rule_ima_required(const struct policing *g);
void rule_ima_changed(const struct policing *g);

#endif
