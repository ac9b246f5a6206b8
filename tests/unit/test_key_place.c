// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/key_place.h"

/* Made once: keys of each kind, in one scratch folder. */
static char folder[64];

static int set_up(void **state)
{
	static const char make[] =
		"cd %s && (openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 "
		"-out rsa.pem;"
		" openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem;"
		" openssl pkcs8 -topk8 -in p256.pem -passout pass:sesame -out locked.pem;"
		" openssl pkey -in p256.pem -pubout -out public.pem; cat rsa.pem p256.pem >two.pem;"
		" printf 'sesame\\nsecond line' >pin; printf wrong >wrong; : >empty) >/dev/null "
		"2>&1";
	char command[sizeof(make) + sizeof(folder)];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-key.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(command, sizeof(command), make, folder);
	assert_int_equal(system(command), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void a_scheme_makes_a_uri_and_a_path_has_none(void **state)
{
	static const struct {
		const char *at;
		bool uri;
	} rows[] = {
		{ "/var/lib/kek.pem", false },
		{ "kek.pem", false },
		{ "./a:b", false },
		{ "", false },
		{ ":x", false },
		{ "file:/x", true },
		{ "pkcs11:token=a;object=b", true },
		{ "handle:0x81000001", true },
		{ "a+b.c-d:x", true },
		{ "+a:x", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (key_place_is_uri(rows[i].at) != rows[i].uri)
			fail_msg("%s", rows[i].at);
}

static void a_key_is_found_by_path_by_uri_and_with_its_pin(void **state)
{
	static const struct {
		const char *scheme, *file, *pin;
		enum err_code code; /* E_OK: the P-256 key is there */
		const char *why;
	} rows[] = {
		{ "", "p256.pem", "", E_OK, "" },
		{ "file:", "p256.pem", "", E_OK, "" },
		{ "file:", "p256.pem", "pin", E_OK, "" },
		{ "file:", "locked.pem", "pin", E_OK, "" },
		{ "file:", "locked.pem", "", E_NOTFOUND, "file: URI" },
		{ "file:", "locked.pem", "wrong", E_NOTFOUND, "file: URI" },
		{ "file:", "locked.pem", "empty", E_NOTFOUND, "file: URI" },
		{ "file:", "locked.pem", "missing", E_NOTFOUND, "file: URI" },
		{ "file:", "public.pem", "", E_NOTFOUND, "no private key" },
		{ "file:", "two.pem", "", E_FORMAT, "more than one" },
		{ "file:", "missing.pem", "", E_CRYPTO, "open" },
		{ "", "missing.pem", "", E_NOTFOUND, "missing.pem" },
		{ "", "public.pem", "", E_FORMAT, "no PEM private key" },
		{ "nonsense:", "p256.pem", "", E_CRYPTO, "nonsense: URI" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char at[300], pin[300] = "";
		struct key_place where = { at, "", pin };
		OWNED(keypair) k = NULL;
		struct err e = { 0 };
		int rc;

		snprintf(at, sizeof(at), "%s%s/%s", rows[i].scheme, folder, rows[i].file);
		if (rows[i].pin[0])
			snprintf(pin, sizeof(pin), "%s/%s", folder, rows[i].pin);
		rc = keypair_open(&where, &k, &e);
		if (rc != (int)rows[i].code || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s, pin %s: %d %s", at, rows[i].pin, rc, rc ? e.text : "opened");
		if (!rc)
			assert_int_equal(pubkey_kind(keypair_pub(k)), KEY_P256);
		else
			assert_null(k);
	}
}

static void a_provider_is_loaded_for_the_key_alone_and_a_missing_one_is_named(void **state)
{
	char at[300];
	struct key_place where = { at, "legacy", "" };
	OWNED(keypair) k = NULL;
	struct err e = { 0 };

	(void)state;
	snprintf(at, sizeof(at), "file:%s/p256.pem", folder);
	assert_ok(keypair_open(&where, &k, &e), &e);
	keypair_drop(&k);
	where.provider = "no-such-provider";
	assert_refused(keypair_open(&where, &k, &e), &e, E_CONFIG, "provider: no-such-provider");
	where.provider = "legacy,legacy,legacy,legacy";
	assert_refused(keypair_open(&where, &k, &e), &e, E_CONFIG, "more than 3 providers");
}

static void a_uri_with_its_secrets_is_never_in_a_message(void **state)
{
	struct key_place where = { "nonsense:token;pin-value=0815-canary", "", "" };
	OWNED(keypair) k = NULL;
	struct err e = { 0 };

	(void)state;
	assert_refused(keypair_open(&where, &k, &e), &e, E_CRYPTO, "nonsense");
	assert_null(strstr(e.text, "canary"));
}

/* ---- wrapping ---- */
static const struct {
	enum key_kind kind;
	unsigned int bits;
} kinds[] = { { KEY_RSA, 2048 }, { KEY_P256, 0 }, { KEY_P384, 0 }, { KEY_P521, 0 } };

static void what_is_wrapped_opens_for_its_owner_alone(void **state)
{
	static const u8 plain[32] = "thirty-two bytes, or nearly so.";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		OWNED(keypair) ours = NULL;
		OWNED(keypair) other = NULL;
		OWNED(buf) w = buf_new(KEY_WRAPPED_MAX);
		struct err e = { 0 };
		u8 got[32];

		assert_ok(keypair_new(kinds[i].kind, kinds[i].bits, &ours, &e), &e);
		assert_ok(keypair_new(kinds[i].kind, kinds[i].bits, &other, &e), &e);
		assert_ok(key_wrap(keypair_pub(ours), BYTES(plain), &w->w, &e), &e);
		assert_ok(key_unwrap(ours, buf_bytes(w), got, sizeof(got), &e), &e);
		assert_memory_equal(got, plain, sizeof(plain));
		assert_int_equal(key_unwrap(other, buf_bytes(w), got, sizeof(got), &e),
				 E_SIGNATURE);
		assert_int_not_equal(key_unwrap(ours, buf_bytes(w), got, sizeof(got) - 1, &e), 0);
		for (size_t j = 0; j < ARRAY_LEN(kinds); j++) {
			OWNED(keypair) foreign = NULL;

			if (i == j)
				continue;
			assert_ok(keypair_new(kinds[j].kind, kinds[j].bits, &foreign, &e), &e);
			assert_int_not_equal(
				key_unwrap(foreign, buf_bytes(w), got, sizeof(got), &e), 0);
		}
	}
}

static void one_wrong_byte_or_one_missing_does_not_open(void **state)
{
	static const u8 plain[32] = { 7 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		OWNED(keypair) k = NULL;
		OWNED(buf) w = buf_new(KEY_WRAPPED_MAX);
		struct err e = { 0 };
		u8 got[32];

		assert_ok(keypair_new(kinds[i].kind, kinds[i].bits, &k, &e), &e);
		assert_ok(key_wrap(keypair_pub(k), BYTES(plain), &w->w, &e), &e);
		for (size_t at = 0; at < w->w.len; at++) {
			w->w.at[at] ^= 1;
			if (!key_unwrap(k, buf_bytes(w), got, sizeof(got), &e))
				fail_msg("kind %zu opens with another byte %zu", i, at);
			w->w.at[at] ^= 1;
		}
		for (size_t len = 0; len < w->w.len; len++) {
			u8 *cut = heap_copy((struct bytes){ w->w.at, len });

			if (!key_unwrap(k, (struct bytes){ cut, len }, got, sizeof(got), &e))
				fail_msg("kind %zu opens with %zu bytes", i, len);
			free(cut);
		}
		assert_ok(key_unwrap(k, buf_bytes(w), got, sizeof(got), &e), &e);
	}
}

static void too_much_to_wrap_is_refused(void **state)
{
	static const u8 plain[KEY_WRAP_PLAIN_MAX + 1];
	OWNED(keypair) k = NULL;
	OWNED(buf) w = buf_new(KEY_WRAPPED_MAX);
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &k, &e), &e);
	assert_refused(key_wrap(keypair_pub(k), BYTES(plain), &w->w, &e), &e, E_LIMIT, "64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scheme_makes_a_uri_and_a_path_has_none),
		cmocka_unit_test(a_key_is_found_by_path_by_uri_and_with_its_pin),
		cmocka_unit_test(a_provider_is_loaded_for_the_key_alone_and_a_missing_one_is_named),
		cmocka_unit_test(a_uri_with_its_secrets_is_never_in_a_message),
		cmocka_unit_test(what_is_wrapped_opens_for_its_owner_alone),
		cmocka_unit_test(one_wrong_byte_or_one_missing_does_not_open),
		cmocka_unit_test(too_much_to_wrap_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
