/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says under its AK and a nonce, outside of evidence: requests that a test can make to lie. */
#ifndef ASSAY_TEST_SAID_H
#define ASSAY_TEST_SAID_H

#include "refusal.h"

/** struct said - one on its way. A test changes what it wants before it signs (forge_quote() and the like) or sends. */
struct said {
	struct forged t;
	struct bytes body;
	const char *name, *what; /* /api/v1/hosts/NAME/WHAT */
};
/** said_begin - a nonce for @h. @body stays the caller's. */
void said_begin(struct fixture *f, const struct forge_host *h, const char *what, struct bytes body,
		struct said *s);
/** said_post - t.quote and its signature with the body. Return: the answer, to be dropped. @words: NULL: not looked at. */
json_t *said_post(struct said *s, long want, const char *words);
/** said_refused - said_post(), and no more of it. */
void said_refused(struct said *s, long want, const char *words);
void said_clear(struct said *s);

#endif
