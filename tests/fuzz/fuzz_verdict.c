// SPDX-License-Identifier: Apache-2.0
/* What the half with the network tells the half with the rights. What is taken is written as it was. */
#include "fuzz.h"

#include "agent/collector/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device_verdicts v;
	static u8 room[VERDICTS_MAX];
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct writer w = writer_on(room, sizeof(room));
	struct err e = { 0 };

	if (!verdicts_parse(b, &v, &e)) {
		verdicts_write(&v, &w);
		if (w.full || !bytes_equal(write_done(&w), b))
			abort();
		planted_bug(b, v.n == 1 && v.at[0].standing == DEVICE_CONTRAINDICATED);
	}
	free(copy);
	return 0;
}
