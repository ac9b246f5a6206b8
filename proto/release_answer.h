/* SPDX-License-Identifier: Apache-2.0 */
/* The server's answer to a release claim. SPEC: proto/assay.cddl release-answer */
#ifndef ASSAY_RELEASE_ANSWER_H
#define ASSAY_RELEASE_ANSWER_H

#include "cbor.h"
#include "evidence.h"

enum { RELEASE_ANSWER_MAX = 65536, APPROVALS_MAX = 64 };

struct release_share {
	struct bytes uuid; /* 16 bytes */
	u64 epoch;	   /* below 2^63, as in the release claim */
	bool pending;	   /* else current */
	struct bytes public_2b, private_2b, secret_2b;
};

/** struct release_answer - views into the parsed bytes; an absent member is an empty view. */
struct release_answer {
	struct bytes k_name; /* 34 bytes: what the server certified */
	size_t n;
	struct release_share shares[2 * VOLUMES_MAX];
	struct bytes lease; /* of lease.h; an agent without leases does not look at it */
	size_t n_approvals;
	struct bytes approvals[APPROVALS_MAX]; /* of the strict profile; the agent tries each */
};

/**
 * release_answer_write - deterministic CBOR into the empty writer @out, and read back once: what an
 * agent would refuse is not sent.
 * Return: 0; E_FORMAT or E_LIMIT naming the member; E_LIMIT when @out is too small.
 */
int release_answer_write(const struct release_answer *a, struct writer *out, struct err *e);
/**
 * release_answer_parse - the grammar of version 1, all members; a member of no version is refused.
 * A volume has at most one share per state and per epoch.
 * @out: filled on success; on failure its content means nothing. Its views point into @b.
 */
int release_answer_parse(struct bytes b, struct release_answer *out, struct err *e);

#endif
