/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a round starts. By the timer; and by an event: the first at once, then at most one each @gap_ms while events keep coming,
 * and a last one after the last event. Times are of the monotonic clock, in milliseconds.
 */
#ifndef ASSAY_PACE_H
#define ASSAY_PACE_H

#include "common/port.h"

struct pace {
	long long gap_ms;
	bool waiting;  /* an event has come that no round has looked at  */
	bool has_last; /* an event has started a round before: */
	long long last;
};
/** pace_start - as `[rounds] event_gap` wants it; nothing has happened yet. */
struct pace pace_start(long long gap_s);
void pace_event(struct pace *p);
/** pace_due - when the next round has to start (it may be past), or -1: none is wanted. */
long long pace_due(const struct pace *p, long long now);
/** pace_round - a round starts now, @by_event or for another reason: it sees what all events were about. */
void pace_round(struct pace *p, bool by_event, long long now);

enum { PACE_RETRY_S = 5 };
/**
 * pace_timer_s - seconds until the timer's next round: @interval_s and up to @jitter_s more, as @random has it.
 * After @failures rounds in a row that failed (up to 30) it is PACE_RETRY_S, each time twice as long until that is
 * @interval_s, and up to half as much more: a server that restarts is not missed for an hour, and does not get
 * all of its hosts at once.
 */
long long pace_timer_s(long long interval_s, long long jitter_s, unsigned int failures, u32 random);

#endif
