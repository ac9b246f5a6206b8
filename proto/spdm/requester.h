/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The requester: a table of steps, each a request out and a response in. It does no I/O and holds no
 * memory of its own: the caller carries bytes to the device and back, waits when told to, and owns
 * the four transcripts that are the evidence at the end. Nothing is verified here but form and
 * consistency; see proto/spdm_evidence.h for signatures.
 *
 *	while (!spdm_requester_done(&rq)) {
 *		request = spdm_requester_next(&rq);
 *		... exchange ...
 *		rc = spdm_requester_take(&rq, response, &why);
 *		if (rc == -EAGAIN) wait rq.wait_us; else if (rc) give up;
 *	}
 */
#ifndef ASSAY_SPDM_REQUESTER_H
#define ASSAY_SPDM_REQUESTER_H

#include "certificate.h"
#include "challenge.h"
#include "measurements.h"

struct spdm_requester_config {
	u8 version_min, version_max;
	u32 base_asym, base_hash; /* what to offer; 0: all this build can verify */
	u8 slot;
	bool want_challenge;	  /* also from 1.2 on; below it is always done     */
	bool know_chain;	  /* no GET_CERTIFICATE: compare chain_hash instead */
	u8 nonce[SPDM_NONCE_LEN]; /* of the signed MEASUREMENTS                    */
	u8 challenge_nonce[SPDM_NONCE_LEN];
	u8 context[SPDM_CONTEXT_LEN]; /* sent from 1.3 on                              */
};

struct spdm_requester {
	struct spdm_requester_config config;
	struct spdm_negotiated nego;
	struct spdm_versions versions;
	struct spdm_offer offer;
	u8 slots;		      /* provisioned slots, from DIGESTS */
	u8 chain_hash[SPDM_HASH_MAX]; /* of the slot's chain object, from DIGESTS: hash_len bytes */

	/* the evidence; buffers are the caller's */
	struct writer vca, chain, measurements, challenge;
	u32 challenge_at; /* where CHALLENGE begins in @challenge; 0: there is none */

	u32 wait_us; /* after -EAGAIN: how long before the next request */

	/* private */
	u8 step;
	u8 request[64];
	u8 request_len;
	u8 respond_if_ready[4];
	bool not_ready;
	u8 retries;
	u16 exchanges;
	bool resynched;
	u8 n_changed; /* answers thrown away because the measurements changed under them */
	struct spdm_get_certificate portion;
};

/** spdm_requester_start - set the four writers and the config first; the rest is reset. */
void spdm_requester_start(struct spdm_requester *rq);
bool spdm_requester_done(const struct spdm_requester *rq);
/** spdm_requester_next - the request to send now; borrowed until the next call. */
struct bytes spdm_requester_next(struct spdm_requester *rq);
/**
 * spdm_requester_take - the response, DOE padding and all.
 * Return: 0 go on; -EAGAIN wait rq->wait_us, then send spdm_requester_next(); -EBADMSG malformed or
 * inconsistent; -EPROTO the device answers with an error; -EOPNOTSUPP it cannot do what is needed;
 * -ETIMEDOUT too many retries or exchanges; -ENOSPC a transcript buffer is too small.
 */
int spdm_requester_take(struct spdm_requester *rq, struct bytes response, const char **why);

#endif
