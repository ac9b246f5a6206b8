/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of one device, slot and nonce that a person at this host chose: what `assay device cert` and `measure` show.
 * It goes into no token.
 *
 *	request  u8 slot ‖ nonce(32) ‖ name
 *	answer   lp8(label) ‖ lp8(address) ‖ lp8(source) ‖ u8 slot ‖ u8 provisioned slots, 0: unknown ‖ u32be generation ‖
 *	         lp32(vca) ‖ lp32(chain) ‖ lp32(measurements) ‖ lp32(challenge)
 */
#ifndef ASSAY_COLLECTOR_SINGLE_H
#define ASSAY_COLLECTOR_SINGLE_H

#include "agent/settings.h"
#include "common/writer.h"

struct known;

enum { SINGLE_REQUEST_MAX = 1 + EVIDENCE_NONCE_LEN + LABEL_MAX };

struct single_request {
	u8 slot;
	u8 nonce[EVIDENCE_NONCE_LEN];
	char name[LABEL_MAX + 1]; /* label or bus address */
};
void single_request_write(const struct single_request *q, struct writer *w);
/** single_request_parse - E_FORMAT: a slot over 7, a name that is empty, too long or not of printable characters. */
int single_request_parse(struct bytes b, struct single_request *out, struct err *e);
/** single_challenge_nonce - of CHALLENGE, where SPDM 1.0 and 1.1 need one: derived from @nonce, both sides know it. */
void single_challenge_nonce(const u8 nonce[EVIDENCE_NONCE_LEN], u8 out[EVIDENCE_NONCE_LEN]);

/**
 * single_collect - @q of the devices that @s lists, without a try of other slots.
 * @known: told of it, so that our own doing starts no round; or NULL.
 * Return: 0 and the answer's bytes in *@out; E_NOTFOUND when no device has that name; why it gave nothing.
 */
int single_collect(const struct agent_settings *s, struct known *known,
		   const struct single_request *q, struct buf **out, struct err *e);

/** struct single_answer - views into what was parsed. */
struct single_answer {
	char label[LABEL_MAX + 1], address[SOURCE_ADDRESS_MAX], source[16];
	u8 slot, slots; /* bit n: slot n has a certificate */
	u32 generation;
	struct bytes vca, chain, measurements, challenge;
};
int single_answer_parse(struct bytes b, struct single_answer *out, struct err *e);

#endif
