/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS to a pinned server; transport.c is the only user of libcurl. The agent and the CLI use it. */
#ifndef ASSAY_TRANSPORT_H
#define ASSAY_TRANSPORT_H

#include "common/buf.h"
#include "common/err.h"
#include "common/limits.h"

struct transport;
/**
 * transport_open - @pins: base64 SHA-256 of a SubjectPublicKeyInfo each; with a pin no certificate
 * path and no clock is needed. @ca: PEM file, or "" when there are pins.
 */
int transport_open(const char *const *urls, size_t n_urls, const char *const *pins, size_t n_pins,
		   const char *ca, struct transport **out, struct err *e);
void transport_drop(struct transport **t);

struct reply {
	long status;
	struct buf *body;
	char location[512];
	long long date_s; /* the server's clock, as its answer says it; 0: it does not */
};
void reply_clear(struct reply *r);
/**
 * transport_call - one request to the first server, in the order of the configuration, that answers: one
 * that cannot be reached (2 s), is not the pinned one, stays silent or answers 5xx leads to the next, and
 * is asked after the others for 10 s. @content_type, @bearer: may be NULL.
 * Return: 0 with any HTTP status, 5xx when the last one that was asked said so; E_UNREACHABLE;
 * E_SIGNATURE when the server is not the pinned one.
 */
int transport_call(struct transport *t, const char *method, const char *path,
		   const char *content_type, const char *bearer, struct bytes body,
		   struct reply *out, struct err *e);
/**
 * transport_call_first - a request without a body, that it does no harm to make of several: of all servers, each
 * 1 s after the one before it, or as soon as that one failed; the first that answers is asked by
 * transport_call_same() from then on. For a disk that waits for its key a server that swallows what it is sent costs
 * no more than that second. Otherwise as transport_call().
 */
int transport_call_first(struct transport *t, const char *method, const char *path,
			 struct reply *out, struct err *e);
/**
 * transport_call_same - to the server that answered the last call and to no other: what it issued (a
 * nonce, a challenge) is nothing to the others. One that fails is asked after the others next time.
 */
int transport_call_same(struct transport *t, const char *method, const char *path,
			const char *content_type, struct bytes body, struct reply *out,
			struct err *e);
/** transport_problem - an error from a problem+json answer: its detail, with a code that fits its status. */
int transport_problem(const struct reply *r, struct err *e);

#endif
