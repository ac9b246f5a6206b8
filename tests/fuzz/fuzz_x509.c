// SPDX-License-Identifier: Apache-2.0
/* Files of certificates and revocation lists: what is in them, and each told field by field. */
#include "fuzz.h"

#include "common/x509_tell.h"

/* Seeds hold certificates of version 3. */
static bool other_version;

static void take(void *user, size_t depth, const char *label, const char *value)
{
	size_t *n = user;

	(void)depth;
	for (const char *at = value; *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			abort(); /* what is told is printable */
	*n += label[0] != 0;
	other_version |= !strcmp(label, "version") && strcmp(value, "3");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct x509_file *f = NULL;
	struct err e = { 0 };
	size_t rows = 0;
	bool ok = !x509_file_split(b, &f, &e);

	if (!ok && !e.text[0])
		abort();
	other_version = false;
	for (size_t i = 0; f && i < f->n; i++)
		x509_tell(f->at[i].kind, f->at[i].der, take, &rows);
	planted_bug(b, ok && rows && other_version);
	x509_file_drop(&f);
	free(copy);
	return 0;
}
