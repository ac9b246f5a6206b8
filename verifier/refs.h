/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An immutable snapshot of reference values and endorsements, ready for look-up by environment and by
 * value. Its order is that of the CoRIMs' digests, whatever the order in which they were added.
 * SPEC: draft-ietf-rats-corim-11 9.3 (phase 1: sorted, nothing joins afterwards)
 */
#ifndef ASSAY_REFS_H
#define ASSAY_REFS_H

#include "authority.h"
#include "proto/corim.h"

struct refs_options {
	enum corim_rules rules;
	bool cotl_required; /* a tag counts only while a CoTL lists it */
};

/** struct ref - a reference triple and where it comes from. */
struct ref {
	const struct corim_triple *triple;
	const struct corim *corim;
	const struct authority *by; /* who signed it; n = 0: nobody */
	const char *left_out;	    /* why it does not count; NULL: it does */
};

enum rule_kind { RULE_SERIES, RULE_CONDITIONAL };
/** struct rule - an endorsement with conditions, or a series of them. */
struct rule {
	enum rule_kind kind;
	const struct corim_series *series;
	const struct corim_conditional *conditional;
	const struct corim *corim;
	const struct authority *by;
	size_t tag;
	bool refused; /* stands in a circle of rules: never used */
};

struct refs;
struct ref_files;
struct refs *refs_new(void);
/** refs_new_with - with options other than the defaults (path containment, no CoTL). */
struct refs *refs_new_with(struct refs_options o);
/** refs_add - takes @c whatever the result; call refs_ready() after the last. */
int refs_add(struct refs *r, struct corim *c, struct err *e);
/** refs_leave_out - @c does not count, because of @why: its references are known to refs_unused() alone. */
int refs_leave_out(struct refs *r, struct corim *c, const char *why, struct err *e);
/** refs_ready - E_MEMORY, or E_LIMIT for more rules than RULES_MAX. */
int refs_ready(struct refs *r, struct err *e);
void refs_drop(struct refs **r);
size_t refs_count(const struct refs *r); /* reference triples */
const struct refs_options *refs_options(const struct refs *r);
/** refs_problem - the @i-th circle that was refused, as a sentence; NULL past the last. */
const char *refs_problem(const struct refs *r, size_t i);

/** refs_usable - the CoRIM is valid at @now_s, and its tag is listed if lists are required. */
bool refs_usable(const struct refs *r, const struct corim *c, size_t tag, long long now_s);
/** refs_triple_usable - and so are the CoSWIDs, if it is made of files that they list. */
bool refs_triple_usable(const struct refs *r, const struct corim *c, const struct corim_triple *t,
			long long now_s);
/** refs_all_usable - every one is, of every CoRIM; false says nothing. */
bool refs_all_usable(const struct refs *r, long long now_s);

/** refs_each - the usable triples whose environment matches @entry; stops when @take returns false. */
void refs_each(const struct refs *r, const struct corim_env *entry, long long now_s,
	       bool (*take)(void *user, const struct ref *ref), void *user);
/**
 * refs_with - those of refs_each() that could match @element: each triple is found by one element of
 * its own, which has a digest; triples without any digest are found by @element = NULL.
 */
void refs_with(const struct refs *r, const struct corim_env *entry,
	       const struct corim_element *element, long long now_s,
	       bool (*take)(void *user, const struct ref *ref), void *user);
/**
 * refs_unused - the triples that match @entry and do not count: of CoRIMs that were left out, or whose
 * time it is not; ref->left_out says why. For explanations.
 */
void refs_unused(const struct refs *r, const struct corim_env *entry, long long now_s,
		 bool (*take)(void *user, const struct ref *ref), void *user);
/**
 * refs_values - the index of wanted values, made at the first call; any thread may ask. Its postings
 * count references as refs_at() does.
 */
struct values;
int refs_values(const struct refs *r, const struct values **out, struct err *e);
/** refs_find - as refs_each(), in @out; Return: how many (at most @max). */
size_t refs_find(const struct refs *r, const struct corim_env *entry, struct ref *out, size_t max);

/** refs_files, refs_at - for refs_file() of refs_files.h: the index of single files, and the triple it names. */
const struct ref_files *refs_files(const struct refs *r);
const struct ref *refs_at(const struct refs *r, size_t i);
/** refs_digest - SHA-256 of the CoRIM that @ref stands in. */
const u8 *refs_digest(const struct ref *ref);
/** refs_vouches - the CoRIM with this digest is there, and its tag @tag usable with all CoSWIDs that it names. */
bool refs_vouches(const struct refs *r, const u8 digest[32], size_t tag, long long now_s);

/** refs_rules - each after all whose additions could satisfy a condition of its own. */
const struct rule *const *refs_rules(const struct refs *r, size_t *n);
size_t refs_n_corims(const struct refs *r);
const struct corim *refs_corim(const struct refs *r, size_t i, const struct authority **by);
/** refs_domain_refused - the domain stands in a circle. */
bool refs_domain_refused(const struct refs *r, const struct corim_domain *d);

#endif
