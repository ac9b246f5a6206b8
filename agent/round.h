/* SPDX-License-Identifier: Apache-2.0 */
/* One attestation, all stages on one screen: round.c. */
#ifndef ASSAY_ROUND_H
#define ASSAY_ROUND_H

#include "ima.h"
#include "proto/cap.h"
#include "proto/ear.h"
#include "proto/eat.h"
#include "proto/strict.h"
#include "settings.h"
#include "tpm.h"
#include "transport.h"

/** struct relying_party - for whom a result is made, when it is not for the server itself. */
struct relying_party {
	bool has_nonce, cwt;		     /* the result as a CWT */
	u8 nonce[EVIDENCE_NONCE_LEN];	     /* the result carries it; nothing is released then */
	char audience[EAR_AUDIENCE_MAX + 1]; /* "": the server */
};

/** struct round_ask - which shares are wanted, by UUID ascending. */
struct round_ask {
	size_t n;
	struct round_volume {
		u8 uuid[16];
		u64 epoch;
		u32 counter; /* 0: it has none */
		enum eat_volume_act act;
		u8 proof[CAP_PROOF_LEN]; /* with VOLUME_STORED */
	} volumes[VOLUMES_MAX];
};
struct round_share {
	u8 uuid[16];
	u64 epoch;
	bool pending;	      /* no keyslot opens with it yet, as far as the server knows */
	struct secret *share; /* locked memory */
};
/** struct round_lease - what opens without a server: lease-kept of lease.h. */
struct round_lease {
	u8 uuid[16];
	u64 epoch;
	struct buf *kept;
};
/** enum round_part - what a round waits for. */
enum round_part {
	ROUND_PART_OWN,	    /* ourselves */
	ROUND_PART_DEVICES, /* the collector: devices, inventory, logs */
	ROUND_PART_TPM,
	ROUND_PART_SERVER, /* connecting included */
	ROUND_PARTS
};
struct round_result {
	struct buf *json;  /* the server's answer, without release and evidence */
	struct buf *token; /* what was sent */
	char status[24];   /* "affirming", ... */
	bool anew;	   /* a device changed before the verdict could be acted on */
	bool not_enrolled; /* the server does not know this AK */
	bool goes_on;	   /* no verdict yet: more of IMA's list is wanted, under another nonce */
	bool revoke;	   /* the counter of leases must not stay at: */
	u64 revoke_at;
	size_t n_leases;
	struct round_lease leases[VOLUMES_MAX];
	size_t n_approvals;
	struct approval *approvals; /* of the strict profile */
	size_t n_shares;
	struct round_share shares[2 * VOLUMES_MAX];
	u32 ms[ROUND_PARTS]; /* that each part took */
};
void round_result_clear(struct round_result *r);

/**
 * round_collect - the first half of an attestation: nonce, devices, quote, and a signed token.
 * It holds a key in the TPM only when it asks for shares.
 * round_send - the second: the token goes out, the answer and the shares come in. Once per round.
 * @ima: what earlier rounds sent of IMA's list, and after this one what the server said of it; NULL: each
 * round sends the whole. A server that knows less than that is sent the whole within the same round, and a list
 * that is longer than a token goes in pieces.
 * round_run is both. A round borrows @s, @tpm and @t; drop it with round_drop().
 */
struct round;
int round_collect(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		  const struct round_ask *ask, const struct relying_party *whom,
		  struct ima_sent *ima, struct round **out, struct err *e);
int round_send(struct round *r, struct round_result *out, struct err *e);
void round_drop(struct round **r);
/**
 * round_run - attest once. @ask: NULL, or which key shares are asked for.
 * @whom: NULL, or for whom the result is.
 * Return: 0 when a verdict came, whatever it says; E_DENIED when the server refused the token itself;
 * E_UNREACHABLE, E_TPM ...
 */
int round_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
	      const struct round_ask *ask, const struct relying_party *whom, struct ima_sent *ima,
	      struct round_result *out, struct err *e);
/** enroll_run - prove EK and AK to the server, once. */
int enroll_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t, struct err *e);
/** ek_hash_run - what `assay host add --ek-hash` needs, 64 hex digits and NUL. */
int ek_hash_run(const struct agent_settings *s, struct tpm *tpm, char out[65], struct err *e);

#endif
