// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/proposal.h"

/* A body, or a request with one; what was read is written again as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct proposal p;
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct proposal_request rq;
	struct buf *again = NULL;
	struct err e = { 0 };

	if (!proposal_request_parse(b, &rq, &e)) {
		if (proposal_request_write(&rq, &again, &e) || !bytes_equal(buf_bytes(again), b))
			abort();
		b = rq.body;
		buf_drop(&again);
	}
	if (!proposal_parse(b, &p, &e)) {
		if (proposal_write(&p, &again, &e) || !bytes_equal(buf_bytes(again), b))
			abort();
		planted_bug((struct bytes){ copy, size }, p.release.at[0] != '6');
		buf_drop(&again);
	}
	free(copy);
	return 0;
}
