/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a kernel family, written down attribute by attribute; tests then parse it in an exact-size copy. */
#ifndef ASSAY_TEST_NETLINK_DRAFT_H
#define ASSAY_TEST_NETLINK_DRAFT_H

#include "common/writer.h"

struct draft {
	u8 room[70000];
	struct writer w;
};

/** draft_new - with its head; the caller frees it. */
struct draft *draft_new(u8 cmd);
/** draft_put - an attribute with @len bytes, and the zeros behind it. */
void draft_put(struct draft *d, u16 type, const void *at, size_t len);
void draft_put_u32(struct draft *d, u16 type, u32 v);
void draft_put_u64(struct draft *d, u16 type, u64 v);
/** draft_put_text - with its zero at the end. */
void draft_put_text(struct draft *d, u16 type, const char *text);

#endif
