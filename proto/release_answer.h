/* SPDX-License-Identifier: Apache-2.0 */
/* The server's answer to a release claim. SPEC: proto/assay.cddl release-answer */
#ifndef ASSAY_RELEASE_ANSWER_H
#define ASSAY_RELEASE_ANSWER_H

#include "cbor.h"
#include "evidence.h"

struct release_share {
	struct bytes uuid; /* 16 bytes */
	u64 epoch;
	bool pending; /* else current */
	struct bytes public_2b, private_2b, secret_2b;
};
struct release_answer {
	struct bytes k_name; /* 34 bytes: what the server certified */
	size_t n;
	struct release_share shares[2 * VOLUMES_MAX];
};
enum { RELEASE_ANSWER_MAX = 65536 };

int release_answer_write(const struct release_answer *a, struct writer *out, struct err *e);
/** release_answer_parse - views into @b. */
int release_answer_parse(struct bytes b, struct release_answer *out, struct err *e);

#endif
