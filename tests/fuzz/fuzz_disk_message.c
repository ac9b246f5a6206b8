// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "agent/disk_message.h"

/* What was read is written as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct disk_message m;
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct buf *again = NULL;
	struct err e = { 0 };

	if (!disk_message_parse(b, &m, &e)) {
		again = buf_new(DISK_MESSAGE_MAX);
		disk_message_write(&m, &again->w);
		if (!bytes_equal(buf_bytes(again), b))
			abort();
		planted_bug(b, m.counter != 0x01800000);
		buf_drop(&again);
	}
	free(copy);
	return 0;
}
