// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "stable.h"

enum { MANIFEST = 0xfd, DEVICE_MODE = 0xfe };

static bool is_in(const u8 *indexes, unsigned int i)
{
	return indexes[i / 8] >> i % 8 & 1;
}

void spdm_indexes_default(u8 indexes[SPDM_INDEXES_LEN])
{
	memset(indexes, 0xff, SPDM_INDEXES_LEN);
	indexes[MANIFEST / 8] &= (u8) ~(1u << MANIFEST % 8);
	indexes[DEVICE_MODE / 8] &= (u8) ~(1u << DEVICE_MODE % 8);
}

static void write_block(struct writer *w, const struct spdm_block *b)
{
	write_u8(w, b->index);
	write_u8(w, (u8)(b->type | (b->raw ? 0x80 : 0)));
	write_le16(w, (u16)b->value.len);
	write_bytes(w, b->value);
}

/* A device may send its blocks in any order; no index stands twice. */
void spdm_write_stable(struct writer *w, struct bytes record, const u8 indexes[SPDM_INDEXES_LEN])
{
	for (unsigned int i = 0; i <= 0xff; i++) {
		struct reader r = reader_on(record);

		while (is_in(indexes, i) && r.left.len && !r.why) {
			struct spdm_block b = spdm_next_block(&r);

			if (!r.why && b.index == i)
				write_block(w, &b);
		}
	}
}
