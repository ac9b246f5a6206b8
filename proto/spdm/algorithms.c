// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "algorithms.h"

struct size_row {
	u32 bit;
	u16 len;
};

static const struct size_row sig_lens[] = {
	{ SPDM_RSASSA_2048, 256 }, { SPDM_RSAPSS_2048, 256 }, { SPDM_RSASSA_3072, 384 },
	{ SPDM_RSAPSS_3072, 384 }, { SPDM_ECDSA_P256, 64 },   { SPDM_RSASSA_4096, 512 },
	{ SPDM_RSAPSS_4096, 512 }, { SPDM_ECDSA_P384, 96 },   { SPDM_ECDSA_P521, 132 },
	{ SPDM_ED25519, 64 },	   { SPDM_ED448, 114 },
};
static const struct size_row hash_lens[] = {
	{ SPDM_SHA_256, 32 },
	{ SPDM_SHA_384, 48 },
	{ SPDM_SHA_512, 64 },
};
static const struct size_row meas_hash_lens[] = {
	{ SPDM_MEAS_SHA_256, 32 },
	{ SPDM_MEAS_SHA_384, 48 },
	{ SPDM_MEAS_SHA_512, 64 },
};

static u16 size_of(const struct size_row *rows, size_t n, u32 bit)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].bit == bit)
			return rows[i].len;
	return 0;
}

u16 spdm_sig_len(u32 base_asym)
{
	return size_of(sig_lens, sizeof(sig_lens) / sizeof(sig_lens[0]), base_asym);
}

u16 spdm_hash_len(u32 base_hash)
{
	return size_of(hash_lens, sizeof(hash_lens) / sizeof(hash_lens[0]), base_hash);
}

u16 spdm_meas_hash_len(u32 meas_hash)
{
	return size_of(meas_hash_lens, sizeof(meas_hash_lens) / sizeof(meas_hash_lens[0]),
		       meas_hash);
}

bool spdm_one_bit(u32 mask)
{
	return mask && !(mask & (mask - 1));
}
