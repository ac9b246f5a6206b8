// SPDX-License-Identifier: GPL-2.0-only
#include <net/netlink.h>

#include "assay_spdm.h"

enum { CHUNK_MIN = 256 };

int chunk_put(struct sk_buff *skb, int attr, const struct blob *b, size_t at)
{
	size_t left = b->len - at, room = 0, n;

	if (skb_tailroom(skb) > (int)NLA_HDRLEN + NLA_ALIGNTO)
		room = (size_t)skb_tailroom(skb) - NLA_HDRLEN - NLA_ALIGNTO;
	n = min3(left, room, (size_t)(U16_MAX - NLA_HDRLEN - NLA_ALIGNTO));
	if (n < left && n < CHUNK_MIN)
		return -EMSGSIZE; /* the next message has more room */
	return nla_put(skb, attr, (int)n, b->len ? b->at + at : NULL) ? -EMSGSIZE : (int)n;
}
