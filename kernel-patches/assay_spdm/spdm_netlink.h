/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* Numbers of the family "spdm" version 1, as ../netlink/spdm.yaml has them. */
#ifndef ASSAY_SPDM_NETLINK_H
#define ASSAY_SPDM_NETLINK_H

#define SPDM_FAMILY_NAME    "spdm"
#define SPDM_FAMILY_VERSION 1
#define SPDM_MCGRP_SIG	    "sig"

enum { SPDM_CMD_SIG = 1 }; /* an event; nothing can be asked for */
enum { SPDM_COMBINED_PREFIX_LEN = 100 };

enum {
	SPDM_A_SIG_DEVICE = 1,		 /* string, path below /sys */
	SPDM_A_SIG_RSP_CODE,		 /* u8, enum spdm_rsp_code */
	SPDM_A_SIG_SLOT,		 /* u8 */
	SPDM_A_SIG_HASH_ALGO,		 /* u16, enum spdm_hash_algo */
	SPDM_A_SIG_SIG_OFFSET,		 /* u32, in the transcript */
	SPDM_A_SIG_REQ_NONCE_OFFSET,	 /* u32 */
	SPDM_A_SIG_RSP_NONCE_OFFSET,	 /* u32 */
	SPDM_A_SIG_COMBINED_SPDM_PREFIX, /* SPDM_COMBINED_PREFIX_LEN bytes, from 1.2 on */
	SPDM_A_SIG_TRANSCRIPT,		 /* parts; the last bytes are the signature */
	SPDM_A_SIG_MAX = SPDM_A_SIG_TRANSCRIPT,
};

/* the message that is signed, by its code on the wire */
enum spdm_rsp_code {
	SPDM_RSP_CODE_CHALLENGE_AUTH = 0x03,
	SPDM_RSP_CODE_ENDPOINT_INFO = 0x07,
	SPDM_RSP_CODE_MEASUREMENTS = 0x60,
	SPDM_RSP_CODE_KEY_EXCHANGE_RSP = 0x64,
	SPDM_RSP_CODE_FINISH = 0xe5,
};

/* as enum hash_algo of linux/hash_info.h, which some user-space headers are too old for */
enum spdm_hash_algo {
	SPDM_HASH_ALGO_SHA256 = 4,
	SPDM_HASH_ALGO_SHA384 = 5,
	SPDM_HASH_ALGO_SHA512 = 6,
	SPDM_HASH_ALGO_SHA3_256 = 20,
	SPDM_HASH_ALGO_SHA3_384 = 21,
	SPDM_HASH_ALGO_SHA3_512 = 22,
};

#endif
