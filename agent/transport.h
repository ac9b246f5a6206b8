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
};
void reply_clear(struct reply *r);
/**
 * transport_call - one request to the first server that answers (2 s to connect to each); later
 * calls go to the same one. @content_type, @bearer: may be NULL.
 * Return: 0 with any HTTP status; E_UNREACHABLE; E_SIGNATURE when the server is not the pinned one.
 */
int transport_call(struct transport *t, const char *method, const char *path,
		   const char *content_type, const char *bearer, struct bytes body,
		   struct reply *out, struct err *e);
/** transport_problem - an error from a problem+json answer: its detail, with a code that fits its status. */
int transport_problem(const struct reply *r, struct err *e);

#endif
