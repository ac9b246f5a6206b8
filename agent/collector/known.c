// SPDX-License-Identifier: Apache-2.0
#include "known.h"

static struct known_device *find(struct known *k, const char *address)
{
	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->at[i].address, address))
			return &k->at[i];
	return NULL;
}

static struct known_device *find_or_add(struct known *k, const char *address)
{
	struct known_device *d = find(k, address);

	if (!d && k->n < DEVICES_MAX)
		d = &k->at[k->n++];
	if (d) {
		*d = (struct known_device){ .just_now = true };
		memcpy(d->address, address, strlen(address) + 1);
	}
	return d;
}

static void remember(struct known_device *d, const struct netlink_status *s)
{
	d->id = s->id;
	d->generation = s->generation;
	d->has_digests = s->has_digests;
	memcpy(d->chain_digest, s->chain_digest, sizeof(d->chain_digest));
	memcpy(d->meas_digest, s->meas_digest, sizeof(d->meas_digest));
}

void known_collected(struct known *k, const struct netlink_status *s)
{
	struct known_device *d = find_or_add(k, s->name);

	if (d)
		remember(d, s);
}

void known_failed(struct known *k, const struct netlink_status *s)
{
	struct known_device *d = find_or_add(k, s->name);

	if (!d)
		return;
	remember(d, s);
	d->failed = true;
}

void known_caught_up(struct known *k)
{
	for (size_t i = 0; i < k->n; i++)
		k->at[i].just_now = false;
}

/* Generations only grow; they may wrap. */
static bool is_later(u32 generation, u32 than)
{
	return (int)(generation - than) > 0;
}

static enum known_verdict of_collection(struct known *k, const struct netlink_status *event)
{
	const struct known_device *d = find(k, event->name);

	if (!d || d->id != event->id)
		return KNOWN_ACTS;		 /* a device that we have not judged */
	if (event->cause == ASSAY_CAUSE_REFUSED) /* of another generation: before ours */
		return d->failed || event->generation != d->generation ? KNOWN_QUIET : KNOWN_ACTS;
	if (!is_later(event->generation, d->generation))
		return KNOWN_QUIET; /* ours, or older than ours */
	return d->failed ? KNOWN_ACTS : KNOWN_ASK;
}

enum known_verdict known_event(struct known *k, const struct netlink_status *event)
{
	bool missing = k->seq && event->seq > k->seq + 1;

	if (event->seq > k->seq)
		k->seq = event->seq;
	if (missing)
		return KNOWN_ACTS;
	switch (event->cause) {
	case ASSAY_CAUSE_COLLECTED:
	case ASSAY_CAUSE_REFUSED:
		return of_collection(k, event);
	case ASSAY_CAUSE_TRIGGER: /* it was accepted, or is the accepted one still */
		return KNOWN_QUIET;
	default:
		return KNOWN_ACTS;
	}
}

enum known_verdict known_compare(struct known *k, const struct netlink_status *now)
{
	struct known_device *d = find(k, now->name);

	if (!d || d->id != now->id || !d->has_digests || !now->has_digests ||
	    memcmp(d->chain_digest, now->chain_digest, sizeof(d->chain_digest)) ||
	    memcmp(d->meas_digest, now->meas_digest, sizeof(d->meas_digest)))
		return KNOWN_ACTS;
	d->generation = now->generation;
	return KNOWN_QUIET;
}

enum known_verdict known_signature(const struct known *k, const char *address)
{
	for (size_t i = 0; i < k->n; i++)
		if (!strcmp(k->at[i].address, address) && k->at[i].just_now)
			return KNOWN_QUIET;
	return KNOWN_ACTS;
}

enum known_verdict known_overrun(struct known *k, u64 seq)
{
	bool moved = !k->seq || !seq || seq != k->seq;

	k->seq = seq;
	return moved ? KNOWN_ACTS : KNOWN_QUIET;
}
