// SPDX-License-Identifier: Apache-2.0
/*
 * What a TPM would hold, as keys in memory. They follow from the seed, so that a second run is the same fleet. The
 * credential is opened with code of its own: it shares none with the server that made it.
 */
#include "fleet.h"

#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

/* ---- keys from the seed ---- */
static EVP_PKEY *from_scalar(int curve, const char *name, const BIGNUM *scalar)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve);
	EC_POINT *point = EC_POINT_new(group);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	u8 public[133];
	size_t len = 0;

	if (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1)
		len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public,
					 sizeof(public), NULL);
	if (len && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public, len) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar))
		params = OSSL_PARAM_BLD_to_param(build);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		die("no key from the seed: %s", ERR_reason_error_string(ERR_peek_error()));
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return key;
}

EVP_PKEY *fleet_key(const struct fleet *f, enum fleet_key what, size_t index, size_t device,
		    bool p384)
{
	int curve = p384 ? NID_secp384r1 : NID_X9_62_prime256v1;
	struct digest d;
	char text[120];
	struct bytes piece;
	EVP_PKEY *key;
	BIGNUM *scalar;

	snprintf(text, sizeof(text), "assay fleet %lld, key %d of %zu.%zu", f->o.seed, (int)what,
		 index, device);
	piece = bytes_text(text);
	d = digest_of(p384 ? DIGEST_SHA384 : DIGEST_SHA256, &piece, 1);
	d.at[0] &= 0x7f; /* below the order of the curve */
	scalar = BN_bin2bn(d.at, (int)digest_len(d.alg), NULL);
	key = from_scalar(curve, p384 ? "P-384" : "P-256", scalar);
	BN_free(scalar);
	return key;
}

struct keypair *fleet_keypair(const struct fleet *f, enum fleet_key what, size_t index)
{
	EVP_PKEY *key = fleet_key(f, what, index, 0, false);
	BIO *bio = BIO_new(BIO_s_mem());
	struct keypair *out = NULL;
	struct err e = { 0 };
	char *at = NULL;
	long n;

	if (PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		die("no PEM of a key");
	n = BIO_get_mem_data(bio, &at);
	need(keypair_from_pem((struct bytes){ (const u8 *)at, (size_t)n }, &out, &e), &e);
	BIO_free(bio);
	EVP_PKEY_free(key);
	return out;
}

static void write_2b(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

struct buf *fleet_public(enum tpm_template which, const struct keypair *key)
{
	struct buf *b = buf_new(TPM_STRUCT_MAX);
	struct tpm_public blank;
	struct err e = { 0 };
	u8 x[32], y[32];

	if (!b)
		die("no memory");
	need(pubkey_xy(keypair_pub(key), x, y, 32, &e), &e);
	tpm_template_write(which, &b->w);
	need(tpm_public_parse(buf_bytes(b), &blank, &e), &e);
	b->w.len -= 4 + blank.unique_x.len + blank.unique_y.len;
	write_2b(&b->w, BYTES(x));
	write_2b(&b->w, BYTES(y));
	return b;
}

/* ---- TPM2_ActivateCredential ---- */
/* SPEC: TCG TPM 2.0 Part 1 11.4.10.2 (KDFa), 11.4.10.3 (KDFe), 24 (credentials) */
static struct digest kdfa(struct bytes seed, const char *label, struct bytes context, u32 bits)
{
	u8 one[4] = { 0, 0, 0, 1 }, size[4];
	struct writer w = writer_on(size, sizeof(size));
	struct bytes pieces[] = {
		BYTES(one), { (const u8 *)label, strlen(label) + 1 }, context, BYTES(size)
	};
	struct digest d;
	struct err e = { 0 };

	write_be32(&w, bits);
	need(hmac(DIGEST_SHA256, seed, pieces, ARRAY_LEN(pieces), &d, &e), &e);
	return d;
}

static struct bytes read_2b(struct reader *r, const char *field)
{
	return read_bytes(r, read_be16(r, field), field);
}

static struct digest seed_of(const struct keypair *ek, struct bytes seed)
{
	static const u8 one[4] = { 0, 0, 0, 1 };
	struct reader outer = reader_on(seed),
		      r = read_inner(&outer, read_be16(&outer, "seed"), "seed");
	struct bytes x = read_2b(&r, "x"), y = read_2b(&r, "y");
	OWNED(pubkey) once = NULL;
	u8 z[32], own_x[32], own_y[32];
	struct bytes pieces[] = { BYTES(one),
				  BYTES(z),
				  { (const u8 *)"IDENTITY", sizeof("IDENTITY") },
				  x,
				  BYTES(own_x) };
	struct err e = { 0 };

	if (read_done(&r) || read_done(&outer))
		die("the server's encrypted secret: %s", r.why ? r.why : outer.why);
	need(pubkey_from_ec(KEY_P256, x, y, &once, &e), &e);
	need(keypair_ecdh(ek, once, z, sizeof(z), &e), &e);
	need(pubkey_xy(keypair_pub(ek), own_x, own_y, 32, &e), &e);
	return digest_of(DIGEST_SHA256, pieces, ARRAY_LEN(pieces));
}

static void decrypt(const struct digest *key, struct bytes in, u8 *out)
{
	static const u8 iv[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	if (!ctx || EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key->at, iv) != 1 ||
	    EVP_DecryptUpdate(ctx, out, &n, in.at, (int)in.len) != 1 || (size_t)n != in.len)
		die("a credential cannot be decrypted");
	EVP_CIPHER_CTX_free(ctx);
}

size_t fleet_activate(const struct fleet *f, const struct fleet_host *h, struct bytes blob,
		      struct bytes encrypted_seed, u8 out[32])
{
	struct reader outer = reader_on(blob),
		      r = read_inner(&outer, read_be16(&outer, "blob"), "blob");
	struct bytes mac = read_2b(&r, "HMAC"), inner = read_bytes(&r, r.left.len, "credential");
	OWNED(keypair) ek = fleet_keypair(f, KEY_OF_EK, h->index);
	struct digest seed = seed_of(ek, encrypted_seed), want, key;
	struct bytes pieces[] = { inner, BYTES(h->ak_name) };
	struct err e = { 0 };
	struct bytes secret;
	u8 plain[64];

	if (read_done(&r) || read_done(&outer) || inner.len > sizeof(plain))
		die("the server's credential has another form");
	key = kdfa(digest_bytes(&seed), "INTEGRITY", BYTES_NONE, 256);
	need(hmac(DIGEST_SHA256, digest_bytes(&key), pieces, 2, &want, &e), &e);
	if (!digest_equals(&want, mac))
		die("the credential of %s is not for its AK", h->name);
	key = kdfa(digest_bytes(&seed), "STORAGE", BYTES(h->ak_name), 128);
	decrypt(&key, inner, plain);
	r = reader_on((struct bytes){ plain, inner.len });
	secret = read_2b(&r, "secret");
	if (read_done(&r) || secret.len > 32)
		die("the secret in a credential has another form");
	memcpy(out, secret.at, secret.len);
	return secret.len;
}

/* ---- TPM2_Quote ---- */
static struct digest pcr_digest(const struct fleet_boot *b)
{
	struct bytes pieces[16];

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		pieces[i] = digest_bytes(&b->pcrs[i]);
	return digest_of(DIGEST_SHA256, pieces, ARRAY_LEN(pieces));
}

static struct buf *sign(const struct keypair *ak, struct bytes attest)
{
	struct buf *b = buf_new(TPM_STRUCT_MAX);
	u8 raw[64];
	struct writer w = writer_on(raw, sizeof(raw));
	struct err e = { 0 };

	if (!b)
		die("no memory");
	need(keypair_sign(ak, SIG_ECDSA, DIGEST_SHA256, &attest, 1, &w, &e), &e);
	write_be16(&b->w, TPM_ALG_ECDSA);
	write_be16(&b->w, TPM_ALG_SHA256);
	write_2b(&b->w, (struct bytes){ raw, 32 });
	write_2b(&b->w, (struct bytes){ raw + 32, 32 });
	return b;
}

void fleet_quote(const struct fleet *f, const struct fleet_host *h, const struct fleet_boot *b,
		 const struct digest *extra, u64 clock_ms, struct buf **attest,
		 struct buf **signature)
{
	struct tpm_selection selection = { .n = 1, .bank = { { TPM_ALG_SHA256, 0xffff } } };
	OWNED(keypair) ak = fleet_keypair(f, KEY_OF_AK, h->index);
	struct digest d = pcr_digest(b);
	struct buf *q = buf_new(TPM_STRUCT_MAX);

	if (!q)
		die("no memory");
	write_be32(&q->w, TPM_GENERATED);
	write_be16(&q->w, TPM_ST_ATTEST_QUOTE);
	write_2b(&q->w, BYTES(h->ak_name));
	write_2b(&q->w, digest_bytes(extra));
	write_be64(&q->w, clock_ms);
	write_be32(&q->w, h->reset_count);
	write_be32(&q->w, 0);
	write_u8(&q->w, 1);	   /* safe */
	write_be64(&q->w, 0x2024); /* firmware */
	tpm_selection_write(&selection, &q->w);
	write_2b(&q->w, digest_bytes(&d));
	*attest = q;
	*signature = sign(ak, buf_bytes(q));
}
