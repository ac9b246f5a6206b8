// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/lease.h"

/* A lease as a server gives it, and one as a header keeps it: what was read is written as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct lease_grant g;
	struct lease_kept k;
	struct buf *again = buf_new(LEASE_GRANT_MAX);
	struct err e = { 0 };

	if (!lease_grant_parse(b, &g, &e)) {
		if (lease_grant_write(&g, &again->w, &e) || !bytes_equal(buf_bytes(again), b))
			abort();
		planted_bug(b, g.terms.reset_max != 12);
	}
	again->w.len = 0;
	if (!lease_kept_parse(b, &k, &e)) {
		if (lease_kept_write(&k, &again->w, &e) || !bytes_equal(buf_bytes(again), b))
			abort();
		planted_bug(b, k.terms.reset_max != 12);
	}
	buf_drop(&again);
	free(copy);
	return 0;
}
