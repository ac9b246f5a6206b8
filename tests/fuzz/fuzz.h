/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each target gives its bytes to one parser in an exact-size heap copy. With PLANTED_BUG the target
 * reads one byte past what an *accepted* input holds, under a condition that random bytes rarely meet:
 * the fuzzer has to get through the parser to find it. tests/run expects it to.
 */
#ifndef ASSAY_FUZZ_H
#define ASSAY_FUZZ_H

#include <stdlib.h>

#include "common/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline u8 *fuzz_copy(const uint8_t *data, size_t size)
{
	u8 *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

static inline void planted_bug(struct bytes accepted, bool condition)
{
#ifdef PLANTED_BUG
	static volatile u8 sink;

	if (condition)
		sink = accepted.at[accepted.len]; /* the planted bug: one byte too far */
	(void)sink;
#else
	(void)accepted;
	(void)condition;
#endif
}

#endif
