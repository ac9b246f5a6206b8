// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "common/text.h"
#include "proto/ima_log.h"

/* The first byte chooses the form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ima_cursor c;
	u8 *copy = fuzz_copy(data, size);
	struct ima_entry entry;
	struct err e = { 0 };
	size_t decoded = 0, len;
	enum ima_form form;
	char path[64];

	if (size > 0) {
		ima_cursor_on(&c, (struct bytes){ copy + 1, size - 1 },
			      copy[0] & 1 ? IMA_ASCII : IMA_BINARY);
		while (ima_next(&c, &entry, &e) > 0) {
			decoded += entry.path.len > 0 && entry.alg != DIGEST_NONE;
			text_visible(entry.path, path, sizeof(path));
		}
		ima_entry_len((struct bytes){ copy + 1, size - 1 }, &len, &e);
		ima_list_form((struct bytes){ copy + 1, size - 1 }, &form);
		planted_bug((struct bytes){ copy, size }, decoded > 0);
	}
	free(copy);
	return 0;
}
