/* SPDX-License-Identifier: Apache-2.0 */
/* What the users of OpenSSL share; nobody else includes this. */
#ifndef ASSAY_KEY_OPENSSL_H
#define ASSAY_KEY_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>

#include "crypto.h"

enum { EVIDENCE_SEAL_MAX = 16 * 1024 * 1024 }; /* longest input of one AEAD call */

struct pubkey {
	EVP_PKEY *pkey;
	enum key_kind kind;
	unsigned int bits;
	bool has_xy; /* an EC key that came as coordinates, or one of ours: asking the library is dear */
	u8 xy[2 * 66];
};

/** pubkey_take - wrap @pkey; takes it whatever the result. */
int pubkey_take(EVP_PKEY *pkey, struct pubkey **out, struct err *e);
EVP_PKEY *keypair_pkey(const struct keypair *k); /* borrowed */
const EVP_MD *crypto_md(enum digest_alg alg);	 /* borrowed; NULL for DIGEST_NONE */
/** crypto_failed - E_CRYPTO with the library's own reason. */
int crypto_failed(struct err *e, const char *what);
/** bio_take - append what @bio holds to @out if @ok; frees @bio. */
int bio_take(BIO *bio, bool ok, struct writer *out, struct err *e);

#endif
