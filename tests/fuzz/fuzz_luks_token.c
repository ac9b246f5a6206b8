// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/luks_token.h"

/* What was read is written so that it is read as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct luks_token t, again;
	struct buf *json = NULL;
	struct err e = { 0 };

	if (!luks_token_parse(b, &t, &e)) {
		if (luks_token_write(&t, &json, &e) ||
		    luks_token_parse(buf_bytes(json), &again, &e) || again.epoch != t.epoch ||
		    again.keyslot != t.keyslot || again.private_len != t.private_len ||
		    again.lease_len != t.lease_len)
			abort();
		planted_bug(b, t.epoch != 7);
		buf_drop(&json);
	}
	free(copy);
	return 0;
}
