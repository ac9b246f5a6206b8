/* SPDX-License-Identifier: Apache-2.0 */
/* A share that this host has made, given to the server for the next boot. SPEC: docs/PROTOCOL.md, Deposit */
#ifndef ASSAY_AGENT_DEPOSIT_H
#define ASSAY_AGENT_DEPOSIT_H

#include "proto/deposit.h"
#include "settings.h"
#include "tpm.h"
#include "transport.h"

/** deposit_run - certified by the counter at @d's index. E_TPM, E_UNREACHABLE, or what the server says. */
int deposit_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		const struct deposit *d, struct err *e);

#endif
