/* SPDX-License-Identifier: Apache-2.0 */
/* A proposal of this host's next boot, quoted and sent. SPEC: docs/PROTOCOL.md Proposals */
#ifndef ASSAY_PROPOSE_H
#define ASSAY_PROPOSE_H

#include "settings.h"
#include "tpm.h"
#include "transport.h"

/**
 * propose_run - @body: as proposal_write() made it. *@json is the server's answer.
 * Return: 0; E_FORMAT for a body that is none; E_TPM, E_UNREACHABLE, or what the server says.
 */
int propose_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		struct bytes body, struct buf **json, struct err *e);

#endif
