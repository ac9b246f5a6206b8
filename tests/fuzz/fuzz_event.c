// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "agent/collector/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct device_event v;
	struct err e = { 0 };

	if (!device_event_parse(b, &v, &e))
		planted_bug(b, v.cause[0] == 'a' && v.generation != 7);
	free(copy);
	return 0;
}
