/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key that lives in a file of its own or in a token, and a few bytes that only its owner can unwrap. Of a key in
 * a token nothing is needed but what tokens do inside: RSA-OAEP, or ECDH.
 */
#ifndef ASSAY_KEY_PLACE_H
#define ASSAY_KEY_PLACE_H

#include "crypto.h"

struct key_place {
	const char *at;	      /* path of a PEM file, or a URI that OSSL_STORE opens */
	const char *provider; /* of OpenSSL, names with commas; "": what openssl.cnf activates */
	const char *
		pin_file; /* its first line is the PIN or passphrase; "": there is none, nobody is asked */
};

/** key_place_is_uri - a scheme and a colon stand at its front. */
bool key_place_is_uri(const char *at);
/**
 * keypair_open - E_CONFIG when a provider is missing; E_NOTFOUND when nothing is there; E_FORMAT when it is no private
 * key, or more than one.
 */
int keypair_open(const struct key_place *where, struct keypair **out, struct err *e);

enum { KEY_WRAPPED_MAX = 1024, KEY_WRAP_PLAIN_MAX = 64 };
/**
 * key_wrap - @plain for who has the private half of @to, appended to @out.
 * RSA: u8 1 ‖ OAEP with SHA-256, without a label. EC: u8 2 ‖ x ‖ y of a fresh key ‖ AES-256-GCM under
 * HKDF-SHA-256(ikm = ECDH, salt = x ‖ y of both, info = "assay/key-wrap/1").
 * Return: 0; E_UNSUPPORTED for a key of another kind.
 */
int key_wrap(const struct pubkey *to, struct bytes plain, struct writer *out, struct err *e);
/** key_unwrap - exactly @len bytes into @out; E_SIGNATURE when it is wrapped for another key. */
int key_unwrap(const struct keypair *k, struct bytes wrapped, u8 *out, size_t len, struct err *e);

#endif
