// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "server/root_key.h"

enum { PLAIN_LEN = ROOT_KEY_LEN };

/* A key of each kind, and what is wrapped for it. */
static struct wrapped {
	struct keypair *key;
	struct buf *good;
} kinds[2];

static void make_kinds(void)
{
	static const enum key_kind kind[] = { KEY_P256, KEY_RSA };
	static const u8 plain[PLAIN_LEN] = "a root key of thirty-two bytes.";
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		kinds[i].good = buf_new(KEY_WRAPPED_MAX);
		if (keypair_new(kind[i], 2048, &kinds[i].key, &e) ||
		    key_wrap(keypair_pub(kinds[i].key), BYTES(plain), &kinds[i].good->w, &e))
			abort();
	}
}

/* What was wrapped with some bytes of it changed, or cut short: it opens as it was, or not at all. */
static void change_one(struct bytes how)
{
	const struct wrapped *w = &kinds[how.at[0] & 1];
	struct bytes good = buf_bytes(w->good);
	size_t at = how.at[1] % good.len, len = how.at[0] & 2 ? at : good.len;
	u8 *changed = fuzz_copy(good.at, good.len), plain[PLAIN_LEN];
	struct err e = { 0 };
	bool same;

	for (size_t i = 2; i < how.len && at < good.len; i++, at++)
		changed[at] ^= how.at[i];
	same = len == good.len && !memcmp(changed, good.at, len);
	if (!key_unwrap(w->key, (struct bytes){ changed, len }, plain, PLAIN_LEN, &e) != same)
		abort();
	free(changed);
}

/* The file that the root key lies in, wrapped: whoever has the state folder can write it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size), plain[PLAIN_LEN];
	struct bytes b = { copy, size };
	struct root_file f;
	struct err e = { 0 };

	if (!kinds[0].key)
		make_kinds();
	if (!root_file_parse(b, ROOT_FILE, &f, &e)) {
		if (f.old ? f.wrapped.len != size
			  : f.root_id.len + f.kek_id.len + f.wrapped.len + 8 != size)
			abort();
		planted_bug(b, !f.old && f.kek_id.at[0] != 0x20);
		for (size_t i = 0; !f.old && i < ARRAY_LEN(kinds); i++)
			if (!key_unwrap(kinds[i].key, f.wrapped, plain, PLAIN_LEN, &e))
				abort(); /* wrapped for keys that nobody else has */
	}
	if (size >= 2)
		change_one(b);
	free(copy);
	return 0;
}
