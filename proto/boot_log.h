/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCG boot log: what the firmware says it extended into the PCRs.
 * SPEC: TCG PC Client Platform Firmware Profile 10.2 (event log)
 */
#ifndef ASSAY_BOOT_LOG_H
#define ASSAY_BOOT_LOG_H

#include "common/crypto.h"
#include "common/limits.h"

enum {
	BOOT_LOG_BANKS_MAX = 5,
	/* What a replay is compared in: 10 is IMA's, 15 the cap, and 16 to 23 can be reset and prove nothing. */
	BOOT_LOG_PCRS = 0x7bff,
};

struct boot_event {
	u32 pcr;
	u32 type;
	struct bytes digests[BOOT_LOG_BANKS_MAX]; /* as boot_log.banks; views into the log */
	struct bytes data;
};

/** struct boot_log - a parsed log; its views point into the bytes it was parsed from. */
struct boot_log {
	size_t n_banks;
	u16 tpm_alg[BOOT_LOG_BANKS_MAX];	 /* TPM_ALG_ID of each bank                  */
	enum digest_alg alg[BOOT_LOG_BANKS_MAX]; /* DIGEST_NONE: a bank we cannot replay     */
	u8 startup_locality;
	size_t n_events, room;
	struct boot_event *events;
};

/** boot_log_parse - crypto-agile or SHA-1 log. @log is borrowed and must outlive @out. */
int boot_log_parse(struct bytes log, struct boot_log **out, struct err *e);
void boot_log_drop(struct boot_log **l);

/** boot_log_bank - index of the bank @tpm_alg, or -1. */
int boot_log_bank(const struct boot_log *l, u16 tpm_alg);
/**
 * boot_log_replay - PCR values 0 to 23 after the whole log, of the bank at index @bank.
 * PCR 17 to 22 start as all ones, as the TPM resets them; @touched (bitmap) tells which were extended.
 */
int boot_log_replay(const struct boot_log *l, size_t bank, struct digest pcrs[TPM_PCRS],
		    u32 *touched, struct err *e);
/** boot_event_name - "EV_S_CRTM_VERSION", or NULL for a type without a name. */
const char *boot_event_name(u32 type);

#endif
