/* SPDX-License-Identifier: Apache-2.0 */
/* Which reference values evidence comes closest to where none covers it; found by index, whatever their number. */
#ifndef ASSAY_NEAREST_H
#define ASSAY_NEAREST_H

#include "acs.h"
#include "nonmatch.h"

/** enum standing - how an element that no matching reference covers stands to the references by itself. */
enum standing { NO_REFERENCE, OTHER_VALUE, KNOWN_BY_ITSELF };

/** struct near - a reference value that an element misses, and how much of the rest of its state is there. */
struct near {
	const struct corim_element *want;
	const struct corim *corim;
	size_t score;
};

/** struct verdict_on - on one element. Closest first; of equally close ones the snapshot's order decides. */
struct verdict_on {
	enum standing standing;
	size_t n; /* reference values in @near */
	struct near near[NONMATCH_SHOWN_MAX];
	size_t others;	      /* how many more different ones there are */
	const char *left_out; /* no reference, but one that does not count, and why */
	const struct corim *left_out_corim;
};

/**
 * nearest_find - fill @on, zeroed, one per element of @x->ect; those that are covered stay as they are.
 * Return: 0, or E_MEMORY.
 */
int nearest_find(const struct acs_env *x, const struct refs *refs, long long now_s,
		 struct verdict_on *on, struct err *e);

#endif
