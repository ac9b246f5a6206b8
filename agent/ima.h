/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMA's list on its way into a token: whole, or from where the server said that it goes on; in pieces when it is
 * longer than a token. What the server said is kept in memory alone; a new process, another boot and another
 * server start with the whole list.
 */
#ifndef ASSAY_AGENT_IMA_H
#define ASSAY_AGENT_IMA_H

#include <jansson.h>

#include "proto/eat.h"
#include "settings.h"
#include "tpm.h"

/** struct ima_sent - the place up to which the server has judged the list; known: its last answer said so. */
struct ima_sent {
	bool known;
	struct ima_place place;
};

/**
 * ima_take - ask the collector for the list that belongs to @quoted, as much as fits. What cannot be had is no
 * error: the token says why.
 * @sent: may be NULL: everything.
 * @out: views into *@kept, which the caller drops.
 */
void ima_take(const struct agent_settings *s, const struct tpm_quoted *quoted,
	      const struct tpm_clock *clock, const struct ima_sent *sent, struct eat_ima *out,
	      struct buf **kept);

/**
 * ima_heard - what the server's verdict says of the list; without "ima" in it nothing is known any more.
 * @from: where the list of the token began.
 */
void ima_heard(struct ima_sent *sent, const struct ima_place *from, const json_t *answer,
	       const struct tpm_quoted *quoted, const struct tpm_clock *clock);
/**
 * ima_piece_taken - the server has taken @piece, and wants what follows. E_FORMAT when it does not go on right
 * behind it: nothing is known then.
 */
int ima_piece_taken(struct ima_sent *sent, const struct eat_ima *piece, const json_t *answer,
		    const struct tpm_quoted *quoted, struct err *e);

#endif
