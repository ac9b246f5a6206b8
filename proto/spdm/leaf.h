/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the kernel needs of a chain, and no more: the key of the leaf, which signs, and the PCIe name in
 * it. No path, no validity, no key usage is judged here: that is the verifier's, with OpenSSL.
 * SPEC: RFC 5280 4.1 (Certificate), 4.2.1.6 (subjectAltName); RFC 5480; PCIe 6.1 6.31.3
 */
#ifndef ASSAY_SPDM_LEAF_H
#define ASSAY_SPDM_LEAF_H

#include "common/bytes.h"

enum spdm_key { SPDM_KEY_OTHER, SPDM_KEY_P256, SPDM_KEY_P384, SPDM_KEY_P521, SPDM_KEY_RSA };

struct spdm_leaf {
	struct bytes certificate; /* DER, the last of the chain */
	enum spdm_key kind;
	struct bytes key; /* EC: 04 and both coordinates; RSA: RSAPublicKey; other kinds: empty */
	struct bytes
		pci_name; /* subjectAltName otherName 2.23.147; empty: the leaf has none         */
};

/**
 * spdm_parse_leaf - the last of @certificates (struct spdm_chain), each of which must be whole DER.
 * @out: views into @certificates. @why: a literal naming what did not fit. Return: 0 or -EBADMSG.
 */
int spdm_parse_leaf(struct bytes certificates, struct spdm_leaf *out, const char **why);

#endif
