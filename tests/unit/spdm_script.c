// SPDX-License-Identifier: Apache-2.0
#include "spdm_script.h"

#include "proto/spdm_evidence.h"

static const u8 two_blocks[2 * 39] = { [0] = 1, 1, 35, 0, 0, 32, 0, [39] = 2, 1, 35, 0, 1, 32, 0 };
static const u8 no_certificates[SCRIPT_CERTS_LEN] = "not read by a requester";

void script_start(struct script *s, u8 version)
{
	*s = (struct script){ .version = version,
			      .flags = SPDM_CAP_CERT | SPDM_CAP_CHAL | SPDM_CAP_MEAS_SIG,
			      .base_asym = SPDM_ECDSA_P256,
			      .base_hash = SPDM_SHA_256,
			      .meas_hash = SPDM_MEAS_SHA_256,
			      .meas_spec = SPDM_MEAS_SPEC_DMTF,
			      .other_params = version >= SPDM_12 ? 2 : 0,
			      .certs = BYTES(no_certificates),
			      .portion = 4000,
			      .record = BYTES(two_blocks),
			      .n_blocks = 2 };
	s->rq.config = (struct spdm_requester_config){ .version_min = SPDM_10,
						       .version_max = SPDM_13,
						       .want_challenge = true };
	memset(s->rq.config.nonce, 0xa1, sizeof(s->rq.config.nonce));
	memset(s->rq.config.challenge_nonce, 0xa2, sizeof(s->rq.config.challenge_nonce));
	memset(s->rq.config.context, 0xa3, sizeof(s->rq.config.context));
	s->rq.vca = writer_on(s->vca, sizeof(s->vca));
	s->rq.chain = writer_on(s->chain_room, sizeof(s->chain_room));
	s->rq.measurements = writer_on(s->measurements, sizeof(s->measurements));
	s->rq.challenge = writer_on(s->challenge, sizeof(s->challenge));
	spdm_requester_start(&s->rq);
}

/* ---- fields ---- */
static void field(struct response *m, const char *name, struct bytes b)
{
	assert_true(m->n_fields < SCRIPT_FIELDS_MAX && m->len + b.len <= SPDM_MSG_MAX);
	if (b.len)
		memcpy(m->at + m->len, b.at, b.len);
	m->len += b.len;
	m->field[m->n_fields].name = name;
	m->field[m->n_fields++].end = m->len;
}

static void number(struct response *m, const char *name, u64 v, size_t len)
{
	u8 le[8];

	for (size_t i = 0; i < len; i++)
		le[i] = (u8)(v >> (8 * i));
	field(m, name, (struct bytes){ le, len });
}

static void fill(struct response *m, const char *name, u8 with, size_t len)
{
	u8 bytes[SPDM_SIG_MAX];

	memset(bytes, with, len);
	field(m, name, (struct bytes){ bytes, len });
}

static void header(struct response *m, u8 version, u8 code, u8 param1, u8 param2)
{
	number(m, "SPDMVersion", version, 1);
	number(m, "RequestResponseCode", code, 1);
	number(m, "Param1", param1, 1);
	number(m, "Param2", param2, 1);
}

/* ---- messages ---- */
static void say_version(const struct script *s, struct response *m)
{
	header(m, SPDM_10, SPDM_VERSION, 0, 0);
	number(m, "reserved", 0, 1);
	number(m, "VersionNumberEntryCount", 1, 1);
	number(m, "VersionNumberEntry", (u64)s->version << 8, 2);
}

static void say_capabilities(const struct script *s, struct response *m)
{
	header(m, s->version, SPDM_CAPABILITIES, 0, 0);
	number(m, "reserved", 0, 1);
	number(m, "CTExponent", 10, 1);
	number(m, "ExtFlags", 0, 2);
	number(m, "Flags", s->flags, 4);
	if (s->version >= SPDM_12) {
		number(m, "DataTransferSize", 4096, 4);
		number(m, "MaxSPDMmsgSize", 4096, 4);
	}
}

static void say_algorithms(const struct script *s, struct response *m)
{
	header(m, s->version, SPDM_ALGORITHMS, 0, 0);
	number(m, "Length", 36, 2);
	number(m, "MeasurementSpecificationSel", s->meas_spec, 1);
	number(m, "OtherParamsSelection", s->other_params, 1);
	number(m, "MeasurementHashAlgo", s->meas_hash, 4);
	number(m, "BaseAsymSel", s->base_asym, 4);
	number(m, "BaseHashSel", s->base_hash, 4);
	number(m, "PqcAsymSel", 0, 4);
	number(m, "reserved", 0, 7);
	number(m, "MELspecificationSel", s->mel_spec, 1);
	number(m, "ExtAsymSelCount", 0, 1);
	number(m, "ExtHashSelCount", 0, 1);
	number(m, "reserved", 0, 2);
}

static struct digest chain_digest(struct script *s)
{
	struct writer w = writer_on(s->chain, sizeof(s->chain));
	enum digest_alg alg = spdm_digest_alg(s->base_hash);
	OWNED(cert_list) certs = NULL;
	struct err ignored = { 0 };
	struct bytes first = s->certs, whole;
	struct digest root;

	if (!cert_list_from_der(s->certs, &certs, &ignored))
		first = cert_der(certs->at[0]);
	if (s->root.len)
		first = s->root;
	root = digest_of(alg, &first, 1);
	write_le16(&w, (u16)(4 + digest_bytes(&root).len + s->certs.len));
	write_le16(&w, 0);
	write_bytes(&w, digest_bytes(&root));
	write_bytes(&w, s->certs);
	whole = write_done(&w);
	assert_true(whole.len > 0);
	s->chain_len = whole.len;
	return digest_of(alg, &whole, 1);
}

static void say_digests(struct script *s, struct response *m)
{
	struct digest d = chain_digest(s);

	header(m, s->version, SPDM_DIGESTS, s->version >= SPDM_13 ? 1 : 0, 1);
	field(m, "DIGESTS Digest", digest_bytes(&d));
	if (s->version >= SPDM_13 && (s->rq.offer.other_params & SPDM_MULTI_KEY_CONN)) {
		number(m, "KeyPairID", 1, 1);
		number(m, "CertificateInfo", 1, 1);
		number(m, "KeyUsageMask", 6, 2);
	}
}

static void say_certificate(const struct script *s, struct bytes request, struct response *m)
{
	size_t offset = request.at[4] | (size_t)request.at[5] << 8;
	size_t left = s->chain_len - offset, n = left < s->portion ? left : s->portion;

	header(m, s->version, SPDM_CERTIFICATE, 0, 0);
	number(m, "PortionLength", n, 2);
	number(m, "RemainderLength", left - n, 2);
	field(m, "CertChain", (struct bytes){ s->chain + offset, n });
}

static void say_tail(const struct script *s, struct bytes request, struct response *m)
{
	number(m, "OpaqueDataLength", s->opaque.len, 2);
	field(m, "OpaqueData", s->opaque);
	if (s->version >= SPDM_13)
		field(m, "RequesterContext",
		      (struct bytes){ request.at + request.len - SPDM_CONTEXT_LEN,
				      SPDM_CONTEXT_LEN });
}

/* By the rules, written out once more: prefix from 1.2 on, and what each signature covers. */
static void say_signature(struct script *s, struct bytes request, struct response *m,
			  const char *context)
{
	bool challenge = m->at[1] == SPDM_CHALLENGE_AUTH;
	struct bytes covered[] = { challenge || s->version >= SPDM_12 ? write_done(&s->rq.vca)
								      : BYTES_NONE,
				   challenge ? write_done(&s->rq.challenge) : BYTES_NONE,
				   request,
				   { m->at, m->len } };
	enum digest_alg alg = spdm_digest_alg(s->base_hash);
	u8 prefix[100] = { 0 }, raw[SPDM_SIG_MAX];
	struct writer sig = writer_on(raw, sizeof(raw));
	struct digest hash = digest_of(alg, covered, 4);
	struct bytes message[] = { BYTES(prefix), digest_bytes(&hash) };
	struct err e = { 0 };

	if (!s->key) {
		fill(m, "Signature", 0, spdm_sig_len(s->base_asym));
		return;
	}
	for (size_t i = 0; i < 4; i++)
		memcpy(prefix + 16 * i,
		       s->version == SPDM_12 ? "dmtf-spdm-v1.2.*" : "dmtf-spdm-v1.3.*", 16);
	memcpy(prefix + 100 - strlen(context), context, strlen(context));
	if (s->version < SPDM_12)
		assert_ok(keypair_sign(s->key, SIG_ECDSA, alg, covered, 4, &sig, &e), &e);
	else
		assert_ok(keypair_sign(s->key, SIG_ECDSA, alg, message, 2, &sig, &e), &e);
	field(m, "Signature", write_done(&sig));
}

static void say_challenge_auth(struct script *s, struct bytes request, struct response *m)
{
	struct digest d = chain_digest(s);

	header(m, s->version, SPDM_CHALLENGE_AUTH, 0, 1);
	field(m, "CertChainHash", digest_bytes(&d));
	fill(m, "CHALLENGE_AUTH Nonce", 0xd1, SPDM_NONCE_LEN);
	say_tail(s, request, m);
	say_signature(s, request, m, "responder-challenge_auth signing");
}

static void say_measurements(struct script *s, struct bytes request, struct response *m)
{
	header(m, s->version, SPDM_MEASUREMENTS, 0, s->version >= SPDM_12 ? 0x20 : 0);
	number(m, "NumberOfBlocks", s->n_blocks, 1);
	number(m, "MeasurementRecordLength", s->record.len, 3);
	field(m, "MeasurementRecord", s->record);
	fill(m, "MEASUREMENTS Nonce", 0xd2, SPDM_NONCE_LEN);
	say_tail(s, request, m);
	say_signature(s, request, m, "responder-measurements signing");
}

void script_answer(struct script *s, struct bytes request, struct response *out)
{
	*out = (struct response){ 0 };
	switch (request.at[1]) {
	case SPDM_GET_VERSION:
		say_version(s, out);
		return;
	case SPDM_GET_CAPABILITIES:
		say_capabilities(s, out);
		return;
	case SPDM_NEGOTIATE_ALGORITHMS:
		say_algorithms(s, out);
		return;
	case SPDM_GET_DIGESTS:
		say_digests(s, out);
		return;
	case SPDM_GET_CERTIFICATE:
		say_certificate(s, request, out);
		return;
	case SPDM_CHALLENGE:
		say_challenge_auth(s, request, out);
		return;
	case SPDM_GET_MEASUREMENTS:
		say_measurements(s, request, out);
		return;
	default:
		fail_msg("the requester sends 0x%02x", request.at[1]);
	}
}

/* ---- the conversation ---- */
int script_give(struct script *s, struct bytes response)
{
	u8 *copy = heap_copy(response);
	int rc;

	s->why = NULL;
	rc = spdm_requester_take(&s->rq, (struct bytes){ copy, response.len }, &s->why);
	free(copy);
	return rc;
}

static void give_honestly(struct script *s, const struct response *m)
{
	if (script_give(s, (struct bytes){ m->at, m->len }))
		fail_msg("an honest answer 0x%02x at version 0x%02x was refused: %s", m->at[1],
			 s->version, s->why);
}

void script_until(struct script *s, u8 code, struct response *honest_answer)
{
	for (;;) {
		struct bytes request = spdm_requester_next(&s->rq);

		assert_true(request.len >= 4);
		script_answer(s, request, honest_answer);
		if (request.at[1] == code)
			return;
		give_honestly(s, honest_answer);
	}
}

void script_finish(struct script *s)
{
	struct response m;

	while (!spdm_requester_done(&s->rq)) {
		script_answer(s, spdm_requester_next(&s->rq), &m);
		give_honestly(s, &m);
	}
}
