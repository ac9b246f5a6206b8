/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* SPEC: DSP0274 GET_DIGESTS, GET_CERTIFICATE and their responses; certificate chain format */
#ifndef ASSAY_SPDM_CERTIFICATE_H
#define ASSAY_SPDM_CERTIFICATE_H

#include "vca.h"

struct spdm_digests {
	u8 provisioned;			     /* slot mask                                */
	struct bytes digest[SPDM_SLOTS_MAX]; /* by slot; empty: not provisioned          */
	u16 usage[SPDM_SLOTS_MAX];	     /* KeyUsageMask; all ones without multi-key */
};
void spdm_write_get_digests(struct writer *w, u8 version);
void spdm_read_get_digests(struct reader *r, u8 version);
/** spdm_read_digests - lies 23, 24, 26 of tests/device/hostile.c; views point into what @r reads. */
void spdm_read_digests(struct reader *r, const struct spdm_negotiated *n, struct spdm_digests *out);

struct spdm_portion {
	u8 slot;
	struct bytes bytes;
	u32 remainder;
};
void spdm_write_get_certificate(struct writer *w, u8 version, u8 slot, u16 offset, u16 length);
struct spdm_get_certificate {
	u8 slot;
	bool large; /* 1.4: 32-bit offsets; read, never asked for */
	u32 offset, length;
};
void spdm_read_get_certificate(struct reader *r, u8 version, struct spdm_get_certificate *out);
/** spdm_read_certificate - a portion of the chain that answers @asked (lies 27 to 29 of tests/device/hostile.c). */
void spdm_read_certificate(struct reader *r, u8 version, const struct spdm_get_certificate *asked,
			   struct spdm_portion *out);

/** struct spdm_chain - a chain object: Length, reserved, RootHash, certificates root to leaf. */
struct spdm_chain {
	struct bytes root_hash;
	struct bytes certificates; /* concatenated DER */
};
int spdm_parse_chain(struct bytes chain, u16 hash_len, struct spdm_chain *out, const char **why);

#endif
