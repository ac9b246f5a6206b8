/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume that a person opens in the initramfs, where neither the server's share nor the agent is of use any more.
 * SPEC: RULES 3; docs/INITRAMFS.md
 */
#ifndef ASSAY_DISK_TYPED_H
#define ASSAY_DISK_TYPED_H

#include "disk_open.h"

#define SHOWN_FOLDER "/run/assay/shown"
enum { TYPED_MAX = 512 };

/**
 * disk_typed - what @typed opens: as a passphrase, or as a recovery key, whose groups may be apart or not, in letters of
 * either size. A recovery key's keyslot is hidden from who names none; it is shown then, and noted in @shown for
 * disk_hide_again().
 * @out: the passphrase as the keyslot wants it, and the proof for the cap.
 * Return: E_DENIED when it opens nothing.
 */
int disk_typed(struct luks *l, const char *path, const char *shown, struct bytes typed,
	       struct disk_opened *out, struct err *e);
/** disk_hide_again - what disk_typed() noted in @shown, and its notes go; no such folder: nothing. */
int disk_hide_again(const char *shown, struct err *e);

/* ---- recovery keys, as `assay disk enroll` makes them ---- */
enum { RECOVERY_BYTES = 20, RECOVERY_GROUP = 5 };
enum { RECOVERY_LEN = RECOVERY_BYTES * 2 + RECOVERY_BYTES * 2 / RECOVERY_GROUP - 1 };
/** recovery_write - RECOVERY_BYTES bytes as digits in groups, as people read them to each other: RECOVERY_LEN of them. */
void recovery_write(const u8 raw[RECOVERY_BYTES], u8 out[RECOVERY_LEN]);
/** recovery_read - @typed in that form again; false: it is no such key. */
bool recovery_read(struct bytes typed, u8 out[RECOVERY_LEN]);

#endif
