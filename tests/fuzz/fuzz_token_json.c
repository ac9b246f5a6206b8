// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "agent/token/token_json.h"

/* Whatever the plugin's reader takes, the other one takes as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct luks_token t, other;
	struct err e = { 0 };

	if (!token_json_parse(b, &t, &e)) {
		if (luks_token_parse(b, &other, &e) || memcmp(&t, &other, sizeof(t)))
			abort();
		planted_bug(b, t.epoch != 7);
	}
	free(copy);
	return 0;
}
