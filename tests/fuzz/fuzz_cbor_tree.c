// SPDX-License-Identifier: Apache-2.0
/* CBOR drawn for people: every row has its texts, and there is an end of rows. */
#include "fuzz.h"

#include "proto/cbor_tree.h"

static int count(void *user, const struct cbor_row *row, struct err *e)
{
	size_t *rows = user;

	(void)e;
	if (row->depth > CBOR_TREE_DEPTH_MAX || strlen(row->path) >= CBOR_TREE_PATH_MAX ||
	    strlen(row->value) >= CBOR_TREE_VALUE_MAX || !row->kind[0] || !row->label)
		abort();
	(*rows)++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };

	for (enum cbor_place place = AT_ROOT; place <= AT_COMPONENT; place++) {
		struct err e = { 0 };
		size_t rows = 0;
		int rc = cbor_tree(b, place, count, &rows, &e);

		if (rows > CBOR_TREE_ROWS_MAX || (!rc && !rows))
			abort();
		planted_bug(b, !rc && rows > 6 && place == AT_ROOT);
	}
	free(copy);
	return 0;
}
