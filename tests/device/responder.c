// SPDX-License-Identifier: Apache-2.0
/* SPDM 1.0 to 1.3 from the responder's side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ecdsa.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "device.h"

enum {
	RQ_DIGESTS = 0x81,
	RQ_CERTIFICATE = 0x82,
	RQ_CHALLENGE = 0x83,
	RQ_VERSION = 0x84,
	RQ_MEASUREMENTS = 0xe0,
	RQ_CAPABILITIES = 0xe1,
	RQ_ALGORITHMS = 0xe3,
	RQ_RESPOND_IF_READY = 0xff,
};
enum { INVALID = 1, UNEXPECTED = 4, UNSPECIFIED = 5, UNSUPPORTED = 7, VERSION_MISMATCH = 0x41 };

/* A response under construction. */
struct answer {
	uint8_t *at;
	size_t len;
};

static void put(struct answer *a, const void *bytes, size_t n)
{
	if (n)
		memcpy(a->at + a->len, bytes, n);
	a->len += n;
}

static void put_le(struct answer *a, uint64_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		a->at[a->len++] = (uint8_t)v;
}

static void put_random(struct answer *a, size_t n)
{
	RAND_bytes(a->at + a->len, (int)n);
	a->len += n;
}

static uint32_t get_le(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

void session_reset(struct session *s)
{
	octets_clear(&s->a);
	octets_clear(&s->b);
	octets_clear(&s->l);
	s->stage = 0;
	s->version = 0x10;
	s->parked_len = 0;
	s->epoch = s->device->epoch;
}

void session_free(struct session *s)
{
	octets_free(&s->a);
	octets_free(&s->b);
	octets_free(&s->l);
}

static size_t error(struct session *s, uint8_t *out, uint8_t code, uint8_t data)
{
	uint8_t m[4] = { s->stage ? s->version : 0x10, 0x7f, code, data };

	octets_clear(&s->l); /* an ERROR ends a run of measurements on both sides */
	memcpy(out, m, 4);
	return 4;
}

/* ---- hostile modes hook in at two places ---- */
static void alter(struct session *s, struct answer *a, enum phase phase)
{
	const struct hostile_mode *m = s->device->mode;

	if (m && m->alter && m->phase == phase && a->len >= 2 && m->response == a->at[1])
		m->alter(s, a->at, &a->len);
}

/* ---- signing ---- */
static bool is_pss(uint32_t asym)
{
	return asym == 1u << 1 || asym == 1u << 3 || asym == 1u << 6;
}

static void raw_ecdsa(const uint8_t *der, size_t der_len, uint8_t *out, size_t half)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);

	memset(out, 0, 2 * half);
	if (sig) {
		BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half);
		BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half);
	}
	ECDSA_SIG_free(sig);
}

/* 1.0, 1.1: the transcript itself is the message. 1.2+: a 100-byte prefix and the transcript's hash. */
static void sign(struct session *s, int slot, const char *context, const struct octets *transcript,
		 struct answer *a)
{
	struct device *d = s->device;
	const EVP_MD *md = hash_md(d->hash);
	uint8_t message[100 + 64], made[600];
	const uint8_t *data = transcript->at;
	size_t len = transcript->len, made_len = sizeof(made), size = sig_size(d->asym);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	struct timespec t0, t1;
	unsigned int n = 0;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	if (s->version >= 0x12) {
		memset(message, 0, 100);
		for (int i = 0; i < 4; i++) {
			memcpy(message + 16 * i, "dmtf-spdm-v1.0.*", 16);
			message[16 * i + 13] = (uint8_t)('0' + s->version % 16);
		}
		memcpy(message + 100 - strlen(context), context, strlen(context));
		EVP_Digest(transcript->at, transcript->len, message + 100, &n, md, NULL);
		data = message;
		len = 100 + n;
	}
	memset(a->at + a->len, 0, size);
	if (EVP_DigestSignInit(ctx, &pctx, md, NULL, d->slots[slot].key) > 0) {
		if (is_pss(d->asym)) {
			EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
			EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
		}
		if (EVP_DigestSign(ctx, made, &made_len, data, len) > 0) {
			if (EVP_PKEY_is_a(d->slots[slot].key, "EC"))
				raw_ecdsa(made, made_len, a->at + a->len, size / 2);
			else
				memcpy(a->at + a->len, made, size);
		}
	}
	EVP_MD_CTX_free(ctx);
	a->len += size;
	clock_gettime(CLOCK_MONOTONIC, &t1);
	d->signatures++;
	d->sign_us += (unsigned long)((t1.tv_sec - t0.tv_sec) * 1000000 +
				      (t1.tv_nsec - t0.tv_nsec) / 1000);
}

/* ---- messages ---- */
static size_t on_version(struct session *s, const uint8_t *rq, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };

	session_reset(s);
	put(&a, "\x10\x04\0\0\0", 5);
	put_le(&a, d->n_versions, 1);
	for (size_t i = 0; i < d->n_versions; i++)
		put_le(&a, (uint64_t)d->versions[i] << 8, 2);
	alter(s, &a, ON_BODY);
	octets_add(&s->a, rq, 4);
	octets_add(&s->a, a.at, a.len);
	s->stage = 1;
	return a.len;
}

static bool offers(const struct device *d, uint8_t version)
{
	for (size_t i = 0; i < d->n_versions; i++)
		if (d->versions[i] == version)
			return true;
	return false;
}

static size_t on_capabilities(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };
	size_t want = rq[0] == 0x10 ? 4 : rq[0] == 0x11 ? 12 : 20;

	if (s->stage != 1)
		return error(s, out, UNEXPECTED, 0);
	if (!offers(d, rq[0]))
		return error(s, out, VERSION_MISMATCH, 0);
	if (len < want || (want == 20 && get_le(rq + 12, 4) < 42))
		return error(s, out, INVALID, 0);
	s->version = rq[0];
	put_le(&a, s->version, 1);
	put(&a, "\x61\0\0\0", 4);
	put_le(&a, d->ct_exponent, 1);
	put_le(&a, 0, 2);
	put_le(&a, s->version == 0x10 ? d->flags & 0x3f : d->flags, 4);
	if (s->version >= 0x12) {
		put_le(&a, MESSAGE_MAX, 4);
		put_le(&a, MESSAGE_MAX, 4);
	}
	alter(s, &a, ON_BODY);
	octets_add(&s->a, rq, want);
	octets_add(&s->a, a.at, a.len);
	s->stage = 2;
	return a.len;
}

static size_t on_algorithms(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };
	uint32_t length, asym, hash;
	uint8_t meas_spec, other;

	if (s->stage != 2)
		return error(s, out, UNEXPECTED, 0);
	if (len < 32)
		return error(s, out, INVALID, 0);
	length = get_le(rq + 4, 2);
	if (length < 32 || length > len)
		return error(s, out, INVALID, 0);
	meas_spec = rq[6] & 1;
	other = s->version >= 0x12 ? rq[7] & 0x0f : 0;
	asym = get_le(rq + 8, 4) & d->asym;
	hash = get_le(rq + 12, 4) & d->hash;
	s->asym_offered = get_le(rq + 8, 4);
	put_le(&a, s->version, 1);
	put(&a, "\x63\0\0", 3);
	put_le(&a, 36, 2);
	put_le(&a, d->flags & 0x18 ? meas_spec : 0, 1);
	put_le(&a, other & 2 ? 2 : other & 1, 1);
	put_le(&a, d->flags & 0x18 && meas_spec ? d->meas_hash : 0, 4);
	put_le(&a, asym, 4);
	put_le(&a, hash, 4);
	put_le(&a, 0, 8); /* 1.4's PQC, reserved */
	put_le(&a, 0, 8); /* reserved, MEL, extended counts, reserved */
	alter(s, &a, ON_BODY);
	octets_add(&s->a, rq, length);
	octets_add(&s->a, a.at, a.len);
	s->stage = 3;
	return a.len;
}

static uint8_t slot_mask(const struct device *d)
{
	uint8_t mask = 0;

	for (int i = 0; i < SLOTS; i++)
		if (d->slots[i].key)
			mask |= (uint8_t)(1u << i);
	return mask;
}

static void put_chain_hash(struct session *s, int slot, struct answer *a)
{
	struct device *d = s->device;
	unsigned int n = 0;

	EVP_Digest(d->slots[slot].chain.at, d->slots[slot].chain.len, a->at + a->len, &n,
		   hash_md(d->hash), NULL);
	a->len += n;
}

static size_t on_digests(struct session *s, const uint8_t *rq, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };

	put_le(&a, s->version, 1);
	put_le(&a, 1, 1);
	put_le(&a, s->version >= 0x13 ? slot_mask(d) : 0, 1);
	put_le(&a, slot_mask(d), 1);
	for (int i = 0; i < SLOTS; i++)
		if (d->slots[i].key)
			put_chain_hash(s, i, &a);
	alter(s, &a, ON_BODY);
	octets_clear(&s->b);
	octets_clear(&s->l);
	octets_add(&s->b, rq, 4);
	octets_add(&s->b, a.at, a.len);
	return a.len;
}

static size_t on_certificate(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };
	uint32_t offset, length, left;
	int slot = rq[2] & 15;

	if (len < 8 || slot >= SLOTS || !d->slots[slot].key)
		return error(s, out, INVALID, 0);
	offset = get_le(rq + 4, 2);
	length = get_le(rq + 6, 2);
	if (offset >= d->slots[slot].chain.len || length == 0)
		return error(s, out, INVALID, 0);
	left = (uint32_t)d->slots[slot].chain.len - offset;
	if (length > left)
		length = left;
	if (length > d->portion_max)
		length = d->portion_max;
	put_le(&a, s->version, 1);
	put_le(&a, 2, 1);
	put_le(&a, (uint64_t)slot, 1);
	put_le(&a, s->version >= 0x13 ? 1 : 0, 1); /* device certificate model */
	put_le(&a, length, 2);
	put_le(&a, left - length, 2);
	put(&a, d->slots[slot].chain.at + offset, length);
	alter(s, &a, ON_BODY);
	octets_clear(&s->l);
	octets_add(&s->b, rq, 8);
	octets_add(&s->b, a.at, a.len);
	return a.len;
}

/* BaseHash over the measurement blocks; type 1: those of the TCB only. */
static void put_summary(struct session *s, uint8_t type, struct answer *a)
{
	struct device *d = s->device;
	struct block *blocks = calloc(256, sizeof(*blocks));
	int n = blocks ? measurements_load(d, blocks, 254) : 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int size = 0;

	EVP_DigestInit_ex(ctx, hash_md(d->hash), NULL);
	for (int i = 0; i < n; i++) {
		uint8_t header[7] = { blocks[i].index, 1, 0, 0, blocks[i].type, 0, 0 };

		if (type == 1 && (blocks[i].type & 0x7f) > 1)
			continue;
		header[2] = (uint8_t)(blocks[i].len + 3);
		header[3] = (uint8_t)((blocks[i].len + 3) >> 8);
		header[5] = (uint8_t)blocks[i].len;
		header[6] = (uint8_t)(blocks[i].len >> 8);
		EVP_DigestUpdate(ctx, header, sizeof(header));
		EVP_DigestUpdate(ctx, blocks[i].value, blocks[i].len);
	}
	EVP_DigestFinal_ex(ctx, a->at + a->len, &size);
	a->len += size;
	EVP_MD_CTX_free(ctx);
	free(blocks);
}

static size_t on_challenge(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };
	struct octets m1 = { 0 };
	int slot = rq[2];
	size_t want = s->version >= 0x13 ? 44 : 36;

	if (!(d->flags & 4))
		return error(s, out, UNSUPPORTED, RQ_CHALLENGE);
	if (len < want || slot >= SLOTS || !d->slots[slot].key ||
	    (rq[3] != 0 && rq[3] != 1 && rq[3] != 0xff))
		return error(s, out, INVALID, 0);
	put_le(&a, s->version, 1);
	put_le(&a, 3, 1);
	put_le(&a, (uint64_t)slot, 1);
	put_le(&a, slot_mask(d), 1);
	put_chain_hash(s, slot, &a);
	put_random(&a, 32);
	if (rq[3] && d->flags & 0x18)
		put_summary(s, rq[3], &a);
	put_le(&a, 0, 2);
	if (s->version >= 0x13)
		put(&a, rq + 36, 8);
	alter(s, &a, ON_BODY);
	octets_add(&m1, s->a.at, s->a.len);
	octets_add(&m1, s->b.at, s->b.len);
	octets_add(&m1, rq, want);
	octets_add(&m1, a.at, a.len);
	sign(s, slot, "responder-challenge_auth signing", &m1, &a);
	octets_free(&m1);
	octets_clear(&s->b);
	octets_clear(&s->l);
	alter(s, &a, ON_SIGNED);
	return a.len;
}

static int put_record(struct session *s, uint8_t operation, struct answer *a)
{
	struct block *blocks = calloc(256, sizeof(*blocks));
	int n = blocks ? measurements_load(s->device, blocks, 254) : -1, sent = 0;
	size_t count_at = a->len, len_at = a->len + 1, start = a->len + 4;

	a->len += 4;
	for (int i = 0; i < n; i++) {
		if (operation == 0 || (operation != 0xff && operation != blocks[i].index))
			continue;
		if (a->len + blocks[i].len + 7 > MESSAGE_MAX - 700)
			break;
		put_le(a, blocks[i].index, 1);
		put_le(a, 1, 1);
		put_le(a, (uint64_t)blocks[i].len + 3, 2);
		put_le(a, blocks[i].type, 1);
		put_le(a, blocks[i].len, 2);
		put(a, blocks[i].value, blocks[i].len);
		sent++;
	}
	free(blocks);
	a->at[count_at] = (uint8_t)sent;
	a->at[len_at] = (uint8_t)(a->len - start);
	a->at[len_at + 1] = (uint8_t)((a->len - start) >> 8);
	a->at[len_at + 2] = 0;
	return operation == 0 ? n : sent;
}

static size_t on_measurements(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	struct device *d = s->device;
	struct answer a = { out, 0 };
	bool signed_ = rq[2] & 1;
	size_t want = 4u + (signed_ ? (s->version >= 0x11 ? 33u : 32u) : 0u) +
		      (s->version >= 0x13 ? 8u : 0u);
	int slot = 0, n;

	if (!(d->flags & 0x18) || (signed_ && (d->flags & 0x18) != 0x10))
		return error(s, out, UNSUPPORTED, RQ_MEASUREMENTS);
	if (len < want)
		return error(s, out, INVALID, 0);
	if (signed_ && s->version >= 0x11)
		slot = rq[36] & 15;
	if (slot >= SLOTS || !d->slots[slot].key)
		return error(s, out, INVALID, 0);
	put_le(&a, s->version, 1);
	put_le(&a, 0x60, 1);
	put_le(&a, 0, 1);
	put_le(&a,
	       signed_ && s->version >= 0x12   ? (uint64_t)(0x20 | slot)
	       : signed_ && s->version >= 0x11 ? (uint64_t)slot
					       : 0,
	       1);
	n = put_record(s, rq[3], &a);
	if (n < 0 || (n == 0 && rq[3] != 0))
		return error(s, out, n < 0 ? UNSPECIFIED : INVALID, 0);
	if (rq[3] == 0)
		a.at[2] = (uint8_t)n;
	put_random(&a, 32);
	put_le(&a, 0, 2);
	if (s->version >= 0x13)
		put(&a, rq + want - 8, 8);
	alter(s, &a, ON_BODY);
	octets_add(&s->l, rq, want);
	octets_add(&s->l, a.at, a.len);
	octets_clear(&s->b);
	if (signed_) {
		struct octets l1 = { 0 };

		if (s->version >= 0x12)
			octets_add(&l1, s->a.at, s->a.len);
		octets_add(&l1, s->l.at, s->l.len);
		sign(s, slot, "responder-measurements signing", &l1, &a);
		octets_free(&l1);
		octets_clear(&s->l);
	}
	alter(s, &a, ON_SIGNED);
	return a.len;
}

static size_t dispatch(struct session *s, const uint8_t *rq, size_t len, uint8_t *out)
{
	if (rq[1] == RQ_VERSION)
		return rq[0] == 0x10 ? on_version(s, rq, out) : error(s, out, VERSION_MISMATCH, 0);
	if (rq[1] == RQ_CAPABILITIES)
		return on_capabilities(s, rq, len, out);
	if (s->stage >= 2 && rq[0] != s->version)
		return error(s, out, VERSION_MISMATCH, 0);
	if (rq[1] == RQ_ALGORITHMS)
		return on_algorithms(s, rq, len, out);
	if (rq[1] == RQ_DIGESTS || rq[1] == RQ_CERTIFICATE || rq[1] == RQ_CHALLENGE ||
	    rq[1] == RQ_MEASUREMENTS) {
		if (s->stage != 3)
			return error(s, out, UNEXPECTED, 0);
		return rq[1] == RQ_DIGESTS	 ? on_digests(s, rq, out)
		       : rq[1] == RQ_CERTIFICATE ? on_certificate(s, rq, len, out)
		       : rq[1] == RQ_CHALLENGE	 ? on_challenge(s, rq, len, out)
						 : on_measurements(s, rq, len, out);
	}
	return error(s, out, UNSUPPORTED, rq[1]);
}

size_t respond(struct session *s, const uint8_t *request, size_t len, uint8_t *out)
{
	const struct hostile_mode *m = s->device->mode;

	if (s->epoch != s->device->epoch)
		session_reset(s);
	s->device->exchanges++;
	if (len < 4)
		return error(s, out, INVALID, 0);
	if (request[1] == RQ_RESPOND_IF_READY) {
		if (!s->parked_len || request[2] != s->parked[1])
			return error(s, out, UNEXPECTED, 0);
		len = s->parked_len;
		if (m && m->phase == INSTEAD && m->response == (s->parked[1] & 0x7f)) {
			size_t n = len;

			memcpy(out, s->parked, 4);
			if (m->alter(s, out, &n))
				return n;
		}
		s->parked_len = 0;
		return dispatch(s, s->parked, len, out);
	}
	if (m && m->phase == INSTEAD && m->response == (request[1] & 0x7f)) {
		size_t n = len < sizeof(s->parked) ? len : sizeof(s->parked);

		memcpy(s->parked, request, n);
		s->parked_len = n;
		memcpy(out, request, n < 4 ? n : 4);
		n = len;
		if (m->alter(s, out, &n))
			return n;
	}
	return dispatch(s, request, len, out);
}
