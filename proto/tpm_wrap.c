// SPDX-License-Identifier: Apache-2.0
#include "tpm_wrap.h"

/* KDFa: HMAC in counter mode. SPEC: TCG TPM 2.0 Part 1 11.4.10.2 */
static int kdfa(enum digest_alg alg, struct bytes key, const char *label, struct bytes u, u32 bits,
		u8 *out, struct err *e)
{
	u8 counter[4], size[4];
	struct writer cw = writer_on(counter, 4), sw = writer_on(size, 4);
	struct bytes pieces[] = { BYTES(counter),
				  { (const u8 *)label, strlen(label) + 1 }, /* with its NUL */
				  u,
				  BYTES(size) };
	struct digest d;

	write_be32(&cw, 1);
	write_be32(&sw, bits);
	if (bits / 8 > digest_len(alg))
		return err_set(e, E_INTERNAL, "KDFa for more than one digest");
	if (hmac(alg, key, pieces, ARRAY_LEN(pieces), &d, e))
		return (int)e->code;
	memcpy(out, d.at, bits / 8);
	secret_wipe(&d, sizeof(d));
	return 0;
}

/* KDFe: hash of a shared point. SPEC: TCG TPM 2.0 Part 1 11.4.10.3 */
static void kdfe(enum digest_alg alg, struct bytes z, const char *label, struct bytes u,
		 struct bytes v, u8 *out)
{
	static const u8 counter[4] = { 0, 0, 0, 1 };
	struct bytes pieces[] = {
		BYTES(counter), z, { (const u8 *)label, strlen(label) + 1 }, u, v
	};
	struct digest d = digest_of(alg, pieces, ARRAY_LEN(pieces));

	memcpy(out, d.at, digest_len(alg));
	secret_wipe(&d, sizeof(d));
}

static void write_2b(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

/* A seed that only the TPM holding @to can know, and its wire form as TPM2B_ENCRYPTED_SECRET. */
static int ecc_seed(const struct pubkey *to, enum digest_alg alg, const char *label, u8 *seed,
		    struct writer *secret_2b, struct err *e)
{
	OWNED(keypair) once = NULL;
	u8 z[66], x[66], y[66], to_x[66], to_y[66];
	size_t size = pubkey_sig_len(to) / 2;

	if (keypair_new(pubkey_kind(to), 0, &once, e) || keypair_ecdh(once, to, z, size, e) ||
	    pubkey_xy(keypair_pub(once), x, y, size, e) || pubkey_xy(to, to_x, to_y, size, e))
		return (int)e->code;
	kdfe(alg, (struct bytes){ z, size }, label, (struct bytes){ x, size },
	     (struct bytes){ to_x, size }, seed);
	secret_wipe(z, sizeof(z));
	write_be16(secret_2b, (u16)(4 + 2 * size));
	write_2b(secret_2b, (struct bytes){ x, size });
	write_2b(secret_2b, (struct bytes){ y, size });
	return 0;
}

static int rsa_seed(const struct pubkey *to, enum digest_alg alg, const char *label, u8 *seed,
		    struct writer *secret_2b, struct err *e)
{
	if (random_bytes(seed, digest_len(alg), e))
		return (int)e->code;
	write_be16(secret_2b, (u16)pubkey_sig_len(to));
	return rsa_oaep_encrypt(to, alg, (struct bytes){ (const u8 *)label, strlen(label) + 1 },
				(struct bytes){ seed, digest_len(alg) }, secret_2b, e);
}

static int make_seed(const struct tpm_public *to, const char *label, u8 seed[DIGEST_MAX],
		     struct writer *secret_2b, struct err *e)
{
	OWNED(pubkey) key = NULL;
	enum digest_alg alg = tpm_digest_alg(to->name_alg);

	if (alg == DIGEST_NONE || alg == DIGEST_SHA1)
		return err_set(e, E_UNSUPPORTED, "key with a name algorithm other than SHA-2");
	if (to->symmetric != TPM_ALG_AES ||
	    (to->symmetric_bits != 128 && to->symmetric_bits != 256) ||
	    to->symmetric_mode != TPM_ALG_CFB)
		return err_set(e, E_UNSUPPORTED, "storage key without AES-128-CFB or AES-256-CFB");
	if (tpm_public_key(to, &key, e))
		return (int)e->code;
	if (pubkey_kind(key) == KEY_RSA ? rsa_seed(key, alg, label, seed, secret_2b, e)
					: ecc_seed(key, alg, label, seed, secret_2b, e))
		return err_while(e, "seed for the TPM");
	return secret_2b->full ? err_set(e, E_MEMORY, "no room for an encrypted secret") : 0;
}

/*
 * The outer wrap that credentials and duplicates share: encrypt @inner in place under the seed,
 * then write TPM2B(TPM2B(HMAC) ‖ inner) to @out.
 */
static int outer_wrap(const struct tpm_public *parent, const u8 *seed, struct bytes name, u8 *inner,
		      size_t inner_len, struct writer *out, struct err *e)
{
	enum digest_alg alg = tpm_digest_alg(parent->name_alg);
	size_t len = digest_len(alg), sym_len = parent->symmetric_bits / 8u;
	struct bytes seed_bytes = { seed, len };
	struct bytes pieces[] = { { inner, inner_len }, name };
	u8 sym[32], mac_key[DIGEST_MAX];
	struct digest mac;
	int rc;

	rc = kdfa(alg, seed_bytes, "STORAGE", name, parent->symmetric_bits, sym,
		  e); /* make_seed() knows it */
	if (!rc)
		rc = aes_cfb_encrypt((struct bytes){ sym, sym_len }, inner, inner_len, e);
	if (!rc)
		rc = kdfa(alg, seed_bytes, "INTEGRITY", BYTES_NONE, (u32)len * 8, mac_key, e);
	if (!rc)
		rc = hmac(alg, (struct bytes){ mac_key, len }, pieces, 2, &mac, e);
	secret_wipe(sym, sizeof(sym));
	secret_wipe(mac_key, sizeof(mac_key));
	if (rc)
		return rc;
	write_be16(out, (u16)(2 + len + inner_len));
	write_2b(out, digest_bytes(&mac));
	write_bytes(out, (struct bytes){ inner, inner_len });
	return out->full ? err_set(e, E_MEMORY, "no room for a wrapped object") : 0;
}

int tpm_make_credential(const struct tpm_public *ek, struct bytes ak_name, struct bytes secret,
			struct writer *id_object, struct writer *encrypted_secret, struct err *e)
{
	u8 seed[DIGEST_MAX], inner[2 + 32];
	struct writer w = writer_on(inner, sizeof(inner));
	int rc;

	write_2b(&w, secret);
	if (w.full)
		return err_set(e, E_INTERNAL, "credential longer than 32 bytes");
	rc = make_seed(ek, "IDENTITY", seed, encrypted_secret, e);
	if (!rc)
		rc = outer_wrap(ek, seed, ak_name, inner, w.len, id_object, e);
	secret_wipe(seed, sizeof(seed));
	secret_wipe(inner, sizeof(inner));
	return rc;
}

static void write_sealed_public(struct bytes obfuscation, struct bytes data,
				const struct digest *auth_policy, struct writer *w)
{
	struct bytes pieces[] = { obfuscation, data };
	struct digest unique = digest_of(DIGEST_SHA256, pieces, 2);

	write_be16(w, TPM_ALG_KEYEDHASH);
	write_be16(w, TPM_ALG_SHA256);
	write_be32(w, TPMA_NO_DA);
	write_2b(w, digest_bytes(auth_policy));
	write_be16(w, TPM_ALG_NULL);
	write_2b(w, digest_bytes(&unique));
}

int tpm_seal_for(const struct tpm_public *parent, struct bytes data,
		 const struct digest *auth_policy, struct writer *public_2b,
		 struct writer *private_2b, struct writer *secret_2b, struct err *e)
{
	u8 seed[DIGEST_MAX], obfuscation[32], public_room[128], name[TPM_NAME_MAX];
	u8 inner[2 + 2 + 2 + 2 + 32 + 2 + 128];
	struct writer pw = writer_on(public_room, sizeof(public_room));
	struct writer iw = writer_on(inner, sizeof(inner));
	struct tpm_public object;
	size_t name_len;
	int rc;

	if (data.len == 0 || data.len > 128)
		return err_set(e, E_INTERNAL, "sealed data of %zu bytes", data.len);
	if (random_bytes(obfuscation, sizeof(obfuscation), e))
		return (int)e->code;
	write_sealed_public(BYTES(obfuscation), data, auth_policy, &pw);
	if (tpm_public_parse(write_done(&pw), &object, e))
		return err_while(e, "sealed object");
	name_len = tpm_public_name(&object, name);
	write_2b(public_2b, write_done(&pw));

	write_be16(&iw,
		   (u16)(2 + 2 + 2 + sizeof(obfuscation) + 2 + data.len)); /* TPM2B_SENSITIVE */
	write_be16(&iw, TPM_ALG_KEYEDHASH);
	write_be16(&iw, 0); /* no authValue */
	write_2b(&iw, BYTES(obfuscation));
	write_2b(&iw, data);
	rc = make_seed(parent, "DUPLICATE", seed, secret_2b, e);
	if (!rc)
		rc = outer_wrap(parent, seed, (struct bytes){ name, name_len }, inner, iw.len,
				private_2b, e);
	secret_wipe(seed, sizeof(seed));
	secret_wipe(inner, sizeof(inner));
	secret_wipe(obfuscation, sizeof(obfuscation));
	if (!rc && public_2b->full)
		rc = err_set(e, E_MEMORY, "no room for a sealed object");
	return rc;
}
