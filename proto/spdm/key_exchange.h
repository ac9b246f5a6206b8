/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* SPEC: DSP0274 KEY_EXCHANGE, KEY_EXCHANGE_RSP, GET_ENDPOINT_INFO, ENDPOINT_INFO: reading what others recorded */
#ifndef ASSAY_SPDM_KEY_EXCHANGE_H
#define ASSAY_SPDM_KEY_EXCHANGE_H

#include "vca.h"

struct spdm_key_exchange {
	u8 slot;
	u8 summary;
	struct bytes random, share;
};
void spdm_read_key_exchange(struct reader *r, const struct spdm_negotiated *n,
			    struct spdm_key_exchange *out);
struct spdm_key_exchange_rsp {
	struct bytes random, share, signature;
};
/** spdm_read_key_exchange_rsp - up to the signature; VerifyData, if any, is left in @r. */
void spdm_read_key_exchange_rsp(struct reader *r, const struct spdm_negotiated *n,
				const struct spdm_key_exchange *asked,
				struct spdm_key_exchange_rsp *out);

struct spdm_get_endpoint_info {
	u8 slot;
	bool signature;
};
void spdm_read_get_endpoint_info(struct reader *r, u8 version, struct spdm_get_endpoint_info *out);
/** spdm_read_endpoint_info - Return: the signature, empty when none was asked for. */
struct bytes spdm_read_endpoint_info(struct reader *r, const struct spdm_negotiated *n,
				     const struct spdm_get_endpoint_info *asked);

#endif
