// SPDX-License-Identifier: Apache-2.0
/* Attestation results of others: the signature is judged first, then what is not ours is refused. */
#include "support.h"

#include <jansson.h>

#include "proto/ear.h"

/*
 * These results are signed by the key "11" of RFC 8152's examples, as Node's crypto module says too. (The
 * file keys/veraison-ec-p256.pub.jwk, which the index names for them, holds another key.)
 */
static struct pubkey *veraison_key(void)
{
	OWNED(buf) b = third_party("rats/cose/ecdsa-sig-01.json");
	json_t *file = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
	json_t *jwk =
		json_object_get(json_object_get(json_object_get(file, "input"), "sign0"), "key");
	char *text = json_dumps(jwk, 0);
	struct pubkey *k = NULL;
	struct err e = { 0 };

	assert_non_null(text);
	assert_ok(jwk_read(bytes_text(text), &k, &e), &e);
	free(text);
	json_decref(file);
	return k;
}

static void results_of_other_profiles_are_refused_by_name(void **state)
{
	static const struct {
		const char *file;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "rats/ear/ear-testJWT.jwt", E_FORMAT, "tag:github.com,2023:veraison/ear" },
		{ "rats/ear/rust-ear-verify.jwt", E_FORMAT, "tag:github.com,2023:veraison/ear" },
		{ "rats/ear/c-ear.jwt", E_FORMAT, "tag:github.com,2023:veraison/ear" },
		{ "rats/ear/ear-test-3.jwt", E_FORMAT, "not a JWS" },
		{ "rats/ear/ear-test-4.jwt", E_FORMAT, "eat_profile" },
		{ "rats/ear/ear-test-5.jwt", E_FORMAT, "not a JWS" },
	};
	OWNED(pubkey) key = veraison_key();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = third_party(rows[i].file);
		struct ear_seen seen;
		struct err e = { 0 };

		while (b->w.len && b->w.at[b->w.len - 1] == '\n')
			b->w.len--;
		if (!ear_read(buf_bytes(b), key, NULL, 1700000000, &seen, &e) ||
		    e.code != rows[i].code || !strstr(e.text, rows[i].why))
			fail_msg("%s: %d \"%s\", expected \"%s\"", rows[i].file, (int)e.code,
				 e.text, rows[i].why);
	}
}

static void a_changed_signature_is_refused_before_the_profile_is_looked_at(void **state)
{
	OWNED(buf) b = third_party("rats/ear/ear-testJWT.jwt");
	OWNED(pubkey) key = veraison_key();
	struct ear_seen seen;
	struct err e = { 0 };

	(void)state;
	while (b->w.len && b->w.at[b->w.len - 1] == '\n')
		b->w.len--;
	b->w.at[b->w.len - 20] = b->w.at[b->w.len - 20] == 'A' ? 'B' : 'A';
	assert_refused(ear_read(buf_bytes(b), key, NULL, 1700000000, &seen, &e), &e, E_SIGNATURE,
		       "signature");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_of_other_profiles_are_refused_by_name),
		cmocka_unit_test(a_changed_signature_is_refused_before_the_profile_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
