// SPDX-License-Identifier: Apache-2.0
#include "disk_times.h"

#include <stdio.h>

#include "common/clock.h"
#include "disk_parts.h"

/* ---- the agent's part ---- */
static u32 between(long long from_ms, long long to_ms)
{
	long long passed = to_ms - from_ms;

	return passed < 0 ? 0 : passed > UINT32_MAX ? UINT32_MAX : (u32)passed;
}

static u32 since(long long ms)
{
	return between(ms, clock_monotonic_ms());
}

void disk_times_begin(struct disk *d, const u8 uuid[16])
{
	struct disk_stopwatch *w = &d->watch;

	if (!w->first_ms || memcmp(w->uuid, uuid, sizeof(w->uuid))) {
		w->first_ms = clock_monotonic_ms();
		memcpy(w->uuid, uuid, sizeof(w->uuid));
	}
	w->get_ms = clock_monotonic_ms();
	w->asked = w->in_vain = 0;
	memset(w->round, 0, sizeof(w->round));
}

void disk_times_asked(struct disk *d, long long since_ms, const u32 round[ROUND_PARTS])
{
	d->watch.asked += since(since_ms);
	if (round)
		memcpy(d->watch.round, round, sizeof(d->watch.round));
	else
		d->watch.in_vain += since(since_ms);
}

void disk_times_give(struct disk *d, struct disk_times *out)
{
	struct disk_stopwatch *w = &d->watch;
	u32 whole = since(w->get_ms);

	if (!d->began_ms)
		return;
	*out = (struct disk_times){ .began_ms = (u64)d->began_ms };
	out->ms[DISK_PART_DISK] = between(d->began_ms, w->first_ms);
	out->ms[DISK_PART_NETWORK] = between(w->first_ms, w->get_ms) + w->in_vain;
	out->ms[DISK_PART_DEVICES] = w->round[ROUND_PART_DEVICES];
	/* besides rounds there is nothing but the TPM in it */
	out->ms[DISK_PART_TPM] = w->round[ROUND_PART_TPM] + (whole - w->asked);
	out->ms[DISK_PART_SERVER] = w->round[ROUND_PART_SERVER];
	w->first_ms = 0; /* the next time is another story */
}

/* ---- what is told ---- */
static int put(char out[DISK_TIMES_TEXT_MAX], int at, const char *before, const char *name, u32 ms)
{
	if (at >= DISK_TIMES_TEXT_MAX)
		return at;
	return at + snprintf(out + at, (size_t)(DISK_TIMES_TEXT_MAX - at), "%s%s %u.%02u", before,
			     name, ms / 1000, ms % 1000 / 10);
}

void disk_times_tell(const struct disk_times *t, u32 header_ms, u32 change_ms, u64 now_ms,
		     char out[DISK_TIMES_TEXT_MAX])
{
	static const char *const names[DISK_PARTS] = { "disk", "network", "devices", "TPM",
						       "server" };
	u64 whole = now_ms > t->began_ms ? now_ms - t->began_ms : 0;
	int n = snprintf(out, DISK_TIMES_TEXT_MAX, "opened %llu.%llu s after the agent began: ",
			 (unsigned long long)(whole / 1000),
			 (unsigned long long)(whole % 1000 / 100));

	for (size_t i = 0; i < DISK_PARTS; i++)
		n = put(out, n, i ? ", " : "", names[i], t->ms[i]);
	n = put(out, n, ", ", "header", header_ms);
	if (change_ms)
		put(out, n, ", ", "change of keys", change_ms);
}
