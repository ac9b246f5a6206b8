/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we last saw of each device ourselves, so that an event about our own collection does not start the
 * next one: no event loop. Pure.
 */
#ifndef ASSAY_COLLECTOR_KNOWN_H
#define ASSAY_COLLECTOR_KNOWN_H

#include "netlink_message.h"

struct known_device {
	char address[ASSAY_NAME_MAX + 1];
	u64 id;	       /* 0 where family "assay" is absent */
	bool failed;   /* our last collection of it gave nothing */
	bool just_now; /* since known_caught_up(): its signatures are of our asking */
	u32 generation;
	bool has_digests;
	u8 chain_digest[ASSAY_DIGEST_LEN], meas_digest[ASSAY_DIGEST_LEN];
};

struct known {
	u64 seq; /* of the newest event, 0: none seen */
	size_t n;
	struct known_device at[DEVICES_MAX];
};

/** known_collected - we have evidence of generation @s->generation. @s->id, digests: as STATUS had them, or 0. */
void known_collected(struct known *k, const struct netlink_status *s);
/** known_failed - we asked and got nothing; @s as it stood before. */
void known_failed(struct known *k, const struct netlink_status *s);
/** known_caught_up - every event of the past has been read. */
void known_caught_up(struct known *k);

enum known_verdict {
	KNOWN_QUIET, /* nothing that we do not know                                          */
	KNOWN_ACTS,  /* attest again                                                         */
	KNOWN_ASK,   /* somebody else collected: known_compare() with the device's STATUS    */
};
/** known_event - @event: EVENT of family "assay". An event that is missing before it makes it KNOWN_ACTS. */
enum known_verdict known_event(struct known *k, const struct netlink_status *event);
/** known_compare - is what somebody else collected what we saw? */
enum known_verdict known_compare(struct known *k, const struct netlink_status *now);
/** known_signature - group "sig", where it alone speaks. */
enum known_verdict known_signature(const struct known *k, const char *address);
/** known_overrun - events were lost; @seq: the number that STATUS has now. */
enum known_verdict known_overrun(struct known *k, u64 seq);

#endif
