/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_FILE_H
#define ASSAY_FILE_H

#include <sys/types.h>

#include "buf.h"
#include "err.h"

/** file_read - a whole file of at most @max bytes (also from sysfs, whose sizes lie). */
int file_read(const char *path, size_t max, struct buf **out, struct err *e);
/** file_line - a file of one line, without its newline: a view into *@kept. BYTES_NONE when it cannot be read. */
struct bytes file_line(const char *path, size_t max, struct buf **kept);
/**
 * file_write - replace @path by @b at once: written beside it, synced, renamed, folder synced.
 * @mode: permission bits of the new file.
 */
int file_write(const char *path, struct bytes b, mode_t mode, struct err *e);
/** file_create - as file_write(), but E_CONFLICT when @path exists already. */
int file_create(const char *path, struct bytes b, mode_t mode, struct err *e);
/** file_rename - @from takes the place of @to, on the disk before it returns. Both in one file system. */
int file_rename(const char *from, const char *to, struct err *e);
/** file_remove - also when there is none. */
int file_remove(const char *path, struct err *e);
/** folder_make - mkdir -p with @mode for the last part. */
int folder_make(const char *path, mode_t mode, struct err *e);
/**
 * folder_each - @take for every file of @folder whose name does not begin with a dot, in the order of
 * their names; what it returns but 0 ends that. @what: what the folder holds, for messages.
 * Return: 0; E_CONFIG when there is no such folder; what @take returned.
 */
int folder_each(const char *folder, const char *what,
		int (*take)(void *user, const char *path, struct err *e), void *user,
		struct err *e);
/** memfd_from - a sealed memory file with @b, at offset 0. Return: descriptor or -1. */
int memfd_from(const char *name, struct bytes b, struct err *e);

#endif
