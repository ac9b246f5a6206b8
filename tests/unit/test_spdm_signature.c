// SPDX-License-Identifier: Apache-2.0
/* The two forms of a signature: SPDM's raw one, and the DER that Linux 6.12 wants. */
#include "support.h"

#include <openssl/ecdsa.h>

#include "proto/spdm/signature.h"

/* What OpenSSL writes for the same two numbers. */
static size_t der_by_openssl(struct bytes raw, u8 out[256])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int half = (int)raw.len / 2, len;
	u8 *p = out;

	ECDSA_SIG_set0(sig, BN_bin2bn(raw.at, half, NULL), BN_bin2bn(raw.at + half, half, NULL));
	len = i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
	assert_true(len > 0);
	return (size_t)len;
}

static void raw_becomes_the_der_that_openssl_writes(void **state)
{
	static const struct {
		const char *what;
		size_t size;
		u8 r_first, s_first;
		size_t r_zeros, s_zeros; /* leading */
	} cases[] = {
		{ "P-256, both short of the sign bit", 32, 0x7f, 0x01, 0, 0 },
		{ "P-256, r with the high bit", 32, 0x80, 0x01, 0, 0 },
		{ "P-384, both with the high bit", 48, 0xff, 0x80, 0, 0 },
		{ "P-384, s shorter by two", 48, 0x42, 0x90, 0, 2 },
		{ "P-384, r shorter by one, high bit next", 48, 0x90, 0x11, 1, 0 },
		{ "P-521, the outer length needs a byte more", 66, 0x01, 0x01, 0, 0 },
		{ "P-521, short enough for one length byte", 66, 0x01, 0x01, 4, 5 },
		{ "r is zero", 48, 0x00, 0x01, 48, 0 },
		{ "all ones: above any order", 48, 0xff, 0xff, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		u8 raw[132], want[256], got[256];
		size_t n = cases[i].size, len;
		struct writer w = writer_on(got, sizeof(got));

		memset(raw, 0xff, sizeof(raw));
		memset(raw, 0, cases[i].r_zeros);
		memset(raw + n, 0, cases[i].s_zeros);
		if (cases[i].r_zeros < n)
			raw[cases[i].r_zeros] = cases[i].r_first;
		raw[n + cases[i].s_zeros] = cases[i].s_first;
		len = der_by_openssl((struct bytes){ raw, 2 * n }, want);
		if (spdm_ecdsa_der((struct bytes){ raw, 2 * n }, &w) || w.len != len ||
		    memcmp(got, want, len))
			fail_msg("%s", cases[i].what);
	}
}

static void what_is_no_pair_of_numbers_is_refused(void **state)
{
	u8 raw[136] = { 1 }, got[256];
	struct writer w = writer_on(got, sizeof(got)), small = writer_on(got, 69);

	(void)state;
	assert_int_equal(spdm_ecdsa_der(BYTES_NONE, &w), -EBADMSG);
	assert_int_equal(spdm_ecdsa_der((struct bytes){ raw, 63 }, &w), -EBADMSG);
	assert_int_equal(spdm_ecdsa_der((struct bytes){ raw, 134 }, &w), -EBADMSG);
	memset(raw, 0x7f, sizeof(raw));
	assert_int_equal(spdm_ecdsa_der((struct bytes){ raw, 64 }, &small), -ENOSPC);
}

static void the_prefix_names_the_version_four_times_and_ends_with_the_context(void **state)
{
	u8 p[SPDM_PREFIX_LEN], zeros[6] = { 0 };

	(void)state;
	spdm_signature_prefix(SPDM_13, SPDM_CONTEXT_MEASUREMENTS, p);
	for (int i = 0; i < 4; i++)
		assert_memory_equal(p + 16 * i, "dmtf-spdm-v1.3.*", 16);
	assert_memory_equal(p + 64, zeros, 6);
	assert_memory_equal(p + 70, "responder-measurements signing", 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_becomes_the_der_that_openssl_writes),
		cmocka_unit_test(what_is_no_pair_of_numbers_is_refused),
		cmocka_unit_test(the_prefix_names_the_version_four_times_and_ends_with_the_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
