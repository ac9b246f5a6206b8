/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* Numbers of the family "assay" version 1, as ../netlink/assay.yaml has them. */
#ifndef ASSAY_NETLINK_H
#define ASSAY_NETLINK_H

#define ASSAY_FAMILY_NAME    "assay"
#define ASSAY_FAMILY_VERSION 1
#define ASSAY_MCGRP_EVENTS   "events"

enum assay_cmd {
	ASSAY_CMD_STATUS = 1, /* do: one device; dump: all            */
	ASSAY_CMD_COLLECT,    /* fresh evidence; the answer is an EVENT */
	ASSAY_CMD_ACCEPT,     /* this evidence was judged good          */
	ASSAY_CMD_FORGET,     /* it is not accepted any more            */
	ASSAY_CMD_CHECK,      /* is it still the accepted device?       */
	ASSAY_CMD_LOG,	      /* dump: what was extended into the PCR   */
	ASSAY_CMD_EVENT,      /* group events                           */
	ASSAY_CMD_TRANSCRIPT, /* dump: an object of (DEV_ID, GENERATION) */
};

enum assay_attr {
	ASSAY_A_PAD = 1,
	ASSAY_A_DEV_ID,		 /* u64, of this instance, never used again until reboot */
	ASSAY_A_SUBSYS,		 /* string < 32: "pci" */
	ASSAY_A_DEV_NAME,	 /* string < 32, for people */
	ASSAY_A_GENERATION,	 /* u32, 0 none */
	ASSAY_A_STATE,		 /* u32, enum assay_state */
	ASSAY_A_CAUSE,		 /* u32, enum assay_cause */
	ASSAY_A_ERROR,		 /* s32, negative errno of the last failure */
	ASSAY_A_WHY,		 /* string, the same in words */
	ASSAY_A_SEQ,		 /* u64, number of the event; in STATUS of the newest one */
	ASSAY_A_COVERAGE,	 /* u32, bits enum assay_cover: what is detected */
	ASSAY_A_PREVENTS,	 /* u32, the same bits: what is prevented */
	ASSAY_A_HOLD,		 /* u32, enum assay_hold */
	ASSAY_A_SLOT,		 /* u8 */
	ASSAY_A_SLOT_MASK,	 /* u8, slots that are provisioned */
	ASSAY_A_SPDM_VERSION,	 /* u8, 0x10 to 0x13 */
	ASSAY_A_BASE_ASYM,	 /* u32, as in ALGORITHMS */
	ASSAY_A_BASE_HASH,	 /* u32 */
	ASSAY_A_MEAS_HASH,	 /* u32 */
	ASSAY_A_NONCE,		 /* 32 bytes, of the signed MEASUREMENTS */
	ASSAY_A_CHAIN_DIGEST,	 /* 32 bytes, SHA-256 of the certificates without SPDM's header */
	ASSAY_A_MEAS_DIGEST,	 /* 32 bytes, of the blocks in MEAS_INDEXES */
	ASSAY_A_MEAS_INDEXES,	 /* 32 bytes, bit i of byte i / 8: block i */
	ASSAY_A_ON_FAIL,	 /* u32, enum assay_on_fail */
	ASSAY_A_CHECKS,		 /* u64, same-device checks passed */
	ASSAY_A_LAST_CHECK,	 /* u64, ns since boot, sleep counted */
	ASSAY_A_TPM_PCR,	 /* u32 */
	ASSAY_A_TPM_LOG_COUNT,	 /* u64, number of this entry, from 1 */
	ASSAY_A_TPM_LOG_ENTRY,	 /* nest, enum assay_log_attr */
	ASSAY_A_CHALLENGE_NONCE, /* 32 bytes, of CHALLENGE below SPDM 1.2 */
	ASSAY_A_KIND,		 /* u8, enum assay_kind */
	ASSAY_A_LENGTH,		 /* u32, bytes of the whole object */
	ASSAY_A_VAL,		 /* part of the object */
	ASSAY_A_STRICT, /* flag: a device that cannot be reached is taken for another one */
	ASSAY_A_MAX = ASSAY_A_STRICT,
};

enum assay_log_attr {
	ASSAY_LOG_A_DATA = 1, /* what was hashed, in each bank with its own algorithm */
	ASSAY_LOG_A_MAX = ASSAY_LOG_A_DATA,
};

enum assay_state {
	ASSAY_STATE_FOUND,
	ASSAY_STATE_COLLECTING,
	ASSAY_STATE_EVIDENCE, /* to be judged by user space */
	ASSAY_STATE_ACCEPTED,
	ASSAY_STATE_CHECKING,
	ASSAY_STATE_FAILED, /* not the accepted device: in quarantine */
	ASSAY_STATE_UNREACHABLE,
	ASSAY_STATE_UNSUPPORTED,
	ASSAY_STATE_MAX = ASSAY_STATE_UNSUPPORTED,
};

enum assay_cause {
	ASSAY_CAUSE_ADDED,
	ASSAY_CAUSE_REMOVED,
	ASSAY_CAUSE_COLLECTED,
	ASSAY_CAUSE_REFUSED, /* evidence that is not consistent in itself, or none */
	ASSAY_CAUSE_RESET,
	ASSAY_CAUSE_AER,
	ASSAY_CAUSE_RESUME,
	ASSAY_CAUSE_D3COLD,
	ASSAY_CAUSE_TRIGGER, /* a check that was asked for passed, or an ACCEPT */
	ASSAY_CAUSE_MISMATCH,
	ASSAY_CAUSE_UNREACHABLE,
	ASSAY_CAUSE_LOST,
	ASSAY_CAUSE_BOUND_EARLY,
	ASSAY_CAUSE_FORGOTTEN,
	ASSAY_CAUSE_MAX = ASSAY_CAUSE_FORGOTTEN,
};

enum assay_cover {
	ASSAY_COVER_RESET = 1,
	ASSAY_COVER_AER = 2,
	ASSAY_COVER_RESUME = 4,
	ASSAY_COVER_D3COLD = 8,
	ASSAY_COVER_HOLD = 16,
};

enum assay_hold {
	ASSAY_HOLD_NONE,
	ASSAY_HOLD_OVERRIDE, /* driver_override names no driver */
	ASSAY_HOLD_HOOK,     /* the kernel asks before it probes: not on a stock kernel */
	ASSAY_HOLD_TOO_LATE, /* bound before this module saw it */
	ASSAY_HOLD_MAX = ASSAY_HOLD_TOO_LATE,
};

enum assay_on_fail {
	ASSAY_ON_FAIL_REPORT,
	ASSAY_ON_FAIL_DETACH,
	ASSAY_ON_FAIL_PANIC,
	ASSAY_ON_FAIL_MAX = ASSAY_ON_FAIL_PANIC,
};

enum assay_kind {
	ASSAY_KIND_CHAIN = 1,
	ASSAY_KIND_VCA,
	ASSAY_KIND_MEASUREMENTS,
	ASSAY_KIND_CHALLENGE,
	ASSAY_KIND_MAX = ASSAY_KIND_CHALLENGE,
};

enum {
	ASSAY_DIGEST_LEN = 32,
	ASSAY_NONCE_LEN = 32,
	ASSAY_INDEXES_LEN = 32,
	ASSAY_NAME_MAX = 31,
	ASSAY_WHY_MAX = 96,
};

#endif
