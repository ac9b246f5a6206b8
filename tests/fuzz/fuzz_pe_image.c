// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/pe_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes whole = { copy, size };
	struct range file = range_of(whole);
	struct pe_image p;
	struct pe_sections sections;
	struct err e = { 0 };

	if (!pe_image_parse(file, &p, &e)) {
		struct digest d;

		if (pe_image_digest(&p, DIGEST_SHA256, &d, &e))
			abort();
		planted_bug(whole, d.alg && p.n > 3 && (p.pieces[3].len & 0xff) == 0x7f);
	}
	if (!pe_image_sections(file, &sections, &e))
		for (size_t i = 0; i < sections.n; i++) {
			struct digest d;

			if (range_digests(&(enum digest_alg){ DIGEST_SHA256 }, 1,
					  &sections.sections[i].content, 1, &d, &e) ||
			    strlen(sections.sections[i].name) > 8)
				abort();
		}
	free(copy);
	return 0;
}
