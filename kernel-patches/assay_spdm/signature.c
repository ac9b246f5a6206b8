// SPDX-License-Identifier: GPL-2.0-only
/* Is the evidence consistent in itself: does the leaf of the device's own chain sign its messages? */
#include <crypto/hash.h>
#include <crypto/public_key.h>
#include <linux/slab.h>

#include "assay_spdm.h"
#include "compat.h"

enum { ECDSA_DER_MAX = 144 };

static const struct {
	enum spdm_key kind;
	const char *pkey_algo, *encoding;
} key_kinds[] = {
	{ SPDM_KEY_P256, "ecdsa-nist-p256", "x962" },
	{ SPDM_KEY_P384, "ecdsa-nist-p384", "x962" },
	{ SPDM_KEY_P521, "ecdsa-nist-p521", "x962" },
	{ SPDM_KEY_RSA, "rsa", "pkcs1" },
};

static const char *hash_name(u32 base_hash)
{
	switch (base_hash) {
	case SPDM_SHA_256:
		return "sha256";
	case SPDM_SHA_384:
		return "sha384";
	case SPDM_SHA_512:
		return "sha512";
	default:
		return NULL;
	}
}

static int hash_pieces(struct crypto_shash *tfm, const struct bytes *pieces, size_t n, u8 *out)
{
	struct shash_desc *desc = kmalloc(sizeof(*desc) + crypto_shash_descsize(tfm), GFP_KERNEL);
	int rc;

	if (!desc)
		return -ENOMEM;
	desc->tfm = tfm;
	rc = crypto_shash_init(desc);
	for (size_t i = 0; !rc && i < n; i++)
		rc = crypto_shash_update(desc, pieces[i].at, pieces[i].len);
	if (!rc)
		rc = crypto_shash_final(desc, out);
	kfree_sensitive(desc);
	return rc;
}

/* What the scheme hashes once more: from 1.2 on the transcript's hash behind a prefix. */
static int signed_digest(const struct spdm_negotiated *nego, const char *context,
			 const struct bytes *pieces, size_t n, u8 digest[SPDM_HASH_MAX])
{
	const char *name = hash_name(nego->base_hash);
	struct crypto_shash *tfm;
	u8 prefix[SPDM_PREFIX_LEN];
	int rc;

	if (!name)
		return -EOPNOTSUPP;
	tfm = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	rc = hash_pieces(tfm, pieces, n, digest);
	if (!rc && nego->version >= SPDM_12) {
		struct bytes again[] = { { prefix, sizeof(prefix) }, { digest, nego->hash_len } };

		spdm_signature_prefix(nego->version, context, prefix);
		rc = hash_pieces(tfm, again, ARRAY_SIZE(again), digest);
	}
	crypto_free_shash(tfm);
	return rc;
}

static int verify(const struct spdm_leaf *leaf, const struct spdm_negotiated *nego, u8 *digest,
		  struct bytes raw, const char **why)
{
	u8 der[ECDSA_DER_MAX];
	struct writer w = writer_on(der, sizeof(der));
	struct public_key key = { .key = (void *)leaf->key.at,
				  .keylen = (u32)leaf->key.len,
				  .id_type = "X509" };
	struct public_key_signature sig = { .hash_algo = hash_name(nego->base_hash) };
	int rc;

	compat_set_digest(&sig, digest, nego->hash_len);
	for (size_t i = 0; i < ARRAY_SIZE(key_kinds); i++) {
		if (key_kinds[i].kind != leaf->kind)
			continue;
		key.pkey_algo = key_kinds[i].pkey_algo;
		sig.encoding = key_kinds[i].encoding;
	}
	*why = "the leaf's key is of a kind that the kernel has not";
	if (!key.pkey_algo)
		return -EOPNOTSUPP;
	sig.pkey_algo = key.pkey_algo;
	*why = "signature of the wrong length";
	if (leaf->kind == SPDM_KEY_RSA) {
		sig.s = (u8 *)raw.at;
		sig.s_size = (u32)raw.len;
	} else {
		if (spdm_ecdsa_der(raw, &w))
			return -EBADMSG;
		sig.s = der;
		sig.s_size = (u32)w.len;
	}
	rc = public_key_verify_signature(&key, &sig);
	/* says nothing of the device: a check tries again */
	*why = rc == -ENOMEM ? "no memory" : "signature is not by the leaf's key";
	return rc == -ENOMEM ? rc : rc ? -EKEYREJECTED : 0;
}

/* @last ends with the signature, which is no part of what is signed. */
static int check(const struct evidence *ev, const struct spdm_leaf *leaf, const char *context,
		 bool with_vca, const struct blob *last, const char **why)
{
	size_t sig_len = ev->nego.sig_len, n = 0;
	struct bytes pieces[2], all = { last->at, last->len };
	u8 digest[SPDM_HASH_MAX];
	int rc;

	*why = "transcript is shorter than its signature";
	if (!sig_len || last->len <= sig_len)
		return -EBADMSG;
	if (with_vca)
		pieces[n++] = (struct bytes){ ev->vca.at, ev->vca.len };
	pieces[n++] = bytes_slice(all, 0, all.len - sig_len);
	*why = "hashing the transcript";
	rc = signed_digest(&ev->nego, context, pieces, n, digest);
	if (rc)
		return rc;
	return verify(leaf, &ev->nego, digest, bytes_slice(all, all.len - sig_len, sig_len), why);
}

int signature_check(const struct evidence *ev, const char **why)
{
	const struct spdm_negotiated *nego = &ev->nego;
	struct spdm_chain chain;
	struct spdm_leaf leaf;
	int rc;

	rc = spdm_parse_chain((struct bytes){ ev->chain.at, ev->chain.len }, nego->hash_len, &chain,
			      why);
	if (!rc)
		rc = spdm_parse_leaf(chain.certificates, &leaf, why);
	if (rc)
		return rc;
	if (nego->version < SPDM_12 && nego->flags & SPDM_CAP_CHAL)
		rc = check(ev, &leaf, SPDM_CONTEXT_CHALLENGE, true, &ev->challenge, why);
	if (!rc)
		rc = check(ev, &leaf, SPDM_CONTEXT_MEASUREMENTS, nego->version >= SPDM_12,
			   &ev->measurements, why);
	return rc;
}

int chain_hash(const struct evidence *ev, u8 out[SPDM_HASH_MAX])
{
	struct bytes chain = { ev->chain.at, ev->chain.len };
	const char *name = hash_name(ev->nego.base_hash);
	struct crypto_shash *tfm;
	int rc;

	if (!name)
		return -EOPNOTSUPP;
	tfm = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	rc = hash_pieces(tfm, &chain, 1, out);
	crypto_free_shash(tfm);
	return rc;
}
