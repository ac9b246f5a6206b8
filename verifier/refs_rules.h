/* SPDX-License-Identifier: Apache-2.0 */
/* Between a snapshot (refs_parts.h) and refs_rules.c, which orders what endorses under conditions; nobody else includes this. */
#ifndef ASSAY_REFS_RULES_H
#define ASSAY_REFS_RULES_H

#include "refs.h"

struct signed_corim {
	struct corim *corim;
	struct authority by;
	struct digest digest; /* of its bytes */
};

enum { RULES_MAX = 16384, RULE_EDGES_MAX = 1 << 20, RULE_PROBLEMS_MAX = 16 };

struct rules {
	size_t n, n_ordered, n_problems, n_refused_domains;
	struct rule *at;
	const struct rule **ordered;
	char *problems[RULE_PROBLEMS_MAX];
	const struct corim_domain **refused_domains;
};
int rules_gather(struct rules *r, const struct signed_corim *corims, size_t n, struct err *e);
void rules_clear(struct rules *r);

#endif
