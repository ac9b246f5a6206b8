// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "verifier/ima_judge.h"

/* The first byte chooses: the state of a list, or the signature of a file (verity or not). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const u8 digest[32];
	static const struct ima_signers nobody;
	static struct ima_state s;
	u8 *copy = fuzz_copy(data, size);
	struct err e = { 0 };
	bool reached = false;

	if (size > 0 && copy[0] & 1) {
		reached = !ima_state_parse((struct bytes){ copy + 1, size - 1 }, &s, &e) && s.n > 0;
	} else if (size > 0) {
		struct ima_entry entry = { .alg = DIGEST_SHA256,
					   .digest = BYTES(digest),
					   .verity = copy[0] & 2,
					   .signature = { copy + 1, size - 1 } };

		reached = ima_signature_check(&nobody, &entry) == IMA_SIGNED_BY_OTHERS;
	}
	planted_bug((struct bytes){ copy, size }, reached);
	free(copy);
	return 0;
}
