// SPDX-License-Identifier: Apache-2.0
/* Envelopes in both modes, the check of their signature, and keys. */
#include "fuzz.h"

#include "proto/cose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keypair *key;
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct cose_sign1 strict = { 0 }, loose = { 0 };
	struct pubkey *read = NULL;
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	struct err e = { 0 };
	bool is_strict = !cose_sign1_parse(b, CBOR_STRICT, &strict, &e);
	bool is_loose = !cose_sign1_parse(b, CBOR_WELL_FORMED, &loose, &e);

	if (!key && keypair_new(KEY_P256, 0, &key, &e))
		abort();
	if (is_strict &&
	    (!is_loose || strict.alg != loose.alg || !bytes_equal(strict.payload, loose.payload)))
		abort(); /* one meaning, however strictly it is read */
	if (is_loose && !cose_sign1_verify(&loose, keypair_pub(key), &e))
		abort(); /* nobody has that key */
	if (!cose_key_read(&c, &read, &e))
		pubkey_drop(&read);
	/* no seed has this kid */
	planted_bug(b, is_strict && strict.kid.len && strict.kid.at[0] >= 0x80);
	free(copy);
	return 0;
}
