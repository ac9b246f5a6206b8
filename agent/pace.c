// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

struct pace pace_start(long long gap_s)
{
	return (struct pace){ .gap_ms = gap_s * 1000 };
}

void pace_event(struct pace *p)
{
	p->waiting = true;
}

long long pace_due(const struct pace *p, long long now)
{
	if (!p->waiting)
		return -1;
	return p->has_last && now - p->last < p->gap_ms ? p->last + p->gap_ms : now;
}

void pace_round(struct pace *p, bool by_event, long long now)
{
	p->waiting = false;
	if (!by_event)
		return;
	p->has_last = true;
	p->last = now;
}

long long pace_timer_s(long long interval_s, long long jitter_s, unsigned int failures, u32 random)
{
	long long retry_s = failures ? (long long)PACE_RETRY_S << (failures - 1) : interval_s;

	if (retry_s < interval_s) {
		interval_s = retry_s;
		jitter_s = retry_s / 2;
	}
	return interval_s + (jitter_s > 0 ? (long long)random % jitter_s : 0);
}
