// SPDX-License-Identifier: Apache-2.0
#include "crypto.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "key_openssl.h"

/* ---- what OpenSSL would look up by name each time, looked up once ---- */
static EVP_MD *mds[DIGEST_SHA512 + 1];
static EVP_CIPHER *aes_gcm;
static EVP_CIPHER *aes_cfb;
static EVP_MAC *hmac_mac;
static EVP_KDF *hkdf_kdf;

__attribute__((constructor)) static void fetch_algorithms(void)
{
	mds[DIGEST_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
	mds[DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	mds[DIGEST_SHA384] = EVP_MD_fetch(NULL, "SHA384", NULL);
	mds[DIGEST_SHA512] = EVP_MD_fetch(NULL, "SHA512", NULL);
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	aes_cfb = EVP_CIPHER_fetch(NULL, "AES-128-CFB", NULL);
	hmac_mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	hkdf_kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
}

__attribute__((destructor)) static void free_algorithms(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mds); i++)
		EVP_MD_free(mds[i]);
	EVP_CIPHER_free(aes_gcm);
	EVP_CIPHER_free(aes_cfb);
	EVP_MAC_free(hmac_mac);
	EVP_KDF_free(hkdf_kdf);
}

int crypto_failed(struct err *e, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(e, E_CRYPTO, "%s: %s", what, reason ? reason : "the library gave no reason");
}

/* ---- digests ---- */
size_t digest_len(enum digest_alg alg)
{
	static const u8 lens[] = { 0, 20, 32, 48, 64 };

	return alg <= DIGEST_SHA512 ? lens[alg] : 0;
}

const char *digest_name(enum digest_alg alg)
{
	static const char *const names[] = { "none", "sha1", "sha256", "sha384", "sha512" };

	return alg <= DIGEST_SHA512 ? names[alg] : "unknown";
}

struct hasher {
	EVP_MD_CTX *ctx;
	enum digest_alg alg;
};

struct hasher *hasher_new(enum digest_alg alg)
{
	struct hasher *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->alg = alg;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || alg == DIGEST_NONE || alg > DIGEST_SHA512 ||
	    !EVP_DigestInit_ex2(h->ctx, mds[alg], NULL))
		hasher_drop(&h);
	return h;
}

void hasher_add(struct hasher *h, struct bytes b)
{
	if (b.len && !EVP_DigestUpdate(h->ctx, b.at, b.len))
		abort(); /* SHA-2 on memory cannot fail; a wrong digest must not be used */
}

struct digest hasher_end(struct hasher *h)
{
	struct digest d = { .alg = h->alg };

	if (!EVP_DigestFinal_ex(h->ctx, d.at, NULL) ||
	    !EVP_DigestInit_ex2(h->ctx, mds[h->alg], NULL))
		abort();
	return d;
}

void hasher_drop(struct hasher **h)
{
	if (!h || !*h)
		return;
	EVP_MD_CTX_free((*h)->ctx);
	free(*h);
	*h = NULL;
}

struct digest digest_of(enum digest_alg alg, const struct bytes *pieces, size_t n)
{
	OWNED(hasher) h = hasher_new(alg);

	if (!h)
		abort();
	for (size_t i = 0; i < n; i++)
		hasher_add(h, pieces[i]);
	return hasher_end(h);
}

bool digest_equals(const struct digest *a, struct bytes b)
{
	return a->alg != DIGEST_NONE && secret_equal(digest_bytes(a), b);
}

/* ---- secrets and randomness ---- */
bool secret_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}

void secret_wipe(void *at, size_t len)
{
	OPENSSL_cleanse(at, len);
}

static size_t secret_mapping(size_t len)
{
	return (len + 4095) & ~(size_t)4095;
}

struct secret *secret_new(size_t len)
{
	struct secret *s = calloc(1, sizeof(*s));
	void *at;

	if (!s)
		return NULL;
	at = mmap(NULL, secret_mapping(len ? len : 1), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		free(s);
		return NULL;
	}
	s->at = at;
	s->len = len;
	if (mlock(at, secret_mapping(len ? len : 1)) ||
	    madvise(at, secret_mapping(len ? len : 1), MADV_DONTDUMP))
		secret_drop(&s);
	return s;
}

void secret_drop(struct secret **s)
{
	size_t mapped;

	if (!s || !*s)
		return;
	mapped = secret_mapping((*s)->len ? (*s)->len : 1);
	OPENSSL_cleanse((*s)->at, mapped);
	munlock((*s)->at, mapped);
	munmap((*s)->at, mapped);
	free(*s);
	*s = NULL;
}

int random_bytes(void *out, size_t len, struct err *e)
{
	if (len > 65536 || RAND_bytes(out, (int)len) != 1)
		return crypto_failed(e, "random bytes");
	return 0;
}

/* ---- keyed functions ---- */
int hmac(enum digest_alg alg, struct bytes key, const struct bytes *pieces, size_t n,
	 struct digest *out, struct err *e)
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac_mac);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)digest_name(alg),
						 0),
		OSSL_PARAM_construct_end(),
	};
	size_t len = 0;
	static const u8 none[1];
	bool ok = ctx && EVP_MAC_init(ctx, key.len ? key.at : none, key.len, params);

	for (size_t i = 0; ok && i < n; i++)
		ok = !pieces[i].len || EVP_MAC_update(ctx, pieces[i].at, pieces[i].len);
	*out = (struct digest){ .alg = alg };
	ok = ok && EVP_MAC_final(ctx, out->at, &len, sizeof(out->at)) && len == digest_len(alg);
	EVP_MAC_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "HMAC");
}

int hkdf_sha256(struct bytes ikm, struct bytes salt, struct bytes info, u8 *out, size_t out_len,
		struct err *e)
{
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(hkdf_kdf);
	static u8 none[32]; /* RFC 5869: no salt is a string of zeros; the library takes no NULL */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)ikm.at, ikm.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
						  salt.len ? (void *)salt.at : none,
						  salt.len ? salt.len : sizeof(none)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.at, info.len),
		OSSL_PARAM_construct_end(),
	};
	bool ok = ctx && EVP_KDF_derive(ctx, out, out_len, params) == 1;

	EVP_KDF_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "HKDF");
}

int aead_seal(struct bytes key, struct bytes aad, struct bytes plain, struct writer *out,
	      struct err *e)
{
	u8 *p = write_space(out, AEAD_NONCE_LEN + plain.len + AEAD_TAG_LEN);
	EVP_CIPHER_CTX *ctx;
	int n = 0;
	bool ok;

	if (!p)
		return err_set(e, E_MEMORY, "no room for sealed bytes");
	if (key.len != AEAD_KEY_LEN || plain.len > EVIDENCE_SEAL_MAX || aad.len > EVIDENCE_SEAL_MAX)
		return err_set(e, E_INTERNAL, "key or length that AES-256-GCM does not take");
	if (random_bytes(p, AEAD_NONCE_LEN, e))
		return (int)e->code;
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && EVP_EncryptInit_ex2(ctx, aes_gcm, key.at, p, NULL) &&
	     (!aad.len || EVP_EncryptUpdate(ctx, NULL, &n, aad.at, (int)aad.len)) &&
	     (!plain.len ||
	      EVP_EncryptUpdate(ctx, p + AEAD_NONCE_LEN, &n, plain.at, (int)plain.len)) &&
	     EVP_EncryptFinal_ex(ctx, p + AEAD_NONCE_LEN + plain.len, &n) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN,
				 p + AEAD_NONCE_LEN + plain.len);
	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "AES-256-GCM");
}

int aead_open(struct bytes key, struct bytes aad, struct bytes sealed, u8 *out, size_t out_len,
	      struct err *e)
{
	EVP_CIPHER_CTX *ctx;
	u8 tag[AEAD_TAG_LEN];
	int n = 0;
	bool ok;

	if (key.len != AEAD_KEY_LEN || sealed.len != out_len + AEAD_NONCE_LEN + AEAD_TAG_LEN ||
	    out_len > EVIDENCE_SEAL_MAX || aad.len > EVIDENCE_SEAL_MAX)
		return err_set(e, E_FORMAT, "sealed bytes have another length");
	memcpy(tag, sealed.at + AEAD_NONCE_LEN + out_len, sizeof(tag));
	ctx = EVP_CIPHER_CTX_new();
	ok = ctx && EVP_DecryptInit_ex2(ctx, aes_gcm, key.at, sealed.at, NULL) &&
	     (!aad.len || EVP_DecryptUpdate(ctx, NULL, &n, aad.at, (int)aad.len)) &&
	     (!out_len ||
	      EVP_DecryptUpdate(ctx, out, &n, sealed.at + AEAD_NONCE_LEN, (int)out_len)) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) &&
	     EVP_DecryptFinal_ex(ctx, out + out_len, &n) > 0;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		return 0;
	secret_wipe(out, out_len);
	return err_set(e, E_SIGNATURE, "sealed bytes were changed, or sealed for something else");
}

int aes128_cfb_encrypt(const u8 key[16], u8 *at, size_t len, struct err *e)
{
	static const u8 zero_iv[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = ctx && len < EVIDENCE_SEAL_MAX &&
		  EVP_EncryptInit_ex2(ctx, aes_cfb, key, zero_iv, NULL) &&
		  EVP_EncryptUpdate(ctx, at, &n, at, (int)len) && (size_t)n == len;

	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "AES-128-CFB");
}

/* ---- public keys ---- */
static const struct curve {
	enum key_kind kind;
	const char *group;
	size_t size;
	unsigned int bits;
} curves[] = {
	{ KEY_P256, "prime256v1", 32, 256 },
	{ KEY_P384, "secp384r1", 48, 384 },
	{ KEY_P521, "secp521r1", 66, 521 },
};

static const struct curve *curve_of(enum key_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (curves[i].kind == kind)
			return &curves[i];
	return NULL;
}

static enum key_kind kind_of(EVP_PKEY *pkey)
{
	char group[64];

	if (EVP_PKEY_is_a(pkey, "RSA"))
		return KEY_RSA;
	if (EVP_PKEY_is_a(pkey, "EC") &&
	    EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					   NULL))
		for (size_t i = 0; i < ARRAY_LEN(curves); i++)
			if (!strcmp(group, curves[i].group))
				return curves[i].kind;
	return KEY_UNKNOWN;
}

int pubkey_take(EVP_PKEY *pkey, struct pubkey **out, struct err *e)
{
	struct pubkey *k = calloc(1, sizeof(*k));

	if (!k) {
		EVP_PKEY_free(pkey);
		return err_set(e, E_MEMORY, "no memory for a public key");
	}
	k->pkey = pkey;
	k->kind = kind_of(pkey);
	k->bits = (unsigned int)EVP_PKEY_get_bits(pkey);
	*out = k;
	if (k->kind == KEY_UNKNOWN || (k->kind == KEY_RSA && (k->bits < 2048 || k->bits > 4096))) {
		pubkey_drop(out);
		return err_set(e, E_UNSUPPORTED,
			       "public key is neither P-256, P-384, P-521 nor RSA 2048 to 4096");
	}
	return 0;
}

int pubkey_from_spki(struct bytes der, struct pubkey **out, struct err *e)
{
	const u8 *p = der.at;
	EVP_PKEY *pkey = der.len <= 8192 ? d2i_PUBKEY(NULL, &p, (long)der.len) : NULL;

	ERR_clear_error();
	if (!pkey || p != der.at + der.len) {
		EVP_PKEY_free(pkey);
		return err_set(e, E_FORMAT, "SubjectPublicKeyInfo is not well-formed");
	}
	return pubkey_take(pkey, out, e);
}

int pubkey_from_pem(struct bytes pem, struct pubkey **out, struct err *e)
{
	BIO *bio = pem.len < 65536 ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
	EVP_PKEY *pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!pkey)
		return err_set(e, E_FORMAT, "no PEM public key");
	return pubkey_take(pkey, out, e);
}

static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *pkey = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

int pubkey_from_ec(enum key_kind kind, struct bytes x, struct bytes y, struct pubkey **out,
		   struct err *e)
{
	const struct curve *c = curve_of(kind);
	u8 point[1 + 2 * 66] = { 0x04 };
	OSSL_PARAM_BLD *bld;
	EVP_PKEY_CTX *check = NULL;
	EVP_PKEY *pkey = NULL;

	if (!c || x.len > c->size || y.len > c->size)
		return err_set(e, E_FORMAT, "EC point does not fit the curve");
	if (x.len)
		memcpy(point + 1 + c->size - x.len, x.at, x.len);
	if (y.len)
		memcpy(point + 1 + 2 * c->size - y.len, y.at, y.len);
	bld = OSSL_PARAM_BLD_new();
	if (bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, c->group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * c->size))
		pkey = pkey_from_params("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	if (pkey)
		check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	if (!check || EVP_PKEY_public_check(check) <= 0) {
		EVP_PKEY_CTX_free(check);
		EVP_PKEY_free(pkey);
		ERR_clear_error();
		return err_set(e, E_FORMAT, "EC point is not on the curve");
	}
	EVP_PKEY_CTX_free(check);
	return pubkey_take(pkey, out, e);
}

int pubkey_from_rsa(struct bytes n, u32 exponent, struct pubkey **out, struct err *e)
{
	BIGNUM *bn = n.len >= 256 && n.len <= 512 ? BN_bin2bn(n.at, (int)n.len, NULL) : NULL;
	BIGNUM *be = BN_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (bn && be && bld && exponent >= 3 && (exponent & 1) && BN_set_word(be, exponent) &&
	    BN_is_odd(bn) && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be))
		pkey = pkey_from_params("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(bn);
	BN_free(be);
	ERR_clear_error();
	if (!pkey)
		return err_set(e, E_FORMAT, "RSA modulus or exponent is not usable");
	return pubkey_take(pkey, out, e);
}

void pubkey_drop(struct pubkey **k)
{
	if (!k || !*k)
		return;
	EVP_PKEY_free((*k)->pkey);
	free(*k);
	*k = NULL;
}

struct pubkey *pubkey_share(const struct pubkey *k)
{
	struct pubkey *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *k;
	EVP_PKEY_up_ref(copy->pkey);
	return copy;
}

enum key_kind pubkey_kind(const struct pubkey *k)
{
	return k->kind;
}

unsigned int pubkey_bits(const struct pubkey *k)
{
	return k->bits;
}

size_t pubkey_sig_len(const struct pubkey *k)
{
	const struct curve *c = curve_of(k->kind);

	return c ? 2 * c->size : (k->bits + 7) / 8;
}

int pubkey_xy(const struct pubkey *k, u8 *x, u8 *y, size_t size, struct err *e)
{
	BIGNUM *bx = NULL, *by = NULL;
	bool ok = EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &bx) &&
		  EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &by) &&
		  BN_bn2binpad(bx, x, (int)size) == (int)size &&
		  BN_bn2binpad(by, y, (int)size) == (int)size;

	BN_free(bx);
	BN_free(by);
	return ok ? 0 : crypto_failed(e, "coordinates of an EC key");
}

int pubkey_rsa(const struct pubkey *k, u8 *n, size_t n_max, size_t *n_len, u32 *exponent,
	       struct err *e)
{
	BIGNUM *bn = NULL, *be = NULL;
	bool ok = k->kind == KEY_RSA &&
		  EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_N, &bn) &&
		  EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_E, &be) &&
		  BN_num_bytes(bn) <= (int)n_max && BN_num_bits(be) <= 32;

	if (ok) {
		*n_len = (size_t)BN_bn2bin(bn, n);
		*exponent = (u32)BN_get_word(be);
	}
	BN_free(bn);
	BN_free(be);
	return ok ? 0 : crypto_failed(e, "modulus of an RSA key");
}

int pubkey_spki(const struct pubkey *k, struct writer *out, struct err *e)
{
	u8 *der = NULL;
	int len = i2d_PUBKEY(k->pkey, &der);

	if (len <= 0)
		return crypto_failed(e, "encode a public key");
	write_bytes(out, (struct bytes){ der, (size_t)len });
	OPENSSL_free(der);
	return out->full ? err_set(e, E_MEMORY, "no room for a public key") : 0;
}

/* Append what a memory BIO holds. */
int bio_take(BIO *bio, bool ok, struct writer *out, struct err *e)
{
	char *at = NULL;
	long len = bio ? BIO_get_mem_data(bio, &at) : 0;

	if (ok && len > 0)
		write_bytes(out, (struct bytes){ (u8 *)at, (size_t)len });
	if (bio && at)
		OPENSSL_cleanse(at, (size_t)len);
	BIO_free(bio);
	if (!ok || len <= 0)
		return crypto_failed(e, "write PEM");
	return out->full ? err_set(e, E_MEMORY, "no room for PEM") : 0;
}

int pubkey_pem(const struct pubkey *k, struct writer *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_take(bio, bio && PEM_write_bio_PUBKEY(bio, k->pkey), out, e);
}

bool pubkey_equal(const struct pubkey *a, const struct pubkey *b)
{
	return EVP_PKEY_eq(a->pkey, b->pkey) == 1;
}

/* ---- signatures ---- */
/* Raw r‖s to the DER form that the library wants. Return: length, 0 on failure. */
static size_t ecdsa_der(struct bytes raw, u8 *out, size_t max)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw.at, (int)(raw.len / 2), NULL);
	BIGNUM *s = BN_bin2bn(raw.at + raw.len / 2, (int)(raw.len / 2), NULL);
	int len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		len = i2d_ECDSA_SIG(sig, NULL);
		if (len > 0 && (size_t)len <= max)
			len = i2d_ECDSA_SIG(sig, &out);
		else
			len = 0;
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

static bool scheme_fits(enum key_kind kind, enum sig_scheme scheme)
{
	return (kind == KEY_RSA) == (scheme != SIG_ECDSA);
}

static bool set_pss(EVP_PKEY_CTX *pctx, enum sig_scheme scheme)
{
	if (scheme != SIG_RSAPSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

int pubkey_verify(const struct pubkey *k, enum sig_scheme scheme, enum digest_alg alg,
		  const struct bytes *pieces, size_t n, struct bytes sig, struct err *e)
{
	u8 der[2 * 66 + 16];
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx;
	bool ready, good = false;

	if (!scheme_fits(k->kind, scheme) || !digest_len(alg))
		return err_set(e, E_UNSUPPORTED, "signature scheme does not fit the key");
	if (sig.len != pubkey_sig_len(k))
		return err_set(e, E_SIGNATURE, "signature has %zu bytes, the key makes %zu",
			       sig.len, pubkey_sig_len(k));
	if (scheme == SIG_ECDSA) {
		size_t len = ecdsa_der(sig, der, sizeof(der));

		if (!len)
			return crypto_failed(e, "signature encoding");
		sig = (struct bytes){ der, len };
	}
	ctx = EVP_MD_CTX_new();
	ready = ctx &&
		EVP_DigestVerifyInit_ex(ctx, &pctx, digest_name(alg), NULL, NULL, k->pkey, NULL) >
			0 &&
		set_pss(pctx, scheme);
	for (size_t i = 0; ready && i < n; i++)
		ready = !pieces[i].len ||
			EVP_DigestVerifyUpdate(ctx, pieces[i].at, pieces[i].len) > 0;
	if (ready)
		good = EVP_DigestVerifyFinal(ctx, sig.at, sig.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ready)
		return err_set(e, E_CRYPTO, "signature check could not be set up");
	return good ? 0 : err_set(e, E_SIGNATURE, "invalid");
}

/* ---- private keys ---- */
struct keypair {
	EVP_PKEY *pkey;
	struct pubkey *pub;
};

EVP_PKEY *keypair_pkey(const struct keypair *k)
{
	return k->pkey;
}

static int keypair_take(EVP_PKEY *pkey, struct keypair **out, struct err *e)
{
	struct keypair *k = calloc(1, sizeof(*k));

	if (!k) {
		EVP_PKEY_free(pkey);
		return err_set(e, E_MEMORY, "no memory for a key");
	}
	k->pkey = pkey;
	*out = k;
	EVP_PKEY_up_ref(pkey);
	if (pubkey_take(pkey, &k->pub, e)) {
		keypair_drop(out);
		return (int)e->code;
	}
	return 0;
}

int keypair_new(enum key_kind kind, unsigned int rsa_bits, struct keypair **out, struct err *e)
{
	const struct curve *c = curve_of(kind);
	EVP_PKEY *pkey = c ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->group)
			   : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);

	if (!pkey)
		return crypto_failed(e, "make a key");
	return keypair_take(pkey, out, e);
}

int keypair_from_pem(struct bytes pem, struct keypair **out, struct err *e)
{
	BIO *bio = pem.len < 65536 ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!pkey)
		return err_set(e, E_FORMAT, "no PEM private key");
	return keypair_take(pkey, out, e);
}

int keypair_pem(const struct keypair *k, struct writer *out, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_take(
		bio, bio && PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL, NULL),
		out, e);
}

const struct pubkey *keypair_pub(const struct keypair *k)
{
	return k->pub;
}

void keypair_drop(struct keypair **k)
{
	if (!k || !*k)
		return;
	EVP_PKEY_free((*k)->pkey);
	pubkey_drop(&(*k)->pub);
	free(*k);
	*k = NULL;
}

static int write_ecdsa_raw(struct bytes der, size_t size, struct writer *out, struct err *e)
{
	const u8 *p = der.at;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
	u8 *raw = write_space(out, 2 * size);
	bool ok = sig && raw && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)size) > 0 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + size, (int)size) > 0;

	ECDSA_SIG_free(sig);
	return ok ? 0 : crypto_failed(e, "signature encoding");
}

int keypair_sign(const struct keypair *k, enum sig_scheme scheme, enum digest_alg alg,
		 const struct bytes *pieces, size_t n, struct writer *out, struct err *e)
{
	u8 made[512];
	size_t len = sizeof(made);
	EVP_PKEY_CTX *pctx;
	EVP_MD_CTX *ctx;
	bool ok;

	if (!scheme_fits(k->pub->kind, scheme))
		return err_set(e, E_UNSUPPORTED, "signature scheme does not fit the key");
	ctx = EVP_MD_CTX_new();
	ok = ctx &&
	     EVP_DigestSignInit_ex(ctx, &pctx, digest_name(alg), NULL, NULL, k->pkey, NULL) > 0 &&
	     set_pss(pctx, scheme);
	for (size_t i = 0; ok && i < n; i++)
		ok = !pieces[i].len || EVP_DigestSignUpdate(ctx, pieces[i].at, pieces[i].len) > 0;
	ok = ok && EVP_DigestSignFinal(ctx, made, &len) > 0;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return crypto_failed(e, "sign");
	if (scheme == SIG_ECDSA)
		return write_ecdsa_raw((struct bytes){ made, len }, pubkey_sig_len(k->pub) / 2, out,
				       e);
	write_bytes(out, (struct bytes){ made, len });
	return out->full ? err_set(e, E_MEMORY, "no room for a signature") : 0;
}

int keypair_ecdh(const struct keypair *k, const struct pubkey *peer, u8 *z, size_t size,
		 struct err *e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	size_t len = size;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) > 0 &&
		  EVP_PKEY_derive_set_peer(ctx, peer->pkey) > 0 &&
		  EVP_PKEY_derive(ctx, z, &len) > 0 && len == size;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "ECDH");
}

static EVP_PKEY_CTX *oaep_ctx(EVP_PKEY *pkey, bool encrypt, enum digest_alg alg, struct bytes label)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	u8 *copy = label.len ? OPENSSL_memdup(label.at, label.len) : NULL;

	if (ctx && (encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) > 0 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, mds[alg]) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, mds[alg]) > 0 && (!label.len || copy) &&
	    (!label.len || EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.len) > 0))
		return ctx;
	OPENSSL_free(copy);
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

int rsa_oaep_encrypt(const struct pubkey *k, enum digest_alg alg, struct bytes label,
		     struct bytes plain, struct writer *out, struct err *e)
{
	EVP_PKEY_CTX *ctx = k->kind == KEY_RSA ? oaep_ctx(k->pkey, true, alg, label) : NULL;
	size_t len = pubkey_sig_len(k);
	u8 *p = write_space(out, len);
	bool ok = ctx && p && EVP_PKEY_encrypt(ctx, p, &len, plain.at, plain.len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "RSA-OAEP encrypt");
}

int rsa_oaep_decrypt(const struct keypair *k, enum digest_alg alg, struct bytes label,
		     struct bytes sealed, u8 *out, size_t max, size_t *len, struct err *e)
{
	EVP_PKEY_CTX *ctx = k->pub->kind == KEY_RSA ? oaep_ctx(k->pkey, false, alg, label) : NULL;
	u8 plain[512];
	size_t n = sizeof(plain);
	bool ok = ctx && EVP_PKEY_decrypt(ctx, plain, &n, sealed.at, sealed.len) > 0 && n <= max;

	EVP_PKEY_CTX_free(ctx);
	if (ok) {
		memcpy(out, plain, n);
		*len = n;
	}
	secret_wipe(plain, sizeof(plain));
	ERR_clear_error();
	return ok ? 0 : err_set(e, E_SIGNATURE, "RSA-OAEP: not sealed to this key");
}
