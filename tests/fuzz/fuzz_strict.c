// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/strict.h"

/* An approval that was read is written as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct buf *again = buf_new(APPROVAL_MAX);
	struct approval a;
	struct err e = { 0 };

	if (!approval_parse(b, &a, &e)) {
		if (approval_write(&a, &again->w, &e) || !bytes_equal(buf_bytes(again), b))
			abort();
		planted_bug(b, a.epoch != 7);
	}
	buf_drop(&again);
	free(copy);
	return 0;
}
