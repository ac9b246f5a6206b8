/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What of a device's measurements stays the same from one boot to the next: the bytes that a digest goes over. */
#ifndef ASSAY_SPDM_STABLE_H
#define ASSAY_SPDM_STABLE_H

#include "measurements.h"

enum { SPDM_INDEXES_LEN = 32 };

/** spdm_indexes_default - all blocks but 0xfd and 0xfe (manifest and device mode): bit i of byte i / 8 is block i. */
void spdm_indexes_default(u8 indexes[SPDM_INDEXES_LEN]);
/**
 * spdm_write_stable - for each block in @indexes, by ascending index: index, value type with bit 7 for a raw
 * value, le16 length, value.
 * @record: of a struct spdm_measurements, so walked once already.
 * SPEC: DSP0274 DMTF measurement specification
 */
void spdm_write_stable(struct writer *w, struct bytes record, const u8 indexes[SPDM_INDEXES_LEN]);

#endif
