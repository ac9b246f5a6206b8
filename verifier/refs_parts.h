/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a snapshot is made of: refs.c, refs_find.c (look-up) and refs_usable.c (what counts) share it; nobody else
 * includes this.
 */
#ifndef ASSAY_REFS_PARTS_H
#define ASSAY_REFS_PARTS_H

#include "refs.h"
#include "refs_files.h"
#include "refs_rules.h"

/* One way to find a triple: the hash of an element's key and one digest of it. */
struct anchor {
	u64 hash;
	u32 ref;
};

/* A tag that a CoTL lists, and when. */
struct listed {
	const struct corim_listed *tag;
	long long from, until;
};

struct left_out {
	struct corim *corim;
	char *why;
};

struct refs {
	struct refs_options options;
	size_t n_left_out, left_out_cap, n_unused;
	struct left_out *left_out;     /* CoRIMs that do not count */
	struct ref *unused;	       /* their references, by model */
	long long all_from, all_until; /* between them every CoRIM is valid */
	size_t n_corims, corim_cap;
	struct signed_corim *corims;
	size_t n, n_plain, n_anchors, n_listed;
	struct ref *at;	   /* by model, those without one first */
	struct ref *plain; /* of these the ones without any digest */
	struct anchor *anchors;
	struct listed *listed;
	struct lazy_values *values;
	struct rules rules;
	struct ref_files files;
};

/** refs_index - in refs_find.c: the triples in order, and the ways to find them. E_MEMORY. */
int refs_index(struct refs *r, struct err *e);
/** refs_take_terms - in refs_usable.c: when CoRIMs are valid, and what lists of tags say. E_MEMORY. */
int refs_take_terms(struct refs *r, struct err *e);
/** refs_signed - the CoRIM with this digest, or NULL. */
const struct signed_corim *refs_signed(const struct refs *r, const u8 digest[32]);

#endif
