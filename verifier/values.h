/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index of the values that reference triples want, for who explains why none matched: by environment of
 * the triple, key of the element, and value. refs.c makes it when it is first needed, nearest.c asks it.
 */
#ifndef ASSAY_VALUES_H
#define ASSAY_VALUES_H

#include "refs.h"

enum { VALUES_END = UINT32_MAX }; /* of a chain */
/** struct posting - a triple that wants the value: index into the references, and into its elements. */
struct posting {
	u32 ref, el, next;
};
/** struct value - one value for one key in one class; its postings are in the order of the references. */
struct value {
	u64 hash;
	u32 list, first, last, next;
};

struct values;
/** values_make - of @n references in their order; @at is borrowed for as long as the index lives. */
int values_make(const struct ref *at, size_t n, struct values **out, struct err *e);
void values_drop(struct values **v);

/** values_classes - triples of one environment are a class: those that @entry could match by its model. */
void values_classes(const struct values *v, const struct corim_env *entry,
		    void (*take)(void *user, u32 class, const struct corim_env *env), void *user);
/**
 * values_of - the first of all values for one key in one class, in the order of the first reference of
 * each, or NULL; values_next - the one after it, or NULL. @n: how many they are.
 */
const struct value *values_of(const struct values *v, u32 class, u64 key, size_t *n);
const struct value *values_next(const struct values *v, const struct value *value);
/**
 * values_near - of these the ones that could match a value with @digest; with NULL those that want no
 * digest. A candidate is no match yet.
 */
void values_near(const struct values *v, u32 class, u64 key, const struct corim_digest *digest,
		 void (*take)(void *user, const struct value *value), void *user);
/** values_posting - the first, or the one after @before; NULL past the last. */
const struct posting *values_posting(const struct values *v, const struct value *value,
				     const struct posting *before);

#endif
