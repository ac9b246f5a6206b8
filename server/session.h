/* SPDX-License-Identifier: Apache-2.0 */
/* Challenge-response sessions. They need no row until they are used: the id in the URL says all. */
#ifndef ASSAY_SERVER_SESSION_H
#define ASSAY_SERVER_SESSION_H

#include "nonce.h"
#include "problem.h"
#include "server.h"

enum { NONCE_SIZE = 32 };

/**
 * struct session - what an id stands for: base64url(ticket), or of ticket ‖ nonce when the nonce is the
 * caller's choice. A caller's nonce gets a verdict and nothing else: no release, no change of the host's
 * state, for nobody here can say whether it is fresh.
 */
struct session {
	u8 ticket[NONCE_SIZE]; /* ours: time and MAC; what is consumed */
	u8 nonce[NONCE_SIZE];  /* what evidence has to answer          */
	bool callers;	       /* they differ                          */
};

/** session_of - of the request's path; false: 404 was answered. Its MAC and age are session_check()'s. */
bool session_of(struct call *c, struct session *out);
int session_check(const struct server *server, const struct session *s, struct err *e);
json_t *session_json(const struct session *s, const char *status);
/** session_unused - E_FRESHNESS when a verdict has consumed it. */
int session_unused(struct tx *tx, const u8 ticket[NONCE_SIZE], struct err *e);
/** session_consume - once: E_FRESHNESS the second time. @answer is what GET gives from now on. */
int session_consume(struct tx *tx, const u8 ticket[NONCE_SIZE], struct bytes ueid,
		    struct bytes answer, struct err *e);

#endif
