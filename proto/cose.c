// SPDX-License-Identifier: Apache-2.0
#include "cose.h"

#include <string.h>

enum { TAG_COSE_SIGN1 = 18 };

static const struct {
	long long alg;
	enum key_kind kind;
	enum sig_scheme scheme;
	enum digest_alg hash;
} algs[] = {
	{ COSE_ES256, KEY_P256, SIG_ECDSA, DIGEST_SHA256 },
	{ COSE_ES384, KEY_P384, SIG_ECDSA, DIGEST_SHA384 },
	{ COSE_ES512, KEY_P521, SIG_ECDSA, DIGEST_SHA512 },
	{ COSE_PS256, KEY_RSA, SIG_RSAPSS, DIGEST_SHA256 },
	{ COSE_PS384, KEY_RSA, SIG_RSAPSS, DIGEST_SHA384 },
	{ COSE_PS512, KEY_RSA, SIG_RSAPSS, DIGEST_SHA512 },
};

static int row_of(long long alg)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (algs[i].alg == alg)
			return (int)i;
	return -1;
}

/* Labels of both buckets: one that stands in each is two answers to one question (RFC 9052 3). */
struct labels {
	size_t n;
	struct label {
		long long number;
		struct bytes text; /* a number has none */
	} at[COSE_HEADERS_MAX];
};

static struct label take_label(struct cbor *c, struct labels *seen)
{
	struct label l = { 0 };

	if (cbor_peek(c) == CBOR_TEXT)
		l.text = cbor_text(c, "header");
	else
		l.number = cbor_int(c, "header");
	if (!c->r.why && seen->n == COSE_HEADERS_MAX)
		cbor_fail_with(c, E_LIMIT, "too many headers");
	for (size_t i = 0; i < seen->n; i++)
		if (!l.text.at == !seen->at[i].text.at && l.number == seen->at[i].number &&
		    bytes_equal(l.text, seen->at[i].text))
			cbor_fail(c, "one header in both buckets");
	if (!c->r.why)
		seen->at[seen->n++] = l;
	return l;
}

static void take_alg(struct cbor *c, struct cose_sign1 *out)
{
	if (cbor_peek(c) == CBOR_TEXT)
		cbor_fail_with(c, E_UNSUPPORTED, "alg is not one of ours");
	out->alg = cbor_int(c, "alg");
}

/* What counts only under the signature. Return: whether the header was one of these. */
static bool take_protected(struct cbor *c, long long key, struct cose_sign1 *out)
{
	if (key == COSE_HDR_ALG)
		take_alg(c, out);
	else if (key == COSE_HDR_CONTENT_TYPE && cbor_peek(c) == CBOR_TEXT)
		out->content_type = cbor_text(c, "content type");
	else if (key == COSE_HDR_CORIM_META)
		out->corim_meta = cbor_bytes(c, "corim-meta");
	else if (key == COSE_HDR_CWT_CLAIMS)
		out->cwt_claims = cbor_item(c, "CWT Claims");
	else if (key == COSE_HDR_PAYLOAD_HASH_ALG && cbor_peek(c) != CBOR_TEXT)
		out->hash_alg = cbor_int(c, "payload hash alg");
	else if (key == COSE_HDR_PAYLOAD_CONTENT_TYPE && cbor_peek(c) == CBOR_TEXT)
		out->preimage_type = cbor_text(c, "payload preimage content type");
	else
		return false;
	return true;
}

/* Headers of one bucket. Unknown ones are passed over, unless crit says they matter. */
static void read_headers(struct cbor *c, bool protected, struct labels *seen,
			 struct cose_sign1 *out)
{
	size_t n = cbor_map(c, "header map");

	*(protected ? &out->bare_protected : &out->bare_unprotected) = n == (protected ? 1 : 0);
	for (size_t i = 0; i < n && !c->r.why; i++) {
		struct label l = take_label(c, seen);

		if (c->r.why)
			return;
		if (l.text.at) {
			cbor_item(c, "header");
			continue;
		}
		out->hash_envelope |= l.number >= COSE_HDR_PAYLOAD_HASH_ALG &&
				      l.number <= COSE_HDR_PAYLOAD_LOCATION;
		if (protected && take_protected(c, l.number, out))
			continue;
		if (l.number == COSE_HDR_CRIT)
			cbor_fail_with(c, E_UNSUPPORTED,
				       "crit: a header that must be understood is not");
		else if (l.number == COSE_HDR_KID && cbor_peek(c) == CBOR_BYTES)
			out->kid = cbor_bytes(c, "kid");
		else if (l.number == COSE_HDR_X5CHAIN)
			out->x5chain = cbor_item(c, "x5chain");
		else
			cbor_item(c, "header");
	}
	cbor_end(c);
}

int cose_sign1_parse(struct bytes b, enum cbor_mode mode, struct cose_sign1 *out, struct err *e)
{
	struct cbor c = cbor_on(b, mode), headers;
	struct cose_sign1 s = { 0 };
	struct labels seen = { 0 };

	if (cbor_check(b, mode, e))
		return err_while(e, "COSE_Sign1");
	if (cbor_peek(&c) != CBOR_TAG || cbor_tag(&c, "tag") != TAG_COSE_SIGN1)
		return err_set(e, E_FORMAT, "not a COSE_Sign1 (tag 18)");
	if (cbor_array(&c, "COSE_Sign1 array") != 4)
		cbor_fail(&c, "COSE_Sign1 is not an array of four");
	s.protected = cbor_bytes(&c, "protected headers");
	read_headers(&c, false, &seen, &s);
	s.detached = cbor_peek(&c) == CBOR_NULL;
	if (s.detached)
		cbor_item(&c, "payload");
	else
		s.payload = cbor_bytes(&c, "payload");
	s.signature = cbor_bytes(&c, "signature");
	cbor_end(&c);
	if (cbor_done(&c))
		return err_set(e, cbor_code(&c), "COSE_Sign1: %s", c.r.why);
	if (!s.protected.len)
		return err_set(e, E_FORMAT, "COSE_Sign1: no protected headers");
	if (cbor_check(s.protected, mode, e))
		return err_while(e, "COSE_Sign1: protected headers");
	headers = cbor_on(s.protected, mode);
	read_headers(&headers, true, &seen, &s);
	if (cbor_done(&headers))
		return err_set(e, cbor_code(&headers), "COSE_Sign1: %s", headers.r.why);
	if (!s.alg) /* 0 is reserved */
		return err_set(e, E_FORMAT, "COSE_Sign1: alg is not among the protected headers");
	*out = s;
	return 0;
}

/* Sig_structure up to its last item's head: the payload itself follows as a second piece. */
static void put_to_be_signed(struct bytes protected, size_t payload_len, struct writer *w)
{
	cbor_put_array(w, 4);
	cbor_put_text(w, bytes_text("Signature1"));
	cbor_put_bytes(w, protected);
	cbor_put_bytes(w, BYTES_NONE);
	cbor_put_bytes_head(w, payload_len);
}

int cose_sign1_verify(const struct cose_sign1 *c, const struct pubkey *key, struct err *e)
{
	OWNED(buf) tbs = buf_new(c->protected.len + 64);
	int row = row_of(c->alg);
	struct bytes pieces[2];

	if (row < 0)
		return err_set(e, E_UNSUPPORTED, "unsupported algorithm: COSE alg %lld", c->alg);
	if (pubkey_kind(key) != algs[row].kind)
		return err_set(e, E_SIGNATURE, "COSE alg %lld does not fit the key", c->alg);
	if (!tbs)
		return err_set(e, E_MEMORY, "no memory for a signature check");
	put_to_be_signed(c->protected, c->payload.len, &tbs->w);
	pieces[0] = buf_bytes(tbs);
	pieces[1] = c->payload;
	return pubkey_verify(key, algs[row].scheme, algs[row].hash, pieces, 2, c->signature, e);
}

long long cose_alg_of(const struct pubkey *key)
{
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (algs[i].kind == pubkey_kind(key) && algs[i].scheme == SIG_ECDSA)
			return algs[i].alg;
	return 0;
}

int cose_sign1_write(struct bytes protected, struct bytes payload, const struct keypair *key,
		     struct writer *out, struct err *e)
{
	OWNED(buf) tbs = buf_new(protected.len + 64);
	u8 room[SPDM_SIG_MAX];
	struct writer sig = writer_on(room, sizeof(room));
	int row = row_of(cose_alg_of(keypair_pub(key)));
	struct bytes pieces[2];

	if (row < 0)
		return err_set(e, E_UNSUPPORTED, "COSE: key is not on a NIST curve");
	if (cbor_written(protected, "protected headers", e))
		return (int)e->code;
	if (!tbs)
		return err_set(e, E_MEMORY, "no memory for a signature");
	put_to_be_signed(protected, payload.len, &tbs->w);
	pieces[0] = buf_bytes(tbs);
	pieces[1] = payload;
	if (keypair_sign(key, algs[row].scheme, algs[row].hash, pieces, 2, &sig, e))
		return (int)e->code;
	cbor_put_tag(out, TAG_COSE_SIGN1);
	cbor_put_array(out, 4);
	cbor_put_bytes(out, protected);
	cbor_put_map(out, 0);
	cbor_put_bytes(out, payload);
	cbor_put_bytes(out, write_done(&sig));
	return out->full ? err_set(e, E_MEMORY, "no room for a COSE_Sign1") : 0;
}

/* ---- keys ---- */
int cose_key_write(const struct pubkey *key, struct writer *out, struct err *e)
{
	u8 x[32], y[32];

	if (pubkey_kind(key) != KEY_P256)
		return err_set(e, E_UNSUPPORTED, "COSE_Key: not a P-256 key");
	if (pubkey_xy(key, x, y, 32, e))
		return (int)e->code;
	cbor_put_map(out, 4);
	cbor_put_int(out, 1);
	cbor_put_int(out, 2); /* EC2 */
	cbor_put_int(out, -1);
	cbor_put_int(out, 1); /* P-256 */
	cbor_put_int(out, -2);
	cbor_put_bytes(out, BYTES(x));
	cbor_put_int(out, -3);
	cbor_put_bytes(out, BYTES(y));
	return 0;
}

int cose_key_read(struct cbor *c, struct pubkey **out, struct err *e)
{
	struct bytes x, y;
	bool ok = cbor_map(c, "COSE_Key") == 4 && cbor_int(c, "kty") == 1 &&
		  cbor_int(c, "kty") == 2 && cbor_int(c, "crv") == -1 && cbor_int(c, "crv") == 1 &&
		  cbor_int(c, "x") == -2;

	x = cbor_bytes(c, "x");
	ok = ok && cbor_int(c, "y") == -3;
	y = cbor_bytes(c, "y");
	if (!ok || c->r.why || x.len != 32 || y.len != 32)
		return err_set(e, E_FORMAT, "COSE_Key is not a P-256 key in its one form");
	return pubkey_from_ec(KEY_P256, x, y, out, e);
}

int cose_thumbprint(const struct pubkey *key, u8 out[32], struct err *e)
{
	u8 room[128];
	struct writer w = writer_on(room, sizeof(room));
	struct digest d;

	if (cose_key_write(key, &w, e))
		return (int)e->code;
	d = sha256_of(write_done(&w));
	memcpy(out, d.at, 32);
	return 0;
}
