/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appraisal claims set: what is known of each environment, and on whose word. Evidence first, then
 * copies of evidence that reference values vouch for, then endorsements.
 * SPEC: draft-ietf-rats-corim-11 9.2 (ACS), 9.3 (phases 2 to 4)
 */
#ifndef ASSAY_ACS_H
#define ASSAY_ACS_H

#include "ect.h"
#include "refs.h"

enum acs_type { ACS_REFERENCE = 0, ACS_ENDORSEMENT = 1, ACS_EVIDENCE = 2 };
enum { ACS_NO_SUBMOD = -1, ACS_ENVS_MAX = 4096, ACS_ENTRIES_MAX = 1 << 18 };

/** struct acs_entry - one element's value. Views into evidence and CoRIMs, which outlive the set. */
struct acs_entry {
	enum acs_type type;
	struct bytes mkey;
	const struct corim_mval *mval;
	const struct authority *by;
	const struct corim *corim; /* NULL: evidence */
};

/** struct acs_env - an environment; one per submodule's ECT, and those that only endorsements name. */
struct acs_env {
	struct corim_env env;
	u8 instance[96]; /* where env.instance stands when it is ours */
	int submod;	 /* index into the appraisal, or ACS_NO_SUBMOD */
	const struct ect *ect;
	struct authority by;
	u32 *slots; /* the ECT's elements by the hash of their key; see acs_element() */
	size_t n_slots;
	bool *covered; /* per element of the ECT: a matching reference holds it */
	size_t n, room;
	struct acs_entry *at;
};

struct acs {
	size_t n, n_entries;
	struct acs_env *envs[ACS_ENVS_MAX];
};
struct acs *acs_new(void);
void acs_drop(struct acs **a);

/**
 * acs_add_evidence - phase 2. @instance: encoded item that tells this environment from others of its
 * class, or empty. @by: who signed it. @ect is borrowed and outlives the set.
 * Return: 0; E_LIMIT, E_MEMORY.
 */
int acs_add_evidence(struct acs *a, int submod, const struct ect *ect, struct bytes instance,
		     const struct authority *by, struct err *e);
/** acs_match_references - phase 3: each reference triple that evidence satisfies adds a copy of it. */
int acs_match_references(struct acs *a, const struct refs *refs, long long now_s, struct err *e);
/**
 * acs_endorse - phase 4: endorsed values, then conditional endorsements and series. An addition goes to
 * the very environments that met the conditions, as far as it fits them: one device in a good state does
 * not lend what it is given to another of its class.
 */
int acs_endorse(struct acs *a, const struct refs *refs, long long now_s, struct err *e);
/** acs_env_text - "acme x1, layer 0, instance 0a0b...", as a person writes it; cut at @size. Return: @out. */
const char *acs_env_text(const struct acs_env *x, char *out, size_t size);
/** acs_element - index of the ECT's element with @mkey, or -1. */
long acs_element(const struct acs_env *x, struct bytes mkey);
/** acs_triple_holds - all elements of @t are there with that value, in one environment, on that word. */
bool acs_triple_holds(const struct acs_env *x, const struct corim_triple *t,
		      enum corim_rules rules);

#endif
