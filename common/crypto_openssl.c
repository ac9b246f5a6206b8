// SPDX-License-Identifier: Apache-2.0
#include "crypto.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "key_openssl.h"

enum { SECURE_HEAP = 262144, SECURE_SMALLEST = 32 };

/* ---- what OpenSSL would look up by name each time, looked up once ---- */
static EVP_MD *mds[DIGEST_SHA512 + 1];
static EVP_CIPHER *aes_gcm;
static EVP_CIPHER *aes128_cfb, *aes256_cfb;
static EVP_MAC *hmac_mac;
static EVP_KDF *hkdf_kdf;

__attribute__((constructor)) static void fetch_algorithms(void)
{
	/* private keys: locked, not dumped, wiped; where locking is not allowed it stays plain memory */
	CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_SMALLEST);
	mds[DIGEST_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
	mds[DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	mds[DIGEST_SHA384] = EVP_MD_fetch(NULL, "SHA384", NULL);
	mds[DIGEST_SHA512] = EVP_MD_fetch(NULL, "SHA512", NULL);
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	aes128_cfb = EVP_CIPHER_fetch(NULL, "AES-128-CFB", NULL);
	aes256_cfb = EVP_CIPHER_fetch(NULL, "AES-256-CFB", NULL);
	hmac_mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	hkdf_kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
}

__attribute__((destructor)) static void free_algorithms(void)
{
	for (size_t i = 0; i < ARRAY_LEN(mds); i++)
		EVP_MD_free(mds[i]);
	EVP_CIPHER_free(aes_gcm);
	EVP_CIPHER_free(aes128_cfb);
	EVP_CIPHER_free(aes256_cfb);
	EVP_MAC_free(hmac_mac);
	EVP_KDF_free(hkdf_kdf);
}

const EVP_MD *crypto_md(enum digest_alg alg)
{
	return alg <= DIGEST_SHA512 ? mds[alg] : NULL;
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
	/* as mlock(), which the sanitizers make do nothing */
	if (mlock2(at, secret_mapping(len ? len : 1), 0) ||
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

int aes_cfb_encrypt(struct bytes key, u8 *at, size_t len, struct err *e)
{
	static const u8 zero_iv[16];
	EVP_CIPHER *cipher = key.len == 16 ? aes128_cfb : key.len == 32 ? aes256_cfb : NULL;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok = ctx && cipher && len < EVIDENCE_SEAL_MAX &&
		  EVP_EncryptInit_ex2(ctx, cipher, key.at, zero_iv, NULL) &&
		  EVP_EncryptUpdate(ctx, at, &n, at, (int)len) && (size_t)n == len;

	EVP_CIPHER_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "AES-CFB");
}
