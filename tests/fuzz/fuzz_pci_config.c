// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "agent/collector/pci_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct pci_look look;
	const char *why;

	if (!pci_config_parse(b, &look, &why))
		planted_bug(b, look.has_doe && look.identity.has_serial);
	free(copy);
	return 0;
}
