// SPDX-License-Identifier: Apache-2.0
/* Tokens as they come from the network. Seeds: tests/fuzz/corpus/fuzz_eat. */
#include "fuzz.h"

#include <string.h>

#include "proto/eat.h"
#include "proto/release_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u8 zeros[27];
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct release_answer answer;
	struct eat_function *functions = NULL;
	struct err e = { 0 };
	struct eat *t = NULL;
	size_t n = 0;

	if (!eat_parse(b, &t, &e))
		eat_check_signature(t, &e);
	release_answer_parse(b, &answer, &e);
	if (!eat_inventory_parse(b, &functions, &n, &e))
		free(functions);
	/* zero in every seed's nonce */
	planted_bug(b, t && memcmp(t->nonce + 4, zeros, sizeof(zeros)));
	eat_drop(&t);
	free(copy);
	return 0;
}
