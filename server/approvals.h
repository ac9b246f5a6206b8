/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals of the strict profile, which hosts get beside their shares. What they are worth is in their signature, which
 * the TPM checks; that a row is what an operator put there, in its MAC. SPEC: docs/PROTOCOL.md, Strict profile; RULES 17
 */
#ifndef ASSAY_SERVER_APPROVALS_H
#define ASSAY_SERVER_APPROVALS_H

#include <jansson.h>

#include "proto/release_answer.h"
#include "store.h"

/**
 * approval_add - @body: as it came. The same again is one.
 * Return: E_FORMAT; E_NOTFOUND when the server has no share of that volume; E_LIMIT when it has as many as a release takes.
 */
int approval_add(struct tx *tx, struct bytes body, const char *actor, struct err *e);
/** approvals_find - of a volume from an epoch on, the newest first, as they came, behind the *@n that are there; the caller drops them. */
int approvals_find(struct tx *tx, const u8 uuid[16], u64 epoch, struct buf *out[APPROVALS_MAX],
		   size_t *n, struct err *e);
/** approvals_forget - those below @epoch: no half opens with them any more. */
int approvals_forget(struct tx *tx, const u8 uuid[16], u64 epoch, struct err *e);

#endif
