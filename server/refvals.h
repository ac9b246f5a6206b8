/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference values: stored as signed, compiled to an immutable snapshot, swapped on change. A change is
 * tried out on a snapshot first; only one that compiles is written, and only what was written counts.
 */
#ifndef ASSAY_SERVER_REFVALS_H
#define ASSAY_SERVER_REFVALS_H

#include "corim_rows.h"
#include "settings.h"
#include "signer_rows.h"
#include "verifier/refs.h"

struct refvals;
/** refvals_open - build the snapshot from the store; a row that no longer verifies is left out, loudly. */
int refvals_open(struct store *s, const struct settings *settings, struct refvals **out,
		 struct err *e);
void refvals_drop(struct refvals **r);
/**
 * refvals_refresh - once a minute the folder of revocation lists is looked at, and read again when
 * something in it changed. It reads the store: not within a transaction.
 */
void refvals_refresh(struct refvals *r);
/** refvals_take - the current snapshot; give it back with refvals_give(). */
struct refs *refvals_take(struct refvals *r);
void refvals_give(struct refvals *r, struct refs *snapshot);
/** refvals_holds - the CoRIM with this digest counts at @now_s. */
bool refvals_holds(struct refvals *r, const u8 digest[32], long long now_s);
/** refvals_check - anchors_check() of @c at @now_s by those who may sign now. */
int refvals_check(struct refvals *r, struct corim *c, long long now_s, struct err *e);
size_t refvals_n_anchors(struct refvals *r);
/** refvals_n_crls - how many lists, and when the first of them ends; 0: there is none. */
size_t refvals_n_crls(struct refvals *r, struct crl_about *first);
/** refvals_read - a CoRIM in the shapes that settings allow. */
int refvals_read(const struct refvals *r, struct bytes bytes, struct bytes beside,
		 struct corim **out, struct err *e);

enum refvals_verb {
	REFVALS_IMPORT,
	REFVALS_ACTIVATE,
	REFVALS_DEACTIVATE,
	REFVALS_DELETE,
	REFVALS_ADD_SIGNER, /* a trust anchor or a revocation list, by @kind */
	REFVALS_REMOVE_SIGNER
};
/** struct refvals_change - what is wanted, and by whom. */
struct refvals_change {
	enum refvals_verb verb;
	const char *actor;
	u8 digest[32];		    /* of what is changed; filled for IMPORT and ADD_SIGNER  */
	struct bytes bytes, beside; /* IMPORT                                               */
	bool unsigned_ok;	    /* IMPORT                                               */
	long long until;	    /* IMPORT, ACTIVATE: counts until then; 0: no such end   */
	enum signer_kind kind;	    /* ADD_SIGNER, REMOVE_SIGNER; the former with @bytes    */
	bool fresh;		    /* filled: something changed; false: it was so already   */
};
/**
 * refvals_change - wholly or not at all, with its audit record.
 * Return: 0; E_NOTFOUND; E_CONFLICT for what would close a circle with what counts already, which is
 * named; what corim_read() and corim_check_signature() say.
 */
int refvals_change(struct refvals *r, struct refvals_change *ch, struct err *e);

#endif
