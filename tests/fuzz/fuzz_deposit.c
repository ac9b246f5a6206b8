// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/deposit.h"

/* What was read is written as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 room[DEPOSIT_LEN], *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct writer w = writer_on(room, sizeof(room));
	struct deposit d;
	struct err e = { 0 };

	if (!deposit_parse(b, &d, &e)) {
		deposit_write(&d, &w);
		if (!bytes_equal(write_done(&w), b))
			abort();
		planted_bug(b, d.epoch != 7);
	}
	free(copy);
	return 0;
}
