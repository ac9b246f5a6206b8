/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMA's list on its way into a token: whole, or from where the server said that it goes on. What the server
 * said is kept in memory alone; a new process, another boot and another server start with the whole list.
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
 * ima_take - ask the collector for the list that belongs to @quoted. What cannot be had is no error: the token
 * says why.
 * @sent: may be NULL: everything.
 * @out: views into *@kept, which the caller drops.
 */
void ima_take(const struct agent_settings *s, const struct tpm_quoted *quoted,
	      const struct tpm_clock *clock, const struct ima_sent *sent, struct eat_ima *out,
	      struct buf **kept);

/** ima_heard - what the server's answer says of the list; without "ima" in it nothing is known any more. */
void ima_heard(struct ima_sent *sent, const json_t *answer, const struct tpm_quoted *quoted,
	       const struct tpm_clock *clock);

#endif
