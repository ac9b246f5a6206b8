// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

struct buf *file_bytes(const char *path)
{
	struct buf *b = buf_new(64 * 1024 * 1024);
	FILE *f = fopen(path, "rb");
	u8 part[8192];
	size_t n;

	if (!f) {
		buf_drop(&b);
		return NULL;
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		write_bytes(&b->w, (struct bytes){ part, n });
	fclose(f);
	return b;
}

const char *third_party_path(const char *path, char *out, size_t size)
{
	const char *folder = getenv("ASSAY_VECTORS");

	if (!folder || !*folder) {
		if (getenv("CI"))
			fail_msg("ASSAY_VECTORS is not set, and on CI nothing may be skipped");
		print_message("SKIP: set ASSAY_VECTORS to the folder with third-party vectors "
			      "(origins: docs/TESTING.md)\n");
		skip();
	}
	if (snprintf(out, size, "%s/%s", folder, path) >= (int)size)
		fail_msg("path too long");
	return out;
}

struct buf *third_party(const char *path)
{
	char full[4096];
	struct buf *b = file_bytes(third_party_path(path, full, sizeof(full)));

	if (!b)
		fail_msg("cannot read %s", full);
	return b;
}

struct buf *own_vector(const char *path)
{
	char full[4096];
	struct buf *b;

	snprintf(full, sizeof(full), "%s/%s", OWN_VECTORS, path);
	b = file_bytes(full);
	if (!b)
		fail_msg("cannot read %s", full);
	return b;
}

u8 *heap_copy(struct bytes b)
{
	u8 *copy = malloc(b.len ? b.len : 1);

	if (!copy)
		fail_msg("out of memory");
	if (b.len)
		memcpy(copy, b.at, b.len);
	return copy;
}

struct buf *from_hex(const char *text)
{
	struct buf *b = buf_new(1024 * 1024);

	while (*text) {
		unsigned int v;

		if (*text == ' ' || *text == '\n') {
			text++;
			continue;
		}
		if (sscanf(text, "%2x", &v) != 1 || !text[1])
			fail_msg("not hex: %s", text);
		write_u8(&b->w, (u8)v);
		text += 2;
	}
	return b;
}
