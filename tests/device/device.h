/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spdm-device: a software SPDM responder for tests and the demo. It shares no code with the
 * requester in proto/spdm: its constants and layouts are its own, so that one misreading of the
 * specification cannot hide on both sides. vectors_device.c holds it against third-party captures.
 */
#ifndef SPDM_DEVICE_H
#define SPDM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

enum {
	MESSAGE_MAX = 4600,
	TRANSCRIPT_MAX = 300000,
	SLOTS = 8,
	DEVICES = 64,
	NAME_MAX_LEN = 64,
	PATH_LEN = 512,
};

struct octets {
	uint8_t *at;
	size_t len, cap;
};
void octets_add(struct octets *o, const void *at, size_t len);
void octets_clear(struct octets *o);
void octets_free(struct octets *o);

struct hostile_mode;

struct slot {
	EVP_PKEY *key;
	struct octets chain; /* Length, reserved, RootHash, certificates */
};

struct device {
	char name[NAME_MAX_LEN];
	uint16_t port;
	uint8_t versions[8]; /* offered, ascending: 0x10 ... */
	size_t n_versions;
	uint32_t flags;
	uint32_t asym, hash, meas_hash; /* one bit each */
	uint8_t ct_exponent;
	uint16_t portion_max;
	char identity[PATH_LEN]; /* folder with slotN.key, slotN.chain */
	char measurements[PATH_LEN];
	const struct hostile_mode *mode;
	struct slot slots[SLOTS];
	unsigned long exchanges, signatures, sign_us;
	unsigned long answer_us; /* from request to response, signatures included */
	unsigned int epoch;	 /* raised by "drop": connections forget their state */
	bool closing;		 /* "close": the next request is answered by hanging up */
};

/* identity.c */
struct identity_options {
	const char *asym; /* "p384", "rsapss3072", ... */
	const char *name; /* PCIe CMA text for the subjectAltName */
	const char *flaw; /* NULL, or one of those of hostile.c */
};
int identity_make_root(const char *folder, const char *asym); /* of root and intermediates */
int identity_make(const char *root_folder, const char *folder, int slot,
		  const struct identity_options *o);
int identity_load(struct device *d);
/*
 * For a program that is many devices at once, with keys that it made: the folder of identity_make_root() as an issuer, which
 * several threads may use; a leaf's DER; a slot with that key and chain.
 */
struct leaf_options {
	const char *subject, *number; /* its CN and, unless NULL, its serialNumber: any bytes */
	const char *name;	      /* PCIe CMA text */
	const char *flaw;	      /* NULL, or one of those of hostile.c that a leaf has */
};
struct authority;
struct authority *authority_open(const char *folder); /* NULL: there is none in @folder */
void authority_close(struct authority *a);
int authority_leaf(const struct authority *a, EVP_PKEY *key, const struct leaf_options *o,
		   struct octets *der);
int authority_fill(const struct authority *a, struct device *d, int slot, EVP_PKEY *key,
		   const struct octets *leaf);
void identity_clear(struct device *d); /* all slots */
uint32_t asym_bit(const char *name);   /* 0 when unknown */
uint32_t hash_bit(const char *name);
unsigned int hash_size(uint32_t hash_bit);
unsigned int sig_size(uint32_t asym_bit);
const EVP_MD *hash_md(uint32_t hash_bit);

/* measure.c: text file to measurement record; read anew each time */
struct block {
	uint8_t index, type; /* type with bit 7: raw */
	uint8_t value[1024];
	uint16_t len;
};
int measurements_load(const struct device *d, struct block *out, int max);

/* responder.c, responder_messages.c */
enum { READY_TOKEN = 0x5a }; /* of every ResponseNotReady */
struct session {
	struct device *device;
	unsigned int epoch;
	int stage; /* 0 nothing, 1 version, 2 capabilities, 3 algorithms */
	uint8_t version;
	uint32_t peer_flags, peer_limit; /* of GET_CAPABILITIES; limit 0: none given */
	bool multi_key;			 /* slots have keys of their own, and DIGESTS says so */
	struct octets a;		 /* GET_VERSION to ALGORITHMS */
	struct octets b;		 /* DIGESTS and certificates, until a CHALLENGE */
	struct octets l;		 /* measurements, until a signature over them */
	uint8_t measured[32];		 /* SHA-256 of what was there when l began */
	uint8_t parked[128];		 /* a request answered with ResponseNotReady */
	size_t parked_len;
	int counter; /* for modes that misbehave now and then */
};
void session_reset(struct session *s);
void session_free(struct session *s);
/* Answer one SPDM message. Return: length of the response in @out (MESSAGE_MAX + 600 bytes). */
size_t respond(struct session *s, const uint8_t *request, size_t len, uint8_t *out);

/* hostile.c */
enum phase {
	ON_BODY,   /* before it enters a transcript and is signed: a genuine signature over a lie */
	ON_SIGNED, /* after: what an attacker between device and requester can do */
	INSTEAD,
	ON_OBJECT, /* of the DOE object around it */
	ON_FRAME,  /* of the socket frame around that */
};
enum { ANY_MESSAGE = 0xff };
struct hostile_mode {
	const char *name;
	int number;	  /* of the list at the top of hostile.c */
	uint8_t response; /* the message it alters, or ANY_MESSAGE; 0: the identity */
	enum phase phase;
	/* @len: length now, changed in place; room for 600 bytes more. false: leave it alone this time. */
	bool (*alter)(struct session *s, uint8_t *m, size_t *len);
	const char *flaw;   /* of the certificate chain, for modes of the identity */
	const char *answer; /* a part of what a correct requester says, or "accepted" */
};
extern const struct hostile_mode hostile_modes[];
extern const size_t n_hostile_modes;
const struct hostile_mode *hostile_find(const char *name);

/* serve.c */
bool versions_set(struct device *d, const char *value); /* "1.0-1.3" */
int control_connect(const char *path);			/* to a serving one; -1 and errno */
int serve(struct device *devices, size_t n, const char *control_path, bool announce);
/* frame one DOE object: discovery is answered here. Return: bytes in @out. */
size_t doe_answer(struct session *s, const uint8_t *object, size_t len, uint8_t *out, size_t cap);

#endif
