/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 and COSE_Key. SPEC: RFC 9052 4.2, RFC 9053 2.1, RFC 9360 (x5chain), RFC 9679 (thumbprint) */
#ifndef ASSAY_COSE_H
#define ASSAY_COSE_H

#include "cbor.h"
#include "common/crypto.h"

enum {
	COSE_ES256 = -7,
	COSE_ES384 = -35,
	COSE_ES512 = -36,
	COSE_PS256 = -37,
	COSE_PS384 = -38,
	COSE_PS512 = -39,
};
enum {
	COSE_HDR_ALG = 1,
	COSE_HDR_CRIT = 2,
	COSE_HDR_CONTENT_TYPE = 3,
	COSE_HDR_KID = 4,
	COSE_HDR_CORIM_META = 8,
	COSE_HDR_CWT_CLAIMS = 15,
	COSE_HDR_X5CHAIN = 33,
	COSE_HDR_PAYLOAD_HASH_ALG = 258, /* RFC 9995: the payload is a hash of something else */
	COSE_HDR_PAYLOAD_CONTENT_TYPE = 259,
	COSE_HDR_PAYLOAD_LOCATION = 260,
};

/** struct cose_sign1 - views into the parsed bytes; an absent header is an empty view. */
struct cose_sign1 {
	struct bytes protected; /* content of the protected bstr */
	long long alg;
	struct bytes content_type; /* text, as it stands                        */
	struct bytes kid;
	struct bytes x5chain;	    /* encoded item, from either bucket           */
	struct bytes corim_meta;    /* content of the bstr                        */
	struct bytes cwt_claims;    /* encoded map                                */
	bool bare_protected;	    /* protected holds alg and nothing else       */
	bool bare_unprotected;	    /* unprotected is empty                       */
	bool hash_envelope;	    /* 258, 259 or 260 stands in a bucket         */
	long long hash_alg;	    /* 258, a COSE hash; 0: not protected         */
	struct bytes preimage_type; /* 259, text                                */
	struct bytes payload;	    /* empty when detached                        */
	bool detached;
	struct bytes signature;
};
/**
 * cose_sign1_parse - tag 18 required, alg in the protected bucket required, a critical header and a
 * header that stands in both buckets refused.
 * @mode: how strictly the envelope itself is read.
 * @out: filled on success, untouched otherwise; its views point into @b.
 * Return: 0; E_FORMAT; E_UNSUPPORTED for alg or crit; E_LIMIT.
 */
int cose_sign1_parse(struct bytes b, enum cbor_mode mode, struct cose_sign1 *out, struct err *e);
/** cose_sign1_verify - Signature1 over protected and payload, empty external data. */
int cose_sign1_verify(const struct cose_sign1 *c, const struct pubkey *key, struct err *e);
/**
 * cose_sign1_write - tag 18, @protected encoded header map (with alg), empty unprotected bucket.
 * The algorithm is the one that fits @key: ES256, ES384, ES512. A @protected that is not deterministic
 * is refused.
 */
int cose_sign1_write(struct bytes protected, struct bytes payload, const struct keypair *key,
		     struct writer *out, struct err *e);
/** cose_alg_of - ES256, ES384, ES512 by curve; 0 for another key. */
long long cose_alg_of(const struct pubkey *key);

/** cose_key_write - a P-256 public key as { 1: 2, -1: 1, -2: x, -3: y }. */
int cose_key_write(const struct pubkey *key, struct writer *out, struct err *e);
/** cose_key_read - that very form. */
int cose_key_read(struct cbor *c, struct pubkey **out, struct err *e);
/** cose_thumbprint - RFC 9679, SHA-256, of a P-256 key. */
int cose_thumbprint(const struct pubkey *key, u8 out[32], struct err *e);

#endif
