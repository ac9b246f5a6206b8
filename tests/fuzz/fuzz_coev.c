// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/coev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct err e = { 0 };
	struct coev *c = NULL;
	bool accepted = !coev_parse(b, &c, &e);

	planted_bug(b, accepted && c->at[0]->n_references > 0);
	coev_drop(&c);
	free(copy);
	return 0;
}
