/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* SPEC: DSP0274 GET_MEASUREMENTS, MEASUREMENTS; measurement block, DMTF measurement specification */
#ifndef ASSAY_SPDM_MEASUREMENTS_H
#define ASSAY_SPDM_MEASUREMENTS_H

#include "vca.h"

enum spdm_value_type {
	SPDM_VALUE_ROM = 0,
	SPDM_VALUE_FIRMWARE = 1,
	SPDM_VALUE_HARDWARE_CONFIG = 2,
	SPDM_VALUE_FIRMWARE_CONFIG = 3,
	SPDM_VALUE_MANIFEST = 4,
	SPDM_VALUE_DEVICE_MODE = 5,
	SPDM_VALUE_VERSION = 6,
	SPDM_VALUE_SVN = 7,
	SPDM_VALUE_HASH_EXTEND = 8,
	SPDM_VALUE_INFORMATIONAL = 9,
	SPDM_VALUE_STRUCTURED_MANIFEST = 0x0a,
};

struct spdm_get_measurements {
	bool signature;
	u8 operation; /* 0 count, 1 to 0xfe one block, 0xff all */
	u8 slot;
	struct bytes nonce, context;
};
/** spdm_write_get_measurements - all blocks, signed over @nonce (32 bytes). */
void spdm_write_get_measurements(struct writer *w, u8 version, u8 slot, const u8 *nonce,
				 const u8 *context);
void spdm_read_get_measurements(struct reader *r, u8 version, struct spdm_get_measurements *out);

enum spdm_content { SPDM_CONTENT_CHANGED = 1, SPDM_CONTENT_SAME = 2 };

struct spdm_measurements {
	u8 n_blocks;
	u8 total;	     /* operation 0: how many blocks there are            */
	u8 content_changed;  /* 0 not said, or enum spdm_content                  */
	struct bytes record; /* walked once already: spdm_next_block() cannot fail */
	struct bytes nonce;  /* of the device                                     */
	struct bytes opaque;
	struct bytes signature; /* empty when none was asked for */
};
/**
 * spdm_read_measurements - the answer to @asked (lies 44, 50 to 52, 54 to 56 of tests/device/hostile.c).
 * Block form is checked, duplicates are refused. The signed part is everything before the signature.
 */
void spdm_read_measurements(struct reader *r, const struct spdm_negotiated *n,
			    const struct spdm_get_measurements *asked,
			    struct spdm_measurements *out);

struct spdm_block {
	u8 index;
	u8 type; /* enum spdm_value_type, or a number of the future */
	bool raw;
	struct bytes value;
};
/** spdm_next_block - the block that @record stands at; sets record->why when it is malformed. */
struct spdm_block spdm_next_block(struct reader *record);

#endif
