/* SPDX-License-Identifier: Apache-2.0 */
/* How long it took until a volume was open, and what was waited for: each part is measured where it is done. */
#ifndef ASSAY_DISK_TIMES_H
#define ASSAY_DISK_TIMES_H

#include "common/port.h"

enum disk_part {
	DISK_PART_DISK, /* from the agent's start until somebody had the disk and asked         */
	DISK_PART_NETWORK, /* from there until the round began in which a server was reached       */
	DISK_PART_DEVICES, /* of that round: the collector's evidence, inventory and logs          */
	DISK_PART_TPM,	  /* of that round, and to unseal the disk's half                         */
	DISK_PART_SERVER, /* of that round: the nonce, with whatever connecting takes, the verdict */
	DISK_PARTS
};
/** struct disk_times - in milliseconds; none: began_ms is 0. */
struct disk_times {
	u64 began_ms; /* when the agent started, by clock_monotonic_ms() */
	u32 ms[DISK_PARTS];
};

enum { DISK_TIMES_TEXT_MAX = 256 };
/**
 * disk_times_tell - one sentence: "opened 6.1 s after the agent began: disk 1.2, network 2.8, ..."
 * @header_ms: that reading the header and opening its keyslot took. @change_ms: that a change of keys took afterwards, or 0.
 * @now_ms: by clock_monotonic_ms().
 */
void disk_times_tell(const struct disk_times *t, u32 header_ms, u32 change_ms, u64 now_ms,
		     char out[DISK_TIMES_TEXT_MAX]);

#endif
