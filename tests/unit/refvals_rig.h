/* SPDX-License-Identifier: Apache-2.0 */
/* A store of reference values for each test, and two who sign CoRIMs; nobody is trusted at first. */
#ifndef REFVALS_RIG_H
#define REFVALS_RIG_H

#include "edn.h"
#include "support.h"

#include "common/clock.h"
#include "server/refvals.h"

enum { NOW = 1800000000 };

#define ENV	    "{0: {1: \"v\"}}"
#define SVN(key, n) "{0: " #key ", 1: {1: " #n "}}"
#define REFERENCE   "{0: [[" ENV ", [" SVN(1, 5) "]]]}"
#define SEVEN_EIGHT "{10: [[[[" ENV ", [" SVN(7, 1) "]]], [[" ENV ", [" SVN(8, 2) "]]]]]}"
#define EIGHT_SEVEN "{10: [[[[" ENV ", [" SVN(8, 2) "]]], [[" ENV ", [" SVN(7, 1) "]]]]]}"

struct signer {
	struct keypair *key;
	struct cert *cert;
};

struct fixture {
	char folder[64], db[100], floor[100], kek[100];
	struct settings settings;
	struct server_keys *keys;
	struct store *store;
	struct refvals *r;
	struct signer operator, stranger;
};

int set_up(void **state);
int tear_down(void **state);
/** reopen - as after a restart of the server. */
void reopen(struct fixture *f);
/** signer_make - a CA's certificate by itself; signer_issue - one that @ca made. */
void signer_make(struct signer *s, const char *name);
void signer_issue(struct signer *s, const char *name, const struct signer *ca);
void signer_clear(struct signer *s);

struct buf *payload(const char *id, const char *triples);
/** signed_corim - @content signed; @chain: the signer's certificate stands in it as x5chain. */
struct buf *signed_corim(const struct signer *s, bool chain, struct bytes content);
struct buf *corim_by(const struct signer *s, bool chain, const char *id, const char *triples);

int import(struct fixture *f, const struct buf *b, long long until, bool *fresh, struct err *e);
int change(struct fixture *f, enum refvals_verb verb, const struct buf *b, long long until,
	   struct err *e);
int anchor(struct fixture *f, enum refvals_verb verb, const struct signer *s, struct err *e);
void trust_operator(struct fixture *f);
/** counting - CoRIMs in the snapshot; found_at - references that a look-up at @now_s finds. */
size_t counting(struct fixture *f);
size_t found_at(struct fixture *f, long long now_s);

#endif
