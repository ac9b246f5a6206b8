/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret put away for the owner of a certificate, whose key is somewhere safe: CMS EnvelopedData, DER, AES-256.
 * SPEC: RFC 5652 6, RFC 5083; RULES 26
 */
#ifndef ASSAY_ESCROW_H
#define ASSAY_ESCROW_H

#include "cert.h"
#include "crypto.h"

enum { ESCROW_MAX = 16384, ESCROW_SECRET_MAX = 1024 };

/** escrow_seal - *@out in DER. E_USAGE for a certificate whose key cannot be sealed to. */
int escrow_seal(const struct cert *to, struct bytes secret, struct buf **out, struct err *e);
/** escrow_open - E_DENIED when it is sealed for another key; E_FORMAT. */
int escrow_open(struct bytes der, const struct cert *to, const struct keypair *key,
		struct secret **out, struct err *e);

#endif
