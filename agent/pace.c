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
