// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "common/clock.h"
#include "server/nonce.h"

static struct server_keys keys_of(u8 deployment, u8 kid, u8 key)
{
	struct server_keys k = { .n_nonce_keys = 1, .nonce_keys = { { .kid = kid } } };

	k.deployment[0] = deployment;
	k.a = sha256_of(BYTES(k.deployment));
	memset(k.nonce_keys[0].key, key, NONCE_KEY_LEN);
	return k;
}

static void a_nonce_is_good_for_its_time_and_no_longer(void **state)
{
	static const struct {
		long long age;
		const char *why; /* NULL: accepted */
	} rows[] = {
		{ 0, NULL },
		{ 150, NULL },
		{ -5, NULL },
		{ 151, "stale" },
		{ -6, "from the future" },
		{ 100000, "stale" },
	};
	struct server_keys k = keys_of(1, 1, 7);
	u8 nonce[32];
	struct err e = { 0 };

	(void)state;
	assert_ok(nonce_make(&k, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int rc = nonce_check(&k, NONCE_FOR_SESSION, BYTES_NONE, 1800000000 + rows[i].age,
				     nonce, &e);

		if (!rows[i].why && rc)
			fail_msg("age %lld: %s", rows[i].age, e.text);
		if (rows[i].why && (!rc || e.code != E_FRESHNESS || !strstr(e.text, rows[i].why)))
			fail_msg("age %lld: %s, expected %s", rows[i].age, rc ? e.text : "accepted",
				 rows[i].why);
	}
}

static void a_nonce_of_another_deployment_key_or_purpose_is_foreign(void **state)
{
	struct server_keys ours = keys_of(1, 1, 7), other_deployment = keys_of(2, 1, 7),
			   other_key = keys_of(1, 1, 8), other_kid = keys_of(1, 2, 7);
	const struct server_keys *others[] = { &other_deployment, &other_key, &other_kid };
	u8 nonce[32];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_ok(
			nonce_make(others[i], NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e),
			&e);
		assert_refused(
			nonce_check(&ours, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e),
			&e, E_FRESHNESS, "foreign");
	}
	assert_ok(nonce_make(&ours, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e), &e);
	assert_refused(nonce_check(&ours, NONCE_FOR_CALLER, BYTES_NONE, 1800000000, nonce, &e), &e,
		       E_FRESHNESS, "foreign");
}

static void a_changed_byte_anywhere_is_foreign(void **state)
{
	struct server_keys k = keys_of(1, 1, 7);
	u8 nonce[32];
	struct err e = { 0 };

	(void)state;
	assert_ok(nonce_make(&k, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e), &e);
	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] ^= 0x40;
		assert_refused(
			nonce_check(&k, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e), &e,
			E_FRESHNESS, "foreign");
		nonce[i] ^= 0x40;
	}
}

static void a_retired_key_is_still_honoured(void **state)
{
	struct server_keys before = keys_of(1, 1, 7), after = keys_of(1, 2, 8);
	u8 nonce[32];
	struct err e = { 0 };

	(void)state;
	assert_ok(nonce_make(&before, NONCE_FOR_SESSION, BYTES_NONE, 1800000000, nonce, &e), &e);
	after.nonce_keys[after.n_nonce_keys++] = before.nonce_keys[0];
	assert_ok(nonce_check(&after, NONCE_FOR_SESSION, BYTES_NONE, 1800000010, nonce, &e), &e);
}

static void a_retired_key_is_honoured_as_long_as_its_nonces_live(void **state)
{
	static const struct {
		long long after_s;
		bool good;
	} rows[] = { { 0, true }, { 150, true }, { 161, false }, { 100000, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct server_keys k = keys_of(1, 1, 7);
		struct err e = { 0 };
		u8 nonce[32];

		/* made just before the check, so that only the key's age can refuse it */
		assert_ok(nonce_make(&k, NONCE_FOR_SESSION, BYTES_NONE,
				     1800000000 + rows[i].after_s, nonce, &e),
			  &e);
		k.nonce_keys[0].retired_s = 1800000000;
		assert_int_equal(!nonce_check(&k, NONCE_FOR_SESSION, BYTES_NONE,
					      1800000000 + rows[i].after_s, nonce, &e),
				 rows[i].good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nonce_is_good_for_its_time_and_no_longer),
		cmocka_unit_test(a_nonce_of_another_deployment_key_or_purpose_is_foreign),
		cmocka_unit_test(a_changed_byte_anywhere_is_foreign),
		cmocka_unit_test(a_retired_key_is_still_honoured),
		cmocka_unit_test(a_retired_key_is_honoured_as_long_as_its_nonces_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
