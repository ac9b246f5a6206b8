/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces that need no row until they are used:
 * N = kid(1) ‖ purpose(1) ‖ time(4) ‖ random(10) ‖ HMAC-SHA256(K_kid, "assay/nonce/1" ‖ A ‖ those 16)[0..16]
 * A ticket for a nonce of the caller's choice has that nonce behind the 16 bytes under its MAC.
 * SPEC: docs/PROTOCOL.md, Nonce
 */
#ifndef ASSAY_SERVER_NONCE_H
#define ASSAY_SERVER_NONCE_H

#include "keys.h"

enum nonce_purpose { NONCE_FOR_SESSION = 1, NONCE_FOR_CALLER = 2 };

/** nonce_make - @bound: what else stands under the MAC, or empty. */
int nonce_make(const struct server_keys *k, enum nonce_purpose purpose, struct bytes bound,
	       long long now_s, u8 out[32], struct err *e);
/**
 * nonce_check - ours, for this purpose, and of the right age. Whether it was used is the store's to say.
 * Return: E_FRESHNESS with "stale", "foreign" or "from the future" in the text.
 */
int nonce_check(const struct server_keys *k, enum nonce_purpose purpose, struct bytes bound,
		long long now_s, const u8 nonce[32], struct err *e);
/** nonce_expiry - when @nonce stops being accepted, seconds since 1970. */
long long nonce_expiry(const u8 nonce[32]);

#endif
