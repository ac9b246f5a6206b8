/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests, keys, signatures, sealing. crypto_openssl.c and key_openssl.c are the only users of
 * OpenSSL beside those of cert.h. All functions are thread-safe on distinct objects; keys may be shared
 * by threads once made. Functions that can fail return 0 or an err_code and fill @e.
 */
#ifndef ASSAY_CRYPTO_H
#define ASSAY_CRYPTO_H

#include "buf.h"
#include "err.h"

/* ---- digests ---- */
enum digest_alg { DIGEST_NONE, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
enum { DIGEST_MAX = 64 };

struct digest {
	enum digest_alg alg;
	u8 at[DIGEST_MAX]; /* the first digest_len(alg) bytes */
};

size_t digest_len(enum digest_alg alg);	      /* bytes; 0 for DIGEST_NONE */
const char *digest_name(enum digest_alg alg); /* "sha256" ... */

static inline struct bytes digest_bytes(const struct digest *d)
{
	return (struct bytes){ d->at, digest_len(d->alg) };
}

/** digest_of - hash of the concatenation of @n pieces. Aborts only if the library lost SHA-2. */
struct digest digest_of(enum digest_alg alg, const struct bytes *pieces, size_t n);
static inline struct digest sha256_of(struct bytes b)
{
	return digest_of(DIGEST_SHA256, &b, 1);
}
/** digest_equals - same algorithm and bytes, in constant time. @b is raw bytes of that length. */
bool digest_equals(const struct digest *a, struct bytes b);

/* An incremental hash. */
struct hasher;
struct hasher *hasher_new(enum digest_alg alg);
void hasher_add(struct hasher *h, struct bytes b);
/** hasher_end - the digest of all that was added; the hasher starts anew. */
struct digest hasher_end(struct hasher *h);
void hasher_drop(struct hasher **h);

/* ---- secrets and randomness ---- */
/** secret_equal - constant time in the content; lengths are public. */
bool secret_equal(struct bytes a, struct bytes b);
/** secret_wipe - a memset that the compiler keeps. */
void secret_wipe(void *at, size_t len);

/** struct secret - locked memory, not in core dumps, wiped on drop. */
struct secret {
	u8 *at;
	size_t len;
};
struct secret *secret_new(size_t len); /* NULL when memory cannot be had or locked */
void secret_drop(struct secret **s);
static inline struct bytes secret_bytes(const struct secret *s)
{
	return (struct bytes){ s->at, s->len };
}

int random_bytes(void *out, size_t len, struct err *e);

/* ---- keyed functions ---- */
/** hmac - @out.alg = @alg. */
int hmac(enum digest_alg alg, struct bytes key, const struct bytes *pieces, size_t n,
	 struct digest *out, struct err *e);
/** hkdf_sha256 - RFC 5869 extract and expand into @out_len bytes. */
int hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info, u8 *out, size_t out_len,
		struct err *e);

enum { AEAD_KEY_LEN = 32, AEAD_NONCE_LEN = 12, AEAD_TAG_LEN = 16 };
/** aead_seal - AES-256-GCM; writes nonce(12, random) ‖ ciphertext ‖ tag(16) to @out. */
int aead_seal(struct bytes key, struct bytes aad, struct bytes plain, struct writer *out,
	      struct err *e);
/** aead_open - the reverse; @out gets len-28 bytes; E_SIGNATURE when the tag is not right. */
int aead_open(struct bytes key, struct bytes aad, struct bytes sealed, u8 *out, size_t out_len,
	      struct err *e);
/** aes_cfb_encrypt - TPM parameter and storage encryption; @key of 16 or 32 bytes; zero IV; in place. */
int aes_cfb_encrypt(struct bytes key, u8 *at, size_t len, struct err *e);

/* ---- asymmetric keys ---- */
enum key_kind { KEY_UNKNOWN, KEY_P256, KEY_P384, KEY_P521, KEY_RSA };
enum sig_scheme { SIG_ECDSA, SIG_RSASSA, SIG_RSAPSS };

struct pubkey;
int pubkey_from_spki(struct bytes der, struct pubkey **out, struct err *e);
int pubkey_from_pem(struct bytes pem, struct pubkey **out, struct err *e);
/** pubkey_from_ec - affine coordinates, big endian, at most curve size; the point is checked. */
int pubkey_from_ec(enum key_kind kind, struct bytes x, struct bytes y, struct pubkey **out,
		   struct err *e);
/** pubkey_from_rsa - modulus big endian, 2048 to 4096 bits. */
int pubkey_from_rsa(struct bytes n, u32 exponent, struct pubkey **out, struct err *e);
void pubkey_drop(struct pubkey **k);
struct pubkey *pubkey_share(const struct pubkey *k); /* one more owner of the same key */
enum key_kind pubkey_kind(const struct pubkey *k);
unsigned int pubkey_bits(const struct pubkey *k); /* modulus or curve size */
size_t pubkey_sig_len(const struct pubkey *k);	  /* raw signature, bytes  */
/** pubkey_xy - coordinates of an EC key, each padded to curve size (32, 48, 66). */
int pubkey_xy(const struct pubkey *k, u8 *x, u8 *y, size_t size, struct err *e);
/** pubkey_rsa - modulus (big endian, no leading zero) and exponent of an RSA key. */
int pubkey_rsa(const struct pubkey *k, u8 *n, size_t n_max, size_t *n_len, u32 *exponent,
	       struct err *e);
int pubkey_spki(const struct pubkey *k, struct writer *out, struct err *e); /* DER */
int pubkey_pem(const struct pubkey *k, struct writer *out, struct err *e);
bool pubkey_equal(const struct pubkey *a, const struct pubkey *b);

/**
 * pubkey_verify - check @sig over the concatenation of @pieces.
 * @sig: ECDSA raw r‖s of exactly twice the curve size; RSA exactly the modulus size, big endian.
 *       PSS salt length = digest length.
 * Return: 0 valid; E_SIGNATURE not valid or of the wrong length; E_UNSUPPORTED scheme and key do
 * not go together.
 */
int pubkey_verify(const struct pubkey *k, enum sig_scheme scheme, enum digest_alg alg,
		  const struct bytes *pieces, size_t n, struct bytes sig, struct err *e);

/**
 * pubkey_verify_digest - check @sig over a digest that was made elsewhere, as files are signed.
 * @sig: ECDSA in DER; RSA PKCS#1 v1.5 with the digest's algorithm. Return: as pubkey_verify().
 */
int pubkey_verify_digest(const struct pubkey *k, const struct digest *d, struct bytes sig,
			 struct err *e);

struct keypair;
int keypair_new(enum key_kind kind, unsigned int rsa_bits, struct keypair **out, struct err *e);
int keypair_from_pem(struct bytes pem, struct keypair **out, struct err *e);
/** keypair_pem - unencrypted PKCS #8; the writer should stand on secret memory. */
int keypair_pem(const struct keypair *k, struct writer *out, struct err *e);
const struct pubkey *keypair_pub(const struct keypair *k); /* borrowed */
void keypair_drop(struct keypair **k);
/** keypair_sign - raw form as pubkey_verify() takes it, appended to @out. */
int keypair_sign(const struct keypair *k, enum sig_scheme scheme, enum digest_alg alg,
		 const struct bytes *pieces, size_t n, struct writer *out, struct err *e);
/** keypair_ecdh - x coordinate of the shared point, curve size bytes into @z. */
int keypair_ecdh(const struct keypair *k, const struct pubkey *peer, u8 *z, size_t size,
		 struct err *e);
/** rsa_oaep_encrypt / decrypt - OAEP with hash and MGF1 @alg and @label (TPM labels carry their NUL). */
int rsa_oaep_encrypt(const struct pubkey *k, enum digest_alg alg, struct bytes label,
		     struct bytes plain, struct writer *out, struct err *e);
int rsa_oaep_decrypt(const struct keypair *k, enum digest_alg alg, struct bytes label,
		     struct bytes sealed, u8 *out, size_t max, size_t *len, struct err *e);

#endif
