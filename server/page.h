/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that come in pages: what a caller may ask of them, and where the next page begins. */
#ifndef ASSAY_SERVER_PAGE_H
#define ASSAY_SERVER_PAGE_H

#include <jansson.h>

#include "server.h"

enum { PAGE_ROWS = 100, PAGE_ROWS_MAX = 500, CURSOR_MAX = 400 };

/** struct page - @after: the row that the page before ended with, in the caller's own words; "" for the first page. */
struct page {
	long long limit;
	char after[CURSOR_MAX + 1];
};

/**
 * query_known - E_USAGE names a query parameter that is none of @known, which ends with NULL: a filter that is misspelt
 * must not show everything.
 */
int query_known(const struct call *c, const char *const *known, struct err *e);
/** query_text - the parameter @name, at most @size - 1 bytes, or "". Return: E_USAGE when it is longer. */
int query_text(const struct call *c, const char *name, char *out, size_t size, struct err *e);
/** asked_number - @text, which a caller gave as @name. E_USAGE unless it is a number from @min to @max. */
int asked_number(long long *out, long long min, long long max, const char *text, const char *name,
		 struct err *e);
/** page_of - ?limit= and ?cursor= */
int page_of(const struct call *c, struct page *out, struct err *e);
/** page_cut - @rows, of which one more than a page was asked for, to a page; "next" of @answer when there are more: the last one's @key. */
void page_cut(json_t *answer, json_t *rows, const struct page *p, const char *key);
/** page_more - "next" of @answer: the page after this one follows on @last. */
void page_more(json_t *answer, const char *last);

/** tier_of_name - a filter: one of the three tiers that a verdict has; 0 for "". */
int tier_of_name(const char *name, long long *out, struct err *e);

/** text_json - the bytes of a row as a JSON string; what is no UTF-8 is said to be so. */
json_t *text_json(struct bytes text);

#endif
