// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/spdm/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct spdm_leaf leaf;
	const char *why;

	if (!spdm_parse_leaf(b, &leaf, &why))
		planted_bug(b, leaf.pci_name.len > 1);
	free(copy);
	return 0;
}
