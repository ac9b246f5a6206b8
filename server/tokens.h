/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens of the operator's API: what a token may do, and about which hosts. Kept as SHA-256, so that whoever reads the
 * database has none; each row under a MAC. SPEC: RULES; docs/OPERATIONS.md, Tokens
 */
#ifndef ASSAY_SERVER_TOKENS_H
#define ASSAY_SERVER_TOKENS_H

#include "store.h"

enum {
	TOKEN_TEXT_SIZE = 48, /* with its NUL */
	TOKEN_NAME_MAX = 64,
	TOKEN_GROUPS_MAX = 8,
	TOKEN_GROUPS_SIZE = 600 /* their names with commas between, and a NUL */
};

/** enum right - each has those before it, but that a provisioner looks at nothing. */
enum right { ANYBODY, VIEWER, PROVISIONER, OPERATOR, ADMIN };
/** right_of - of a role's name; ANYBODY: there is no such role. */
enum right right_of(struct bytes role);
bool right_covers(enum right has, enum right needed);

/** struct admin_token - @groups: those whose hosts it is about, by commas; "": of all, and of what concerns all. */
struct admin_token {
	char name[TOKEN_NAME_MAX + 1], role[16], groups[TOKEN_GROUPS_SIZE];
	long long created, not_after; /* 0: it does not expire */
	bool revoked;
};
/* In a query, of the hosts h: those that $1, the groups of a token, cover. A list is cut after it, not before. */
#define TOKEN_COVERS_SQL "($1 = '' OR instr(',' || $1 || ',', ',' || h.grp || ',') > 0)"
/** token_covers - hosts of @group are its business. */
bool token_covers(const struct admin_token *t, const char *group);
/** token_groups_valid - no name twice, each as names of groups are, at most TOKEN_GROUPS_MAX. */
bool token_groups_valid(const char *groups);

/**
 * token_find - by what was presented. E_NOTFOUND: not known, revoked or expired, which is all that is said of it;
 * E_SIGNATURE: its row was changed in the database.
 */
int token_find(struct tx *tx, struct bytes presented, struct admin_token *out, struct err *e);
/** token_find_hash - the same by SHA-256 of what was presented. */
int token_find_hash(struct tx *tx, const u8 hash[32], struct admin_token *out, struct err *e);
/**
 * token_make - @t's name, role, groups and not_after; @text is told once. E_USAGE names the field; E_CONFLICT: there was
 * one of this name, and the audit log would not tell both apart.
 */
int token_make(struct tx *tx, const struct admin_token *t, const char *actor,
	       char text[TOKEN_TEXT_SIZE], struct err *e);
/** admin_token_make - token_make() of one for all groups that does not expire, in a transaction of its own, by root on the server. */
int admin_token_make(struct store *store, const char *name, const char *role,
		     char text[TOKEN_TEXT_SIZE], struct err *e);
/** token_reset - another text for the token @name, which counts from now on, revoked or expired as it may have been. */
int token_reset(struct tx *tx, const char *name, const char *actor, char text[TOKEN_TEXT_SIZE],
		struct err *e);
/** token_revoke - E_NOTFOUND. */
int token_revoke(struct tx *tx, const char *name, const char *actor, struct err *e);
typedef int (*token_taker)(void *user, const struct admin_token *t, bool genuine, struct err *e);
/** tokens_all - by name. @genuine: the row is as it was written. */
int tokens_all(struct tx *tx, token_taker take, void *user, struct err *e);

#endif
