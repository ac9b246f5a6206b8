// SPDX-License-Identifier: Apache-2.0
/* Tokens as they come from the network. Seeds: tests/fuzz/corpus/fuzz_eat. */
#include "fuzz.h"

#include "proto/eat.h"
#include "proto/release_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct release_answer answer;
	struct eat_function *functions = NULL;
	struct cose_sign1 cose;
	struct err e = { 0 };
	struct eat *t = NULL;
	size_t n = 0;

	eat_parse(b, &t, &e);
	eat_drop(&t);
	release_answer_parse(b, &answer, &e);
	if (!eat_inventory_parse(b, &functions, &n, &e))
		free(functions);
	planted_bug(b, !cose_sign1_parse(b, CBOR_WELL_FORMED, &cose, &e) && cose.signature.len > 3);
	free(copy);
	return 0;
}
