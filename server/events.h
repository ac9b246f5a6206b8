/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens, told as it happens to whoever listens (text/event-stream), and what is done by the clock: samples, heartbeats.
 * SPEC: WHATWG HTML 9.2 (server-sent events)
 */
#ifndef ASSAY_SERVER_EVENTS_H
#define ASSAY_SERVER_EVENTS_H

#include <jansson.h>

#include "kept.h"
#include "server.h"
#include "standings.h"

enum {
	LISTENERS_MAX = 256,
	LISTENERS_PER_TOKEN_MAX = 128, /* whoever has one token takes no other's place */
	EVENTS_MISSED_MAX = 100,       /* more are not told one by one to who comes back */
	OVERVIEW_EACH_MS = 1000,
	HEARTBEAT_S = 15,
};

struct events *events_new(struct server *s);
/** events_start - the clock goes from here on, in a thread of its own. */
int events_start(struct events *ev, struct err *e);
/** events_end - nobody listens any more; before http_drop(). */
void events_end(struct events *ev);
void events_drop(struct events **ev);

/** events_verdict - @h attested; what @c changed is told, if it did. */
void events_verdict(struct events *ev, const struct host *h, const struct verdict_change *c);
/** events_moved - something that an overview shows is another now. */
void events_moved(struct events *ev);
/** events_overview - the answer of /api/v1/overview for a token of all groups, kept until something moves. */
struct kept *events_overview(struct events *ev);
/** events_beat - a sign of life to each, and the end for those whose token has ended; each HEARTBEAT_S. */
void events_beat(struct events *ev);
/** events_listeners - how many listen, those too whose end nobody has noticed yet. */
size_t events_listeners(struct events *ev);
/** change_json - one of the answer of /api/v1/changes, and of a stream. */
json_t *change_json(const struct verdict_change *c, struct bytes host, struct bytes group);

#endif
