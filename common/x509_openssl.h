/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates and their paths share; only x509_openssl.c, path_openssl.c and crl_openssl.c include this. */
#ifndef ASSAY_X509_OPENSSL_H
#define ASSAY_X509_OPENSSL_H

#include <openssl/x509.h>

#include "cert.h"
#include "key_openssl.h"

struct cert {
	X509 *x509;
	u8 *der;
	size_t der_len;
	struct pubkey *key;
	u8 key_hash[32];
	char subject[256];
};

/** name_text - RFC 2253 text of @name, cut to @size, nothing unprintable in it. */
void name_text(X509_NAME *name, char *out, size_t size);
/**
 * crls_check_path - no certificate of @path, leaf first, is on a list of its issuer; lists are in force.
 * @until: made earlier where their word ends before.
 */
int crls_check_path(const struct crls *c, STACK_OF(X509) * path, long long unix_s, long long *until,
		    struct err *e);
/** asn1_seconds - since 1970; -1: not a time. */
long long asn1_seconds(const ASN1_TIME *t);
/** asn1_time_text - "2027-01-31T00:00:00Z"; empty for what is no time. Return: @out. */
const char *asn1_time_text(const ASN1_TIME *t, char out[32]);

#endif
