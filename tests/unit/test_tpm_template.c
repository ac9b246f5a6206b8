// SPDX-License-Identifier: Apache-2.0
/* The keys that assay makes in a TPM, byte by byte as docs/PROTOCOL.md prints them. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/tpm_template.h"

static const struct {
	enum tpm_template which;
	const char *row; /* of the table */
} rows[] = {
	{ TEMPLATE_EK_ECC_P256, "EK ecc-p256" },
	{ TEMPLATE_EK_RSA_2048, "EK rsa-2048" },
	{ TEMPLATE_EK_RSA_2048_HIGH, "EK rsa-2048-high" },
	{ TEMPLATE_EK_ECC_P256_HIGH, "EK ecc-p256-high" },
	{ TEMPLATE_EK_ECC_P384_HIGH, "EK ecc-p384-high" },
	{ TEMPLATE_AK_ECC_P256, "AK ecc-p256" },
	{ TEMPLATE_AK_ECC_P384, "AK ecc-p384" },
	{ TEMPLATE_AK_RSA_2048, "AK rsa-2048" },
	{ TEMPLATE_SRK_ECC_P256, "SRK" },
	{ TEMPLATE_K, "K" },
};

static void every_template_is_written_as_the_protocol_prints_it(void **state)
{
	OWNED(buf) page = file_bytes(OWN_VECTORS "/../../docs/PROTOCOL.md");

	(void)state;
	assert_non_null(page);
	write_u8(&page->w, 0);
	assert_int_equal(ARRAY_LEN(rows), TEMPLATE_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		u8 room[512];
		struct writer w = writer_on(room, sizeof(room));
		char begin[40], got[1100], want[1100] = "", zeros[600] = "";
		const char *at;
		int n, coordinates;

		snprintf(begin, sizeof(begin), "\n| %s |", rows[i].row);
		at = strstr((char *)page->w.at, begin);
		if (!at)
			fail_msg("no row \"%s\"", rows[i].row);
		assert_int_equal(sscanf(at + strlen(begin), " `%520[0-9a-f]` | %d |", want, &n), 2);
		coordinates = strncmp(want, "0023", 4) ? 1 : 2; /* ECC, or RSA */
		memset(zeros, '0', 2 * (size_t)n);
		for (int k = 0; k < coordinates; k++)
			snprintf(want + strlen(want), sizeof(want) - strlen(want), "%04x%s", n,
				 zeros);
		tpm_template_write(rows[i].which, &w);
		assert_string_equal(hex_write(write_done(&w), got), want);
	}
}

/* PolicyOR(PolicyA, PolicyC): the one that TPMs of the high range carry is not copied on trust. */
static void the_policy_of_high_range_eks_is_the_or_of_the_two_that_the_profile_names(void **state)
{
	static const struct {
		enum tpm_template which;
		enum digest_alg alg;
		const char
			*policy_c; /* PolicyAuthorizeNV, EK Credential Profile table of policies */
	} cases[] = {
		{ TEMPLATE_EK_ECC_P256_HIGH, DIGEST_SHA256,
		  "3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde" },
		{ TEMPLATE_EK_RSA_2048_HIGH, DIGEST_SHA256,
		  "3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde" },
		{ TEMPLATE_EK_ECC_P384_HIGH, DIGEST_SHA384,
		  "d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5"
		  "b4947c2d73e63005eed2dc2b3593d165" },
	};
	static const u8 zeros[DIGEST_MAX], secret[] = { 0, 0, 1, 0x51, 0x40, 0, 0, 0x0b },
					   either[] = { 0, 0, 1, 0x71 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(buf) c = from_hex(cases[i].policy_c);
		struct bytes zero = { zeros, digest_len(cases[i].alg) }, inner;
		struct bytes named[] = { zero, BYTES(secret) };
		struct digest a = digest_of(cases[i].alg, named, 2), b;
		u8 room[512];
		struct writer w = writer_on(room, sizeof(room));
		struct tpm_public area;
		struct err e = { 0 };

		inner = digest_bytes(&a); /* and an empty policyRef */
		b = digest_of(cases[i].alg, &inner, 1);
		b = digest_of(
			cases[i].alg,
			(struct bytes[]){ zero, BYTES(either), digest_bytes(&b), buf_bytes(c) }, 4);
		tpm_template_write(cases[i].which, &w);
		assert_ok(tpm_public_parse(write_done(&w), &area, &e), &e);
		assert_true(digest_equals(&b, area.auth_policy));
	}
}

static void a_key_is_of_the_template_that_made_it_and_of_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			u8 room[512];
			struct writer w = writer_on(room, sizeof(room));
			struct tpm_public area;
			struct err e = { 0 };
			bool same = i == k;

			/* K and SRK differ by their hierarchy only: certification tells them apart */
			same |= rows[i].which + rows[k].which ==
					TEMPLATE_K + TEMPLATE_SRK_ECC_P256 &&
				rows[i].which >= TEMPLATE_SRK_ECC_P256 &&
				rows[k].which >= TEMPLATE_SRK_ECC_P256;
			tpm_template_write(rows[i].which, &w);
			assert_ok(tpm_public_parse(write_done(&w), &area, &e), &e);
			if (!tpm_template_check(rows[k].which, &area, &e) != same)
				fail_msg("%s as %s: %s", rows[i].row, rows[k].row, e.text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_template_is_written_as_the_protocol_prints_it),
		cmocka_unit_test(
			the_policy_of_high_range_eks_is_the_or_of_the_two_that_the_profile_names),
		cmocka_unit_test(a_key_is_of_the_template_that_made_it_and_of_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
