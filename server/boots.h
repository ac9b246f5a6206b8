/* SPDX-License-Identifier: Apache-2.0 */
/* The boot logs of each host's last two boots, as they were when a quote confirmed them: to show and to compare. */
#ifndef ASSAY_SERVER_BOOTS_H
#define ASSAY_SERVER_BOOTS_H

#include "proto/eat.h"
#include "proto/tpm_attest.h"
#include "store.h"

/** boot_seen - keep @logs of the boot that @clock names, once; older ones than the last two go. */
int boot_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct tpm_clock *clock,
	      const struct eat_logs *logs, struct err *e);

/** boot_first_seen - when that boot was first confirmed; *@out stays as it is when it never was. */
int boot_first_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct tpm_clock *clock,
		    long long *out, struct err *e);

#endif
