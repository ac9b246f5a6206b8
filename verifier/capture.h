/* SPDX-License-Identifier: Apache-2.0 */
/* A bus or emulator capture to verified rows: what was signed there, and does it hold? */
#ifndef ASSAY_CAPTURE_H
#define ASSAY_CAPTURE_H

#include "proto/spdm_evidence.h"

enum capture_result { CAPTURE_VERIFIED, CAPTURE_INVALID, CAPTURE_NOT_CHECKED };

struct capture_row {
	size_t frame;	     /* of the response, from 0                  */
	const char *message; /* "CHALLENGE_AUTH", ...                     */
	u8 version, slot;
	u32 asym, hash;
	size_t transcript_len;
	struct digest transcript; /* BaseHash over what is signed, without the prefix */
	struct bytes record;	  /* MEASUREMENTS: the blocks; a view into the capture */
	enum capture_result result;
	char why[256]; /* "" when verified */
};

enum { CAPTURE_ROWS_MAX = 4096, CAPTURE_LARGE_MAX = 256 };

struct capture {
	size_t n;
	struct capture_row *rows;
	size_t n_large;
	struct buf *large
		[CAPTURE_LARGE_MAX]; /* messages that came in chunks; rows may point into them */
};

/** capture_verify - every signed message of @file, which must outlive @out. */
int capture_verify(struct bytes file, struct capture **out, struct err *e);
void capture_drop(struct capture **c);

#endif
