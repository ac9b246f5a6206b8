// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/dice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct err e = { 0 };
	struct dice_tcb_info info;
	bool accepted = !dice_tcb_info_parse(b, &info, &e);

	planted_bug(b, accepted && info.mval.n_digests > 0);
	free(copy);
	return 0;
}
