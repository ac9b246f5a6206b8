// SPDX-License-Identifier: Apache-2.0
#include "authority.h"

enum {
	TAG_PEM_KEY = 554,
	TAG_PEM_CERT = 555,
	TAG_KEY_THUMBPRINT = 557,
	TAG_COSE_KEY = 558,
	TAG_DER_CERT = 562,
	NAMED_SHA_256 = 1,
};

void authority_add(struct authority *a, const u8 key_hash[32])
{
	if (a->n < AUTHORITY_KEYS_MAX && !authority_has(a, key_hash))
		memcpy(a->key[a->n++], key_hash, 32);
}

bool authority_has(const struct authority *a, const u8 key_hash[32])
{
	for (size_t i = 0; i < a->n; i++)
		if (!memcmp(a->key[i], key_hash, 32))
			return true;
	return false;
}

bool authority_equal(const struct authority *a, const struct authority *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!authority_has(b, a->key[i]))
			return false;
	return true;
}

bool authority_hash(const struct pubkey *key, u8 out[32])
{
	OWNED(buf) der = buf_new(4096);
	struct err e = { 0 };
	struct digest d;

	if (!der || pubkey_spki(key, &der->w, &e))
		return false;
	d = sha256_of(buf_bytes(der));
	memcpy(out, d.at, 32);
	return true;
}

/* COSE_Key of type EC2. SPEC: RFC 9053 7.1.1 */
static bool hash_of_cose(struct cbor *c, u8 out[32])
{
	static const enum key_kind curves[] = { KEY_UNKNOWN, KEY_P256, KEY_P384, KEY_P521 };
	size_t n = cbor_map(c, "COSE_Key");
	long long kty = 0, curve = 0;
	struct bytes x = BYTES_NONE, y = BYTES_NONE;
	OWNED(pubkey) key = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "label")) {
		case 1:
			kty = cbor_int(c, "kty");
			break;
		case -1:
			curve = cbor_int(c, "crv");
			break;
		case -2:
			x = cbor_bytes(c, "x");
			break;
		case -3:
			y = cbor_bytes(c, "y");
			break;
		default:
			cbor_item(c, "member");
		}
	}
	if (c->r.why || kty != 2 || curve < 1 || curve >= (long long)ARRAY_LEN(curves))
		return false;
	return !pubkey_from_ec(curves[curve], x, y, &key, &e) && authority_hash(key, out);
}

static bool hash_of_pem(u64 tag, struct bytes text, u8 out[32])
{
	OWNED(cert_list) certs = NULL;
	OWNED(pubkey) key = NULL;
	struct err e = { 0 };

	if (tag == TAG_PEM_KEY)
		return !pubkey_from_pem(text, &key, &e) && authority_hash(key, out);
	if (cert_list_from_pem(text, &certs, &e) || certs->n != 1)
		return false;
	memcpy(out, cert_key_hash(certs->at[0]), 32);
	return true;
}

bool authority_key_hash(struct bytes item, u8 out[32])
{
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);
	u64 tag = cbor_peek(&c) == CBOR_TAG ? cbor_tag(&c, "tag") : 0;
	OWNED(cert) cert = NULL;
	struct err e = { 0 };
	struct bytes b;

	switch (tag) {
	case TAG_PEM_KEY:
	case TAG_PEM_CERT:
		b = cbor_text(&c, "PEM");
		return !c.r.why && hash_of_pem(tag, b, out);
	case TAG_COSE_KEY:
		return cbor_peek(&c) == CBOR_MAP && hash_of_cose(&c, out);
	case TAG_DER_CERT:
		if (cert_parse(cbor_bytes(&c, "certificate"), &cert, &e))
			return false;
		memcpy(out, cert_key_hash(cert), 32);
		return true;
	case TAG_KEY_THUMBPRINT:
		if (cbor_array(&c, "digest") != 2 || cbor_peek(&c) != CBOR_UINT ||
		    cbor_uint(&c, "alg") != NAMED_SHA_256)
			return false;
		b = cbor_bytes(&c, "digest");
		if (c.r.why || b.len != 32)
			return false;
		memcpy(out, b.at, 32);
		return true;
	default:
		return false;
	}
}

bool authority_lists(struct bytes keys, const u8 key_hash[32])
{
	struct cbor c = cbor_on(keys, CBOR_WELL_FORMED);
	size_t n = keys.len ? cbor_array(&c, "keys") : 0;
	u8 hash[32];

	for (size_t i = 0; i < n && !c.r.why; i++)
		if (authority_key_hash(cbor_item(&c, "key"), hash) && !memcmp(hash, key_hash, 32))
			return true;
	return false;
}

bool authority_satisfies(struct bytes wanted, const struct authority *have)
{
	struct cbor c = cbor_on(wanted, CBOR_WELL_FORMED);
	size_t n = wanted.len ? cbor_array(&c, "keys") : 0;
	u8 hash[32];

	for (size_t i = 0; i < n && !c.r.why; i++)
		if (!authority_key_hash(cbor_item(&c, "key"), hash) || !authority_has(have, hash))
			return false;
	return !c.r.why;
}
