/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's IMA list, from some entry on, in whole entries. */
#ifndef ASSAY_COLLECTOR_IMA_H
#define ASSAY_COLLECTOR_IMA_H

#include "common/buf.h"
#include "common/err.h"

/* What the first byte of the answer says. */
enum ima_extent {
	IMA_NONE = 0, /* this host has no list: nothing follows              */
	IMA_ALL = 1,  /* every entry from the one asked for on               */
	IMA_CUT = 2,  /* as many as there was room for, the last one whole   */
};

/**
 * ima_collect - read the binary list at @path ("" or not there: none), leave out the first @first entries.
 * @max: bytes of entries.
 * @out: u8 enum ima_extent ‖ entries.
 * Return: 0; E_NOTFOUND when the list is shorter than @first; E_FORMAT for one that ends inside an
 * entry, with its number; E_IO, E_MEMORY.
 */
int ima_collect(const char *path, u64 first, size_t max, struct buf **out, struct err *e);

#endif
