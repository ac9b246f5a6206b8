// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "proto/ear.h"

static struct buf *make(const struct keypair *key, const struct keypair *cnf, int status)
{
	struct ear_submod subs[] = {
		{ .name = "host", .status = 2, .vector = { 2, 0, 3, 0, 2 } },
		{ .name = "1b36:0010/-/0", .status = status, .vector = { 2, 2, 2, 0, 2 } }
	};
	struct ear ear = { .iat = 1000,
			   .exp = 1300,
			   .audience = "rp",
			   .policy_id = "p",
			   .status = status,
			   .cnf = keypair_pub(cnf),
			   .n = 2,
			   .submods = subs };
	struct buf *jwt = NULL;
	struct err e = { 0 };

	assert_ok(ear_write(&ear, key, &jwt, &e), &e);
	return jwt;
}

static void a_result_is_read_by_whom_it_is_for_while_it_is_fresh(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(keypair) other = NULL;
	OWNED(buf) jwt = NULL;
	struct ear_seen seen;
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &other, &e), &e);
	jwt = make(key, other, 96);
	assert_ok(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 1300, &seen, &e), &e);
	assert_int_equal(seen.status, 96);
	assert_int_equal(seen.iat, 1000);
	ear_seen_clear(&seen);
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 1301, &seen, &e), &e,
		       E_FRESHNESS, "expired");
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(key), "other", 1300, &seen, &e), &e,
		       E_BINDING, "is for");
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(other), "rp", 1300, &seen, &e), &e,
		       E_SIGNATURE, "invalid");
}

static void every_truncation_and_padding_of_a_result_is_refused(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(buf) jwt = NULL;
	struct ear_seen seen;
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	jwt = make(key, key, 2);
	for (size_t len = 0; len < jwt->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ jwt->w.at, len });

		assert_int_not_equal(ear_read((struct bytes){ copy, len }, keypair_pub(key), "rp",
					      1200, &seen, &e),
				     0);
		free(copy);
	}
	write_u8(&jwt->w, '=');
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 1200, &seen, &e), &e,
		       E_FORMAT, "not a JWS");
}

static void a_jwk_is_read_back_as_the_same_key(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(pubkey) back = NULL;
	OWNED(buf) b = buf_new(1024);
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(jwk_write(keypair_pub(key), &b->w, &e), &e);
	assert_ok(jwk_read(buf_bytes(b), &back, &e), &e);
	assert_true(pubkey_equal(back, keypair_pub(key)));
	assert_refused(
		jwk_read(bytes_text("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
			 &back, &e),
		&e, E_FORMAT, "JWK");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_read_by_whom_it_is_for_while_it_is_fresh),
		cmocka_unit_test(every_truncation_and_padding_of_a_result_is_refused),
		cmocka_unit_test(a_jwk_is_read_back_as_the_same_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
