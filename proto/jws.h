/* SPDX-License-Identifier: Apache-2.0 */
/* ES256 JWS in compact form. SPEC: RFC 7515 3.1, 7.1; RFC 8725 3.11 (typ) */
#ifndef ASSAY_JWS_H
#define ASSAY_JWS_H

#include "common/crypto.h"

enum { JWS_MAX = 1024 * 1024 };

/** struct jws_kind - what a reader expects. */
struct jws_kind {
	const char *what;     /* for errors: "attestation result" */
	const char *types[3]; /* accepted `typ`, without regard to case; the first is written */
	bool type_may_lack;
};

/** jws_sign - @payload: JSON text. */
int jws_sign(const struct jws_kind *kind, const char *payload, const struct keypair *key,
	     struct buf **out, struct err *e);
/** jws_open - @payload: what was signed, after its signature was checked; E_FORMAT, E_SIGNATURE. */
int jws_open(const struct jws_kind *kind, struct bytes jws, const struct pubkey *key,
	     struct buf **payload, struct err *e);
/** jws_look - header and payload as they stand. Nothing is checked but the form: to show, not to believe. */
int jws_look(struct bytes jws, struct buf **header, struct buf **payload, struct err *e);

#endif
