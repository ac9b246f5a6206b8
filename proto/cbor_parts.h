/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CBOR reader is made of: cbor_head.c (one head, through libcbor), cbor_check.c (a whole document) and
 * cbor.c (pulling items); nobody else includes this.
 */
#ifndef ASSAY_CBOR_PARTS_H
#define ASSAY_CBOR_PARTS_H

#include "cbor.h"

struct cbor_head {
	enum cbor_kind kind;
	u64 value;	   /* number, length, count or tag                      */
	struct bytes body; /* of a definite string                              */
	bool indefinite;
	bool is_break;
	size_t size; /* of the head, and of a definite string's body      */
	bool seen;
};
/** cbor_head_read - of the first item in @b. Return: false if there is none, or not all of it. */
bool cbor_head_read(struct bytes b, struct cbor_head *h);
/** cbor_walk_item - bytes of the first item in @b, whatever it holds; 0: it is not well-formed, or a break. */
size_t cbor_walk_item(struct bytes b);

#endif
