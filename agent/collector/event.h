/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to a device: as the collector tells the agent and whoever watches. */
#ifndef ASSAY_COLLECTOR_EVENT_H
#define ASSAY_COLLECTOR_EVENT_H

#include "common/bytes.h"
#include "common/err.h"
#include "common/writer.h"

enum { EVENT_PACKET_MAX = 512 };

struct device_event {
	long long at_ms; /* of the clock */
	char source
		[16]; /* "assay", "spdm", "pci": who said it; "module": of the families themselves */
	char address[32]; /* "": of no single device */
	char model[16];	  /* vvvv:dddd, "" when the device is gone */
	char cause
		[24]; /* of source assay as assay_netlink.h has them; "loaded", "absent", "overrun" */
	char state[16]; /* "" where the source does not say */
	char why[128];
	u32 generation;
	u64 seq;
	bool acts; /* it calls for a new attestation */
};

/** device_event_write - one packet { 1: at_ms, ..., 10: acts }. */
void device_event_write(const struct device_event *v, struct writer *w);
int device_event_parse(struct bytes packet, struct device_event *out, struct err *e);

#endif
