// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/swid_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes xml = { copy, size };
	OWNED(trust_store) roots = trust_store_new();
	OWNED(swid) s = NULL;
	OWNED(swid) verified = NULL;
	struct err e = { 0 };

	if (!swid_parse(xml, &s, &e))
		planted_bug(xml, s->at[0].index != 0 || s->version[0] != '1');
	/* nobody signs for a store without roots */
	if (roots && !swid_verify(xml, roots, 0, &verified, &e))
		abort();
	free(copy);
	return 0;
}
