/* SPDX-License-Identifier: Apache-2.0 */
/* What the users of OpenSSL share; nobody else includes this. */
#ifndef ASSAY_KEY_OPENSSL_H
#define ASSAY_KEY_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "crypto.h"

enum { EVIDENCE_SEAL_MAX = 16 * 1024 * 1024 }; /* longest input of one AEAD call */

struct pubkey {
	EVP_PKEY *pkey;
	enum key_kind kind;
	unsigned int bits;
	bool has_xy; /* an EC key that came as coordinates, or one of ours: asking the library is dear */
	u8 xy[2 * 66];
};

/** struct key_home - where a token's key is at home; all NULL: the library's own context. */
enum { KEY_PROVIDERS_MAX = 4 };
struct key_home {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider[KEY_PROVIDERS_MAX];
	size_t n;
};
void key_home_clear(struct key_home *home);
/** keypair_take - wrap @pkey; takes it and *@home whatever the result. */
int keypair_take(EVP_PKEY *pkey, struct key_home *home, struct keypair **out, struct err *e);
/** pubkey_take - wrap @pkey; takes it whatever the result. */
int pubkey_take(EVP_PKEY *pkey, struct pubkey **out, struct err *e);
EVP_PKEY *keypair_pkey(const struct keypair *k); /* borrowed */
const EVP_MD *crypto_md(enum digest_alg alg);	 /* borrowed; NULL for DIGEST_NONE */
/** crypto_failed - E_CRYPTO with the library's own reason. */
int crypto_failed(struct err *e, const char *what);
/** bio_take - append what @bio holds to @out if @ok; frees @bio. */
int bio_take(BIO *bio, bool ok, struct writer *out, struct err *e);

#endif
