/* SPDX-License-Identifier: Apache-2.0 */
/* What ear.c and ear_cwt.c share: the two encodings of one claims-set. */
#ifndef ASSAY_EAR_CLAIMS_H
#define ASSAY_EAR_CLAIMS_H

#include <jansson.h>

#include "ear.h"

/** ear_vector_name - of claim 0 to EAR_VECTOR_LEN - 1. */
const char *ear_vector_name(size_t claim);
/** ear_status_name - "none" for what is no status. */
const char *ear_status_name(long long status);
bool ear_status_known(long long status);
/** ear_base64url - a new string of @b. */
json_t *ear_base64url(struct bytes b);
/** ear_jwk - a new object of a P-256 key, NULL with @e set. */
json_t *ear_jwk(const struct pubkey *key, struct err *e);
/** ear_check_draft - what ear_read() would refuse is not signed. */
int ear_check_draft(const struct ear *ear, struct err *e);
/**
 * ear_claims_from_cbor - the claims by their JSON names, so that one set of rules judges both encodings.
 * Claims that nobody here knows are left out.
 */
int ear_claims_from_cbor(struct bytes claims, json_t **out, struct err *e);

#endif
