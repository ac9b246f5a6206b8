/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* SPEC: DSP0274 CHALLENGE, CHALLENGE_AUTH */
#ifndef ASSAY_SPDM_CHALLENGE_H
#define ASSAY_SPDM_CHALLENGE_H

#include "vca.h"

struct spdm_challenge {
	u8 slot;
	u8 summary; /* 0 none, 1 TCB, 0xff all */
	struct bytes nonce;
	struct bytes context; /* 8 bytes from 1.3 */
};
/** spdm_write_challenge - @nonce 32 bytes; @context 8 bytes, used from 1.3. No summary is asked for. */
void spdm_write_challenge(struct writer *w, u8 version, u8 slot, const u8 *nonce,
			  const u8 *context);
void spdm_read_challenge(struct reader *r, u8 version, struct spdm_challenge *out);

struct spdm_challenge_auth {
	u8 slot;
	struct bytes chain_hash, nonce, summary, opaque;
	struct bytes signature;
};
/**
 * spdm_read_challenge_auth - the answer to @asked (lies 41, 43, 44, 46 of tests/device/hostile.c).
 * The signed part of the message is everything before out->signature.
 */
void spdm_read_challenge_auth(struct reader *r, const struct spdm_negotiated *n,
			      const struct spdm_challenge *asked, struct spdm_challenge_auth *out);

/**
 * spdm_read_opaque - OpaqueLength and data: bounded (lie 44 of tests/device/hostile.c); from 1.2 absent unless a format was
 * agreed on, and a well-formed list if that is OpaqueDataFmt1 (45). Elements are not interpreted.
 */
struct bytes spdm_read_opaque(struct reader *r, const struct spdm_negotiated *n);

#endif
