/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of the fleet as last attested, and how many run which firmware: kept as verdicts come, so that a page over
 * millions of devices reads a few rows. Derived: nothing here decides anything.
 */
#ifndef ASSAY_SERVER_SEEN_DEVICES_H
#define ASSAY_SERVER_SEEN_DEVICES_H

#include "hosts.h"
#include "verifier/explain.h"
#include "verifier/firmware.h"

enum {
	FIRMWARES_PER_MODEL_MAX = 512
}; /* that are told apart; what nobody runs any more makes room */

/** struct seen_device - @leaf_key: of 32 bytes, or empty. Borrowed. */
struct seen_device {
	const char *label, *address;
	char model[MODEL_TEXT], firmware[FIRMWARE_TEXT];
	enum ear_tier status;
	struct bytes leaf_key;
};

/** seen_devices_set - @d is all that @h has now; only what differs is written. */
int seen_devices_set(struct tx *tx, const struct host *h, const struct seen_device *d, size_t n,
		     struct err *e);

#endif
