/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of each host, and how that changed: a row a host that says its last verdict in one sentence, and a row for
 * each verdict that differs from the one before. Derived: nothing here decides anything.
 */
#ifndef ASSAY_SERVER_STANDINGS_H
#define ASSAY_SERVER_STANDINGS_H

#include "hosts.h"
#include "verifier/explain.h"

enum {
	CHANGES_PER_HOST_MAX =
		200, /* the newest; a host that goes to and fro does not fill the disk */
	REASON_SHOWN = 480
};

/** struct verdict_change - @seq 0: the verdict is the one that the host had. */
struct verdict_change {
	long long seq, time;
	enum ear_tier status, was; /* TIER_NONE: there was none */
	char reason[REASON_SHOWN];
};

/** standing_enrolled - a host came, or its state or group changed; its verdicts stay. */
int standing_enrolled(struct tx *tx, const struct host *h, struct err *e);
/** standing_verdict - @h attested; @reasons: why it is @status. @out: what changed by it. */
int standing_verdict(struct tx *tx, const struct host *h, enum ear_tier status,
		     const struct reasons *reasons, struct verdict_change *out, struct err *e);
/** standings_fill - those of hosts that have none, in a database of an earlier build. *@n: how many. */
int standings_fill(struct tx *tx, long long *n, struct err *e);

/** struct fleet_count - hosts by what their last verdict is worth; one that is revoked is only that. */
struct fleet_count {
	long long affirming, warning, contraindicated, stale, never, revoked;
};
/** standings_count - @stale_before: verdicts of before then are worth nothing; @groups: of a token, "" for all. */
int standings_count(struct tx *tx, const char *groups, long long stale_before,
		    struct fleet_count *out, struct err *e);

#endif
