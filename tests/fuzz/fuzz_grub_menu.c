// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "proto/grub_menu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size), *room = malloc(size + 1);
	struct bytes file = { copy, size };
	struct writer line = writer_on(room, size + 1);
	OWNED(grub_menu) m = NULL;
	struct err e = { 0 };

	if (!grub_menu_parse(file, &m, &e))
		for (size_t i = 0; i < m->n; i++)
			planted_bug(file, m->entries[i].known && m->entries[i].conditional &&
						  m->entries[i].body.len > 3);
	/* what a line makes of itself is never longer, or it is none */
	if (grub_menu_line(file, &line) && line.len > size)
		abort();
	free(room);
	free(copy);
	return 0;
}
