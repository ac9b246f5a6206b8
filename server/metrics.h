/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server did since it started, and what is in its store, for Prometheus. No label comes from outside: their values
 * are routes, stages and verdicts, so that no host or device makes series. SPEC: Prometheus text format 0.0.4
 */
#ifndef ASSAY_SERVER_METRICS_H
#define ASSAY_SERVER_METRICS_H

#include "common/buf.h"
#include "common/err.h"
#include "store.h"

enum metric_stage { STAGE_DECODE, STAGE_JUDGE, STAGE_RECORD, STAGE_RELEASE, STAGE_COUNT };
enum metric_event {
	EVENT_AFFIRMED,
	EVENT_WARNED,
	EVENT_REFUSED,
	EVENT_UNQUOTED, /* no quote of an enrolled AK: no verdict of any host */
	EVENT_UNREADABLE,
	EVENT_RELEASED,
	EVENT_WITHHELD, /* asked for, and not given */
	EVENT_COUNT
};
enum { METRIC_ROUTES_MAX = 96 };

struct metrics;
struct metrics *metrics_new(void);
void metrics_drop(struct metrics **m);

void metrics_event(struct metrics *m, enum metric_event event);
/** metrics_now - for metrics_stage(): nanoseconds of a clock that only goes on. */
u64 metrics_now(void);
/** metrics_stage - it began at @since and is over. Return: now, where the next one begins. */
u64 metrics_stage(struct metrics *m, enum metric_stage stage, u64 since);
/** metrics_request - @route: its place in the route table, METRIC_ROUTES_MAX - 1: there is none. */
void metrics_request(struct metrics *m, size_t route, unsigned int status);

/** struct metrics_route - what the text calls a route. */
struct metrics_route {
	const char *method, *path;
};
/**
 * metrics_write - the text; *@out is the caller's. @routes: as many as metrics_request() was told of. @stale_after_s: of
 * settings.h, what an older verdict is worth.
 */
int metrics_write(struct metrics *m, struct store *store, const struct metrics_route *routes,
		  size_t n_routes, long long stale_after_s, struct buf **out, struct err *e);

#endif
