/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EAR: the attestation result, as an ES256 JWT or CWT.
 * SPEC: draft-ietf-rats-ear-04, draft-ietf-rats-ar4si-06, RFC 7515, RFC 8392, RFC 9782
 */
#ifndef ASSAY_EAR_H
#define ASSAY_EAR_H

#include "assay_commit.h"
#include "common/crypto.h"
#include "evidence.h"

#define EAR_PROFILE	   "tag:ietf.org,2026:rats/ear#04"
#define EAR_MEDIA_TYPE_JWT "application/eat+jwt"
#define EAR_MEDIA_TYPE_CWT "application/eat+cwt"
#define EAR_DEVELOPER	   "https://assay.dev"
#define EAR_BUILD	   ASSAY_VERSION "+" ASSAY_COMMIT

enum {
	EAR_VECTOR_LEN = 8,
	EAR_LIFE_S = 300,
	EAR_MAX = 1024 * 1024,
	EAR_AUDIENCE_MAX = 200,
	EAR_REASONS_MAX = 16, /* that a server puts into one submodule: its answer has them all */
	EAR_SKEW_S = 60,
	EAR_ANY_TIME = -1, /* to look at one that has expired: never to rely on it */
};

struct ear_submod {
	const char *name;
	int status;			    /* 0, 2, 32, 96 */
	signed char vector[EAR_VECTOR_LEN]; /* 0: no claim  */
	size_t n_reasons;		    /* sentences, as ear_verifier_claims.reasons */
	const char *const *reasons;
};

struct ear {
	long long iat, exp;
	const char *audience; /* NULL: none */
	const char *policy_id;
	bool caller_nonce; /* the evidence answered a nonce of the caller's choice */
	int status;
	u8 ueid[UEID_LEN];
	const struct pubkey *cnf; /* the token's key: a relying party asks its bearer for proof */
	u8 nonce[32];		  /* of the evidence */
	size_t n;
	const struct ear_submod *submods;
};
/**
 * ear_write - E_INTERNAL, and nothing signed, for a status that is better than a submodule's, or for a
 * submodule that is better than a claim of its vector. From good to bad: affirming, none, warning,
 * contraindicated: a submodule that nobody judged lets nothing be affirmed.
 */
/** ear_audience_valid - 1 to EAR_AUDIENCE_MAX characters of a URI that need no escape: letters, digits, ":/._~-". */
bool ear_audience_valid(const char *audience);
int ear_write(const struct ear *ear, const struct keypair *key, struct buf **jwt, struct err *e);
/** ear_write_cwt - the same claims by their numbers, tag 18 around them. */
int ear_write_cwt(const struct ear *ear, const struct keypair *key, struct buf **cwt,
		  struct err *e);
/** ear_is_cwt - by its first byte; else it is a JWT, or nothing. */
bool ear_is_cwt(struct bytes b);

/** struct ear_seen - what a reader of a result gets. */
struct ear_seen {
	int status;
	long long iat, exp;
	char audience[256];
	struct buf *claims; /* the claims-set in JSON, of a CWT too */
};
void ear_seen_clear(struct ear_seen *s);
/**
 * ear_read - one ES256 JWT or CWT by @key, this profile, not expired at @now_s, for @audience if not NULL. typ
 * may be absent, JWT or eat+jwt. A status that is better than ear_write() would allow is refused; a
 * result without its own has that of its worst submodule, each of which must have one.
 * SPEC: draft-ietf-rats-ear-04 3.1 (ear_status), RFC 8725 3.11 (typ)
 * Return: 0; E_FORMAT; E_UNSUPPORTED for crit; E_SIGNATURE; E_FRESHNESS; E_BINDING.
 */
int ear_read(struct bytes b, const struct pubkey *key, const char *audience, long long now_s,
	     struct ear_seen *out, struct err *e);

/**
 * ear_check_claims - a claims-set without its envelope, in JSON or CBOR: this profile and its grammar, and
 * statuses that are not too good. Neither signature, times nor audience: nothing is proven by it.
 */
int ear_check_claims(struct bytes claims, struct ear_seen *out, struct err *e);

/** jwk_write - a P-256 public key as a JWK, JSON text. */
int jwk_write(const struct pubkey *key, struct writer *out, struct err *e);
/** jwk_read - JSON text of a P-256 JWK. */
int jwk_read(struct bytes json, struct pubkey **out, struct err *e);

#endif
