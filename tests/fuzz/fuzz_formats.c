// SPDX-License-Identifier: Apache-2.0
/* Whatever somebody gives `assay inspect`: it is told apart, and held to a grammar. */
#include "fuzz.h"

#include "proto/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct format_seen seen;
	struct err e = { 0 };
	struct bytes b = { copy, size };
	bool ok = !format_check(b, &seen, &e);

	if (ok ? e.code != E_OK : !e.text[0])
		abort(); /* a refusal without a reason, or a reason without one */
	planted_bug(b, ok && seen.format == FORMAT_CMW);
	free(copy);
	return 0;
}
