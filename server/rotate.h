/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that others know this server by: its TLS key, the next one whose pin hosts know already, and the key of results.
 * A rotation that is killed is finished by the next call. SPEC: RULES 27
 */
#ifndef ASSAY_SERVER_ROTATE_H
#define ASSAY_SERVER_ROTATE_H

#include "common/cert.h"
#include "common/err.h"

enum tls_which { TLS_NOW, TLS_NEXT };
enum { TLS_PIN_TEXT = 64 };

/** tls_make - a P-256 key and a certificate of its own for ten years. @ip may be NULL. E_CONFLICT when there is one. */
int tls_make(const char *state, enum tls_which which, const char *dns, const char *ip,
	     struct err *e);
/** tls_pin - SHA-256 of the SubjectPublicKeyInfo in base64: a host's `[server] pin`. */
int tls_pin(const char *state, enum tls_which which, char out[TLS_PIN_TEXT], struct err *e);
/** tls_settle - key and certificate belong together again where a rotation was cut short. */
int tls_settle(const char *state, struct err *e);
/**
 * tls_rotate - the next key is the one in use, and a new one is next, for the names of the certificate before.
 * E_NOTFOUND when there was no next key: one has been made, and hosts have to learn its pin first.
 */
int tls_rotate(const char *state, struct err *e);

/** ear_rotate - a new key of results; the public half of the old one goes to the front of ear-old.pem. */
int ear_rotate(const char *state, struct err *e);
/** ear_old_each - @take for each of them, the newest first; what it returns but 0 ends that. */
int ear_old_each(const char *state, int (*take)(void *user, const struct pubkey *k, struct err *e),
		 void *user, struct err *e);

#endif
