// SPDX-License-Identifier: Apache-2.0
/* What PCR 15 says of a boot. The values were computed by another program from docs/PROTOCOL.md. */
#include "support.h"

#include "common/text.h"
#include "proto/cap.h"

static struct cap_volume volume(const char *uuid, bool other_key)
{
	struct cap_volume v;
	struct err e = { 0 };
	u8 key[64];

	for (u8 i = 0; i < sizeof(key); i++)
		key[i] = other_key ? (u8)(63 - i) : i;
	assert_true(hex_read(uuid, v.uuid, sizeof(v.uuid)));
	assert_ok(cap_proof(BYTES(key), v.proof, &e), &e);
	return v;
}

/* In another order than that of their UUIDs. */
static void both(struct cap_volume out[2])
{
	out[0] = volume("11111111222243338444555555555555", true);
	out[1] = volume("00112233445566778899aabbccddeeff", false);
}

static struct digest pcr(const char *hex)
{
	struct digest d = { .alg = DIGEST_SHA256 };

	assert_true(hex_read(hex, d.at, 32));
	return d;
}

static void assert_hex(struct bytes got, const char *want)
{
	char text[65];

	assert_string_equal(hex_write(got, text), want);
}

static void values_are_those_of_the_specification(void **state)
{
	struct cap_volume v[2];
	struct digest value, none = cap_none_value(), lease = cap_lease_value();

	(void)state;
	both(v);
	value = cap_volume_value(&v[1]);
	assert_hex(BYTES(v[1].proof),
		   "b31f1817fa11b9c4a521311c6c2aa5a42af2dea735580e9a72d921e0781478fd");
	assert_hex(digest_bytes(&value),
		   "b126f00f84e438427b077ac786ab1241ff3a0de4ccd922e05f5a963179ab159b");
	assert_hex(digest_bytes(&none),
		   "834dc7ce7833de67762075ce760a2d8d432551f4d6bee6123832898232900196");
	assert_hex(digest_bytes(&lease),
		   "3ab4f46a74fd99d066a3eeee303456089efeb8f8df743119bce4f4c062910fb2");
}

static void a_value_tells_how_the_boot_phase_ended(void **state)
{
	static const struct {
		const char *pcr;
		size_t n; /* volumes that the host has */
		enum cap_state want;
		bool leased;
	} rows[] = {
#define ZERO		  "0000000000000000000000000000000000000000000000000000000000000000"
#define NONE		  "6c15ad60255d4236ff11ebb92f04a16fe816043f7c045bb484ffbaa3a83a86fb"
#define BOTH		  "7d6ee2629b858f2950bde7eeef28850b1b89d52e7463e3ea666cb3234f1d4acb"
#define ASKED_BOTH	  "0ffe70245049575f88b7795c11dcd335ea02dab5cb6aff423a8da174f22cf8f4"
#define OTHER_ORDER	  "27be334bb3715924bc47bbe27eabdefd10d256d4af4a1ab628297bbcd1a7e748"
#define LEASED_BOTH	  "4a5576ca2d5ea02b02017b6557e0f68a4424af9d9c38e00d806c260d9e14d768"
#define ASKED_LEASED_BOTH "1287f470f258891f5b2be427ff14460aaa9446b3d2c1a88f68dbcb9557874f35"
#define LEASE_ALONE	  "3d3d5204ab104496572b7d7504dc4df7f164ad52a5f642054169b6e3bb5f8054"
#define ALL_ONES	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		{ ZERO, 2, CAP_OPEN, false },
		{ ZERO, 0, CAP_OPEN, false },
		{ NONE, 2, CAP_NONE, false },
		{ NONE, 0, CAP_NONE, false },
		{ BOTH, 2, CAP_VOLUMES, false },
		{ ASKED_BOTH, 2, CAP_PASSPHRASE, false },
		{ OTHER_ORDER, 2, CAP_OTHER, false },
		{ BOTH, 1, CAP_OTHER, false }, /* one more than it has */
		{ BOTH, 0, CAP_OTHER, false },
		{ LEASED_BOTH, 2, CAP_VOLUMES, true },
		{ LEASED_BOTH, 1, CAP_OTHER, false },
		{ ASKED_LEASED_BOTH, 2, CAP_PASSPHRASE, true },
		{ LEASE_ALONE, 2, CAP_OTHER, false },
		{ LEASE_ALONE, 0, CAP_OTHER, false },
		{ ALL_ONES, 2, CAP_OTHER, false }, /* what a reset of a PCR may leave */
	};
	struct cap_volume v[2];
	bool leased;

	(void)state;
	both(v);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest d = pcr(rows[i].pcr);

		enum cap_state got = cap_judge(&d, v, rows[i].n, &leased);

		if (got != rows[i].want || leased != rows[i].leased)
			fail_msg("row %zu: %s, %d", i, cap_state_text(got), leased);
	}
}

static void another_volume_key_behind_the_same_uuid_is_another_volume(void **state)
{
	struct digest d = pcr(BOTH);
	struct cap_volume v[2];
	bool leased;

	(void)state;
	both(v);
	v[0] = volume("11111111222243338444555555555555", false);
	assert_int_equal(cap_judge(&d, v, 2, &leased), CAP_OTHER);
	assert_false(leased);
}

static void a_value_of_another_bank_or_of_too_many_volumes_says_nothing(void **state)
{
	struct digest d = { .alg = DIGEST_SHA384 };
	struct cap_volume v[VOLUMES_MAX + 1] = { 0 };
	bool leased;

	(void)state;
	assert_int_equal(cap_judge(&d, v, 1, &leased), CAP_OTHER);
	d = pcr(ZERO);
	assert_int_equal(cap_judge(&d, v, VOLUMES_MAX + 1, &leased), CAP_OTHER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_the_specification),
		cmocka_unit_test(a_value_tells_how_the_boot_phase_ended),
		cmocka_unit_test(another_volume_key_behind_the_same_uuid_is_another_volume),
		cmocka_unit_test(a_value_of_another_bank_or_of_too_many_volumes_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
