/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRL_SAMPLE_H
#define CRL_SAMPLE_H

#include "common/cert.h"

/** crl_sample - a list in DER by @issuer, signed with @key, in which @revoked (may be NULL) stands since @since. */
struct buf *crl_sample(const struct cert *issuer, const struct keypair *key, long long from,
		       long long until, const struct cert *revoked, long long since);

#endif
