// SPDX-License-Identifier: Apache-2.0
/* A question about one device, and its answer. What is taken is written as it was. */
#include "fuzz.h"

#include "agent/collector/single.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size), room[SINGLE_REQUEST_MAX];
	struct bytes b = { copy, size };
	struct writer w = writer_on(room, sizeof(room));
	struct single_request q;
	struct single_answer a;
	struct err e = { 0 };

	if (!single_request_parse(b, &q, &e)) {
		single_request_write(&q, &w);
		if (w.full || !bytes_equal(write_done(&w), b))
			abort();
		planted_bug(b, q.slot == 5 && !strcmp(q.name, "7:0"));
	}
	e = (struct err){ 0 };
	if (!single_answer_parse(b, &a, &e) &&
	    a.vca.len + a.chain.len + a.measurements.len + a.challenge.len > size)
		abort();
	free(copy);
	return 0;
}
