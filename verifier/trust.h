/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What endorsements say of keys and of domains: which key an environment may sign with, whom it trusts.
 * SPEC: draft-ietf-rats-corim-11 5.1.7 to 5.1.10, 9.3.4
 */
#ifndef ASSAY_TRUST_H
#define ASSAY_TRUST_H

#include "acs.h"

/**
 * trust_check_keys - where endorsements list keys for @x, its own must be among them: for attestation
 * the one that signed, for identity any of its chain. Nothing listed: nothing to say.
 */
void trust_check_keys(const struct acs_env *x, const struct refs *refs, long long now_s,
		      const char *name, const char *address, signed char vector[TV_COUNT],
		      struct reasons *reasons);

/** struct trust_submod - a submodule's place in what depends on what. */
struct trust_submod {
	const char *name, *address;
	enum ear_tier status;
};
/**
 * trust_depend - nothing is better than what it trusts: each submodule's status falls to the worst of
 * those that a dependency names, and to a warning where one is not there. A domain that is trusted stands for all
 * of its members. @submods: by acs_env.submod.
 */
void trust_depend(const struct acs *acs, const struct refs *refs, long long now_s,
		  struct trust_submod *submods, size_t n, struct reasons *reasons);

#endif
