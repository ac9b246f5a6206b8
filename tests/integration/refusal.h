/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad input, sent to the real server by a host that is honest in everything else. A test says which
 * checks must fail, in which words; that no share goes out is asserted for it: not in the answer and
 * not when the session is asked again.
 */
#ifndef ASSAY_TEST_REFUSAL_H
#define ASSAY_TEST_REFUSAL_H

#include "forge.h"

/** struct fixture - a server that knows two honest hosts and has released to both. */
struct fixture {
	struct forge_server s;
	struct forge_host a, b;
};
int refusal_set_up(void **state);
int refusal_tear_down(void **state);
/** still_serves - whatever a test did, an honest host is served after it. */
int still_serves(void **state);
/** every_answer_was_as_openapi_yaml_describes_it - a test, the last one: of what forge_call() and forge_send() have heard. */
void every_answer_was_as_openapi_yaml_describes_it(void **state);
#define REFUSAL(name) cmocka_unit_test_teardown(name, still_serves)

/** honest - a whole attestation of @h without a lie, not yet sent. */
void honest(struct fixture *f, const struct forge_host *h, struct forged *t);
/** released - it is affirmed and gets its share. Return: the release as it stands in the answer. */
struct buf *released_answer(const struct forged *t);
void released(const struct forged *t);

/**
 * refused - contraindicated. @checks: the elements of all reasons, each once, in their order, like
 * "QUOTE_BINDS NONCE_BOUND"; no other may fail. @words: what one of the reasons says.
 */
void refused(const struct forged *t, const char *checks, const char *words);
/** doubted - a warning: every check holds, and @elements are known to nobody. */
void doubted(const struct forged *t, const char *elements, const char *words);
/** withheld - the host is as it should be, but what it asks for is not given. */
void withheld(const struct forged *t, const char *checks, const char *words);
/** turned_away - not even a verdict for @token: HTTP status @want, and @words in the problem's detail. */
void turned_away(const struct forged *t, struct bytes token, long want, const char *words);
/** nothing_went_out - neither in @answer nor in the session when it is asked again. */
void nothing_went_out(const struct forged *t, json_t *answer);

#endif
