/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef ASSAY_BYTES_H
#define ASSAY_BYTES_H

#include "port.h"

/** struct bytes - a borrowed view; whoever made the memory owns it. @at may be NULL when @len is 0. */
struct bytes {
	const u8 *at;
	size_t len;
};

#define BYTES(array) ((struct bytes){ (const u8 *)(array), sizeof(array) })
#define BYTES_NONE   ((struct bytes){ NULL, 0 })

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* A literal or a C string without its NUL. */
static inline struct bytes bytes_text(const char *text)
{
	return (struct bytes){ (const u8 *)text, strlen(text) };
}

/** bytes_slice - @len bytes from @from; empty when that is not inside @b. */
static inline struct bytes bytes_slice(struct bytes b, size_t from, size_t len)
{
	if (from > b.len || len > b.len - from)
		return BYTES_NONE;
	return (struct bytes){ len ? b.at + from : NULL, len };
}

#endif
