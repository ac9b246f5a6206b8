// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/boot_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct digest pcrs[TPM_PCRS];
	struct boot_log *l = NULL;
	struct err e = { 0 };
	u32 touched;

	if (!boot_log_parse(b, &l, &e)) {
		for (size_t i = 0; i < l->n_banks; i++)
			boot_log_replay(l, i, pcrs, &touched, &e);
		planted_bug(b, l->n_events > 1 && l->tpm_alg[0] == 0x0b);
	}
	boot_log_drop(&l);
	free(copy);
	return 0;
}
