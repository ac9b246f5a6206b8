/* SPDX-License-Identifier: Apache-2.0 */
/* What an EK certificate proves. SPEC: docs/RULES.md 16; TCG EK Credential Profile 2.5 3.2 */
#ifndef ASSAY_SERVER_EK_TRUST_H
#define ASSAY_SERVER_EK_TRUST_H

#include "proto/tpm_attest.h"
#include "server.h"

/**
 * ek_trust_check - @der is a certificate of an EK, of @ek, and leads to one of the server's EK roots.
 * @chain: certificates between them that the host sent, concatenated DER; may be empty. None is trusted
 * for being sent.
 * Return: 0; E_SIGNATURE: no path to a root, which another reason to trust the EK makes up for; all else
 * (another key, a CA, revoked, its list expired ...) is final.
 */
int ek_trust_check(const struct server *s, struct bytes der, struct bytes chain,
		   const struct tpm_public *ek, struct err *e);

#endif
