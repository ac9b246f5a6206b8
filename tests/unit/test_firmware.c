// SPDX-License-Identifier: Apache-2.0
/* Which firmware a device runs, in a few words. */
#include "support.h"

#include "verifier/firmware.h"

/* index, specification, size, type, size of the value; all little-endian */
#define BLOCK(index, type, n) index, 1, (n) + 3, 0, type, n, 0
#define CODE		      BLOCK(1, 0x01, 4), 'c', 'o', 'd', 'e'
#define OTHER		      BLOCK(1, 0x01, 4), 'C', 'o', 'd', 'e'
#define VERSION		      BLOCK(2, 0x86, 5), '1', '.', '2', '.', '3'
#define BINARY		      BLOCK(2, 0x86, 3), 1, 2, 3
#define SVN		      BLOCK(3, 0x87, 8), 7, 0, 0, 0, 0, 0, 0, 0
#define CONFIG		      BLOCK(4, 0x03, 4), 's', 'e', 't', '1'

static const char *told(const u8 *record, size_t len, bool verified, char out[FIRMWARE_TEXT])
{
	struct spdm_evidence ev = { .answer = { .record = { record, len } } };
	struct verified_device d = { .evidence = &ev, .verified = verified };

	return firmware_text(&d, out);
}
#define TOLD(out, ...)                                                                             \
	told((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }), true, out)

static void version_and_code_are_told_and_settings_are_not(void **state)
{
	char a[FIRMWARE_TEXT], b[FIRMWARE_TEXT];

	(void)state;
	assert_int_equal(strncmp(TOLD(a, CODE, VERSION), "1.2.3 (", 7), 0);
	assert_int_equal(strlen(a), strlen("1.2.3 (12345678)"));
	assert_string_equal(TOLD(b, CODE, VERSION, CONFIG), a);
	assert_string_not_equal(TOLD(b, OTHER, VERSION), a); /* of one version, and not the same */
	assert_string_equal(TOLD(b, CODE, VERSION, SVN), a);
	assert_int_equal(strncmp(TOLD(b, CODE, SVN), "svn 7 (", 7), 0);
	assert_int_equal(strlen(TOLD(b, CODE)), 8);
	assert_string_equal(TOLD(b, VERSION), "1.2.3");
	assert_string_equal(TOLD(b, BINARY), "0x010203");
}

static void what_is_not_verified_is_not_told(void **state)
{
	static const u8 record[] = { CODE, VERSION };
	struct verified_device none = { .verified = true };
	char out[FIRMWARE_TEXT] = "x";

	(void)state;
	assert_string_equal(told(record, sizeof(record), false, out), "");
	assert_string_equal(firmware_text(&none, out), "");
}

static void a_model_is_the_beginning_of_a_label(void **state)
{
	char out[MODEL_TEXT];

	(void)state;
	assert_string_equal(firmware_model("1b36:0010/00000000000000a1/0", out), "pci:1b36:0010");
	assert_string_equal(firmware_model("nonsense", out), "");
	assert_string_equal(firmware_model("", out), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_and_code_are_told_and_settings_are_not),
		cmocka_unit_test(what_is_not_verified_is_not_told),
		cmocka_unit_test(a_model_is_the_beginning_of_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
