/* SPDX-License-Identifier: Apache-2.0 */
/* Between corim_text.c (lines and sections) and corim_text_members.c (KEY = VALUE); nobody else includes this. */
#ifndef ASSAY_CORIM_TEXT_PARTS_H
#define ASSAY_CORIM_TEXT_PARTS_H

#include "corim_text.h"

enum { CORIM_TEXT_LINE_MAX = 1024 };

/* What was read so far, and of what the next line speaks. */
struct corim_text {
	struct corim *c;
	struct writer arena; /* one block, so that views into it stay */
	unsigned int line;
	struct corim_triple *state; /* the one that the lines speak of, or NULL */
	struct corim_element *element;
	bool then; /* a [then] stands: the next [when] begins another statement */
	u32 seen;  /* members of the environment or of the CoRIM that were given, by their row */
	struct err *e;
};

/** corim_text_wrong - E_FORMAT: "line N: ...". */
int corim_text_wrong(struct corim_text *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/**
 * corim_text_grow - room for one more item behind the @n of @size at @at, zeroed. They may move, so nothing keeps a
 * pointer into another list. Return: NULL when there is none, and r->e says why.
 */
void *corim_text_grow(struct corim_text *r, void *at, size_t n, size_t size, size_t max);
/* One more item of a list that knows its length: a pointer to it, or NULL. */
#define ONE_MORE(r, list, n, max)                                                                  \
	({                                                                                         \
		void *more_ = corim_text_grow(r, list, n, sizeof(*(list)), max);                   \
		if (more_)                                                                         \
			(list) = more_;                                                            \
		more_ ? &(list)[(n)++] : NULL;                                                     \
	})

/** corim_text_end_element - the element that the lines spoke of is whole; there is none after it. */
int corim_text_end_element(struct corim_text *r);
/** corim_text_member - one line KEY = VALUE; @value is not empty. */
int corim_text_member(struct corim_text *r, const char *key, const char *value);

#endif
