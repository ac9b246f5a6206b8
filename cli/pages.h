/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the server, page by page, and how they are asked for and shown. */
#ifndef ASSAY_CLI_PAGES_H
#define ASSAY_CLI_PAGES_H

#include "cli.h"

enum { QUERY_MAX = 1800 };

/** struct query - a path and its parameters; what does not fit is an error at the asking. */
struct query {
	char text[QUERY_MAX];
	size_t len;
	bool full, asked; /* @asked: there is a parameter already */
};
struct query query_of(const char *path);
/** query_add - nothing when @value is NULL; what an URL may not have is escaped. */
void query_add(struct query *q, const char *name, const char *value);

/**
 * pages_fetch - all pages of the list @name, in one array; *@out is {name: [...]}. @most: no more rows than these, 0: all.
 * On a terminal it is told how far it is when that takes long.
 */
int pages_fetch(struct cli *c, const struct query *q, const char *name, size_t most, json_t **out,
		struct err *e);

/** tier_text - @status for a person, @width wide, on a terminal in its colour. A ring of buffers. */
const char *tier_text(const char *status, int width);
/** when_text - a time, "2027-01-31T00:00:00Z", or "-" for 0. A ring of buffers. */
const char *when_text(long long unix_s);
/** member_text - a text member of an answer, safe for a terminal; "-" where there is none or it is empty. */
const char *member_text(const json_t *j, const char *key);
long long member_number(const json_t *j, const char *key);

#endif
