// SPDX-License-Identifier: Apache-2.0
/* The requester against one wrong answer at a time. Each row: what is wrong, and what it is called. */
#include "spdm_script.h"

static const u8 versions[] = { SPDM_10, SPDM_11, SPDM_12, SPDM_13 };
static const u8 requests[] = { SPDM_GET_VERSION,	  SPDM_GET_CAPABILITIES,
			       SPDM_NEGOTIATE_ALGORITHMS, SPDM_GET_DIGESTS,
			       SPDM_GET_CERTIFICATE,	  SPDM_CHALLENGE,
			       SPDM_GET_MEASUREMENTS };

static void an_honest_device_of_every_version_is_heard_to_the_end(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct script s;

		script_start(&s, versions[v]);
		script_finish(&s);
		assert_int_equal(s.rq.nego.version, versions[v]);
		assert_bytes_equal(write_done(&s.rq.chain),
				   ((struct bytes){ s.chain, s.chain_len }));
	}
}

static const char *field_at(const struct response *m, size_t at)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (at < m->field[i].end)
			return m->field[i].name;
	return NULL;
}

/* The name of the field that is missing or cut is the reason, at every byte of every response. */
static void a_response_cut_at_any_byte_is_refused_and_the_field_is_named(void **state)
{
	size_t cuts = 0;

	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++)
		for (size_t q = 0; q < ARRAY_LEN(requests); q++) {
			struct response m;
			struct script s;

			script_start(&s, versions[v]);
			script_until(&s, requests[q], &m);
			for (size_t len = 0; len < m.len; len++, cuts++) {
				struct spdm_requester before = s.rq;
				int rc = script_give(&s, (struct bytes){ m.at, len });
				const char *name = field_at(&m, len);

				if (rc != -EBADMSG || !s.why || strcmp(s.why, name))
					fail_msg("version 0x%02x, answer to 0x%02x cut at %zu: "
						 "%d \"%s\", expected \"%s\"",
						 versions[v], requests[q], len, rc,
						 s.why ? s.why : "no reason", name);
				s.rq = before;
			}
		}
	assert_true(cuts > 1900);
}

/* A single byte put at a place from the start, or from the end when it is negative. */
struct spoiled {
	u8 version, request;
	int at;
	u8 put;
	const char *why;
};

static void assert_spoiled(const struct spoiled *row)
{
	struct response m;
	struct script s;
	size_t at;
	int rc;

	script_start(&s, row->version);
	script_until(&s, row->request, &m);
	at = row->at < 0 ? m.len - (size_t)-row->at : (size_t)row->at;
	assert_true(at < m.len);
	assert_int_not_equal(m.at[at], row->put);
	m.at[at] = row->put;
	rc = script_give(&s, (struct bytes){ m.at, m.len });
	if (!rc || !s.why || strcmp(s.why, row->why))
		fail_msg("version 0x%02x, answer to 0x%02x with byte %d = 0x%02x: %d \"%s\", "
			 "expected \"%s\"",
			 row->version, row->request, row->at, row->put, rc,
			 s.why ? s.why : "accepted", row->why);
	assert_false(spdm_requester_done(&s.rq));
}

static void one_wrong_byte_of_the_negotiation_is_refused_and_named(void **state)
{
	static const struct spoiled rows[] = {
		{ SPDM_12, SPDM_GET_VERSION, 0, 0x12, "SPDMVersion is not the negotiated one" },
		{ SPDM_12, SPDM_GET_VERSION, 1, 0x05,
		  "RequestResponseCode is not the one expected" },
		{ SPDM_12, SPDM_GET_VERSION, 5, 0, "VersionNumberEntryCount" },
		{ SPDM_12, SPDM_GET_VERSION, 5, 2, "VersionNumberEntry" },
		{ SPDM_12, SPDM_GET_VERSION, 5, 33, "VersionNumberEntryCount" },
		{ SPDM_12, SPDM_GET_VERSION, 6, 0x01, /* an alpha of 1.2 is not 1.2 */
		  "no version in common (VersionNumberEntry)" },
		{ SPDM_12, SPDM_GET_VERSION, 7, 0x14, "no version in common (VersionNumberEntry)" },
		{ SPDM_12, SPDM_GET_VERSION, 7, 0x22, "no version in common (VersionNumberEntry)" },

		{ SPDM_12, SPDM_GET_CAPABILITIES, 0, 0x11,
		  "SPDMVersion is not the negotiated one" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 5, 32, "CTExponent" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 8, 0x1e, "MEAS_CAP is 3" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 8, 0x26, "MEAS_FRESH_CAP without MEAS_CAP" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 8, 0x14, "CHAL_CAP without CERT_CAP" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 8, 0x10, "device cannot attest: no CERT_CAP" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 8, 0x0e,
		  "device cannot attest: it does not sign measurements (MEAS_CAP)" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 9, 0x0c, "PSK_CAP is 3" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 10, 0x01,
		  "CERT_CAP together with PUB_KEY_ID_CAP" },
		{ SPDM_13, SPDM_GET_CAPABILITIES, 10, 0xc0, "EP_INFO_CAP is 3" },
		{ SPDM_13, SPDM_GET_CAPABILITIES, 11, 0x0c, "MULTI_KEY_CAP is 3" },
		{ SPDM_12, SPDM_GET_CAPABILITIES, 17, 0x0f,
		  "MaxSPDMmsgSize is less than DataTransferSize" },
		{ SPDM_13, SPDM_GET_CAPABILITIES, 17, 0x11,
		  "MaxSPDMmsgSize differs from DataTransferSize without CHUNK_CAP" },

		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 0, 0x13,
		  "SPDMVersion is not the negotiated one" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 2, 1, "AlgType" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 2, 9, "AlgStruct count" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 4, 40, "ALGORITHMS Length" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 4, 8, "ALGORITHMS Length" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 6, 0,
		  "MeasurementSpecificationSel is not DMTF" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 6, 3,
		  "MeasurementSpecificationSel was not offered" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 7, 1,
		  "OtherParamsSelection was not offered" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 7, 0x12,
		  "OtherParamsSelection was not offered" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 7, 3,
		  "OtherParamsSelection was not offered" },
		{ SPDM_13, SPDM_NEGOTIATE_ALGORITHMS, 7, 0x22,
		  "OtherParamsSelection was not offered" },
		{ SPDM_13, SPDM_NEGOTIATE_ALGORITHMS, 7, 0x12, /* about keys that we have not */
		  "OtherParamsSelection was not offered" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 8, 0, "MeasurementHashAlgo" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 8, 6, "MeasurementHashAlgo" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 8, 0x10, "MeasurementHashAlgo" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 12, 0,
		  "BaseAsymSel is not one offered algorithm" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 12, 0x90,
		  "BaseAsymSel is not one offered algorithm" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 13, 0x04,
		  "BaseAsymSel is not one offered algorithm" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 16, 0,
		  "BaseHashSel is not one offered algorithm" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 16, 3,
		  "BaseHashSel is not one offered algorithm" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 16, 8, /* SHA3-256 */
		  "BaseHashSel is not one offered algorithm" },
		{ SPDM_13, SPDM_NEGOTIATE_ALGORITHMS, 31, 1,
		  "MELspecificationSel was not offered" },
		{ SPDM_13, SPDM_NEGOTIATE_ALGORITHMS, 20, 1, "PqcAsymSel before 1.4" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 32, 1,
		  "ExtAsymSelCount or ExtHashSelCount: nothing was offered" },
		{ SPDM_12, SPDM_NEGOTIATE_ALGORITHMS, 33, 1,
		  "ExtAsymSelCount or ExtHashSelCount: nothing was offered" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_spoiled(&rows[i]);
}

static void one_wrong_byte_of_the_certificates_is_refused_and_named(void **state)
{
	static const struct spoiled rows[] = {
		{ SPDM_12, SPDM_GET_DIGESTS, 0, 0x11, "SPDMVersion is not the negotiated one" },
		{ SPDM_12, SPDM_GET_DIGESTS, 1, 0x02,
		  "RequestResponseCode is not the one expected" },
		{ SPDM_12, SPDM_GET_DIGESTS, 3, 0, "DIGESTS: no slot is provisioned" },
		{ SPDM_12, SPDM_GET_DIGESTS, 3, 3, "DIGESTS Digest" },
		{ SPDM_12, SPDM_GET_DIGESTS, 3, 2,
		  "DIGESTS: the slot asked for is not provisioned" },
		{ SPDM_13, SPDM_GET_DIGESTS, 2, 0,
		  "DIGESTS: a provisioned slot is not a supported one" },
		{ SPDM_13, SPDM_GET_DIGESTS, 2, 2,
		  "DIGESTS: a provisioned slot is not a supported one" },

		{ SPDM_12, SPDM_GET_CERTIFICATE, 2, 1, "CERTIFICATE is of another slot" },
		{ SPDM_13, SPDM_GET_CERTIFICATE, 2, 0x80,
		  "CERTIFICATE: large chain is not what was asked for" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 4, 0, "PortionLength is zero" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 5, 0x10,
		  "PortionLength is more than was asked for" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 4, 61, "CertChain" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 4, 59,
		  "RemainderLength does not lead to the chain's Length" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 6, 1,
		  "RemainderLength does not lead to the chain's Length" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 8, 61,
		  "RemainderLength does not lead to the chain's Length" },
		{ SPDM_12, SPDM_GET_CERTIFICATE, 9, 1,
		  "RemainderLength does not lead to the chain's Length" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_spoiled(&rows[i]);
}

static void one_wrong_byte_of_a_signed_answer_is_refused_and_named(void **state)
{
	/* CHALLENGE_AUTH: 4, hash 32, nonce 32, opaque length at 68; its signature is 64 bytes.
	 * MEASUREMENTS: 8, two blocks of 39, nonce 32, opaque length at 118. */
	static const struct spoiled rows[] = {
		{ SPDM_11, SPDM_CHALLENGE, 2, 1, "CHALLENGE_AUTH is of another slot" },
		{ SPDM_11, SPDM_CHALLENGE, 2, 0x80,
		  "CHALLENGE_AUTH asks for mutual authentication, which was not offered" },
		{ SPDM_11, SPDM_CHALLENGE, 3, 2,
		  "CHALLENGE_AUTH SlotMask lacks the slot asked for" },
		{ SPDM_11, SPDM_CHALLENGE, 69, 0xff, "OpaqueDataLength is more than 1024" },
		{ SPDM_11, SPDM_CHALLENGE, 68, 65, "OpaqueData" },
		{ SPDM_11, SPDM_CHALLENGE, 68, 64, "Signature" },
		{ SPDM_13, SPDM_CHALLENGE, 70, 0, "RequesterContext is not the one sent" },
		{ SPDM_13, SPDM_CHALLENGE, 77, 0, "RequesterContext is not the one sent" },

		{ SPDM_12, SPDM_GET_MEASUREMENTS, 0, 0x13,
		  "SPDMVersion is not the negotiated one" },
		{ SPDM_11, SPDM_GET_MEASUREMENTS, 3, 1, "MEASUREMENTS is of another slot" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 3, 0x21, "MEASUREMENTS is of another slot" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 3, 0x30, "MEASUREMENTS ContentChanged" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 4, 0, "NumberOfBlocks" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 4, 255, "NumberOfBlocks" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 4, 1, "bytes after the end" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 4, 3, "block Index" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 7, 1, "MeasurementRecord" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 8, 0, "block Index is 0 or 0xff" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 8, 0xff, "block Index is 0 or 0xff" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 8, 2, "block Index twice" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 9, 2,
		  "block MeasurementSpecification is not DMTF" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 10, 34,
		  "block MeasurementSize is not the value's size and 3" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 14, 1,
		  "block MeasurementSize is not the value's size and 3" },
		{ SPDM_11, SPDM_GET_MEASUREMENTS, 118, 1, "Signature" },
		{ SPDM_12, SPDM_GET_MEASUREMENTS, 119, 5, "OpaqueDataLength is more than 1024" },
		{ SPDM_13, SPDM_GET_MEASUREMENTS, 120, 0, "RequesterContext is not the one sent" },
		{ SPDM_13, SPDM_GET_MEASUREMENTS, -65, 0, "RequesterContext is not the one sent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_spoiled(&rows[i]);
}

static void up_to_three_zero_bytes_may_follow_and_nothing_else(void **state)
{
	static const struct {
		u8 n, with;
		bool legal;
	} rows[] = { { 1, 0, true },
		     { 3, 0, true },
		     { 4, 0, false },
		     { 1, 0x41, false },
		     { 3, 0x41, false } };

	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++)
		for (size_t q = 0; q < ARRAY_LEN(requests); q++)
			for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
				struct response m;
				struct script s;
				int rc;

				script_start(&s, versions[v]);
				script_until(&s, requests[q], &m);
				memset(m.at + m.len, rows[i].with, rows[i].n);
				rc = script_give(&s, (struct bytes){ m.at, m.len + rows[i].n });
				assert_int_equal(rc, rows[i].legal ? 0 : -EBADMSG);
				if (!rows[i].legal)
					assert_string_equal(s.why, "bytes after the end");
			}
}

static void a_chain_in_portions_is_one_chain(void **state)
{
	static const u16 portions[] = { 2, 7, 31, 59, 60 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(portions); i++) {
		struct script s;

		script_start(&s, SPDM_12);
		s.portion = portions[i];
		script_finish(&s);
		assert_bytes_equal(write_done(&s.rq.chain),
				   ((struct bytes){ s.chain, s.chain_len }));
	}
}

static void a_remainder_that_changes_between_portions_is_refused(void **state)
{
	struct response m;
	struct script s;

	(void)state;
	script_start(&s, SPDM_12);
	s.portion = 20;
	script_until(&s, SPDM_GET_CERTIFICATE, &m);
	assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), 0);
	script_until(&s, SPDM_GET_CERTIFICATE, &m);
	m.at[6]++;
	assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), -EBADMSG);
	assert_string_equal(s.why, "RemainderLength does not lead to the chain's Length");
}

/* ---- errors ---- */
static const u8 error_version = SPDM_12;

static int give_error(struct script *s, const char *hex)
{
	OWNED(buf) b = from_hex(hex);

	return script_give(s, buf_bytes(b));
}

static void every_error_but_three_is_the_last_word(void **state)
{
	static const struct {
		u8 request;
		const char *message;
		int rc;
		const char *why;
	} rows[] = {
		{ SPDM_GET_DIGESTS, "127f0100", -EPROTO, "device answers ERROR InvalidRequest" },
		{ SPDM_GET_DIGESTS, "127f0400", -EPROTO, "device answers ERROR UnexpectedRequest" },
		{ SPDM_GET_DIGESTS, "127f0500", -EPROTO, "device answers ERROR Unspecified" },
		{ SPDM_GET_DIGESTS, "127f0781", -EPROTO,
		  "device answers ERROR UnsupportedRequest" },
		{ SPDM_GET_DIGESTS, "127f4100", -EPROTO, "device answers ERROR VersionMismatch" },
		{ SPDM_GET_DIGESTS, "127fee00", -EPROTO, "device answers ERROR" },
		{ SPDM_GET_CERTIFICATE, "127f0f0001", -EPROTO,
		  "device answers ERROR LargeResponse, and chunks were not negotiated" },
		{ SPDM_GET_VERSION, "107f0f0001", -EPROTO,
		  "device answers ERROR LargeResponse, and chunks were not negotiated" },
		{ SPDM_GET_DIGESTS, "117f0300", -EBADMSG, "SPDMVersion is not the negotiated one" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct response m;
		struct script s;

		script_start(&s, error_version);
		script_until(&s, rows[i].request, &m);
		assert_int_equal(give_error(&s, rows[i].message), rows[i].rc);
		assert_string_equal(s.why, rows[i].why);
	}
}

static void a_response_not_ready_that_cannot_be_followed_is_refused(void **state)
{
	static const struct {
		u8 request;
		const char *message, *why;
		int rc;
	} rows[] = {
		{ SPDM_GET_VERSION, "107f42000a845a04", "ResponseNotReady to GET_VERSION",
		  -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a825a04", "ResponseNotReady is for another request",
		  -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a815a01", "RDTM", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a815a00", "RDTM", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f420020815a04", "RDTExponent", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42003f815a04", "RDTExponent", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42001f815a04",
		  "device asks for a longer wait than CMA allows (RDTExponent)", -ETIMEDOUT },
		{ SPDM_GET_DIGESTS, "127f42000a815a0441", "bytes after the end", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a815a0400000000", "bytes after the end", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f4200", "RDTExponent", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a", "ResponseNotReady RequestCode", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a81", "ResponseNotReady Token", -EBADMSG },
		{ SPDM_GET_DIGESTS, "127f42000a815a", "RDTM", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct response m;
		struct script s;

		script_start(&s, error_version);
		script_until(&s, rows[i].request, &m);
		assert_int_equal(give_error(&s, rows[i].message), rows[i].rc);
		assert_string_equal(s.why, rows[i].why);
	}
}

/* Only the request and its final response are evidence: not the wait between them. */
static void waiting_leaves_no_trace_in_the_transcripts(void **state)
{
	struct script direct, waited;
	struct response m;

	(void)state;
	script_start(&direct, SPDM_12);
	script_finish(&direct);
	script_start(&waited, SPDM_12);
	for (size_t q = 1; q < ARRAY_LEN(requests); q++) {
		OWNED(buf) not_ready = from_hex("127f42000a005a04");

		script_until(&waited, requests[q], &m);
		not_ready->w.at[5] = requests[q];
		assert_int_equal(script_give(&waited, buf_bytes(not_ready)), -EAGAIN);
		assert_int_equal(waited.rq.wait_us, 1024);
		assert_bytes_equal(
			spdm_requester_next(&waited.rq),
			((struct bytes){ (const u8[]){ 0x12, 0xff, requests[q], 0x5a }, 4 }));
		assert_int_equal(script_give(&waited, (struct bytes){ m.at, m.len }), 0);
	}
	assert_true(spdm_requester_done(&waited.rq));
	assert_bytes_equal(write_done(&waited.rq.vca), write_done(&direct.rq.vca));
	assert_bytes_equal(write_done(&waited.rq.challenge), write_done(&direct.rq.challenge));
	assert_bytes_equal(write_done(&waited.rq.measurements),
			   write_done(&direct.rq.measurements));
}

static void busy_is_retried_with_the_same_bytes_and_not_for_ever(void **state)
{
	u8 first[64];
	struct bytes request;
	struct response m;
	struct script s;
	int rc = -EAGAIN, tries;

	(void)state;
	script_start(&s, SPDM_12);
	script_until(&s, SPDM_GET_MEASUREMENTS, &m);
	request = spdm_requester_next(&s.rq);
	memcpy(first, request.at, request.len);
	for (tries = 0; rc == -EAGAIN && tries < 100; tries++) {
		rc = give_error(&s, "127f0300");
		assert_bytes_equal(spdm_requester_next(&s.rq),
				   ((struct bytes){ first, request.len }));
	}
	assert_int_equal(tries, SPDM_RETRIES_MAX + 1);
	assert_int_equal(rc, -ETIMEDOUT);
	assert_string_equal(s.why, "device stays busy");
}

static void a_resynch_starts_over_once(void **state)
{
	struct response m;
	struct script s;

	(void)state;
	script_start(&s, SPDM_12);
	script_until(&s, SPDM_GET_MEASUREMENTS, &m);
	assert_int_equal(give_error(&s, "127f4300"), -EAGAIN);
	assert_int_equal(spdm_requester_next(&s.rq).at[1], SPDM_GET_VERSION);
	assert_int_equal(s.rq.vca.len + s.rq.chain.len + s.rq.challenge.len, 0);
	script_until(&s, SPDM_GET_MEASUREMENTS, &m);
	assert_int_equal(give_error(&s, "127f4300"), -EPROTO);
	assert_string_equal(s.why, "device answers ERROR RequestResynch");
}

/* A device that was reset knows of no negotiated version. */
static void a_resynch_may_come_at_version_1_0(void **state)
{
	struct response m;
	struct script s;

	(void)state;
	script_start(&s, SPDM_12);
	script_until(&s, SPDM_GET_MEASUREMENTS, &m);
	assert_int_equal(give_error(&s, "107f4300"), -EAGAIN);
	script_finish(&s);
	assert_int_equal(s.rq.nego.version, SPDM_12);
}

static void a_device_that_cannot_take_the_requests_to_come_is_told_apart(void **state)
{
	static const struct {
		u8 version, slot;
		u32 transfer_size;
		const char *why; /* NULL: it can */
	} rows[] = {
		{ SPDM_12, 0, 42, NULL },
		{ SPDM_13, 0, 45, NULL },
		{ SPDM_13, 0, 44,
		  "device cannot attest: DataTransferSize is less than a GET_MEASUREMENTS" },
		{ SPDM_10, 1, 0, "device cannot attest: SPDM 1.0 measures with slot 0 only" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct response m;
		struct script s;
		int rc;

		script_start(&s, rows[i].version);
		s.rq.config.slot = rows[i].slot;
		script_until(&s, SPDM_GET_CAPABILITIES, &m);
		if (rows[i].transfer_size) {
			m.at[12] = m.at[16] = (u8)rows[i].transfer_size;
			m.at[13] = m.at[17] = 0;
		}
		rc = script_give(&s, (struct bytes){ m.at, m.len });
		assert_int_equal(rc, rows[i].why ? -EOPNOTSUPP : 0);
		if (rows[i].why)
			assert_string_equal(s.why, rows[i].why);
	}
}

static void a_response_without_a_request_is_refused(void **state)
{
	struct response m;
	struct script s;

	(void)state;
	script_start(&s, SPDM_12);
	assert_int_equal(script_give(&s, (struct bytes){ (const u8[]){ 0x10, 4, 0, 0 }, 4 }),
			 -EBADMSG);
	assert_string_equal(s.why, "response without a request");
	script_until(&s, SPDM_GET_MEASUREMENTS, &m);
	assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), 0);
	assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), -EBADMSG);
	assert_string_equal(s.why, "response without a request");
}

static void a_known_chain_is_not_read_again_but_its_hash_is_kept(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct digest hash;
		struct bytes chain;
		struct script s;

		script_start(&s, versions[v]);
		s.rq.config.know_chain = true;
		script_finish(&s);
		chain = (struct bytes){ s.chain, s.chain_len };
		hash = digest_of(DIGEST_SHA256, &chain, 1);
		assert_int_equal(s.rq.chain.len, 0);
		assert_memory_equal(s.rq.chain_hash, hash.at, digest_len(hash.alg));
	}
}

static void where_the_challenge_begins_is_known_when_there_is_one(void **state)
{
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct script s;

		script_start(&s, versions[v]);
		s.rq.config.want_challenge = false;
		script_finish(&s);
		if (versions[v] >= SPDM_12)
			assert_int_equal(s.rq.challenge_at, 0);
		else
			assert_int_equal(s.challenge[s.rq.challenge_at + 1], SPDM_CHALLENGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_device_of_every_version_is_heard_to_the_end),
		cmocka_unit_test(a_response_cut_at_any_byte_is_refused_and_the_field_is_named),
		cmocka_unit_test(one_wrong_byte_of_the_negotiation_is_refused_and_named),
		cmocka_unit_test(one_wrong_byte_of_the_certificates_is_refused_and_named),
		cmocka_unit_test(one_wrong_byte_of_a_signed_answer_is_refused_and_named),
		cmocka_unit_test(up_to_three_zero_bytes_may_follow_and_nothing_else),
		cmocka_unit_test(a_chain_in_portions_is_one_chain),
		cmocka_unit_test(a_remainder_that_changes_between_portions_is_refused),
		cmocka_unit_test(every_error_but_three_is_the_last_word),
		cmocka_unit_test(a_response_not_ready_that_cannot_be_followed_is_refused),
		cmocka_unit_test(waiting_leaves_no_trace_in_the_transcripts),
		cmocka_unit_test(busy_is_retried_with_the_same_bytes_and_not_for_ever),
		cmocka_unit_test(a_resynch_starts_over_once),
		cmocka_unit_test(a_resynch_may_come_at_version_1_0),
		cmocka_unit_test(a_device_that_cannot_take_the_requests_to_come_is_told_apart),
		cmocka_unit_test(a_response_without_a_request_is_refused),
		cmocka_unit_test(a_known_chain_is_not_read_again_but_its_hash_is_kept),
		cmocka_unit_test(where_the_challenge_begins_is_known_when_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
