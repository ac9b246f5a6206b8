/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCG boot log: what the firmware says it extended into the PCRs.
 * SPEC: TCG PC Client Platform Firmware Profile 10.2 (event log), 10.4.1 (event types), 10.4.5.3 (StartupLocality)
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

/* clang-format off */
#define BOOT_EVENT_TYPES(X)                        \
	X(EV_PREBOOT_CERT,                   0x00000000) \
	X(EV_POST_CODE,                      0x00000001) \
	X(EV_NO_ACTION,                      0x00000003) \
	X(EV_SEPARATOR,                      0x00000004) \
	X(EV_ACTION,                         0x00000005) \
	X(EV_EVENT_TAG,                      0x00000006) \
	X(EV_S_CRTM_CONTENTS,                0x00000007) \
	X(EV_S_CRTM_VERSION,                 0x00000008) \
	X(EV_CPU_MICROCODE,                  0x00000009) \
	X(EV_PLATFORM_CONFIG_FLAGS,          0x0000000a) \
	X(EV_TABLE_OF_DEVICES,               0x0000000b) \
	X(EV_COMPACT_HASH,                   0x0000000c) \
	X(EV_IPL,                            0x0000000d) \
	X(EV_IPL_PARTITION_DATA,             0x0000000e) \
	X(EV_NONHOST_CODE,                   0x0000000f) \
	X(EV_NONHOST_CONFIG,                 0x00000010) \
	X(EV_NONHOST_INFO,                   0x00000011) \
	X(EV_OMIT_BOOT_DEVICE_EVENTS,        0x00000012) \
	X(EV_POST_CODE2,                     0x00000013) \
	X(EV_EFI_VARIABLE_DRIVER_CONFIG,     0x80000001) \
	X(EV_EFI_VARIABLE_BOOT,              0x80000002) \
	X(EV_EFI_BOOT_SERVICES_APPLICATION,  0x80000003) \
	X(EV_EFI_BOOT_SERVICES_DRIVER,       0x80000004) \
	X(EV_EFI_RUNTIME_SERVICES_DRIVER,    0x80000005) \
	X(EV_EFI_GPT_EVENT,                  0x80000006) \
	X(EV_EFI_ACTION,                     0x80000007) \
	X(EV_EFI_PLATFORM_FIRMWARE_BLOB,     0x80000008) \
	X(EV_EFI_HANDOFF_TABLES,             0x80000009) \
	X(EV_EFI_PLATFORM_FIRMWARE_BLOB2,    0x8000000a) \
	X(EV_EFI_HANDOFF_TABLES2,            0x8000000b) \
	X(EV_EFI_VARIABLE_BOOT2,             0x8000000c) \
	X(EV_EFI_GPT_EVENT2,                 0x8000000d) \
	X(EV_EFI_HCRTM_EVENT,                0x80000010) \
	X(EV_EFI_VARIABLE_AUTHORITY,         0x800000e0) \
	X(EV_EFI_SPDM_FIRMWARE_BLOB,         0x800000e1) \
	X(EV_EFI_SPDM_FIRMWARE_CONFIG,       0x800000e2)
/* clang-format on */
#define X(id, number) id = number,
enum boot_event_type { BOOT_EVENT_TYPES(X) };
#undef X

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
	u8 startup_locality; /* PCR 0 starts from it: 0, 3, or 4 after an H-CRTM        */
	bool has_locality, pcr0_begun;
	u32 quoted; /* bit i: a quote says that bank i is true. Set by who has compared them    */
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
