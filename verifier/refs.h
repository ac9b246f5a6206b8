/* SPDX-License-Identifier: Apache-2.0 */
/* An immutable snapshot of reference values, ready for look-up by environment. */
#ifndef ASSAY_REFS_H
#define ASSAY_REFS_H

#include "proto/corim.h"

struct refs;
struct refs *refs_new(void);
/** refs_add - takes @c whatever the result; call refs_ready() after the last. */
int refs_add(struct refs *r, struct corim *c, struct err *e);
void refs_ready(struct refs *r);
void refs_drop(struct refs **r);
size_t refs_count(const struct refs *r); /* reference triples */

struct ref {
	const struct corim_triple *triple;
	const struct corim *corim;
};
/** refs_find - the triples whose environment matches @entry, in @out; Return: how many (at most @max). */
size_t refs_find(const struct refs *r, const struct corim_env *entry, struct ref *out, size_t max);

#endif
