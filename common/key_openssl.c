// SPDX-License-Identifier: Apache-2.0
#include "key_openssl.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

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

/* A key without a point per curve: copying it is four times cheaper than naming the curve again. */
static EVP_PKEY *templates[ARRAY_LEN(curves)];

__attribute__((constructor)) static void make_templates(void)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
							 (char *)curves[i].group, 0),
			OSSL_PARAM_construct_end(),
		};

		if (ctx && EVP_PKEY_fromdata_init(ctx) > 0)
			EVP_PKEY_fromdata(ctx, &templates[i], EVP_PKEY_KEY_PARAMETERS, params);
		EVP_PKEY_CTX_free(ctx);
	}
}

__attribute__((destructor)) static void free_templates(void)
{
	for (size_t i = 0; i < ARRAY_LEN(templates); i++)
		EVP_PKEY_free(templates[i]);
}

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
		return err_set(e, E_FORMAT, "no PEM public key; a certificate is no key");
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

/* These curves have cofactor 1: a point on the curve that is not infinity has the right order. */
static bool is_on_curve(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool ok = ctx && EVP_PKEY_public_check_quick(ctx) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int pubkey_from_ec(enum key_kind kind, struct bytes x, struct bytes y, struct pubkey **out,
		   struct err *e)
{
	const struct curve *c = curve_of(kind);
	u8 point[1 + 2 * 66] = { 0x04 };
	EVP_PKEY *pkey;

	if (!c || x.len > c->size || y.len > c->size)
		return err_set(e, E_FORMAT, "EC point does not fit the curve");
	if (x.len)
		memcpy(point + 1 + c->size - x.len, x.at, x.len);
	if (y.len)
		memcpy(point + 1 + 2 * c->size - y.len, y.at, y.len);
	pkey = EVP_PKEY_dup(templates[c - curves]);
	if (!pkey || EVP_PKEY_set1_encoded_public_key(pkey, point, 1 + 2 * c->size) <= 0 ||
	    !is_on_curve(pkey)) {
		EVP_PKEY_free(pkey);
		ERR_clear_error();
		return err_set(e, E_FORMAT, "EC point is not on the curve");
	}
	if (pubkey_take(pkey, out, e))
		return (int)e->code;
	memcpy((*out)->xy, point + 1, 2 * c->size);
	(*out)->has_xy = true;
	return 0;
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
	const struct curve *c = curve_of(k->kind);
	BIGNUM *bx = NULL, *by = NULL;
	bool ok;

	if (c && c->size == size && k->has_xy) {
		memcpy(x, k->xy, size);
		memcpy(y, k->xy + size, size);
		return 0;
	}
	ok = EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &bx) &&
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

int pubkey_verify_digest(const struct pubkey *k, const struct digest *d, struct bytes sig,
			 struct err *e)
{
	const EVP_MD *md = EVP_get_digestbyname(digest_name(d->alg));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	bool good =
		ctx && md && sig.len && EVP_PKEY_verify_init(ctx) > 0 &&
		(k->kind != KEY_RSA || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0) &&
		EVP_PKEY_CTX_set_signature_md(ctx, md) > 0 &&
		EVP_PKEY_verify(ctx, sig.at, sig.len, d->at, digest_len(d->alg)) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return good ? 0 : err_set(e, E_SIGNATURE, "invalid");
}

/* ---- private keys ---- */
struct keypair {
	EVP_PKEY *pkey;
	struct pubkey *pub; /* in the library's own context, wherever the private half is */
	struct key_home home;
};

void key_home_clear(struct key_home *home)
{
	for (size_t i = home->n; i-- > 0;)
		if (home->provider[i])
			OSSL_PROVIDER_unload(home->provider[i]);
	OSSL_LIB_CTX_free(home->lib);
	*home = (struct key_home){ 0 };
}

EVP_PKEY *keypair_pkey(const struct keypair *k)
{
	return k->pkey;
}

/* A token's provider need not say what ours does of the public half. */
static int public_half(EVP_PKEY *pkey, bool foreign, struct pubkey **out, struct err *e)
{
	unsigned char *der = NULL;
	int len, rc;

	if (!foreign) {
		EVP_PKEY_up_ref(pkey);
		return pubkey_take(pkey, out, e);
	}
	len = i2d_PUBKEY(pkey, &der);
	if (len <= 0)
		return crypto_failed(e, "public half of a key");
	rc = pubkey_from_spki((struct bytes){ der, (size_t)len }, out, e);
	OPENSSL_free(der);
	return rc;
}

int keypair_take(EVP_PKEY *pkey, struct key_home *home, struct keypair **out, struct err *e)
{
	struct keypair *k = calloc(1, sizeof(*k));
	const struct curve *c;

	if (!k) {
		EVP_PKEY_free(pkey);
		if (home)
			key_home_clear(home);
		return err_set(e, E_MEMORY, "no memory for a key");
	}
	k->pkey = pkey;
	*out = k;
	if (home) {
		k->home = *home;
		*home = (struct key_home){ 0 };
	}
	if (public_half(pkey, k->home.lib != NULL, &k->pub, e)) {
		keypair_drop(out);
		return (int)e->code;
	}
	c = curve_of(k->pub->kind);
	k->pub->has_xy = c && !pubkey_xy(k->pub, k->pub->xy, k->pub->xy + c->size, c->size, e);
	return 0;
}

int keypair_new(enum key_kind kind, unsigned int rsa_bits, struct keypair **out, struct err *e)
{
	const struct curve *c = curve_of(kind);
	EVP_PKEY *pkey = c ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", c->group)
			   : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);

	if (!pkey)
		return crypto_failed(e, "make a key");
	return keypair_take(pkey, NULL, out, e);
}

int keypair_from_pem(struct bytes pem, struct keypair **out, struct err *e)
{
	BIO *bio = pem.len < 65536 ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;

	BIO_free(bio);
	ERR_clear_error();
	if (!pkey)
		return err_set(e, E_FORMAT, "no PEM private key");
	return keypair_take(pkey, NULL, out, e);
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
	key_home_clear(&(*k)->home);
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

/* Of a key in a token its own provider must be asked: another one gets the public half, and fails for want of the rest. */
static EVP_PKEY_CTX *private_ctx(const struct keypair *k)
{
	const OSSL_PROVIDER *own = EVP_PKEY_get0_provider(k->pkey);
	char query[100] = "";

	if (k->home.lib && own)
		snprintf(query, sizeof(query), "?provider=%s", OSSL_PROVIDER_get0_name(own));
	return EVP_PKEY_CTX_new_from_pkey(k->home.lib, k->pkey, query);
}

int keypair_ecdh(const struct keypair *k, const struct pubkey *peer, u8 *z, size_t size,
		 struct err *e)
{
	EVP_PKEY_CTX *ctx = private_ctx(k);
	size_t len = size;
	bool ok = ctx && EVP_PKEY_derive_init(ctx) > 0 &&
		  EVP_PKEY_derive_set_peer(ctx, peer->pkey) > 0 &&
		  EVP_PKEY_derive(ctx, z, &len) > 0 && len == size;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "ECDH");
}

/* @ctx is taken. */
static EVP_PKEY_CTX *oaep_ctx(EVP_PKEY_CTX *ctx, bool encrypt, enum digest_alg alg,
			      struct bytes label)
{
	u8 *copy = label.len ? OPENSSL_memdup(label.at, label.len) : NULL;

	if (ctx && (encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) > 0 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, crypto_md(alg)) > 0 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, crypto_md(alg)) > 0 && (!label.len || copy) &&
	    (!label.len || EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.len) > 0))
		return ctx;
	OPENSSL_free(copy);
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

int rsa_oaep_encrypt(const struct pubkey *k, enum digest_alg alg, struct bytes label,
		     struct bytes plain, struct writer *out, struct err *e)
{
	EVP_PKEY_CTX *ctx = k->kind == KEY_RSA
				    ? oaep_ctx(EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL),
					       true, alg, label)
				    : NULL;
	size_t len = pubkey_sig_len(k);
	u8 *p = write_space(out, len);
	bool ok = ctx && p && EVP_PKEY_encrypt(ctx, p, &len, plain.at, plain.len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : crypto_failed(e, "RSA-OAEP encrypt");
}

int rsa_oaep_decrypt(const struct keypair *k, enum digest_alg alg, struct bytes label,
		     struct bytes sealed, u8 *out, size_t max, size_t *len, struct err *e)
{
	EVP_PKEY_CTX *ctx =
		k->pub->kind == KEY_RSA ? oaep_ctx(private_ctx(k), false, alg, label) : NULL;
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
