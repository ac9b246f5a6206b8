// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "verifier/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct err e = { 0 };
	struct capture *c = NULL;

	if (!capture_verify(b, &c, &e))
		planted_bug(b, c->n > 0);
	capture_drop(&c);
	free(copy);
	return 0;
}
