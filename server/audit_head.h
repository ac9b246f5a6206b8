/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of the audit log, signed by the key of results, to be kept somewhere else: whoever has one
 * notices that the log was cut or written anew, whatever was done to this machine meanwhile.
 */
#ifndef ASSAY_SERVER_AUDIT_HEAD_H
#define ASSAY_SERVER_AUDIT_HEAD_H

#include "server.h"

/** audit_head_export - an ES256 JWS of {deployment, seq, hash, time}. */
int audit_head_export(struct server *s, struct buf **out, struct err *e);
/** audit_head_check - @jws was exported here, and its record still stands: E_CONFLICT when not. */
int audit_head_check(struct server *s, struct bytes jws, long long *seq, struct err *e);

#endif
