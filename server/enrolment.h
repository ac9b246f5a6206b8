/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolment on its way: what was asked for, and the challenge that is out for it. SPEC: docs/RULES.md 16 */
#ifndef ASSAY_SERVER_ENROLMENT_H
#define ASSAY_SERVER_ENROLMENT_H

#include "hosts.h"
#include "server.h"

enum { CHALLENGE_LIFE_S = 300, CHALLENGE_LEN = 32 };

struct enrolment {
	char id[33];
	u8 request[32]; /* SHA-256 of the body: the challenge answers this request only */
	u8 secret[32];	/* of the challenge and of all that it is bound to: enrolment_bind() */
	char name[HOST_NAME_MAX_LEN + 1];
	char group[GROUP_MAX_LEN + 1];
	char ek_trust[16];
	struct buf *ek_pub, *ak_pub;
	u8 token[32];
	bool has_token;
	const char *token_fault; /* what is wrong with the token that was presented, or NULL */
	long long not_after;
	bool done;
	u8 mac[32];
	struct bytes answer; /* what the host sent back */
	u8 ueid[UEID_LEN];
	bool proven; /* the answer was right: what is refused now is refused to a real TPM */
	bool new_ak; /* another AK of this TPM was enrolled, and is revoked with this one */
	const char *ek_oddity; /* what of the EK certificate is not DER, or NULL */
	struct call *call;
};
void enrolment_clear(struct enrolment *x);

/**
 * enrolment_bind - what is stored of a challenge: it is bound to the EK, the AK, the host name and the
 * request, so that the answer to one request is no answer to another.
 */
struct digest enrolment_bind(const struct enrolment *x, struct bytes challenge);
/** enrolment_write - a store_job; those that ended go, and of one EK the newest eight stay. */
int enrolment_write(struct tx *tx, void *enrolment, struct err *e);
/**
 * enrolment_find - the one with @x->id; E_NOTFOUND; E_SIGNATURE when its row was changed; E_FRESHNESS when
 * its time is over, with *@x filled.
 */
int enrolment_find(struct tx *tx, struct enrolment *x, struct err *e);
int enrolment_done(struct tx *tx, const struct enrolment *x, struct err *e);
int enrolment_forget(struct tx *tx, const struct enrolment *x, struct err *e);

#endif
