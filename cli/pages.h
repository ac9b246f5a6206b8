/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the server, page by page, and how they are asked for. */
#ifndef ASSAY_CLI_PAGES_H
#define ASSAY_CLI_PAGES_H

#include "cli.h"
#include "table.h"

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

enum { URL_PART_MAX = 3 * 340 };
/**
 * url_part - @text as one segment of a path: a name that somebody typed stays a name. What is longer than any name or
 * digest is cut where it is longer than they may be. A ring of buffers.
 */
const char *url_part(const char *text);

/**
 * pages_fetch - all pages of the list @name, in one array; *@out is {name: [...]}. @most: no more rows than these, 0: all.
 * On a terminal it is told how far it is when that takes long.
 */
int pages_fetch(struct cli *c, const struct query *q, const char *name, size_t most, json_t **out,
		struct err *e);

#endif
