/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that answers from a script: every response is written field by field, so that a test can
 * say which field it spoils and where a cut message ends. Nothing is signed unless a key is given.
 */
#ifndef ASSAY_TEST_SPDM_SCRIPT_H
#define ASSAY_TEST_SPDM_SCRIPT_H

#include "support.h"

#include "common/cert.h"
#include "proto/spdm/requester.h"

enum { SCRIPT_CERTS_LEN = 24, SCRIPT_FIELDS_MAX = 32 };

/** struct script - the device, and the requester that talks to it. */
struct script {
	/* the device; script_start() sets what suits @version, a test may change it before it talks */
	u8 version; /* the only one offered */
	u32 flags;
	u32 base_asym, base_hash, meas_hash; /* P-256, SHA-256, SHA-256                     */
	u8 meas_spec, other_params, mel_spec;
	struct bytes certs;  /* after RootHash in the chain object                        */
	struct bytes root;   /* the certificate that RootHash is of; empty: the first of certs */
	u16 portion;	     /* largest certificate portion                               */
	struct bytes opaque; /* of MEASUREMENTS and CHALLENGE_AUTH                        */
	struct bytes record; /* two digest blocks, unless changed                         */
	u8 n_blocks;
	const struct keypair *key; /* NULL: signatures are zeros                           */
	u8 chain[4096];
	size_t chain_len;

	/* the requester, and the rooms for its transcripts */
	struct spdm_requester rq;
	u8 vca[1024], chain_room[8192], measurements[8192], challenge[16384];
	const char *why; /* of the last spdm_requester_take() */
};

/** struct response - one message and where its fields end. */
struct response {
	u8 at[SPDM_MSG_MAX + 8];
	size_t len;
	size_t n_fields;
	struct {
		const char *name; /* the reason for a message cut inside this field */
		size_t end;
	} field[SCRIPT_FIELDS_MAX];
};

void script_start(struct script *s, u8 version);
/** script_answer - what the device says to @request. */
void script_answer(struct script *s, struct bytes request, struct response *out);
/** script_until - talk, honestly, until the requester's next request has @code. */
void script_until(struct script *s, u8 code, struct response *honest_answer);
/** script_give - hand over a response, in memory of exactly its size. Return: of spdm_requester_take(). */
int script_give(struct script *s, struct bytes response);
/** script_finish - the rest of the conversation, honestly. */
void script_finish(struct script *s);

#endif
