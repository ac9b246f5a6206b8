// SPDX-License-Identifier: Apache-2.0
/* SPDM 1.0 to 1.3 from the responder's side: which request may come when, what is signed, and errors. */
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "responder.h"

/* ---- the cursor ---- */
void put(struct exchange *x, const void *at, size_t len)
{
	if (x->too_long || x->len > x->limit || len > x->limit - x->len) {
		x->too_long = true;
		return;
	}
	if (len)
		memcpy(x->response + x->len, at, len);
	x->len += len;
}

void put_le(struct exchange *x, uint64_t value, size_t len)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put(x, bytes, len);
}

void put_header(struct exchange *x, uint8_t param1, uint8_t param2)
{
	/* VERSION is of 1.0 whatever will be negotiated */
	uint8_t version = x->request[1] == GET_VERSION ? SPDM_10 : x->s->version;

	put(x, (uint8_t[]){ version, x->request[1] & 0x7f, param1, param2 }, 4);
}

uint32_t get_le(const uint8_t *at, size_t len)
{
	uint32_t v = 0;

	while (len)
		v = v << 8 | at[--len];
	return v;
}

bool ends_at(struct exchange *x, size_t len)
{
	if (x->request_len < len || x->request_len - len > 3)
		return false;
	for (size_t i = len; i < x->request_len; i++)
		if (x->request[i])
			return false;
	x->used = len;
	return true;
}

void bend(struct exchange *x, enum phase when)
{
	const struct hostile_mode *m = x->s->device->mode;

	if (m && m->alter && m->phase == when &&
	    (m->response == x->response[1] || m->response == ANY_MESSAGE))
		m->alter(x->s, x->response, &x->len);
}

enum error_code body_done(struct exchange *x)
{
	if (x->too_long)
		return RESPONSE_TOO_LARGE;
	bend(x, ON_BODY);
	return OK;
}

/* ---- transcripts and signatures ---- */
void remember(struct octets *transcript, const struct exchange *x)
{
	octets_add(transcript, x->request, x->used);
	octets_add(transcript, x->response, x->len);
}

/* From 1.2: four times the version, zeros, the context; 100 bytes. Before: nothing. */
static size_t signing_prefix(uint8_t version, const char *context, uint8_t out[100])
{
	size_t len = strlen(context);

	if (version < SPDM_12)
		return 0;
	memset(out, 0, 100);
	for (size_t i = 0; i < 4; i++) {
		memcpy(out + 16 * i, "dmtf-spdm-v1.X.*", 16);
		out[16 * i + 13] = (uint8_t)('0' + (version & 0x0f));
	}
	memcpy(out + 100 - len, context, len);
	return 100;
}

static struct octets signed_message(const struct session *s, const struct transcript *t)
{
	const EVP_MD *md = hash_md(s->device->hash);
	struct octets all = { 0 }, message = { 0 };
	uint8_t prefix[100], digest[64];
	size_t prefix_len = signing_prefix(s->version, t->context, prefix);
	unsigned int digest_len = 0;

	for (size_t i = 0; i < 3; i++)
		if (t->part[i])
			octets_add(&all, t->part[i]->at, t->part[i]->len);
	if (!prefix_len)
		return all;
	EVP_Digest(all.at, all.len, digest, &digest_len, md, NULL);
	octets_add(&message, prefix, prefix_len);
	octets_add(&message, digest, digest_len);
	octets_free(&all);
	return message;
}

/* OpenSSL gives ECDSA as DER; SPDM wants r and s, big-endian, each as long as the curve's order. */
static bool ecdsa_to_raw(uint8_t *signature, size_t der_len, size_t raw_len)
{
	const uint8_t *p = signature;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der_len);
	int half = (int)raw_len / 2;
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, half) == half &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + half, half) == half;

	ECDSA_SIG_free(sig);
	return ok;
}

static bool is_pss(uint32_t asym)
{
	return asym == asym_bit("rsapss2048") || asym == asym_bit("rsapss3072") ||
	       asym == asym_bit("rsapss4096");
}

static bool sign(const struct device *d, EVP_PKEY *key, const struct octets *message, uint8_t *out,
		 size_t out_size)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	size_t want = sig_size(d->asym), len = out_size;
	bool ok = EVP_DigestSignInit(ctx, &pctx, hash_md(d->hash), NULL, key) == 1;

	if (ok && is_pss(d->asym))
		ok = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestSign(ctx, out, &len, message->at, message->len) == 1;
	EVP_MD_CTX_free(ctx);
	if (ok && EVP_PKEY_is_a(key, "EC"))
		return ecdsa_to_raw(out, len, want);
	return ok && len == want;
}

static unsigned long us_between(const struct timespec *from, const struct timespec *to)
{
	return (unsigned long)((to->tv_sec - from->tv_sec) * 1000000 +
			       (to->tv_nsec - from->tv_nsec) / 1000);
}

enum error_code put_signature(struct exchange *x, unsigned int slot, const struct transcript *t)
{
	struct device *d = x->s->device;
	struct octets message = signed_message(x->s, t);
	uint8_t signature[600];
	struct timespec from, to;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ok = sign(d, d->slots[slot].key, &message, signature, sizeof(signature));
	clock_gettime(CLOCK_MONOTONIC, &to);
	octets_free(&message);
	d->signatures++;
	d->sign_us += us_between(&from, &to);
	if (!ok)
		return UNSPECIFIED;
	put(x, signature, sig_size(d->asym));
	return x->too_long ? RESPONSE_TOO_LARGE : OK;
}

/* ---- the order of requests ---- */
void session_reset(struct session *s)
{
	octets_clear(&s->a);
	octets_clear(&s->b);
	octets_clear(&s->l);
	s->stage = 0;
	s->version = SPDM_10;
	s->multi_key = false;
	s->peer_limit = 0;
	s->parked_len = 0;
	s->epoch = s->device->epoch;
}

void session_free(struct session *s)
{
	octets_free(&s->a);
	octets_free(&s->b);
	octets_free(&s->l);
}

static const struct handler {
	uint8_t code;
	int from, to;	/* stages in which it may come, and where it leads */
	uint32_t needs; /* one of these capabilities */
	enum error_code (*answer)(struct exchange *x);
} handlers[] = {
	/* GET_VERSION may come at any time, and leads back to the first stage */
	{ GET_VERSION, 0, 1, 0, answer_version },
	{ GET_CAPABILITIES, 1, 2, 0, answer_capabilities },
	{ NEGOTIATE_ALGORITHMS, 2, 3, 0, answer_algorithms },
	{ GET_DIGESTS, 3, 3, CERT_CAP, answer_digests },
	{ GET_CERTIFICATE, 3, 3, CERT_CAP, answer_certificate },
	{ CHALLENGE, 3, 3, CHAL_CAP, answer_challenge },
	{ GET_MEASUREMENTS, 3, 3, MEAS_CAP, answer_measurements },
};

static const struct handler *handler_of(uint8_t code)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].code == code)
			return &handlers[i];
	return NULL;
}

static bool offers(const struct device *d, uint8_t version)
{
	return memchr(d->versions, version, d->n_versions) != NULL;
}

static enum error_code in_order(struct session *s, const struct handler *h, const uint8_t *request)
{
	if (!h)
		return UNSUPPORTED_REQUEST;
	if (h->code == GET_VERSION)
		return request[0] == SPDM_10 ? OK : VERSION_MISMATCH;
	if (s->stage != h->from)
		return UNEXPECTED_REQUEST;
	if (h->code == GET_CAPABILITIES) { /* this one names the version of the connection */
		if (!offers(s->device, request[0]))
			return VERSION_MISMATCH;
		s->version = request[0];
	}
	if (request[0] != s->version)
		return VERSION_MISMATCH;
	if (h->needs && !(s->device->flags & h->needs))
		return UNSUPPORTED_REQUEST;
	return OK;
}

/* Every error but ResponseNotReady ends the run of measurements that one signature would cover. */
static size_t say_error(struct exchange *x, enum error_code code)
{
	struct session *s = x->s;
	uint32_t size = (uint32_t)x->len;
	uint8_t data = code == UNSUPPORTED_REQUEST ? x->request[1] : 0;

	octets_clear(&s->l);
	x->len = 0;
	x->too_long = false;
	put_le(x, s->stage ? s->version : SPDM_10, 1);
	put(x, (uint8_t[]){ ERROR_RESPONSE, (uint8_t)code, data }, 3);
	if (code == RESPONSE_TOO_LARGE)
		put_le(x, size, 4); /* of what did fit: the least it would have been */
	return x->len;
}

static size_t dispatch(struct session *s, const uint8_t *request, size_t len, uint8_t *out)
{
	struct exchange x = { .s = s,
			      .request = request,
			      .request_len = len,
			      .response = out,
			      .limit = MESSAGE_MAX };
	const struct handler *h = handler_of(request[1]);
	enum error_code error = in_order(s, h, request);

	if (s->peer_limit && s->peer_limit < x.limit && request[1] != GET_VERSION)
		x.limit = s->peer_limit;
	if (request[1] != GET_MEASUREMENTS)
		octets_clear(&s->l);
	if (!error)
		error = h->answer(&x);
	if (error)
		return say_error(&x, error);
	s->stage = h->to;
	bend(&x, ON_SIGNED);
	return x.len;
}

/* A hostile mode may answer INSTEAD; the request is kept, should that answer be ResponseNotReady. */
static bool answer_instead(struct session *s, const uint8_t *request, size_t len, uint8_t *out,
			   size_t *n)
{
	const struct hostile_mode *m = s->device->mode;

	if (!m || m->phase != INSTEAD || m->response != (request[1] & 0x7f) ||
	    len > sizeof(s->parked))
		return false;
	memmove(s->parked, request, len);
	s->parked_len = len;
	memcpy(out, request, 4);
	if (m->alter(s, out, n)) {
		if (out[2] != RESPONSE_NOT_READY)
			s->parked_len = 0;
		return true;
	}
	s->parked_len = 0;
	return false;
}

static size_t answer(struct session *s, const uint8_t *request, size_t len, uint8_t *out)
{
	struct exchange x = { .s = s, .request = request, .response = out, .limit = MESSAGE_MAX };
	bool forgot = s->epoch != s->device->epoch;
	uint8_t again[sizeof(s->parked)];
	size_t n = 0;

	s->device->exchanges++;
	if (forgot)
		session_reset(s);
	if (len < 4)
		return say_error(&x, INVALID_REQUEST);
	if (forgot && request[1] != GET_VERSION)
		return say_error(&x, REQUEST_RESYNCH);
	if (request[1] == RESPOND_IF_READY) {
		if (!s->parked_len || request[2] != s->parked[1] || request[3] != READY_TOKEN)
			return say_error(&x, UNEXPECTED_REQUEST);
		memcpy(again, s->parked, s->parked_len);
		request = again;
		len = s->parked_len;
	}
	if (answer_instead(s, request, len, out, &n))
		return n;
	return dispatch(s, request, len, out);
}

size_t respond(struct session *s, const uint8_t *request, size_t len, uint8_t *out)
{
	struct timespec from, to;
	size_t n;

	clock_gettime(CLOCK_MONOTONIC, &from);
	n = answer(s, request, len, out);
	clock_gettime(CLOCK_MONOTONIC, &to);
	s->device->answer_us += us_between(&from, &to);
	return n;
}
