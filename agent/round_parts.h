/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of a round share: round.c and round_send.c; nobody else includes this. */
#ifndef ASSAY_ROUND_PARTS_H
#define ASSAY_ROUND_PARTS_H

#include "proto/eat.h"
#include "round.h"

/* Everything that one round makes on its way. */
struct round {
	const struct agent_settings *s;
	struct tpm *tpm;
	struct transport *t;
	const struct round_ask *ask; /* NULL: for no share */
	struct eat_volume volumes[VOLUMES_MAX];
	struct buf *counted[VOLUMES_MAX], *counted_sig[VOLUMES_MAX];
	struct tpm_key *ak, *k;
	u8 ueid[UEID_LEN];
	struct keypair *cnf;
	u8 thumbprint[32];
	struct relying_party whom;
	struct ima_sent *ima; /* what is remembered of the list; nobody's: own */
	struct ima_sent own;
	struct eat_ima ima_part; /* what the token holds of it; entries point into ima_bytes */
	struct buf *ima_bytes;
	long long nonce_at_ms;
	u8 nonce[EVIDENCE_NONCE_LEN];
	char session[512];
	struct evidence_context context;
	struct buf *host, *devices, *release, *tpm_value, *logs;
	size_t n_submods;
	struct eat_submodule submods[DEVICES_MAX + 3];
	struct digest bind;
	struct tpm_quoted quoted;
	struct tpm_clock clock;
	struct buf *certify, *certify_sig;
	struct buf *lease_counted, *lease_counted_sig, *srk, *srk_certify, *srk_certify_sig;
	struct eat_lease lease; /* of these */
	struct buf *token;
	u32 ms[ROUND_PARTS];
};

/** round_say - what the round is doing; between two steps the service manager hears of us. */
void round_say(const char *step);
/** round_took - from @since_ms, of clock_monotonic_ms(), until now it was waited for @part. */
void round_took(struct round *r, enum round_part part, long long since_ms);
/** round_certify_lease - what a lease hangs on, if this host wants one. What fails of it is logged. round_lease.c */
void round_certify_lease(struct round *r);
/** round_take_leases - of the release answer: imported, so that they can be kept. What fails is logged. */
void round_take_leases(struct round *r, struct bytes grant, struct round_result *out);
/** round_write_token - sign what there is. The logs are outside of `bind`: others may be put in, and it again. */
int round_write_token(struct round *r, struct err *e);
/** round_read_logs - of the boot, the devices and IMA, from where the server goes on. */
int round_read_logs(struct round *r, struct err *e);

#endif
