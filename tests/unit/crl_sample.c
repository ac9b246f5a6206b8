// SPDX-License-Identifier: Apache-2.0
#include "crl_sample.h"
#include "support.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static X509 *x509_of(const struct cert *c)
{
	const unsigned char *p = cert_der(c).at;
	X509 *x = d2i_X509(NULL, &p, (long)cert_der(c).len);

	assert_non_null(x);
	return x;
}

static EVP_PKEY *key_of(const struct keypair *key)
{
	OWNED(buf) pem = buf_new(4096);
	struct err e = { 0 };
	EVP_PKEY *out;
	BIO *bio;

	assert_ok(keypair_pem(key, &pem->w, &e), &e);
	bio = BIO_new_mem_buf(pem->w.at, (int)pem->w.len);
	out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	assert_non_null(out);
	return out;
}

static void revoke(X509_CRL *crl, const struct cert *c, long long since)
{
	X509 *x = x509_of(c);
	X509_REVOKED *row = X509_REVOKED_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)since);

	assert_true(X509_REVOKED_set_serialNumber(row, X509_get_serialNumber(x)));
	assert_true(X509_REVOKED_set_revocationDate(row, at));
	assert_true(X509_CRL_add0_revoked(crl, row));
	ASN1_TIME_free(at);
	X509_free(x);
}

struct buf *crl_sample(const struct cert *issuer, const struct keypair *key, long long from,
		       long long until, const struct cert *revoked, long long since)
{
	X509_CRL *crl = X509_CRL_new();
	X509 *by = x509_of(issuer);
	EVP_PKEY *pkey = key_of(key);
	ASN1_TIME *first = ASN1_TIME_set(NULL, (time_t)from);
	ASN1_TIME *last = ASN1_TIME_set(NULL, (time_t)until);
	unsigned char *der = NULL;
	struct buf *out;
	int len;

	assert_true(X509_CRL_set_version(crl, 1));
	assert_true(X509_CRL_set_issuer_name(crl, X509_get_subject_name(by)));
	assert_true(X509_CRL_set1_lastUpdate(crl, first));
	assert_true(X509_CRL_set1_nextUpdate(crl, last));
	if (revoked)
		revoke(crl, revoked, since);
	assert_true(X509_CRL_sign(crl, pkey, EVP_sha256()));
	len = i2d_X509_CRL(crl, &der);
	assert_true(len > 0);
	out = buf_copy((struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	ASN1_TIME_free(first);
	ASN1_TIME_free(last);
	EVP_PKEY_free(pkey);
	X509_free(by);
	X509_CRL_free(crl);
	return out;
}
