// SPDX-License-Identifier: Apache-2.0
/* The bytes that a quote binds. The values were computed by another program from docs/PROTOCOL.md. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/evidence.h"

static const char label[] = "1b36:0010/00000000000000a1/0";

static struct evidence_context context_of_the_vectors(void)
{
	u8 nonce[32], deployment[16], ak[34] = { 0x00, 0x0b }, thumb[32];

	for (u8 i = 0; i < 32; i++)
		nonce[i] = i;
	for (u8 i = 0; i < 16; i++)
		deployment[i] = (u8)(0xa0 + i);
	memset(ak + 2, 0x11, 32);
	memset(thumb, 0x22, 32);
	return evidence_context_make(nonce, deployment, BYTES(ak), thumb);
}

static void assert_hex(struct bytes got, const char *want)
{
	char hex[2 * 32 + 1];

	assert_int_equal(got.len, 32);
	assert_string_equal(hex_write(got, hex), want);
}

static void context_and_device_nonces_are_those_of_the_specification(void **state)
{
	struct evidence_context c = context_of_the_vectors();
	u8 nonce[32];

	(void)state;
	assert_hex(BYTES(c.ctx),
		   "6e27b32e453a42f36ea959fa6d093294f7b5716991e806f5582a7576a843d223");
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text(label), 0, nonce);
	assert_hex(BYTES(nonce),
		   "6f55a128113545a24fbd4294c3265a3f476ece1cbb38f6eabbc43a5aed83a074");
	evidence_device_nonce(&c, NONCE_CHALLENGE, bytes_text(label), 0, nonce);
	assert_hex(BYTES(nonce),
		   "8b06c97045ca90270ad231294fbb39a044b54514357d717f3f8b6f4200548033");
}

static void root_and_bind_are_those_of_the_specification(void **state)
{
	static const struct {
		u32 n;
		const char *root, *bind;
	} rows[] = {
		{ 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		  "b3e0676d63e2ef09b54afcdd6194ac273d9d00a0b22116745c75751eef503b60" },
		{ 1, "800d0c1b93358b2045a99eca8870807a0aa5a8b204ff9a1d8862646c34012f5b",
		  "66018cc6cd6e709f41409edabaeb93622bc2adc040c4aa91a7d9dbf599b5443e" },
		{ 2, "a40396ee649bca59a4c8cb3e1a965f6c52014b944ab04226be7cf5b85122c85d",
		  "877498b8bf3169578aaaa7d8ec2fd3d76ff736816c0b7a86d35a1cd7fef7ce83" },
		{ 3, "4fa9722eaf0f0b77d4e1fe836e0c7ca1c194f42d756edecdab2ef1e0b3e5ba91",
		  "b9748d32c654745f5da36a299595780d79cf16ad6de68c10bc7e93631fd2879d" },
		{ 5, "de7ea6b54349f2cb933ea403374fa4f0d16b5965c1ec3d4304b1ec3015fb0230",
		  "0ad329f445d3fb1d3df13ddca59f2b44cb5b5476df77fe6328133e1699918a9d" },
		{ 8, "cb7c5813b9ea979728d7df5a480d2a3a08709a44b2eb2303a6528881d397d7ed",
		  "6c7be7ce81efddd01ea9e3735c675e0abb2271f3c6a612f604264576d944c5b7" },
	};
	static const u8 host[] = { 0xa0 };
	struct evidence_context c = context_of_the_vectors();

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct evidence_leaf leaves[8];
		struct digest scratch[8], root, bind;
		char labels[8][32];
		u8 values[8][3];

		for (u32 i = 0; i < rows[r].n; i++) {
			snprintf(labels[i], sizeof(labels[i]), "1b36:0010/-/%u", i);
			values[i][0] = 0xa1;
			values[i][1] = 0;
			values[i][2] = (u8)i;
			leaves[i] =
				(struct evidence_leaf){ bytes_text(labels[i]), BYTES(values[i]) };
		}
		root = evidence_root(leaves, rows[r].n, scratch);
		bind = evidence_bind(&c, rows[r].n, &root, BYTES(host), BYTES_NONE);
		assert_hex(digest_bytes(&root), rows[r].root);
		assert_hex(digest_bytes(&bind), rows[r].bind);
	}
}

static void a_nonce_depends_on_kind_slot_label_and_context(void **state)
{
	struct evidence_context c = context_of_the_vectors(), other = c;
	u8 base[32], changed[32];

	(void)state;
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text(label), 0, base);
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text(label), 1, changed);
	assert_memory_not_equal(base, changed, 32);
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text("1b36:0010/-/0"), 0, changed);
	assert_memory_not_equal(base, changed, 32);
	other.ctx[31] ^= 1;
	evidence_device_nonce(&other, NONCE_MEASUREMENTS, bytes_text(label), 0, changed);
	assert_memory_not_equal(base, changed, 32);
}

static void labels_have_one_form(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "1b36:0010/00000000000000a1/0", true },
		{ "1b36:0010/-/0", true },
		{ "1b36:0010/-/255", true },
		{ "1B36:0010/-/0", false },
		{ "1b36:0010/-/01", false },
		{ "1b36:0010/-/", false },
		{ "1b36:0010/a1/0", false },
		{ "1b36:0010/-/1000", false },
		{ "1b36-0010/-/0", false },
		{ "host", false },
		{ "", false },
		{ "1b36:0010/-/0 ", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (evidence_label_valid(bytes_text(rows[i].text)) != rows[i].valid)
			fail_msg("%s", rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(context_and_device_nonces_are_those_of_the_specification),
		cmocka_unit_test(root_and_bind_are_those_of_the_specification),
		cmocka_unit_test(a_nonce_depends_on_kind_slot_label_and_context),
		cmocka_unit_test(labels_have_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
