/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of netlink, for the readers of netlink_message.h: in host order, each of the size of its type. */
#ifndef ASSAY_NETLINK_ATTR_H
#define ASSAY_NETLINK_ATTR_H

#include "common/reader.h"

/** struct netlink_attr - @value is a view. */
struct netlink_attr {
	u16 type; /* without flags */
	struct bytes value;
};
/** netlink_next_attr - Return: false at the end, or when it does not fit (r->why). */
bool netlink_next_attr(struct reader *r, struct netlink_attr *out);

/* Each fails @r, the reader of all attributes, when the value has not the size of its type. */
u8 netlink_attr_u8(struct reader *r, const struct netlink_attr *a, const char *field);
u32 netlink_attr_u32(struct reader *r, const struct netlink_attr *a, const char *field);
u64 netlink_attr_u64(struct reader *r, const struct netlink_attr *a, const char *field);
void netlink_attr_bytes(struct reader *r, const struct netlink_attr *a, u8 *out, size_t len,
			const char *field);
/** netlink_attr_text - with its NUL, and no other in it. @size: of @out. */
void netlink_attr_text(struct reader *r, const struct netlink_attr *a, char *out, size_t size,
		       const char *field);
/** netlink_result - 0 or -EBADMSG, and *@why, of what was read. */
int netlink_result(const struct reader *r, const char **why);

#endif
