// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/ear.h"
#include "proto/tpm_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size), name[TPM_NAME_MAX];
	struct bytes b = { copy, size };
	struct pubkey *key = NULL;
	struct tpm_attest attest;
	struct tpm_public pub;
	struct err e = { 0 };

	if (!tpm_attest_parse(b, &attest, &e))
		planted_bug(b, attest.type == TPM_ST_ATTEST_CERTIFY);
	if (!tpm_public_parse(b, &pub, &e)) {
		tpm_public_name(&pub, name);
		tpm_template_check(TEMPLATE_K, &pub, &e);
		tpm_public_key(&pub, &key, &e);
	}
	pubkey_drop(&key);
	jwk_read(b, &key, &e);
	pubkey_drop(&key);
	free(copy);
	return 0;
}
