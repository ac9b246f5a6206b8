// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/device_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes log = { copy, size };
	struct device_log_entry entry = { 0 };
	struct digest pcr;
	struct err e = { 0 };

	if (!device_log_replay(log, DIGEST_SHA256, &pcr, &e) &&
	    device_log_last(log, bytes_text("0000:01:00.0"), &entry))
		planted_bug(log, entry.address.len > 1);
	free(copy);
	return 0;
}
