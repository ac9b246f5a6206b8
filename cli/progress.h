/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far long work is: on standard error, on a terminal only, and gone at the end. Nothing in pipes, nothing with --json,
 * nothing of work that is done at once.
 */
#ifndef ASSAY_CLI_PROGRESS_H
#define ASSAY_CLI_PROGRESS_H

#include "cli.h"

struct progress {
	const char *what, *unit; /* borrowed */
	u64 done, all;		 /* @all: 0 is unknown */
	long long next_ms;	 /* when it is shown next */
	bool on, shown;
};
/** progress_begin - @unit: "records"; NULL: bytes. */
struct progress progress_begin(const struct cli *c, const char *what, const char *unit, u64 all);
/** progress_to - so many are done; told now and then. */
void progress_to(struct progress *p, u64 done);
/** progress_more - @n more; @user is a struct progress: as range_watch() wants it. */
void progress_more(void *user, size_t n);
/** progress_end - before anything else is printed. */
void progress_end(struct progress *p);

#endif
