/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may sign CoRIMs: certificates of the folder [trust] corim_roots and those that came by the API.
 * Each both roots x5chains and signs CoRIMs that bring none. Their paths are held against the revocation
 * lists of the folder [trust] corim_crls and of the API. A set is immutable once it is loaded.
 */
#ifndef ASSAY_SERVER_ANCHORS_H
#define ASSAY_SERVER_ANCHORS_H

#include "proto/corim.h"
#include "settings.h"
#include "signer_rows.h"

struct anchors;
/** struct anchors_but - what is to be otherwise than the rows are: a change that is tried out. */
struct anchors_but {
	enum signer_kind kind;
	const u8 *skip;	   /* digest of a row to leave out, or NULL */
	struct bytes more; /* bytes of one that is no row yet, or empty */
};
/**
 * anchors_load - a missing folder is an error, a row that is not genuine is left out, loudly.
 * @but: may be NULL.
 */
int anchors_load(struct tx *tx, const struct settings *s, const struct anchors_but *but,
		 struct anchors **out, struct err *e);
void anchors_drop(struct anchors **a);
size_t anchors_count(const struct anchors *a);
/** anchors_crls - the lists, of folder and rows. */
const struct crls *anchors_crls(const struct anchors *a);
/** anchors_state - a digest of every certificate and list in it: the same set judges the same way. */
const u8 *anchors_state(const struct anchors *a);
/** anchors_check - corim_check_signature() by all of them. */
int anchors_check(const struct anchors *a, struct corim *c, long long unix_s, struct err *e);

#endif
