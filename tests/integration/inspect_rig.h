/* SPDX-License-Identifier: Apache-2.0 */
/* `assay inspect`, run in the scratch folder of rig_scratch_make(). */
#ifndef ASSAY_TEST_INSPECT_RIG_H
#define ASSAY_TEST_INSPECT_RIG_H

#include "rig.h"

enum { INSPECT_MORE_MAX = 8 };
/** inspect_run - what it printed, NUL at its end. @more: further words, ends with NULL; or NULL. */
struct buf *inspect_run(const char *file, const char *const *more, int *code);
/** inspect_answers - does it end with @code, and print each of @want? If not, what it printed is shown. */
bool inspect_answers(const char *file, const char *const *more, int code,
		     const char *const want[3]);

#endif
