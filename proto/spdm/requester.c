// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "requester.h"

enum {
	ASYM_ALL = SPDM_RSASSA_2048 | SPDM_RSAPSS_2048 | SPDM_RSASSA_3072 | SPDM_RSAPSS_3072 |
		   SPDM_ECDSA_P256 | SPDM_RSASSA_4096 | SPDM_RSAPSS_4096 | SPDM_ECDSA_P384 |
		   SPDM_ECDSA_P521,
	HASH_ALL = SPDM_SHA_256 | SPDM_SHA_384 | SPDM_SHA_512,
	BUSY_WAIT_US = 20000,
	/* a signed GET_MEASUREMENTS, the only request that DataTransferSize may be too small for */
	LONGEST_REQUEST_13 = 4 + SPDM_NONCE_LEN + 1 + SPDM_CONTEXT_LEN,
};

enum step {
	VERSION,
	CAPABILITIES,
	ALGORITHMS,
	DIGESTS,
	CERTIFICATE,
	CHALLENGE,
	MEASUREMENTS,
	DONE
};

/* ---- requests ---- */
static void put_get_version(struct spdm_requester *rq, struct writer *w)
{
	(void)rq;
	write_u8(w, SPDM_10);
	write_u8(w, SPDM_GET_VERSION);
	write_le16(w, 0);
}

static void put_get_capabilities(struct spdm_requester *rq, struct writer *w)
{
	spdm_write_get_capabilities(w, rq->nego.version, 0);
}

static void put_negotiate(struct spdm_requester *rq, struct writer *w)
{
	rq->offer = (struct spdm_offer){
		.base_asym = rq->config.base_asym ? rq->config.base_asym : ASYM_ALL,
		.base_hash = rq->config.base_hash ? rq->config.base_hash : HASH_ALL,
		.meas_spec = SPDM_MEAS_SPEC_DMTF,
		.other_params = rq->nego.version >= SPDM_12 ? SPDM_OPAQUE_FMT_1 : 0,
	};
	/* one key for all slots is simpler to judge: the other way only with a device that insists */
	if (rq->nego.version >= SPDM_13 &&
	    (rq->nego.flags & SPDM_CAP_MULTI_KEY) == SPDM_CAP_MULTI_KEY_ONLY)
		rq->offer.other_params |= SPDM_MULTI_KEY_CONN;
	spdm_write_negotiate_algorithms(w, rq->nego.version, &rq->offer);
}

static void put_get_digests(struct spdm_requester *rq, struct writer *w)
{
	spdm_write_get_digests(w, rq->nego.version);
}

static void put_get_certificate(struct spdm_requester *rq, struct writer *w)
{
	rq->portion = (struct spdm_get_certificate){
		.slot = rq->config.slot,
		.offset = (u32)rq->chain.len,
		.length = SPDM_PORTION_MAX,
	};
	spdm_write_get_certificate(w, rq->nego.version, rq->portion.slot, (u16)rq->portion.offset,
				   (u16)rq->portion.length);
}

static void put_challenge(struct spdm_requester *rq, struct writer *w)
{
	spdm_write_challenge(w, rq->nego.version, rq->config.slot, rq->config.challenge_nonce,
			     rq->config.context);
}

static void put_get_measurements(struct spdm_requester *rq, struct writer *w)
{
	spdm_write_get_measurements(w, rq->nego.version, rq->config.slot, rq->config.nonce,
				    rq->config.context);
}

static void empty(struct writer *w)
{
	w->len = 0;
	w->full = false;
}

/* ---- responses: read, keep what later steps need, say which step is next ---- */
static u8 take_version(struct spdm_requester *rq, struct reader *r)
{
	spdm_read_version(r, &rq->versions);
	rq->nego.version =
		spdm_choose_version(&rq->versions, rq->config.version_min, rq->config.version_max);
	if (!r->why && !rq->nego.version)
		reader_fail(r, "no version in common (VersionNumberEntry)");
	return CAPABILITIES;
}

static u8 take_capabilities(struct spdm_requester *rq, struct reader *r)
{
	struct spdm_capabilities c = { 0 };

	spdm_read_capabilities(r, rq->nego.version, &c);
	rq->nego.flags = c.flags;
	rq->nego.ct_exponent = c.ct_exponent;
	if (!r->why && !(c.flags & SPDM_CAP_CERT))
		reader_fail(r, "device cannot attest: no CERT_CAP");
	if (!r->why && (c.flags & SPDM_CAP_MEAS) != SPDM_CAP_MEAS_SIG)
		reader_fail(r, "device cannot attest: it does not sign measurements (MEAS_CAP)");
	if (!r->why && rq->nego.version >= SPDM_13 && c.data_transfer_size < LONGEST_REQUEST_13)
		reader_fail(r, "device cannot attest: DataTransferSize is less than a "
			       "GET_MEASUREMENTS");
	if (!r->why && rq->nego.version == SPDM_10 && rq->config.slot)
		reader_fail(r, "device cannot attest: SPDM 1.0 measures with slot 0 only");
	return ALGORITHMS;
}

static u8 take_algorithms(struct spdm_requester *rq, struct reader *r)
{
	spdm_read_algorithms(r, &rq->offer, &rq->nego);
	return DIGESTS;
}

static u8 after_chain(const struct spdm_requester *rq)
{
	bool needed = rq->nego.version < SPDM_12 || rq->config.want_challenge;

	return needed && (rq->nego.flags & SPDM_CAP_CHAL) ? CHALLENGE : MEASUREMENTS;
}

static u8 take_digests(struct spdm_requester *rq, struct reader *r)
{
	struct spdm_digests d;
	struct bytes ours;

	spdm_read_digests(r, &rq->nego, &d);
	rq->slots = d.provisioned;
	if (!r->why && !(d.provisioned & 1 << rq->config.slot))
		reader_fail(r, "DIGESTS: the slot asked for is not provisioned");
	if (!r->why && !(d.usage[rq->config.slot] & SPDM_USAGE_MEASUREMENT))
		reader_fail(r, "DIGESTS: the key of the slot asked for signs no measurements");
	ours = d.digest[rq->config.slot];
	if (!r->why && ours.len <= sizeof(rq->chain_hash))
		memcpy(rq->chain_hash, ours.at, ours.len);
	return rq->config.know_chain ? after_chain(rq) : CERTIFICATE;
}

static u8 take_certificate(struct spdm_requester *rq, struct reader *r)
{
	struct spdm_portion p = { 0 };
	struct spdm_chain chain;
	const char *why = NULL;
	u16 expected;

	spdm_read_certificate(r, rq->nego.version, &rq->portion, &p);
	if (r->why)
		return CERTIFICATE;
	write_bytes(&rq->chain, p.bytes);
	if (rq->chain.full)
		return CERTIFICATE;
	/* The first word is the whole size: each portion must leave what is then left. */
	expected = rq->chain.len >= 2 ? (u16)((u32)rq->chain.at[0] | (u32)rq->chain.at[1] << 8) : 0;
	if (rq->chain.len + p.remainder != expected)
		reader_fail(r, "RemainderLength does not lead to the chain's Length");
	if (r->why || p.remainder)
		return CERTIFICATE;
	if (spdm_parse_chain(write_done(&rq->chain), rq->nego.hash_len, &chain, &why))
		reader_fail(r, why);
	return after_chain(rq);
}

static u8 take_challenge_auth(struct spdm_requester *rq, struct reader *r)
{
	struct spdm_challenge asked = { .slot = rq->config.slot,
					.context = BYTES(rq->config.context) };
	struct spdm_challenge_auth a;

	spdm_read_challenge_auth(r, &rq->nego, &asked, &a);
	return MEASUREMENTS;
}

static u8 take_measurements(struct spdm_requester *rq, struct reader *r)
{
	struct spdm_get_measurements asked = { .signature = true,
					       .operation = 0xff,
					       .slot = rq->config.slot,
					       .context = BYTES(rq->config.context) };
	struct spdm_measurements m;

	spdm_read_measurements(r, &rq->nego, &asked, &m);
	/* A signed answer ends its transcript: the next question starts a new one. */
	empty(&rq->measurements);
	if (!r->why && m.content_changed == SPDM_CONTENT_CHANGED &&
	    ++rq->n_changed <= SPDM_CHANGED_MAX)
		return MEASUREMENTS;
	return DONE; /* still changing: the verifier will say so */
}

enum transcript { T_VCA, T_CHALLENGE, T_MEASUREMENTS };

static const struct {
	enum transcript transcript;
	void (*put)(struct spdm_requester *rq, struct writer *w);
	u8 (*take)(struct spdm_requester *rq, struct reader *r);
} steps[] = {
	/*                transcript      request               response             */
	[VERSION] = { T_VCA, put_get_version, take_version },
	[CAPABILITIES] = { T_VCA, put_get_capabilities, take_capabilities },
	[ALGORITHMS] = { T_VCA, put_negotiate, take_algorithms },
	[DIGESTS] = { T_CHALLENGE, put_get_digests, take_digests },
	[CERTIFICATE] = { T_CHALLENGE, put_get_certificate, take_certificate },
	[CHALLENGE] = { T_CHALLENGE, put_challenge, take_challenge_auth },
	[MEASUREMENTS] = { T_MEASUREMENTS, put_get_measurements, take_measurements },
};

/* ---- the walk ---- */
static void restart(struct spdm_requester *rq)
{
	empty(&rq->vca);
	empty(&rq->chain);
	empty(&rq->measurements);
	empty(&rq->challenge);
	rq->challenge_at = 0;
	rq->step = VERSION;
	rq->request_len = 0;
	rq->not_ready = false;
	rq->retries = 0;
	rq->nego = (struct spdm_negotiated){ .version = SPDM_10 };
}

void spdm_requester_start(struct spdm_requester *rq)
{
	rq->exchanges = 0;
	rq->resynched = false;
	rq->n_changed = 0;
	rq->wait_us = 0;
	rq->slots = 0;
	restart(rq);
}

bool spdm_requester_done(const struct spdm_requester *rq)
{
	return rq->step == DONE;
}

struct bytes spdm_requester_next(struct spdm_requester *rq)
{
	struct writer w = writer_on(rq->request, sizeof(rq->request));

	if (rq->step == DONE)
		return BYTES_NONE;
	if (rq->not_ready)
		return BYTES(rq->respond_if_ready);
	if (!rq->request_len) { /* a retry resends the bytes as they are */
		steps[rq->step].put(rq, &w);
		rq->request_len = (u8)write_done(&w).len;
	}
	return (struct bytes){ rq->request, rq->request_len };
}

static struct writer *transcript_of(struct spdm_requester *rq, u8 step)
{
	switch (steps[step].transcript) {
	case T_VCA:
		return &rq->vca;
	case T_CHALLENGE:
		return &rq->challenge;
	default:
		return &rq->measurements;
	}
}

static int wait_for(struct spdm_requester *rq, u32 us, const char **why)
{
	if (++rq->retries > SPDM_RETRIES_MAX) {
		*why = "device stays busy";
		return -ETIMEDOUT;
	}
	if (us > SPDM_WAIT_MS_MAX * 1000u) {
		*why = "device asks for a longer wait than CMA allows (RDTExponent)";
		return -ETIMEDOUT;
	}
	rq->wait_us = us;
	return -EAGAIN;
}

static int take_not_ready(struct spdm_requester *rq, struct reader *r, const char **why)
{
	u8 exponent = read_u8(r, "RDTExponent");
	u8 code = read_u8(r, "ResponseNotReady RequestCode");
	u8 token = read_u8(r, "ResponseNotReady Token");
	u8 rdtm = read_u8(r, "RDTM");

	if (!r->why && rq->step == VERSION)
		reader_fail(r, "ResponseNotReady to GET_VERSION");
	if (!r->why && code != rq->request[1])
		reader_fail(r, "ResponseNotReady is for another request");
	if (!r->why && rdtm <= 1)
		reader_fail(r, "RDTM");
	if (!r->why && exponent > 31)
		reader_fail(r, "RDTExponent");
	if (!r->why && !spdm_padding(r->left))
		reader_fail(r, "bytes after the end");
	if (r->why) {
		*why = r->why;
		return -EBADMSG;
	}
	rq->respond_if_ready[0] = rq->nego.version;
	rq->respond_if_ready[1] = SPDM_RESPOND_IF_READY;
	rq->respond_if_ready[2] = code;
	rq->respond_if_ready[3] = token;
	rq->not_ready = true;
	return wait_for(rq, 1u << exponent, why);
}

/* Only three errors have a way on; every other one is the device's last word. */
static int take_error(struct spdm_requester *rq, struct bytes response, const char **why)
{
	struct reader r = reader_on(response);
	struct spdm_header h = spdm_read_header(&r);

	bool lost = h.param1 == SPDM_ERR_REQUEST_RESYNCH && h.version == SPDM_10;

	/* a device that lost its state knows of no negotiated version */
	if (rq->step != VERSION && h.version != rq->nego.version && !lost) {
		*why = "SPDMVersion is not the negotiated one";
		return -EBADMSG;
	}
	if (h.param1 == SPDM_ERR_BUSY)
		return wait_for(rq, (u32)BUSY_WAIT_US << rq->retries, why);
	if (h.param1 == SPDM_ERR_RESPONSE_NOT_READY)
		return take_not_ready(rq, &r, why);
	if (h.param1 == SPDM_ERR_REQUEST_RESYNCH && !rq->resynched) {
		rq->resynched = true;
		restart(rq);
		rq->wait_us = 0;
		return -EAGAIN;
	}
	r = reader_on(response);
	spdm_expect(&r, rq->request[1] & 0x7f, h.version); /* names the error */
	*why = r.why;
	return -EPROTO;
}

int spdm_requester_take(struct spdm_requester *rq, struct bytes response, const char **why)
{
	struct reader r = reader_on(response);
	struct writer *transcript;
	u8 step = rq->step, next;

	*why = NULL;
	if (step == DONE || !rq->request_len) {
		*why = "response without a request";
		return -EBADMSG;
	}
	if (++rq->exchanges > SPDM_EXCHANGES_MAX) {
		*why = "device needs too many exchanges";
		return -ETIMEDOUT;
	}
	if (response.len >= 4 && response.at[1] == SPDM_ERROR)
		return take_error(rq, response, why);
	next = steps[step].take(rq, &r);
	if (!r.why && !spdm_padding(r.left))
		reader_fail(&r, "bytes after the end");
	if (r.why) {
		*why = r.why;
		return strncmp(r.why, "device cannot", 13) ? -EBADMSG : -EOPNOTSUPP;
	}
	transcript = transcript_of(rq, step);
	if (step == CHALLENGE)
		rq->challenge_at = (u32)transcript->len;
	write_bytes(transcript, (struct bytes){ rq->request, rq->request_len });
	write_bytes(transcript, (struct bytes){ response.at, r.offset });
	if (transcript->full || rq->chain.full) {
		*why = "evidence is larger than the buffer for it";
		return -ENOSPC;
	}
	rq->step = next;
	rq->request_len = 0;
	rq->not_ready = false;
	rq->retries = 0;
	return 0;
}
