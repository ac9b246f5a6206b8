/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between responder.c, which knows the order of requests, the transcripts and the signatures, and
 * responder_messages.c, which knows the layout of every message.
 */
#ifndef SPDM_DEVICE_RESPONDER_H
#define SPDM_DEVICE_RESPONDER_H

#include "device.h"

enum {
	SPDM_10 = 0x10,
	SPDM_11 = 0x11,
	SPDM_12 = 0x12,
	SPDM_13 = 0x13,
};

/* A request's code; its response has the same one with bit 7 clear. */
enum request_code {
	GET_DIGESTS = 0x81,
	GET_CERTIFICATE = 0x82,
	CHALLENGE = 0x83,
	GET_VERSION = 0x84,
	GET_MEASUREMENTS = 0xe0,
	GET_CAPABILITIES = 0xe1,
	NEGOTIATE_ALGORITHMS = 0xe3,
	RESPOND_IF_READY = 0xff,
	ERROR_RESPONSE = 0x7f,
};

enum error_code {
	OK = 0,
	INVALID_REQUEST = 0x01,
	UNEXPECTED_REQUEST = 0x04,
	UNSPECIFIED = 0x05,
	UNSUPPORTED_REQUEST = 0x07,
	RESPONSE_TOO_LARGE = 0x0d,
	VERSION_MISMATCH = 0x41,
	RESPONSE_NOT_READY = 0x42,
	REQUEST_RESYNCH = 0x43,
};

/* Responder flags of CAPABILITIES that this device acts on. */
enum {
	CERT_CAP = 1u << 1,
	CHAL_CAP = 1u << 2,
	MEAS_CAP = 3u << 3,
	MEAS_CAP_SIG = 2u << 3,
	CHUNK_CAP = 1u << 17,
	MEL_CAP = 1u << 24,
	MULTI_KEY_CAP = 3u << 26,
	MULTI_KEY_ONLY = 1u << 26, /* the connection must be one with many keys */
};

enum { NONCE_LEN = 32, CONTEXT_LEN = 8, TRANSFER_MIN = 42 };

/* One request and the response that grows to it. */
struct exchange {
	struct session *s;
	const uint8_t *request;
	size_t request_len; /* what came in: DOE may have padded it */
	size_t used;	    /* what the request means: set by ends_at(), enters transcripts */
	uint8_t *response;  /* MESSAGE_MAX + 600 bytes */
	size_t len, limit;  /* limit: what this requester can take */
	bool too_long;	    /* something was not put, because it passed the limit */
};

/* Little-endian, appended; past the limit nothing is put and too_long is set. */
void put(struct exchange *x, const void *at, size_t len);
void put_le(struct exchange *x, uint64_t value, size_t len);
void put_header(struct exchange *x, uint8_t param1, uint8_t param2);
uint32_t get_le(const uint8_t *at, size_t len);

/* The request is @len bytes and nothing but DOE's zero padding behind; remembers @len as used. */
bool ends_at(struct exchange *x, size_t len);
/* Let a hostile mode change the response, if it is one of this message and this moment. */
void bend(struct exchange *x, enum phase when);
/* The body stands, signature excepted. Return: OK, or RESPONSE_TOO_LARGE. */
enum error_code body_done(struct exchange *x);

/* Request without padding, response as it stands. */
void remember(struct octets *transcript, const struct exchange *x);

/* Sign prefix ‖ parts under @context ("responder-... signing"), and append the signature. */
struct transcript {
	const struct octets *part[3];
	const char *context;
};
enum error_code put_signature(struct exchange *x, unsigned int slot, const struct transcript *t);

/* Each takes the request at hand and builds its response. Return: OK, or why an ERROR is the answer. */
enum error_code answer_version(struct exchange *x);
enum error_code answer_capabilities(struct exchange *x);
enum error_code answer_algorithms(struct exchange *x);
enum error_code answer_digests(struct exchange *x);
enum error_code answer_certificate(struct exchange *x);
enum error_code answer_challenge(struct exchange *x);
enum error_code answer_measurements(struct exchange *x);

#endif
