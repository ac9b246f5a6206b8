// SPDX-License-Identifier: Apache-2.0
/* Every request that the device understands, byte by byte, and the response to it. */
#include <string.h>

#include <openssl/rand.h>

#include "responder.h"

/* ---- version and capabilities ---- */
enum error_code answer_version(struct exchange *x)
{
	const struct device *d = x->s->device;
	enum error_code error;

	if (!ends_at(x, 4))
		return INVALID_REQUEST;
	session_reset(x->s);
	put_header(x, 0, 0);
	put_le(x, 0, 1);
	put_le(x, d->n_versions, 1);
	for (size_t i = 0; i < d->n_versions; i++) /* major and minor above update and alpha */
		put_le(x, (uint64_t)d->versions[i] << 8, 2);
	error = body_done(x);
	if (!error)
		remember(&x->s->a, x);
	return error;
}

/* Flags that a version does not know are reserved in it, and zero. */
static uint32_t flags_known_to(uint8_t version)
{
	return version == SPDM_10   ? 0x0000003f
	       : version == SPDM_11 ? 0x0001ffff
	       : version == SPDM_12 ? 0x003fffff
				    : 0x7fffffff;
}

static bool take_capabilities(struct exchange *x)
{
	uint8_t version = x->s->version;
	uint32_t transfer, message;

	if (version == SPDM_10)
		return ends_at(x, 4);
	if (!ends_at(x, version == SPDM_11 ? 12 : 20))
		return false;
	x->s->peer_flags = get_le(x->request + 8, 4);
	if (version == SPDM_11)
		return true;
	transfer = get_le(x->request + 12, 4);
	message = get_le(x->request + 16, 4);
	x->s->peer_limit = transfer;
	if (transfer < TRANSFER_MIN || message < transfer)
		return false;
	return version < SPDM_13 || (x->s->peer_flags & CHUNK_CAP) || message == transfer;
}

enum error_code answer_capabilities(struct exchange *x)
{
	const struct device *d = x->s->device;
	uint8_t version = x->s->version;
	enum error_code error;

	if (!take_capabilities(x))
		return INVALID_REQUEST;
	put_header(x, 0, 0);
	put_le(x, 0, 1);
	put_le(x, d->ct_exponent, 1);
	put_le(x, 0, 2);
	put_le(x, d->flags & flags_known_to(version), 4);
	if (version >= SPDM_12) {
		put_le(x, MESSAGE_MAX,
		       4); /* DataTransferSize, MaxSPDMmsgSize: equal, nothing is chunked */
		put_le(x, MESSAGE_MAX, 4);
	}
	error = body_done(x);
	if (!error)
		remember(&x->s->a, x);
	return error;
}

/* ---- algorithms ---- */
struct offer {
	uint8_t meas_spec, other_params, mel_spec;
	uint32_t asym, hash;
};

enum {
	ALGORITHMS_FIXED = 32, /* of the request; the response has 36 */
	ALGORITHMS_MAX = 128,
	DMTF_SPEC = 1,
	OPAQUE_FORMAT_0 = 1,
	OPAQUE_FORMAT_1 = 2,
	RESPONDER_MULTI_KEY = 0x10,
};

/* Type, then the count of fixed bytes (2) beside that of extended algorithms, the mask, the latter. */
static size_t algorithm_structs(const struct exchange *x, size_t at, size_t n)
{
	uint8_t before = 1;

	for (; n; n--) {
		const uint8_t *p = x->request + at;

		if (at + 4 > x->request_len || p[1] >> 4 != 2 || p[0] <= before || p[0] > 5)
			return 0;
		before = p[0];
		at += 4 + 4u * (p[1] & 0x0f);
	}
	return at;
}

static bool take_offer(struct exchange *x, struct offer *o)
{
	const uint8_t *m = x->request;
	size_t at;

	if (x->request_len < ALGORITHMS_FIXED)
		return false;
	at = ALGORITHMS_FIXED + 4u * m[28] + 4u * m[29];
	if (x->s->version > SPDM_10)
		at = algorithm_structs(x, at, m[2]);
	if (!at || at > ALGORITHMS_MAX || get_le(m + 4, 2) != at || !ends_at(x, at))
		return false;
	*o = (struct offer){ .meas_spec = m[6],
			     .other_params = x->s->version >= SPDM_12 ? m[7] : 0,
			     .asym = get_le(m + 8, 4),
			     .hash = get_le(m + 12, 4),
			     .mel_spec = x->s->version >= SPDM_13 ? m[31] : 0 };
	return true;
}

/* The requester asks for slots with keys of their own; the device may be unable, or know no other way. */
static bool settle_multi_key(struct session *s, const struct offer *o)
{
	uint32_t cap = s->version >= SPDM_13 ? s->device->flags & MULTI_KEY_CAP : 0;
	bool asked = s->version >= SPDM_13 && (o->other_params & RESPONDER_MULTI_KEY);

	s->multi_key = asked;
	return asked ? cap != 0 : cap != MULTI_KEY_ONLY;
}

enum error_code answer_algorithms(struct exchange *x)
{
	const struct device *d = x->s->device;
	uint8_t meas_spec, opaque, mel_spec;
	enum error_code error;
	struct offer o;

	if (!take_offer(x, &o) || !settle_multi_key(x->s, &o) || !(o.asym & d->asym) ||
	    !(o.hash & d->hash))
		return INVALID_REQUEST;
	meas_spec = d->flags & MEAS_CAP ? o.meas_spec & DMTF_SPEC : 0;
	mel_spec = d->flags & MEL_CAP ? o.mel_spec & DMTF_SPEC : 0;
	opaque = o.other_params & OPAQUE_FORMAT_1 ? OPAQUE_FORMAT_1
						  : o.other_params & OPAQUE_FORMAT_0;
	put_header(x, 0, 0); /* no AlgStructs: what they select is for sessions */
	put_le(x, 36, 2);
	put_le(x, meas_spec, 1);
	put_le(x, opaque, 1); /* bit 4 would be about the requester's keys, and it has none */
	put_le(x, meas_spec ? d->meas_hash : 0, 4);
	put_le(x, d->asym, 4);
	put_le(x, d->hash, 4);
	put_le(x, 0, 4); /* PqcAsymSel */
	put_le(x, 0, 7);
	put_le(x, mel_spec, 1);
	put_le(x, 0, 4); /* no extended algorithms */
	error = body_done(x);
	if (!error)
		remember(&x->s->a, x);
	return error;
}

/* ---- digests and certificates ---- */
static uint8_t provisioned(const struct device *d)
{
	uint8_t mask = 0;

	for (unsigned int i = 0; i < SLOTS; i++)
		if (d->slots[i].key)
			mask |= (uint8_t)(1u << i);
	return mask;
}

static void put_chain_hash(struct exchange *x, unsigned int slot)
{
	const struct octets *chain = &x->s->device->slots[slot].chain;
	uint8_t digest[64];
	unsigned int len = 0;

	EVP_Digest(chain->at, chain->len, digest, &len, hash_md(x->s->device->hash), NULL);
	put(x, digest, len);
}

/* Slots with the same key have the same KeyPairID: the lowest of them, counted from 1. */
static unsigned int key_pair_id(const struct device *d, unsigned int slot)
{
	unsigned int i = 0;

	while (i < slot && !(d->slots[i].key && EVP_PKEY_eq(d->slots[i].key, d->slots[slot].key)))
		i++;
	return i + 1;
}

static void put_key_facts(struct exchange *x, uint8_t mask)
{
	enum { DEVICE_MODEL = 1, FOR_CHALLENGE_AND_MEASUREMENTS = 0x0006 };

	for (unsigned int i = 0; i < SLOTS; i++)
		if (mask & 1u << i)
			put_le(x, key_pair_id(x->s->device, i), 1);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (mask & 1u << i)
			put_le(x, DEVICE_MODEL, 1);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (mask & 1u << i)
			put_le(x, FOR_CHALLENGE_AND_MEASUREMENTS, 2);
}

enum error_code answer_digests(struct exchange *x)
{
	uint8_t mask = provisioned(x->s->device);
	enum error_code error;

	if (!ends_at(x, 4))
		return INVALID_REQUEST;
	put_header(x, x->s->version >= SPDM_13 ? mask : 0, mask);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (mask & 1u << i)
			put_chain_hash(x, i);
	if (x->s->multi_key)
		put_key_facts(x, mask);
	error = body_done(x);
	if (error)
		return error;
	octets_clear(&x->s->b); /* begins anew with every GET_DIGESTS */
	remember(&x->s->b, x);
	return OK;
}

static bool usable(const struct device *d, unsigned int slot)
{
	return slot < SLOTS && d->slots[slot].key;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum error_code answer_certificate(struct exchange *x)
{
	enum { SLOT_SIZE_REQUESTED = 1, HEADER = 8 };
	const struct device *d = x->s->device;
	const struct octets *chain;
	unsigned int slot;
	size_t offset, portion;
	bool only_size;
	enum error_code error;

	if (!ends_at(x, HEADER))
		return INVALID_REQUEST;
	slot = x->request[2] & 0x0f;
	if (!usable(d, slot))
		return INVALID_REQUEST;
	chain = &d->slots[slot].chain;
	only_size = x->s->version >= SPDM_13 && (x->request[3] & SLOT_SIZE_REQUESTED);
	offset = only_size ? 0 : get_le(x->request + 4, 2);
	portion = only_size ? 0 : get_le(x->request + 6, 2);
	if (offset >= chain->len)
		return INVALID_REQUEST;
	portion = smaller(smaller(portion, d->portion_max), x->limit - HEADER);
	portion = smaller(portion, chain->len - offset);
	put_header(x, (uint8_t)slot,
		   x->s->multi_key ? 1 : 0); /* the model is told with many keys only */
	put_le(x, portion, 2);
	put_le(x, chain->len - offset - portion, 2);
	put(x, chain->at + offset, portion);
	error = body_done(x);
	if (!error)
		remember(&x->s->b, x);
	return error;
}

/* ---- measurements ---- */
enum { BLOCKS_MAX = 64, ALL_BLOCKS = 0xff, ONLY_COUNT = 0 };

struct blocks {
	struct block at[BLOCKS_MAX];
	int n;
};

static void add_block(struct octets *o, const struct block *b)
{
	unsigned int size = b->len + 3u; /* of type, value size and value */

	octets_add(o, (uint8_t[]){ b->index, DMTF_SPEC, (uint8_t)size, (uint8_t)(size >> 8) }, 4);
	octets_add(o, (uint8_t[]){ b->type, (uint8_t)b->len, (uint8_t)(b->len >> 8) }, 3);
	octets_add(o, b->value, b->len);
}

/* Append the blocks that @operation names (0: none). Return: how many. */
static size_t add_record(struct octets *o, const struct blocks *blocks, uint8_t operation)
{
	size_t n = 0;

	for (int i = 0; i < blocks->n; i++) {
		if (operation != ALL_BLOCKS && operation != blocks->at[i].index)
			continue;
		add_block(o, &blocks->at[i]);
		n++;
	}
	return n;
}

/* Over whole blocks; what 1.0 says can be read in two ways, and the captures have this one. The TCB
 * is ROM and mutable firmware. */
static void put_summary_hash(struct exchange *x, const struct blocks *blocks, bool tcb_only)
{
	struct octets all = { 0 };
	unsigned int len = 0;
	uint8_t digest[64];

	for (int i = 0; i < blocks->n; i++) {
		const struct block *b = &blocks->at[i];

		if (tcb_only && (b->type & 0x7f) > 1)
			continue;
		add_block(&all, b);
	}
	EVP_Digest(all.at, all.len, digest, &len, hash_md(x->s->device->hash), NULL);
	put(x, digest, len);
	octets_free(&all);
}

static void put_nonce(struct exchange *x)
{
	uint8_t nonce[NONCE_LEN];

	RAND_bytes(nonce, sizeof(nonce));
	put(x, nonce, sizeof(nonce));
}

enum error_code answer_challenge(struct exchange *x)
{
	enum { NO_SUMMARY = 0, TCB_SUMMARY = 1, ALL_SUMMARY = 0xff };
	struct session *s = x->s;
	size_t context = s->version >= SPDM_13 ? CONTEXT_LEN : 0;
	struct octets c = { 0 };
	struct blocks blocks;
	enum error_code error;
	uint8_t slot, summary;

	if (!ends_at(x, 4 + NONCE_LEN + context))
		return INVALID_REQUEST;
	slot = x->request[2];
	summary = x->request[3];
	if (!usable(s->device, slot) ||
	    (summary != NO_SUMMARY && summary != TCB_SUMMARY && summary != ALL_SUMMARY))
		return INVALID_REQUEST;
	if (summary != NO_SUMMARY && !(s->device->flags & MEAS_CAP))
		return INVALID_REQUEST;
	blocks.n = measurements_load(s->device, blocks.at, BLOCKS_MAX);
	if (blocks.n < 0)
		return UNSPECIFIED;
	put_header(x, slot, provisioned(s->device));
	put_chain_hash(x, slot);
	put_nonce(x);
	if (summary != NO_SUMMARY)
		put_summary_hash(x, &blocks, summary == TCB_SUMMARY);
	put_le(x, 0, 2); /* no opaque data */
	put(x, x->request + 4 + NONCE_LEN, context);
	error = body_done(x);
	if (error)
		return error;
	remember(&c, x);
	error = put_signature(
		x, slot,
		&(struct transcript){ { &s->a, &s->b, &c }, "responder-challenge_auth signing" });
	octets_free(&c);
	octets_clear(&s->b);
	return error;
}

/* Of 5:4 in Param2: 0 when not told, 1 changed since the first message under this signature, 2 not. */
static uint8_t content_changed(struct session *s, const struct blocks *blocks, bool with_signature)
{
	struct octets all = { 0 };
	uint8_t now[32];

	add_record(&all, blocks, ALL_BLOCKS);
	EVP_Digest(all.at, all.len, now, NULL, EVP_sha256(), NULL);
	octets_free(&all);
	if (!s->l.len)
		memcpy(s->measured, now, sizeof(now));
	if (!with_signature || s->version < SPDM_12)
		return 0;
	return memcmp(s->measured, now, sizeof(now)) ? 1 << 4 : 2 << 4;
}

/* Nonce and slot are there only when a signature is asked for, and the slot only from 1.1. */
static bool take_measurement_request(struct exchange *x, bool *with_signature, uint8_t *slot)
{
	enum { SIGN = 1 };
	uint8_t version = x->s->version;
	size_t len = 4;

	*with_signature = x->request[2] & SIGN;
	*slot = 0;
	if (*with_signature)
		len += NONCE_LEN + (version >= SPDM_11 ? 1u : 0u);
	if (version >= SPDM_13)
		len += CONTEXT_LEN;
	if (!ends_at(x, len))
		return false;
	if (*with_signature && version >= SPDM_11)
		*slot = x->request[4 + NONCE_LEN] & 0x0f;
	if (!*with_signature)
		return true;
	return (x->s->device->flags & MEAS_CAP) == MEAS_CAP_SIG && usable(x->s->device, *slot);
}

static enum error_code put_measurements(struct exchange *x, bool with_signature, uint8_t slot)
{
	uint8_t operation = x->request[3];
	struct octets record = { 0 };
	struct blocks blocks;
	size_t n;

	blocks.n = measurements_load(x->s->device, blocks.at, BLOCKS_MAX);
	if (blocks.n < 0)
		return UNSPECIFIED;
	n = add_record(&record, &blocks, operation);
	if (!n && operation != ONLY_COUNT && operation != ALL_BLOCKS) {
		octets_free(&record);
		return INVALID_REQUEST;
	}
	put_header(x, operation == ONLY_COUNT ? (uint8_t)blocks.n : 0,
		   slot | content_changed(x->s, &blocks, with_signature));
	put_le(x, n, 1);
	put_le(x, record.len, 3);
	put(x, record.at, record.len);
	octets_free(&record);
	put_nonce(x);
	put_le(x, 0, 2); /* no opaque data */
	if (x->s->version >= SPDM_13)
		put(x, x->request + x->used - CONTEXT_LEN, CONTEXT_LEN);
	return body_done(x);
}

enum error_code answer_measurements(struct exchange *x)
{
	struct session *s = x->s;
	bool with_signature;
	enum error_code error;
	uint8_t slot;

	if (!take_measurement_request(x, &with_signature, &slot))
		return INVALID_REQUEST;
	octets_clear(&s->b); /* a CHALLENGE after this one signs no certificates of before */
	error = put_measurements(x, with_signature, slot);
	if (error)
		return error;
	remember(&s->l, x);
	if (!with_signature)
		return OK;
	error = put_signature(x, slot,
			      &(struct transcript){ { s->version >= SPDM_12 ? &s->a : NULL, &s->l },
						    "responder-measurements signing" });
	octets_clear(&s->l);
	return error;
}
