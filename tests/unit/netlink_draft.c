// SPDX-License-Identifier: Apache-2.0
#include "netlink_draft.h"

#include <stdlib.h>

struct draft *draft_new(u8 cmd)
{
	struct draft *d = calloc(1, sizeof(*d));

	d->w = writer_on(d->room, sizeof(d->room));
	write_bytes(&d->w, BYTES(((u8[]){ cmd, 1, 0, 0 })));
	return d;
}

void draft_put(struct draft *d, u16 type, const void *at, size_t len)
{
	u16 head[2] = { (u16)(4 + len), type };

	write_bytes(&d->w, BYTES(head));
	write_bytes(&d->w, (struct bytes){ at, len });
	write_zeros(&d->w, (4 - len % 4) % 4);
}

void draft_put_u32(struct draft *d, u16 type, u32 v)
{
	draft_put(d, type, &v, sizeof(v));
}

void draft_put_u64(struct draft *d, u16 type, u64 v)
{
	draft_put(d, type, &v, sizeof(v));
}

void draft_put_text(struct draft *d, u16 type, const char *text)
{
	draft_put(d, type, text, strlen(text) + 1);
}
