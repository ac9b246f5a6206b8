// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct err e = { 0 };
	bool loose = !cbor_check(b, CBOR_WELL_FORMED, &e);
	bool strict = !cbor_check(b, CBOR_STRICT, &e);
	struct cbor c = cbor_on(b, CBOR_STRICT);

	if (strict && !loose)
		abort(); /* what is deterministic is well-formed */
	planted_bug(b, strict && cbor_peek(&c) == CBOR_ARRAY && cbor_array(&c, "x") == 2);
	free(copy);
	return 0;
}
