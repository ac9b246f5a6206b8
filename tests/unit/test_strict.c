// SPDX-License-Identifier: Apache-2.0
/* The strict profile: policies and names, computed by another program from docs/PROTOCOL.md; approvals there and back. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/strict.h"

/* of the private key 1: the curve's generator */
#define SPKI                                                                                       \
	"3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277" \
	"037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837" \
	"bf51f5"
static const u8 zeros[13][32];

static void assert_hex(struct bytes got, const char *want)
{
	char text[2 * STRICT_PUBLIC_MAX + 1];

	assert_string_equal(hex_write(got, text), want);
}

static void each_is_the_one_of_the_specification(void **state)
{
	u8 ueid[UEID_LEN];
	OWNED(buf) spki = from_hex(SPKI);
	struct digest pcrs = sha256_of(BYTES(zeros)), ref, approved, to_sign, half;
	struct strict_key key;
	struct err e = { 0 };

	(void)state;
	memset(ueid, 0xee, sizeof(ueid));
	ueid[0] = 1;
	ref = strict_ref(ueid, 7);
	approved = strict_approved(STRICT_PCRS, digest_bytes(&pcrs));
	to_sign = strict_digest(&approved, &ref);
	assert_ok(strict_key_of(buf_bytes(spki), &key, &e), &e);
	half = strict_half_policy(&key, &ref, 0x01810001, 7);
	assert_hex(digest_bytes(&ref),
		   "eb57102c75389fe90c290bec61fd6b05b765f5ba622be54acf0240ebb0e5a7b0");
	assert_hex(digest_bytes(&approved),
		   "b1910a7fc04e3af171623b84d79e8f4d4904ec8e4d26490f4fd6d9f903ada3af");
	assert_hex(digest_bytes(&to_sign),
		   "3372b59c922f61399db5d47edfe1f389fd27a7d5d346ab54209345e71e15bc49");
	assert_hex((struct bytes){ key.public, key.public_len },
		   "0023000b00040040000000100010000300100020"
		   "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2960020"
		   "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
	assert_hex(BYTES(key.name),
		   "000b04a8d8db137338ba19ca9c059f8cf5a7f838c7a42a4420c9a8fc83136f04bd41");
	assert_hex(digest_bytes(&half),
		   "5f85a3d1c2b297adb1c132922e4f32786c83f132184c16e098ddaaf7b45253f5");
}

static struct approval sample(void)
{
	struct approval a = { .uuid = { 5 }, .epoch = 7, .pcrs = STRICT_PCRS };

	memset(a.pcr_digest, 0x22, sizeof(a.pcr_digest));
	memset(a.signature, 0x33, sizeof(a.signature));
	return a;
}

static struct buf *written(void)
{
	struct approval a = sample();
	struct buf *b = buf_new(APPROVAL_MAX);
	struct err e = { 0 };

	assert_ok(approval_write(&a, &b->w, &e), &e);
	return b;
}

static void an_approval_is_read_back_and_no_part_of_it(void **state)
{
	OWNED(buf) b = written();
	struct approval a = sample(), back;
	struct err e = { 0 };

	(void)state;
	assert_ok(approval_parse(buf_bytes(b), &back, &e), &e);
	assert_memory_equal(&back, &a, sizeof(a));
	for (size_t n = 0; n < b->w.len; n++) {
		OWNED(buf) cut = buf_copy(bytes_slice(buf_bytes(b), 0, n));

		assert_int_equal(approval_parse(buf_bytes(cut), &back, &e), E_FORMAT);
	}
}

static void each_defect_is_named(void **state)
{
	static const struct {
		struct edit edit;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { "860150", "860250" }, E_UNSUPPORTED, "approval: version" },
		{ { "860150", "870150" }, E_FORMAT, NULL },
		{ { "50050000", "4f0500" }, E_FORMAT, NULL },
		{ { "07195bff", "00195bff" }, E_FORMAT, "approval: epoch" },
		{ { "07195bff", "1b8000000000000000195bff" }, E_FORMAT, "approval: epoch" },
		{ { "07195bff", "0700" }, E_FORMAT, "approval: PCRs" },
		{ { "07195bff", "071a00010001" }, E_FORMAT, "approval: PCRs" },
		{ { "58202222", "581f22" }, E_FORMAT, "approval: digest of PCRs" },
		{ { "58403333", "583f33" }, E_FORMAT, "approval: signature" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) good = written();
		OWNED(buf) bad = edited(buf_bytes(good), &rows[i].edit);
		struct approval a;
		struct err e = { 0 };
		int rc = approval_parse(buf_bytes(bad), &a, &e);

		if (rc != (int)rows[i].code || (rows[i].why && strcmp(e.text, rows[i].why)))
			fail_msg("row %zu: %d, %s", i, rc, e.text);
	}
}

static void keys_of_other_kinds_are_refused(void **state)
{
	OWNED(keypair) other = NULL;
	OWNED(buf) cut = from_hex(SPKI);
	struct approval a = sample();
	struct strict_key key;
	struct err e = { 0 };
	u8 room[STRICT_SPKI_MAX], ueid[UEID_LEN] = { 1 };
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	assert_ok(keypair_new(KEY_P384, 0, &other, &e), &e);
	assert_refused(strict_sign(&a, ueid, other, &e), &e, E_UNSUPPORTED, "P-256");
	assert_ok(pubkey_spki(keypair_pub(other), &w, &e), &e);
	assert_refused(strict_key_of(write_done(&w), &key, &e), &e, E_UNSUPPORTED, "P-256");
	cut->w.len--;
	assert_int_not_equal(strict_key_of(buf_bytes(cut), &key, &e), 0);
	cut->w.len++;
	cut->w.at[cut->w.len - 1] ^= 1; /* a point off the curve */
	assert_int_not_equal(strict_key_of(buf_bytes(cut), &key, &e), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_the_one_of_the_specification),
		cmocka_unit_test(an_approval_is_read_back_and_no_part_of_it),
		cmocka_unit_test(each_defect_is_named),
		cmocka_unit_test(keys_of_other_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
