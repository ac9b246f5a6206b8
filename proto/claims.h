/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entity attestation tokens of anybody: what a claims-set, a CWT around one and a detached bundle must
 * look like. Ours are read by eat.h; this is for those that are only looked at.
 * SPEC: RFC 9711 4 (claims), 5 (bundles), 7.2; RFC 8392; RFC 10013 (measured component)
 */
#ifndef ASSAY_CLAIMS_H
#define ASSAY_CLAIMS_H

#include "cose.h"

enum { CLAIMS_NESTED_MAX = 4, CLAIMS_NOTE_MAX = 160 };

/** struct claims_seen - what was met, nested tokens included. */
struct claims_seen {
	struct bytes
		profile; /* text of the outermost claims-set, or empty; points into what was read */
	size_t n_claims; /* of the outermost claims-set */
	size_t n_submods, n_nested, n_detached;
	char note[CLAIMS_NOTE_MAX]; /* what the RFC forbids and others do; or "" */
};
/**
 * claims_check - a claims-set in CBOR: each registered claim has its type, others may be anything.
 * The text holds the path of the fault: "claims.266.TEE.273[0]".
 * Return: 0; E_FORMAT; E_LIMIT for tokens nested deeper than CLAIMS_NESTED_MAX.
 */
int claims_check(struct bytes set, struct claims_seen *out, struct err *e);
/** claims_token_check - tag 18, or 61 around it. No signature is checked, also not of nested ones. */
int claims_token_check(struct bytes token, struct claims_seen *out, struct err *e);
/** claims_bundle_check - tag 602: the digest of every detached claims-set stands in the main token. */
int claims_bundle_check(struct bytes bundle, struct claims_seen *out, struct err *e);
/** claims_cca_check - tag 399: text or number to token, one level. */
int claims_cca_check(struct bytes collection, struct claims_seen *out, struct err *e);
/** claims_hash - a COSE hash that a digest names; DIGEST_NONE: not one of ours. */
enum digest_alg claims_hash(struct cbor *c);
/** claims_component_check - a measured component: a name, and a digest or raw bytes. */
int claims_component_check(struct bytes component, struct err *e);

#endif
