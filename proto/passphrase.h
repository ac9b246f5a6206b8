/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The passphrase of a LUKS slot, out of both halves: L, which this machine's TPM holds, and S, the share
 * that the server gives. Neither alone says anything about it.
 * SPEC: docs/PROTOCOL.md, Passphrase
 */
#ifndef ASSAY_PASSPHRASE_H
#define ASSAY_PASSPHRASE_H

#include "evidence.h"

enum { HALF_LEN = 32, PASSPHRASE_LEN = 43 };

/** passphrase_make - *@out: PASSPHRASE_LEN characters of base64url in locked memory, no NUL, no newline. */
int passphrase_make(const u8 l[HALF_LEN], const u8 s[HALF_LEN], const u8 luks_uuid[16],
		    const u8 ueid[UEID_LEN], u64 epoch, struct secret **out, struct err *e);

#endif
