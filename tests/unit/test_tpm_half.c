// SPDX-License-Identifier: Apache-2.0
/* Policies and names of a disk's half and counter. The values were computed by another program from docs/PROTOCOL.md. */
#include "support.h"

#include "common/text.h"
#include "proto/tpm_half.h"

static void assert_hex(struct bytes got, const char *want)
{
	char text[2 * NV_PUBLIC_MAX + 1];

	assert_string_equal(hex_write(got, text), want);
}

static void each_is_the_one_of_the_specification(void **state)
{
	struct digest uncapped = tpm_counter_policy_uncapped(), new = tpm_counter_policy_new(),
		      either = tpm_counter_policy(), half = tpm_half_policy(0x01810001, 7);
	u8 name[COUNTER_NAME_LEN], room[NV_PUBLIC_MAX];
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	tpm_counter_name(0x01810001, name);
	tpm_counter_public(0x01810001, false, &w);
	assert_hex(digest_bytes(&uncapped),
		   "7e247a603cd1052cabc095741b8ee2f7458aabeee960b8ec97d7f090171a039a");
	assert_hex(digest_bytes(&new),
		   "3c326323670e28ad37bd57f63b4cc34d26ab205ef22f275c58d47fab2485466e");
	assert_hex(digest_bytes(&either),
		   "bd6f2d0b7570622c33344ddd3dd4bdc99a9bb020607c91dccd9b1a8afecc8b51");
	assert_hex(write_done(&w),
		   "01810001000b020400180020"
		   "bd6f2d0b7570622c33344ddd3dd4bdc99a9bb020607c91dccd9b1a8afecc8b51"
		   "0008");
	assert_hex(BYTES(name),
		   "000b92f56b635c3f1570d2f06be6fe6d23ad84f16c4df7745cd7faf51576fa52f8ba");
	assert_hex(digest_bytes(&half),
		   "50d01b5828ddabd425efae94332f7f2a3a6cbd5b0df284247cf981dc429c44c6");
}

static void index_and_epoch_change_what_a_half_is_sealed_to(void **state)
{
	struct digest of[] = { tpm_half_policy(0x01810001, 7), tpm_half_policy(0x01810002, 7),
			       tpm_half_policy(0x01810001, 8) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		for (size_t j = 0; j < i; j++)
			assert_false(digest_equals(&of[i], digest_bytes(&of[j])));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_the_one_of_the_specification),
		cmocka_unit_test(index_and_epoch_change_what_a_half_is_sealed_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
