/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* Numbers of the family "spdm" version 1, as ../netlink/spdm.yaml has them. */
#ifndef ASSAY_SPDM_NETLINK_H
#define ASSAY_SPDM_NETLINK_H

#define SPDM_FAMILY_NAME    "spdm"
#define SPDM_FAMILY_VERSION 1
#define SPDM_MCGRP_SIG	    "sig"

enum { SPDM_CMD_SIG = 1 };

enum {
	SPDM_A_SIG_DEVICE = 1,		 /* string: sysfs path below /sys */
	SPDM_A_SIG_RSP_CODE,		 /* u8: wire code of the signed message */
	SPDM_A_SIG_SLOT,		 /* u8 */
	SPDM_A_SIG_HASH_ALGO,		 /* u16: enum hash_algo */
	SPDM_A_SIG_SIG_OFFSET,		 /* u32, into the transcript; the signature ends it */
	SPDM_A_SIG_REQ_NONCE_OFFSET,	 /* u32 */
	SPDM_A_SIG_RSP_NONCE_OFFSET,	 /* u32 */
	SPDM_A_SIG_COMBINED_SPDM_PREFIX, /* 100 bytes, from SPDM 1.2 on */
	SPDM_A_SIG_TRANSCRIPT, /* part of it; may stand several times and in several messages */
	SPDM_A_SIG_MAX = SPDM_A_SIG_TRANSCRIPT,
};

#endif
