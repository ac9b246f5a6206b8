// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/pcap.h"
#include "proto/spdm/key_exchange.h"

enum { DOE_HEADER = 8, DOE_TYPE_SPDM = 1, MCTP_HEADER = 4, MCTP_TYPE_SPDM = 5 };

/* What one connection has agreed on and sent so far; rules: reference to DSP0274 M1/M2 and L1/L2. */
struct state {
	struct capture *out;
	size_t frame;
	bool negotiated;
	char no_vca[192]; /* why nothing after it can be checked */
	struct spdm_negotiated nego;
	struct buf *vca, *b, *l;
	struct buf *chain[SPDM_SLOTS_MAX];
	struct bytes digests; /* the last DIGESTS: part of a multi-key session's transcript */
	struct bytes request;
	bool has_request;
	struct bytes large_request; /* answered in chunks */
	struct buf *large;	    /* what came of it so far; owned by @out */
};

static void reset(struct buf *b)
{
	b->w.len = 0;
	b->w.full = false;
}

static void state_clear(struct state *s)
{
	buf_drop(&s->vca);
	buf_drop(&s->b);
	buf_drop(&s->l);
	for (size_t i = 0; i < SPDM_SLOTS_MAX; i++)
		buf_drop(&s->chain[i]);
}

static bool state_open(struct state *s)
{
	s->vca = buf_new(SPDM_TRANSCRIPT_MAX);
	s->b = buf_new(8 * SPDM_TRANSCRIPT_MAX);
	s->l = buf_new(8 * SPDM_TRANSCRIPT_MAX);
	for (size_t i = 0; i < SPDM_SLOTS_MAX; i++)
		if (!(s->chain[i] = buf_new(SPDM_CHAIN_MAX)))
			return false;
	return s->vca && s->b && s->l;
}

static struct capture_row *add_row(struct state *s, const char *message, u8 slot)
{
	struct capture_row *row;

	if (s->out->n == CAPTURE_ROWS_MAX)
		return NULL;
	row = &s->out->rows[s->out->n++];
	*row = (struct capture_row){ .frame = s->frame,
				     .message = message,
				     .version = s->nego.version,
				     .slot = slot,
				     .asym = s->nego.base_asym,
				     .hash = s->nego.base_hash,
				     .result = CAPTURE_NOT_CHECKED };
	if (!s->negotiated)
		snprintf(row->why, sizeof(row->why), "%s",
			 s->no_vca[0] ? s->no_vca : "negotiation is not in the capture");
	return row;
}

/* Certificates of a slot, or why there are none. */
static int slot_certs(struct state *s, u8 slot, struct cert_list **out, struct err *e)
{
	struct spdm_chain parts;
	const char *why = NULL;

	if (!s->chain[slot]->w.len)
		return err_set(e, E_NOTFOUND, "certificate chain of slot %u is not in the capture",
			       slot);
	if (spdm_parse_chain(buf_bytes(s->chain[slot]), s->nego.hash_len, &parts, &why))
		return err_set(e, E_FORMAT, "certificate chain of slot %u: %s", slot, why);
	return cert_list_from_der(parts.certificates, out, e);
}

static void check(struct state *s, struct capture_row *row, const char *context,
		  const struct bytes *pieces, size_t n, struct bytes sig)
{
	OWNED(cert_list) certs = NULL;
	struct err e = { 0 };

	if (!row || !s->negotiated)
		return;
	for (size_t i = 0; i < n; i++)
		row->transcript_len += pieces[i].len;
	row->transcript = digest_of(spdm_digest_alg(s->nego.base_hash), pieces, n);
	if (slot_certs(s, row->slot, &certs, &e)) {
		snprintf(row->why, sizeof(row->why), "%.255s", e.text);
		return;
	}
	if (!spdm_verify_transcript(s->nego.version, s->nego.base_asym, s->nego.base_hash, context,
				    cert_pubkey(certs->at[certs->n - 1]), pieces, n, sig, &e)) {
		row->result = CAPTURE_VERIFIED;
		return;
	}
	row->result = e.code == E_UNSUPPORTED ? CAPTURE_NOT_CHECKED : CAPTURE_INVALID;
	snprintf(row->why, sizeof(row->why), "%.255s", e.text);
}

/* A response that cannot even be read counts as invalid: somebody signed something else. */
static bool malformed(struct state *s, const char *message, u8 slot, const struct reader *req,
		      const struct reader *rsp)
{
	const char *why = req->why ? req->why : rsp->why;
	struct capture_row *row;

	if (!why)
		return false;
	row = add_row(s, message, slot);
	if (row && s->negotiated) {
		row->result = CAPTURE_INVALID;
		snprintf(row->why, sizeof(row->why), "malformed: %s", why);
	}
	return true;
}

static struct bytes before(struct bytes message, struct bytes sig)
{
	return (struct bytes){ message.at, (size_t)(sig.at - message.at) };
}

static void on_vca(struct state *s, u8 code, struct bytes req, struct bytes rsp)
{
	struct spdm_versions versions;
	const char *why = NULL;

	if (code == SPDM_GET_VERSION) {
		reset(s->vca);
		reset(s->b);
		reset(s->l);
		for (size_t i = 0; i < SPDM_SLOTS_MAX; i++)
			reset(s->chain[i]);
		s->negotiated = false;
		s->no_vca[0] = 0;
	}
	write_bytes(&s->vca->w, req);
	write_bytes(&s->vca->w, rsp);
	if (code != SPDM_NEGOTIATE_ALGORITHMS)
		return;
	s->negotiated = !spdm_read_vca(buf_bytes(s->vca), &versions, &s->nego, &why);
	if (!s->negotiated)
		snprintf(s->no_vca, sizeof(s->no_vca), "%s", why);
}

static void on_certificate(struct state *s, struct bytes req, struct bytes rsp)
{
	struct reader rq = reader_on(req), rr = reader_on(rsp);
	struct spdm_get_certificate asked = { 0 };
	struct spdm_portion p = { 0 };

	write_bytes(&s->b->w, req);
	write_bytes(&s->b->w, rsp);
	spdm_read_get_certificate(&rq, s->nego.version, &asked);
	spdm_read_certificate(&rr, s->nego.version, &asked, &p);
	if (rq.why || rr.why)
		return;
	if (asked.offset == 0)
		reset(s->chain[asked.slot]);
	if (asked.offset == s->chain[asked.slot]->w.len)
		write_bytes(&s->chain[asked.slot]->w, p.bytes);
}

static void on_challenge(struct state *s, struct bytes req, struct bytes rsp)
{
	struct reader rq = reader_on(req), rr = reader_on(rsp);
	struct spdm_challenge asked = { 0 };
	struct spdm_challenge_auth auth = { 0 };

	spdm_read_challenge(&rq, s->nego.version, &asked);
	spdm_read_challenge_auth(&rr, &s->nego, &asked, &auth);
	if (!malformed(s, "CHALLENGE_AUTH", asked.slot, &rq, &rr)) {
		struct bytes m1[] = { buf_bytes(s->vca), buf_bytes(s->b), req,
				      before(rsp, auth.signature) };

		check(s, add_row(s, "CHALLENGE_AUTH", asked.slot),
		      "responder-challenge_auth signing", m1, 4, auth.signature);
	}
	reset(s->b);
}

static void on_measurements(struct state *s, struct bytes req, struct bytes rsp)
{
	struct reader rq = reader_on(req), rr = reader_on(rsp);
	struct spdm_get_measurements asked = { 0 };
	struct spdm_measurements m = { 0 };
	struct capture_row *row;

	spdm_read_get_measurements(&rq, s->nego.version, &asked);
	spdm_read_measurements(&rr, &s->nego, &asked, &m);
	reset(s->b);
	write_bytes(&s->l->w, req);
	if (malformed(s, "MEASUREMENTS", asked.slot, &rq, &rr)) {
		reset(s->l);
		return;
	}
	if (!asked.signature) {
		write_bytes(&s->l->w, rsp);
		row = add_row(s, "MEASUREMENTS", 0);
		if (row && s->negotiated)
			snprintf(row->why, sizeof(row->why), "not signed");
		return;
	}
	struct bytes l1[] = { s->nego.version >= SPDM_12 ? buf_bytes(s->vca) : BYTES_NONE,
			      buf_bytes(s->l), before(rsp, m.signature) };

	row = add_row(s, "MEASUREMENTS", asked.slot);
	if (row)
		row->record = m.record;
	check(s, row, "responder-measurements signing", l1, 3, m.signature);
	reset(s->l);
}

static void on_key_exchange(struct state *s, struct bytes req, struct bytes rsp)
{
	struct reader rq = reader_on(req), rr = reader_on(rsp);
	struct spdm_key_exchange asked = { 0 };
	struct spdm_key_exchange_rsp kx = { 0 };
	bool multi_key = s->nego.multi_key;

	spdm_read_key_exchange(&rq, &s->nego, &asked);
	spdm_read_key_exchange_rsp(&rr, &s->nego, &asked, &kx);
	reset(s->b);
	reset(s->l);
	if (malformed(s, "KEY_EXCHANGE_RSP", asked.slot, &rq, &rr))
		return;
	struct bytes chain = buf_bytes(s->chain[asked.slot]);
	struct digest ct = digest_of(spdm_digest_alg(s->nego.base_hash), &chain, 1);
	struct bytes th[] = { buf_bytes(s->vca), multi_key ? s->digests : BYTES_NONE,
			      digest_bytes(&ct), req, before(rsp, kx.signature) };

	check(s, add_row(s, "KEY_EXCHANGE_RSP", asked.slot), "responder-key_exchange_rsp signing",
	      th, 5, kx.signature);
}

static void on_endpoint_info(struct state *s, struct bytes req, struct bytes rsp)
{
	struct reader rq = reader_on(req), rr = reader_on(rsp);
	struct spdm_get_endpoint_info asked = { 0 };
	struct bytes sig;

	spdm_read_get_endpoint_info(&rq, s->nego.version, &asked);
	sig = spdm_read_endpoint_info(&rr, &s->nego, &asked);
	reset(s->l);
	if (malformed(s, "ENDPOINT_INFO", asked.slot, &rq, &rr) || !asked.signature)
		return;
	struct bytes pieces[] = { buf_bytes(s->vca), req, before(rsp, sig) };

	check(s, add_row(s, "ENDPOINT_INFO", asked.slot), "responder-endpoint_info signing", pieces,
	      3, sig);
}

/* Where a message ends inside its padded frame: only the readers know. */
static struct bytes trim_request(struct state *s, struct bytes m, u8 code)
{
	struct reader r = reader_on(m);
	struct spdm_get_certificate cert;
	struct spdm_get_measurements meas;
	struct spdm_challenge chal;
	struct spdm_key_exchange kx;
	struct spdm_get_endpoint_info ep;
	struct spdm_offer offer = { 0 };
	u8 version = m.len ? m.at[0] : 0;

	switch (code) {
	case SPDM_GET_CAPABILITIES:
		spdm_read_get_capabilities(&r, version);
		break;
	case SPDM_NEGOTIATE_ALGORITHMS:
		spdm_read_negotiate_algorithms(&r, version, &offer);
		break;
	case SPDM_GET_CERTIFICATE:
		spdm_read_get_certificate(&r, version, &cert);
		break;
	case SPDM_CHALLENGE:
		spdm_read_challenge(&r, version, &chal);
		break;
	case SPDM_GET_MEASUREMENTS:
		spdm_read_get_measurements(&r, version, &meas);
		break;
	case SPDM_KEY_EXCHANGE:
		spdm_read_key_exchange(&r, &s->nego, &kx);
		break;
	case SPDM_GET_ENDPOINT_INFO:
		spdm_read_get_endpoint_info(&r, version, &ep);
		break;
	default:
		return m;
	}
	return r.why ? m : (struct bytes){ m.at, r.offset };
}

/* The same for the responses that enter a transcript whole. */
static struct bytes trim_response(struct state *s, u8 code, struct bytes req, struct bytes m)
{
	struct reader r = reader_on(m), rq = reader_on(req);
	struct spdm_versions versions;
	struct spdm_capabilities caps;
	struct spdm_negotiated nego = s->nego;
	struct spdm_offer offer = { 0 };
	struct spdm_digests digests;
	struct spdm_get_certificate asked = { 0 };
	struct spdm_portion portion;
	struct spdm_get_measurements meas = { 0 };
	struct spdm_measurements measured;

	switch (code) {
	case SPDM_GET_VERSION:
		spdm_read_version(&r, &versions);
		break;
	case SPDM_GET_CAPABILITIES:
		spdm_read_capabilities(&r, m.len ? m.at[0] : 0, &caps);
		break;
	case SPDM_NEGOTIATE_ALGORITHMS:
		nego.version = m.len ? m.at[0] : 0;
		spdm_read_negotiate_algorithms(&rq, nego.version, &offer);
		nego.flags = SPDM_CAP_MEAS_SIG;
		spdm_read_algorithms(&r, &offer, &nego);
		break;
	case SPDM_GET_DIGESTS:
		spdm_read_digests(&r, &s->nego, &digests);
		break;
	case SPDM_GET_CERTIFICATE:
		spdm_read_get_certificate(&rq, s->nego.version, &asked);
		spdm_read_certificate(&r, s->nego.version, &asked, &portion);
		break;
	case SPDM_GET_MEASUREMENTS:
		spdm_read_get_measurements(&rq, s->nego.version, &meas);
		spdm_read_measurements(&r, &s->nego, &meas, &measured);
		break;
	default:
		return m;
	}
	return r.why ? m : (struct bytes){ m.at, r.offset };
}

static void on_pair(struct state *s, struct bytes req, struct bytes rsp)
{
	u8 code = req.at[1];

	req = trim_request(s, req, code);
	rsp = trim_response(s, code, req, rsp);
	switch (code) {
	case SPDM_GET_VERSION:
	case SPDM_GET_CAPABILITIES:
	case SPDM_NEGOTIATE_ALGORITHMS:
		on_vca(s, code, req, rsp);
		break;
	case SPDM_GET_DIGESTS:
		reset(s->b);
		reset(s->l);
		write_bytes(&s->b->w, req);
		write_bytes(&s->b->w, rsp);
		s->digests = rsp;
		break;
	case SPDM_GET_CERTIFICATE:
		reset(s->l);
		on_certificate(s, req, rsp);
		break;
	case SPDM_CHALLENGE:
		reset(s->l);
		on_challenge(s, req, rsp);
		break;
	case SPDM_GET_MEASUREMENTS:
		on_measurements(s, req, rsp);
		break;
	case SPDM_KEY_EXCHANGE:
		on_key_exchange(s, req, rsp);
		break;
	case SPDM_GET_ENDPOINT_INFO:
		on_endpoint_info(s, req, rsp);
		break;
	default: /* any other request ends a run of measurements, and most end a run of certificates */
		reset(s->l);
		reset(s->b);
	}
}

/* The reassembled message enters the transcript; the chunks and the ERROR that began them do not. */
static void begin_large(struct state *s)
{
	s->large = NULL;
	if (s->out->n_large == CAPTURE_LARGE_MAX)
		return;
	s->large_request = s->request;
	s->large = buf_new(8 * SPDM_TRANSCRIPT_MAX);
	if (s->large)
		s->out->large[s->out->n_large++] = s->large;
}

static void on_chunk(struct state *s, struct bytes m)
{
	struct reader r = reader_on(m);
	struct spdm_header h = spdm_read_header(&r);
	u32 seq, size;

	if (!s->large)
		return;
	seq = read_le32(&r, "ChunkSeqNo"); /* 16 bits and a reserved word before 1.4 */
	size = read_le32(&r, "ChunkSize");
	if (seq == 0)
		read_le32(&r, "LargeMessageSize");
	write_bytes(&s->large->w, read_bytes(&r, size, "chunk"));
	if (r.why || s->large->w.full) {
		s->large = NULL;
		return;
	}
	if (h.param1 & 1) {
		struct bytes whole = buf_bytes(s->large);

		s->large = NULL;
		if (whole.len >= 4)
			on_pair(s, s->large_request, whole);
	}
}

static void on_message(struct state *s, struct bytes m)
{
	if (m.len < 4)
		return;
	if (m.at[1] & 0x80) {
		s->request = m;
		s->has_request = true;
		return;
	}
	if (!s->has_request)
		return;
	if (m.at[1] == SPDM_ERROR) {
		/* NotReady goes on with the same request; every other error ends the run. */
		if (m.at[2] == SPDM_ERR_LARGE_RESPONSE)
			begin_large(s);
		else if (m.at[2] != SPDM_ERR_RESPONSE_NOT_READY)
			reset(s->l);
		if (m.at[2] != SPDM_ERR_RESPONSE_NOT_READY)
			s->has_request = false;
		return;
	}
	s->has_request = false;
	if (m.at[1] == SPDM_CHUNK_RESPONSE)
		on_chunk(s, m);
	else if (m.at[1] != SPDM_CHUNK_SEND_ACK)
		on_pair(s, s->request, m);
}

static bool spdm_of(u32 link_type, struct bytes packet, struct bytes *out)
{
	struct reader r = reader_on(packet);
	u8 type;

	if (link_type == LINKTYPE_PCI_DOE) {
		read_le16(&r, "vendor");
		type = read_u8(&r, "type");
		read_bytes(&r, DOE_HEADER - 3, "length");
		if (r.why || type != DOE_TYPE_SPDM)
			return false;
	} else {
		read_bytes(&r, MCTP_HEADER, "MCTP header");
		type = read_u8(&r, "message type");
		if (r.why || (type & 0x7f) != MCTP_TYPE_SPDM)
			return false;
	}
	*out = r.left;
	return true;
}

int capture_verify(struct bytes file, struct capture **out, struct err *e)
{
	OWNED(capture) c = calloc(1, sizeof(*c));
	struct state s = { .out = c };
	struct pcap p;
	struct bytes packet, message;
	int rc = 0;

	if (!c || !(c->rows = calloc(CAPTURE_ROWS_MAX, sizeof(*c->rows))) || !state_open(&s)) {
		state_clear(&s);
		return err_set(e, E_MEMORY, "no memory for a capture");
	}
	if (pcap_open(file, &p, e))
		rc = (int)e->code;
	else if (p.link_type != LINKTYPE_PCI_DOE && p.link_type != LINKTYPE_MCTP)
		rc = err_set(e, E_UNSUPPORTED,
			     "pcap link type %u is neither DOE (292) nor MCTP (291)", p.link_type);
	while (!rc) {
		int got = pcap_next(&p, &packet, e);

		if (got < 0)
			rc = (int)e->code;
		if (got <= 0)
			break;
		s.frame = p.frame - 1;
		if (spdm_of(p.link_type, packet, &message))
			on_message(&s, message);
	}
	state_clear(&s);
	if (!rc)
		*out = TAKE(c);
	return rc;
}

void capture_drop(struct capture **c)
{
	if (!c || !*c)
		return;
	free((*c)->rows);
	for (size_t i = 0; i < (*c)->n_large; i++)
		buf_drop(&(*c)->large[i]);
	free(*c);
	*c = NULL;
}
