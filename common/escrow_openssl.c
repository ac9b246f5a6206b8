// SPDX-License-Identifier: Apache-2.0
#include "escrow.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "key_openssl.h"
#include "x509_openssl.h"

int escrow_seal(const struct cert *to, struct bytes secret, struct buf **out, struct err *e)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *in = BIO_new_mem_buf(secret.at, (int)secret.len), *der = BIO_new(BIO_s_mem());
	OWNED(buf) b = buf_new(ESCROW_MAX);
	CMS_ContentInfo *cms = NULL;
	int rc;

	if (certs && in && der && b && secret.len <= ESCROW_SECRET_MAX &&
	    sk_X509_push(certs, to->x509))
		cms = CMS_encrypt(certs, in, EVP_aes_256_cbc(), CMS_BINARY);
	if (!cms) {
		BIO_free(der);
		rc = err_set(e, E_USAGE,
			     "nothing can be sealed for %.200s: a key of RSA or on a "
			     "curve is needed",
			     cert_subject(to));
		ERR_clear_error();
	} else {
		rc = bio_take(der, i2d_CMS_bio(der, cms), &b->w, e);
	}
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	sk_X509_free(certs);
	if (!rc)
		*out = TAKE(b);
	return rc;
}

static int take(BIO *plain, const struct secret *room, struct secret **out, struct err *e)
{
	int n = BIO_read(plain, room->at, (int)room->len);
	OWNED(secret) s = n > 0 ? secret_new((size_t)n) : NULL;

	if (n <= 0)
		return err_set(e, E_FORMAT, "nothing is sealed in it");
	if (!s)
		return err_set(e, E_MEMORY, "no locked memory for a secret");
	memcpy(s->at, room->at, s->len);
	*out = TAKE(s);
	return 0;
}

int escrow_open(struct bytes der, const struct cert *to, const struct keypair *key,
		struct secret **out, struct err *e)
{
	BIO *in = BIO_new_mem_buf(der.at, (int)der.len), *plain = BIO_new(BIO_s_secmem());
	OWNED(secret) room = secret_new(ESCROW_SECRET_MAX);
	CMS_ContentInfo *cms = in ? d2i_CMS_bio(in, NULL) : NULL;
	int rc;

	if (!room || !plain)
		rc = err_set(e, E_MEMORY, "no locked memory for a secret");
	else if (!cms || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_enveloped)
		rc = err_set(e, E_FORMAT, "not sealed as CMS EnvelopedData");
	else if (!CMS_decrypt(cms, keypair_pkey(key), to->x509, NULL, plain, 0))
		rc = err_set(e, E_DENIED, "it is not sealed for this certificate and key");
	else {
		rc = take(plain, room, out, e);
	}
	ERR_clear_error();
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(plain);
	return rc;
}
