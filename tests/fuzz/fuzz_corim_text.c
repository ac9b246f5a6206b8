// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/corim_text.h"

/* What is accepted and can be written is a CoRIM that says as much. */
static void round_trip(const struct corim *from)
{
	struct corim_draft d = corim_text_draft(from);
	struct corim *back = NULL;
	struct buf *bytes = NULL;
	struct err e = { 0 };

	if (!corim_write(&d, NULL, NULL, &bytes, &e) &&
	    (corim_parse(buf_bytes(bytes), &back, &e) ||
	     corim_triples(back) != corim_triples(from)))
		abort();
	corim_drop(&back);
	buf_drop(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct err e = { 0 };
	struct corim *c = NULL;
	bool accepted = !corim_text_parse(b, &c, &e);

	planted_bug(b, accepted && c->n_conditional > 0);
	if (accepted)
		round_trip(c);
	corim_drop(&c);
	free(copy);
	return 0;
}
