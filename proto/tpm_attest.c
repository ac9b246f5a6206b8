// SPDX-License-Identifier: Apache-2.0
#include "tpm_attest.h"

static const struct {
	u16 tpm;
	enum digest_alg alg;
} algs[] = {
	{ TPM_ALG_SHA1, DIGEST_SHA1 },
	{ TPM_ALG_SHA256, DIGEST_SHA256 },
	{ TPM_ALG_SHA384, DIGEST_SHA384 },
	{ TPM_ALG_SHA512, DIGEST_SHA512 },
};

enum digest_alg tpm_digest_alg(u16 tpm_alg)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (algs[i].tpm == tpm_alg)
			return algs[i].alg;
	return DIGEST_NONE;
}

u16 tpm_alg_of(enum digest_alg alg)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (algs[i].alg == alg)
			return algs[i].tpm;
	return TPM_ALG_NULL;
}

static struct bytes read_2b(struct reader *r, const char *field)
{
	u16 len = read_be16(r, field);

	if (len > TPM_STRUCT_MAX)
		reader_fail(r, field);
	return read_bytes(r, len, field);
}

void tpm_selection_write(const struct tpm_selection *s, struct writer *w)
{
	write_be32(w, (u32)s->n);
	for (size_t i = 0; i < s->n; i++) {
		write_be16(w, s->bank[i].alg);
		write_u8(w, 3);
		write_le24(w, s->bank[i].pcrs);
	}
}

static void read_selection(struct reader *r, struct tpm_selection *s)
{
	u32 n = read_be32(r, "pcrSelect.count");

	if (!r->why && n > TPM_BANKS_MAX)
		reader_fail(r, "pcrSelect.count");
	for (u32 i = 0; i < n && !r->why; i++) {
		u8 size;

		s->bank[i].alg = read_be16(r, "pcrSelect.hash");
		size = read_u8(r, "pcrSelect.sizeofSelect");
		if (!r->why && (size < 1 || size > 3))
			reader_fail(r, "pcrSelect.sizeofSelect");
		for (u8 k = 0; k < size && !r->why; k++)
			s->bank[i].pcrs |= (u32)read_u8(r, "pcrSelect.pcrSelect") << (8 * k);
		for (u32 k = 0; k < i; k++)
			if (s->bank[k].alg == s->bank[i].alg)
				reader_fail(r, "pcrSelect.hash twice");
	}
	s->n = r->why ? 0 : n;
}

int tpm_attest_parse(struct bytes attest, struct tpm_attest *out, struct err *e)
{
	struct reader r = reader_on(attest);
	struct tpm_attest a = { 0 };
	u8 safe;

	if (read_be32(&r, "magic") != TPM_GENERATED)
		reader_fail(&r, "magic is not TPM_GENERATED_VALUE");
	a.type = read_be16(&r, "type");
	a.qualified_signer = read_2b(&r, "qualifiedSigner");
	a.extra_data = read_2b(&r, "extraData");
	a.clock.clock_ms = read_be64(&r, "clockInfo.clock");
	a.clock.reset_count = read_be32(&r, "clockInfo.resetCount");
	a.clock.restart_count = read_be32(&r, "clockInfo.restartCount");
	safe = read_u8(&r, "clockInfo.safe");
	if (safe > 1)
		reader_fail(&r, "clockInfo.safe");
	a.clock.safe = safe == 1;
	a.firmware_version = read_be64(&r, "firmwareVersion");
	if (a.type == TPM_ST_ATTEST_QUOTE) {
		read_selection(&r, &a.selection);
		a.pcr_digest = read_2b(&r, "pcrDigest");
	} else if (a.type == TPM_ST_ATTEST_CERTIFY) {
		a.name = read_2b(&r, "name");
		a.qualified_name = read_2b(&r, "qualifiedName");
	} else if (a.type == TPM_ST_ATTEST_NV) {
		a.name = read_2b(&r, "indexName");
		a.nv_offset = read_be16(&r, "offset");
		a.nv_contents = read_2b(&r, "nvContents");
	} else {
		reader_fail(&r, "type is none of quote, certify and NV certify");
	}
	if (read_done(&r))
		return err_set(e, E_FORMAT, "TPMS_ATTEST: %s", r.why);
	*out = a;
	return 0;
}

static void take_padded(struct reader *r, const char *field, u8 *out, size_t size)
{
	struct bytes b = read_2b(r, field);

	while (b.len > size && b.at[0] == 0) /* tolerated: leading zeros */
		b = (struct bytes){ b.at + 1, b.len - 1 };
	if (b.len > size) {
		reader_fail(r, field);
		return;
	}
	memset(out, 0, size - b.len);
	if (b.len)
		memcpy(out + size - b.len, b.at, b.len);
}

int tpm_signature_parse(struct bytes sig, const struct pubkey *key, struct tpm_signature *out,
			struct err *e)
{
	struct reader r = reader_on(sig);
	struct tpm_signature s = { 0 };
	u16 alg = read_be16(&r, "sigAlg");
	u16 hash = read_be16(&r, "signature.hash");

	s.hash = tpm_digest_alg(hash);
	s.len = pubkey_sig_len(key);
	if (!r.why && (s.hash == DIGEST_NONE || s.hash == DIGEST_SHA1))
		reader_fail(&r, "signature.hash is not SHA-256, SHA-384 or SHA-512");
	if (alg == TPM_ALG_ECDSA && pubkey_kind(key) != KEY_RSA) {
		s.scheme = SIG_ECDSA;
		take_padded(&r, "signatureR", s.raw, s.len / 2);
		take_padded(&r, "signatureS", s.raw + s.len / 2, s.len / 2);
	} else if ((alg == TPM_ALG_RSASSA || alg == TPM_ALG_RSAPSS) &&
		   pubkey_kind(key) == KEY_RSA) {
		s.scheme = alg == TPM_ALG_RSAPSS ? SIG_RSAPSS : SIG_RSASSA;
		take_padded(&r, "sig", s.raw, s.len);
	} else {
		reader_fail(&r, "sigAlg does not fit the key");
	}
	if (read_done(&r))
		return err_set(e, E_FORMAT, "TPMT_SIGNATURE: %s", r.why);
	*out = s;
	return 0;
}

static void read_symmetric(struct reader *r, struct tpm_public *p)
{
	p->symmetric = read_be16(r, "symmetric.algorithm");
	if (p->symmetric == TPM_ALG_NULL)
		return;
	if (p->symmetric != TPM_ALG_AES)
		reader_fail(r, "symmetric.algorithm");
	p->symmetric_bits = read_be16(r, "symmetric.keyBits");
	p->symmetric_mode = read_be16(r, "symmetric.mode");
}

static void read_scheme(struct reader *r, struct tpm_public *p)
{
	p->scheme = read_be16(r, "scheme");
	if (p->scheme == TPM_ALG_NULL)
		return;
	if (p->scheme != TPM_ALG_ECDSA && p->scheme != TPM_ALG_RSASSA &&
	    p->scheme != TPM_ALG_RSAPSS)
		reader_fail(r, "scheme");
	p->scheme_hash = read_be16(r, "scheme.hashAlg");
}

static void read_parameters(struct reader *r, struct tpm_public *p)
{
	switch (p->type) {
	case TPM_ALG_ECC:
		read_symmetric(r, p);
		read_scheme(r, p);
		p->curve = read_be16(r, "curveID");
		if (read_be16(r, "kdf") != TPM_ALG_NULL)
			reader_fail(r, "kdf");
		p->unique_x = read_2b(r, "unique.x");
		p->unique_y = read_2b(r, "unique.y");
		break;
	case TPM_ALG_RSA:
		read_symmetric(r, p);
		read_scheme(r, p);
		p->rsa_bits = read_be16(r, "keyBits");
		p->exponent = read_be32(r, "exponent");
		p->unique_x = read_2b(r, "unique");
		break;
	case TPM_ALG_KEYEDHASH:
		p->scheme = read_be16(r, "scheme");
		if (p->scheme != TPM_ALG_NULL)
			reader_fail(r, "scheme");
		p->unique_x = read_2b(r, "unique");
		break;
	default:
		reader_fail(r, "type");
	}
}

int tpm_public_parse(struct bytes pub, struct tpm_public *out, struct err *e)
{
	struct reader r = reader_on(pub);
	struct tpm_public p = { .bytes = pub };

	p.type = read_be16(&r, "type");
	p.name_alg = read_be16(&r, "nameAlg");
	p.attributes = read_be32(&r, "objectAttributes");
	p.auth_policy = read_2b(&r, "authPolicy");
	read_parameters(&r, &p);
	if (read_done(&r))
		return err_set(e, E_FORMAT, "TPMT_PUBLIC: %s", r.why);
	*out = p;
	return 0;
}

int tpm_public_key(const struct tpm_public *p, struct pubkey **out, struct err *e)
{
	static const struct {
		u16 curve;
		enum key_kind kind;
	} curves[] = {
		{ TPM_ECC_NIST_P256, KEY_P256 },
		{ TPM_ECC_NIST_P384, KEY_P384 },
		{ TPM_ECC_NIST_P521, KEY_P521 },
	};

	if (p->type == TPM_ALG_RSA) {
		if (p->unique_x.len * 8 != p->rsa_bits)
			return err_set(e, E_FORMAT,
				       "TPMT_PUBLIC: keyBits is not the modulus' size");
		return pubkey_from_rsa(p->unique_x, p->exponent ? p->exponent : 65537, out, e);
	}
	for (size_t i = 0; p->type == TPM_ALG_ECC && i < ARRAY_LEN(curves); i++)
		if (p->curve == curves[i].curve)
			return pubkey_from_ec(curves[i].kind, p->unique_x, p->unique_y, out, e);
	return err_set(e, E_UNSUPPORTED, "TPMT_PUBLIC: not an RSA key or a NIST curve");
}

static size_t name_of(u16 alg, const struct bytes *pieces, size_t n, u8 out[TPM_NAME_MAX])
{
	struct writer w = writer_on(out, TPM_NAME_MAX);
	struct digest d;

	if (tpm_digest_alg(alg) == DIGEST_NONE)
		return 0;
	d = digest_of(tpm_digest_alg(alg), pieces, n);
	write_be16(&w, alg);
	write_bytes(&w, digest_bytes(&d));
	return w.len;
}

size_t tpm_public_name(const struct tpm_public *p, u8 out[TPM_NAME_MAX])
{
	return name_of(p->name_alg, &p->bytes, 1, out);
}

int tpm_ueid(struct bytes ek_pub, u8 out[UEID_LEN], struct err *e)
{
	struct tpm_public ek;
	u8 name[TPM_NAME_MAX];
	struct digest d;
	size_t len;

	if (tpm_public_parse(ek_pub, &ek, e))
		return err_while(e, "EK");
	len = tpm_public_name(&ek, name);
	if (!len)
		return err_set(e, E_UNSUPPORTED, "EK: name algorithm");
	d = sha256_of((struct bytes){ name, len });
	out[0] = 0x01;
	memcpy(out + 1, d.at, 32);
	return 0;
}

size_t tpm_qualified_name(u32 hierarchy, struct bytes name, u8 out[TPM_NAME_MAX])
{
	struct reader r = reader_on(name);
	u16 alg = read_be16(&r, "nameAlg");
	u8 handle[4];
	struct writer w = writer_on(handle, sizeof(handle));
	struct bytes pieces[] = { BYTES(handle), name };

	write_be32(&w, hierarchy);
	return r.why ? 0 : name_of(alg, pieces, 2, out);
}
