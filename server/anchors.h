/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may sign CoRIMs: certificates of the folder [trust] corim_roots and those that came by the API.
 * Each both roots x5chains and signs CoRIMs that bring none. A set is immutable once it is loaded.
 */
#ifndef ASSAY_SERVER_ANCHORS_H
#define ASSAY_SERVER_ANCHORS_H

#include "corim_rows.h"
#include "proto/corim.h"

struct anchors;
/**
 * anchors_load - a missing folder is an error, a row that is not genuine is left out, loudly.
 * @skip: digest of a row to leave out, or NULL. @more: a certificate that is no row yet, or NULL.
 */
int anchors_load(struct tx *tx, const char *folder, const u8 *skip, const struct cert *more,
		 struct anchors **out, struct err *e);
void anchors_drop(struct anchors **a);
size_t anchors_count(const struct anchors *a);
/** anchors_check - corim_check_signature() by all of them. */
int anchors_check(const struct anchors *a, struct corim *c, long long unix_s, struct err *e);

#endif
