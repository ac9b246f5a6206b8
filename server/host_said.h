/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host says outside of evidence: a body, and what its AK signed over it and a nonce of ours.
 * SPEC: docs/PROTOCOL.md, Proposals, Deposit
 */
#ifndef ASSAY_SERVER_HOST_SAID_H
#define ASSAY_SERVER_HOST_SAID_H

#include "hosts.h"
#include "proto/proposal.h"
#include "session.h"

struct host_said {
	struct call *call; /* part[0] of its path is the host's name */
	struct proposal_request rq;
	struct session session;
	struct host *host;
	struct tpm_attest attest; /* views into the request */
};
void host_said_clear(struct host_said *s);
/** host_said_read - the form alone. */
int host_said_read(struct call *c, struct host_said *out, struct err *e);
/**
 * host_said_find - the host with this AK: E_DENIED when it is not enrolled or was revoked, E_BINDING when it is not the
 * one of the path.
 */
int host_said_find(struct host_said *s, struct tx *tx, struct err *e);
/**
 * host_said_check - all that is true of it without a change: found, signed by its AK over @bind and no older than
 * its last attestation, with a nonce of ours that is fresh. Whether that was used is session_consume()'s to say.
 * @type: TPM_ST_ATTEST_QUOTE, TPM_ST_ATTEST_NV.
 */
int host_said_check(struct host_said *s, struct tx *tx, const struct digest *bind, u16 type,
		    struct err *e);

#endif
