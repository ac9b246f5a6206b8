/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host says outside of evidence, under its AK and a nonce of the server: a proposal, a deposit.
 * SPEC: docs/PROTOCOL.md, Proposals, Deposit
 */
#ifndef ASSAY_AK_SAID_H
#define ASSAY_AK_SAID_H

#include "proto/proposal.h"
#include "settings.h"
#include "transport.h"

/** ak_said_nonce - of a new session, to be spent at the same server. */
int ak_said_nonce(struct transport *t, u8 nonce[EVIDENCE_NONCE_LEN], struct err *e);
/** ak_said_send - to /api/v1/hosts/NAME/@what. *@json: the server's answer; @json may be NULL. */
int ak_said_send(const struct agent_settings *s, struct transport *t, const char *what,
		 const struct proposal_request *rq, struct buf **json, struct err *e);

#endif
