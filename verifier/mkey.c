// SPDX-License-Identifier: Apache-2.0
#include "mkey.h"

static u64 fnv(u64 h, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * 0x100000001b3;
	return h;
}

u64 mkey_hash(struct bytes mkey)
{
	struct cbor c = cbor_on(mkey, CBOR_WELL_FORMED);
	enum cbor_kind kind = mkey.len ? cbor_peek(&c) : CBOR_NOTHING;
	u64 h = 0xcbf29ce484222325;

	if (kind == CBOR_UINT) {
		u64 v = cbor_uint(&c, "mkey");

		return fnv(h, (struct bytes){ (const u8 *)&v, sizeof(v) }) ^ 1;
	}
	return kind == CBOR_TEXT ? fnv(h, cbor_text(&c, "mkey")) ^ 2 : h ^ kind;
}

u64 mkey_digest_hash(struct bytes mkey, const struct corim_digest *d)
{
	return fnv(mkey_hash(mkey) ^ (u64)d->alg, d->bytes);
}
