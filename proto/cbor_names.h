/* SPDX-License-Identifier: Apache-2.0 */
/* Names of keys, by where they stand. SPEC: draft-ietf-rats-corim-11, RFC 9711, RFC 9393, draft-ietf-rats-ear-04, RFC 9052 */
#ifndef ASSAY_CBOR_NAMES_H
#define ASSAY_CBOR_NAMES_H

/* What an item is, as far as what is around it tells. */
enum cbor_place {
	AT_ROOT,
	AT_NOWHERE, /* nothing is known */
	AT_HEADERS,
	AT_META,
	AT_SIGNER,
	AT_VALIDITY,
	AT_SIGN1, /* an array by position, as all that end in _LIST or are records */
	AT_CLAIMS,
	AT_SUBMODS,
	AT_CNF,
	AT_COSE_KEY,
	AT_VECTOR,
	AT_VERIFIER_ID,
	AT_BUNDLE,
	AT_DETACHED,
	AT_CORIM,
	AT_ENTITY,
	AT_COMID,
	AT_COTL,
	AT_COSWID,
	AT_COSWID_ENTITY,
	AT_COSWID_FILES,
	AT_COSWID_ITEM,
	AT_SOFTWARE_TRIPLE,
	AT_EV_SOFTWARE_TRIPLE,
	AT_EV_SOFTWARE,
	AT_TAG_ID,
	AT_TRIPLES,
	AT_TRIPLE,
	AT_KEYS_TRIPLE,
	AT_DOMAIN_TRIPLE,
	AT_SERIES_TRIPLE,
	AT_CONDITIONAL,
	AT_ENVIRONMENT,
	AT_CLASS,
	AT_MEASUREMENT,
	AT_VALUES,
	AT_FLAGS,
	AT_VERSION,
	AT_COEV,
	AT_EV_TRIPLES,
	AT_TOC,
	AT_MEASUREMENTS_CLAIM,
	AT_COMPONENT,
};

/**
 * cbor_name - of key, index or tag @key at @place, or NULL; @inner: what its value is.
 */
const char *cbor_name(enum cbor_place place, long long key, enum cbor_place *inner);
const char *cbor_tag_name(unsigned long long tag, enum cbor_place *inner);
/** cbor_place_is_record - arrays there are told by position; others are lists of one kind. */
int cbor_place_is_record(enum cbor_place place);

#endif
