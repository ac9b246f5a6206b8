/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR for people: one row per item, what is wrapped in byte strings unwrapped where the format says so,
 * and keys by their names in the formats that this build speaks.
 */
#ifndef ASSAY_CBOR_TREE_H
#define ASSAY_CBOR_TREE_H

#include "cbor.h"
#include "cbor_names.h"

enum {
	CBOR_TREE_ROWS_MAX = 100000,
	CBOR_TREE_DEPTH_MAX =
		40, /* CBOR_DEPTH_MAX in each of what is wrapped in each other, and no deeper */
	CBOR_TREE_PATH_MAX = 400,
	CBOR_TREE_VALUE_MAX = 600, /* longer strings are shown by their beginning and length */
};

/** struct cbor_row - one item; the texts live until the callback returns. Text may hold anything but NUL. */
struct cbor_row {
	size_t depth;	   /* 0: the document                                             */
	const char *path;  /* as errors have it: "tags[0].triples.0[1]"                   */
	const char *label; /* its key or index in what is around it, with its name if it has one */
	const char *kind;  /* "map", "array", "tag", "bytes", "text", "number", ...       */
	const char *value; /* "" for maps and arrays; of a tag its number and name        */
};
/**
 * cbor_tree - call @row for each item of @b, outermost first.
 * @place: what the document is, if it is known; AT_ROOT: its tag tells, and a map without one holds claims.
 * Return: 0; what cbor_check() says of @b, before any row; E_LIMIT after CBOR_TREE_ROWS_MAX rows or at
 * CBOR_TREE_DEPTH_MAX; what @row returned when it was not 0.
 */
int cbor_tree(struct bytes b, enum cbor_place place,
	      int (*row)(void *user, const struct cbor_row *row, struct err *e), void *user,
	      struct err *e);

#endif
