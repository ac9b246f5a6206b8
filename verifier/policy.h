/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The default policy: rules in one table, limits from configuration. A rule can only lower a verdict.
 */
#ifndef ASSAY_POLICY_H
#define ASSAY_POLICY_H

#include "acs.h"
#include "ima_judge.h"

enum { POLICY_ROWS_MAX = 64, POLICY_NAME_MAX = 64 };

struct policy_device {
	u16 vendor, device;
	u64 number; /* how many are required; or the lowest security version */
};

struct policy {
	bool learned_affirms; /* values that nobody but `refval learn` vouches for are enough */
	bool debug_allowed;   /* a debug flag that is set does not refuse           */
	bool secure_boot_required;
	size_t n_required, n_floors, n_refused, n_warned;
	struct policy_device required[POLICY_ROWS_MAX], floors[POLICY_ROWS_MAX];
	char refused[POLICY_ROWS_MAX]
		    [POLICY_NAME_MAX]; /* endorsed names, * at the end for any rest */
	char warned[POLICY_ROWS_MAX][POLICY_NAME_MAX];
	long long reboot_within_s; /* 0: however long it has been running */
	long long
		boot_phase_s; /* how long PCR 15 may be zero where volumes are enrolled; 0: for ever */
	struct ima_rules ima;
};
/** policy_clear - what configuration made it own. */
void policy_clear(struct policy *p);

/* Values of configuration, with the refusal a person understands. */
/** "1b36:0010", "1b36:0010 2" */
int policy_add_required(struct policy *p, const char *value, struct err *e);
/** "1b36:0010 7" */
int policy_add_floor(struct policy *p, const char *value, struct err *e);
/** "CVE-*": a name (code point 11) that a CoRIM endorses. */
int policy_add_name(struct policy *p, bool refuse, const char *value, struct err *e);

/* clang-format off */
/*  id               what must hold */
#define POLICY_RULES(X)                                                                          \
	X(REQUIRED,	 "each device that policy requires is there and verified")               \
	X(SVN_FLOOR,	 "no device has a security version below policy's floor")                \
	X(LEARNED,	 "somebody but a learner vouches for each value")                        \
	X(DEBUG,	 "nothing is in debug or recovery mode")                                 \
	X(INSECURE,	 "nothing is known to be unconfigured or insecure")                      \
	X(ENDORSED_NAME, "no endorsement says of it what policy refuses")                        \
	X(SECURE_BOOT,	 "Secure Boot is on if policy requires it")                              \
	X(BOOT_AGE,	 "the host was booted within the time that policy gives it")             \
	X(BOOT_END,	 "the volumes that were opened in the boot are those that are enrolled") \
	X(IMA_FILES,	 "each file that IMA measured is known, by its digest or by its signer")  \
	X(IMA_PATHS,	 "IMA measured no file where policy wants none")                         \
	X(IMA_REQUIRED,	 "IMA measured each file that policy requires")                          \
	X(IMA_CHANGED,	 "no file was changed while IMA measured it")
/* clang-format on */

enum policy_rule {
#define X(id, text) POLICY_##id,
	POLICY_RULES(X)
#undef X
		POLICY_RULE_COUNT
};
const char *policy_rule_name(enum policy_rule r); /* "SVN_FLOOR" */
const char *policy_rule_text(enum policy_rule r);

/** struct policed - one submodule, as the rules see it. */
struct policed {
	const char *name, *address;
	signed char *vector; /* TV_COUNT claims; rules make them worse */
};

/**
 * policy_apply - every rule over one appraisal.
 * @submods: [0] the host, then the devices of @v in their order.
 * @boot_seen_s: when the server first saw the boot that the quote is of; 0: unknown.
 * @ima: what ima_judge() found, or NULL: there is no list.
 */
void policy_apply(const struct policy *p, const struct verified_view *v, const struct acs *acs,
		  const struct policed *submods, long long now_s, long long boot_seen_s,
		  const struct ima_state *ima, struct reasons *reasons);

#endif
