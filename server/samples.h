/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet was at earlier times: counts of hosts each hour, of firmware each day. */
#ifndef ASSAY_SERVER_SAMPLES_H
#define ASSAY_SERVER_SAMPLES_H

#include <jansson.h>

#include "store.h"

enum {
	SAMPLE_EACH_S = 3600,
	SAMPLE_SHOWN = 168, /* a week */
	SAMPLE_KEPT_S = 90 * 86400,
	FIRMWARE_EACH_S = 86400,
	FIRMWARE_KEPT_S = 366 * 86400,
};

/** samples_due - is it time for one? */
int samples_due(struct tx *tx, long long now_s, bool *due, struct err *e);
/** samples_take - write down what is now, and forget what is too old. */
int samples_take(struct tx *tx, long long now_s, long long stale_after_s, struct err *e);
/** samples_trend - of hosts, oldest first; a new array. */
int samples_trend(struct tx *tx, json_t **out, struct err *e);
/** samples_spread - of the firmware of @model, oldest first; a new array. */
int samples_spread(struct tx *tx, const char *model, json_t **out, struct err *e);

#endif
