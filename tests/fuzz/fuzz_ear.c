// SPDX-License-Identifier: Apache-2.0
/* Results as a relying party gets them. The key is fixed, so signatures rarely hold: split and decode are what is fuzzed. */
#include "fuzz.h"

#include "common/text.h"
#include "proto/ear.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keypair *key;
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct ear_seen seen;
	struct err e = { 0 };
	u8 raw[64];

	if (!key && keypair_new(KEY_P256, 0, &key, &e))
		abort();
	ear_read(b, keypair_pub(key), NULL, 0, &seen, &e);
	/* a well-formed JWS with a good header gets as far as its signature */
	planted_bug(b, e.code == E_SIGNATURE);
	base64_read(b, raw, sizeof(raw));
	ear_seen_clear(&seen);
	free(copy);
	return 0;
}
