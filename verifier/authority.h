/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose word something is: keys, each as the SHA-256 of its SubjectPublicKeyInfo, so that a key is
 * the same however a CoRIM writes it (PEM, certificate, COSE_Key, thumbprint).
 * SPEC: draft-ietf-rats-corim-11 5.1.4.1.4 (crypto keys), 9.4.5 (authority)
 */
#ifndef ASSAY_AUTHORITY_H
#define ASSAY_AUTHORITY_H

#include "common/cert.h"
#include "proto/corim.h"

enum { AUTHORITY_KEYS_MAX = CERT_CHAIN_MAX + 1 };

/** struct authority - [0] made the signature, the others vouch for it. n = 0: nobody's word. */
struct authority {
	size_t n;
	u8 key[AUTHORITY_KEYS_MAX][32];
};
/** authority_add - a key that is there already, or one past the maximum, is left out. */
void authority_add(struct authority *a, const u8 key_hash[32]);
/** authority_hash - of a key at hand. Return: false when there is no memory. */
bool authority_hash(const struct pubkey *key, u8 out[32]);
bool authority_has(const struct authority *a, const u8 key_hash[32]);
bool authority_equal(const struct authority *a, const struct authority *b);

/**
 * authority_key_hash - of one crypto key of a CoRIM (encoded item with its tag).
 * Return: false for a kind that names no single key, and for a digest other than SHA-256.
 */
bool authority_key_hash(struct bytes item, u8 out[32]);
/**
 * authority_satisfies - every key of @wanted (encoded array; empty: nothing is wanted) is in @have. A
 * key that cannot be read is in nobody's.
 */
bool authority_satisfies(struct bytes wanted, const struct authority *have);
/** authority_lists - the key @key_hash stands in the encoded array @keys. */
bool authority_lists(struct bytes keys, const u8 key_hash[32]);

#endif
