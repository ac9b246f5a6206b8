// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "common/text.h"
#include "edn.h"
#include "proto/cose.h"
#include "proto/ear.h"

static const char *const why[] = { "block 2 is another value", "no CRL" };

static struct buf *make_as(bool cwt, const struct keypair *key, const struct keypair *cnf,
			   int status, bool caller_nonce)
{
	struct ear_submod subs[] = { { .name = "host", .status = 2, .vector = { 2, 0, 3, 0, 2 } },
				     { .name = "1b36:0010/-/0",
				       .status = status,
				       .vector = { 2, 2, 2, 0, 2 },
				       .n_reasons = 2,
				       .reasons = why } };
	struct ear ear = { .iat = 1000,
			   .exp = 1300,
			   .audience = "rp",
			   .policy_id = "p",
			   .caller_nonce = caller_nonce,
			   .nonce = { 7, 8 },
			   .ueid = { 1, 9 },
			   .status = status,
			   .cnf = keypair_pub(cnf),
			   .n = 2,
			   .submods = subs };
	struct buf *jwt = NULL;
	struct err e = { 0 };

	assert_ok((cwt ? ear_write_cwt : ear_write)(&ear, key, &jwt, &e), &e);
	return jwt;
}

static struct buf *make(const struct keypair *key, const struct keypair *cnf, int status)
{
	return make_as(false, key, cnf, status, false);
}

static void a_cwt_says_what_the_jwt_says(void **state)
{
	static const bool caller_nonces[] = { false, true };
	OWNED(keypair) key = NULL;
	OWNED(keypair) other = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &other, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(caller_nonces); i++) {
		OWNED(buf) jwt = make_as(false, key, other, 96, caller_nonces[i]);
		OWNED(buf) cwt = make_as(true, key, other, 96, caller_nonces[i]);
		struct ear_seen a, b;

		assert_false(ear_is_cwt(buf_bytes(jwt)));
		assert_true(ear_is_cwt(buf_bytes(cwt)));
		assert_ok(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 1300, &a, &e), &e);
		assert_ok(ear_read(buf_bytes(cwt), keypair_pub(key), "rp", 1300, &b, &e), &e);
		assert_bytes_equal(buf_bytes(b.claims), buf_bytes(a.claims));
		assert_int_equal(b.status, 96);
		assert_non_null(memmem(b.claims->w.at, b.claims->w.len, why[0], strlen(why[0])));
		assert_int_equal(
			memmem(b.claims->w.at, b.claims->w.len, "assay_caller_nonce", 18) != NULL,
			caller_nonces[i]);
		ear_seen_clear(&a);
		ear_seen_clear(&b);
		assert_refused(ear_read(buf_bytes(cwt), keypair_pub(key), "rp", 1301, &b, &e), &e,
			       E_FRESHNESS, "expired");
		assert_refused(ear_read(buf_bytes(cwt), keypair_pub(key), "x", 1300, &b, &e), &e,
			       E_BINDING, "is for \"rp\"");
		assert_refused(ear_read(buf_bytes(cwt), keypair_pub(other), "rp", 1300, &b, &e), &e,
			       E_SIGNATURE, "invalid");
	}
}

static void every_truncation_and_changed_byte_of_a_cwt_is_refused(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(buf) cwt = NULL;
	struct ear_seen seen;
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	cwt = make_as(true, key, key, 2, false);
	for (size_t len = 0; len < cwt->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ cwt->w.at, len });

		assert_int_not_equal(ear_read((struct bytes){ copy, len }, keypair_pub(key), "rp",
					      1200, &seen, &e),
				     0);
		free(copy);
	}
	for (size_t i = 0; i < cwt->w.len; i++) {
		cwt->w.at[i] ^= 1;
		assert_int_not_equal(
			ear_read(buf_bytes(cwt), keypair_pub(key), "rp", 1200, &seen, &e), 0);
		cwt->w.at[i] ^= 1;
	}
}

/* Claims in diagnostic notation, well signed. */
static void each_defect_of_a_signed_cwt_has_its_refusal(void **state)
{
#define TOP    "{4: 9000, 6: 1, 265: \"" EAR_PROFILE "\", 266: "
#define ID_EDN ", 1004: {0: \"d\", 1: \"b\"}}"
	static const struct {
		const char *claims, *why;
		int status;
	} rows[] = {
		{ TOP "{\"a\": {1000: 2}}" ID_EDN, NULL, 2 },
		{ TOP "{\"a\": {1000: 2, 65000: [1], \"x\": 1}}" ID_EDN, NULL, 2 },
		{ TOP "{\"a\": {1000: 2, 1006: {\"x\": \"reasons\", 4: 1, \"reasons\": 1}}}" ID_EDN,
		  NULL, 2 },
		{ TOP "{\"a\": {1000: 32, 1001: {8: 32}}}" ID_EDN, NULL, 32 },
		{ TOP "{\"a\": {1000: 2, 1001: {8: 32}}}" ID_EDN,
		  "submodule a is better than its 8", 0 },
		{ TOP "{\"a\": {1000: 2, 1001: {4: -97}}}" ID_EDN,
		  "submodule a is better than its hardware", 0 },
		{ TOP "{\"a\": {1000: 3}}" ID_EDN, "ear_status is not 0, 2, 32 or 96", 0 },
		{ TOP "{\"a\": {1000: \"affirming\"}}" ID_EDN, "ear_status", 0 },
		{ TOP "{\"a\": {}}" ID_EDN, "ear_status of submodule a", 0 },
		{ TOP "{\"a\": {1000: 32}}, 1000: 2, 1004: {0: \"d\"}}",
		  "affirming, but its worst submodule is warning", 0 },
		{ TOP "{}" ID_EDN, "lacks", 0 },
		{ TOP "{\"a\": {1000: 2}}}", "lacks ear_verifier_id", 0 },
		{ TOP "{\"a\": {1000: 2}, \"a\": {1000: 96}}" ID_EDN, "twice", 0 },
		{ "{265: \"tag:ietf.org,2026:rats/ear#03\"}", "rats/ear#03", 0 },
		{ "{265: \"tag:github.com,2023:veraison/ear\"}", "veraison/ear", 0 },
		{ "{8: {1: {1: 2}}, 265: \"\"}", "cnf holds no P-256 key", 0 },
		{ "[]", "result: claims", 0 },
	};
	OWNED(keypair) key = NULL;
	struct err e = { 0 };
	size_t wrong = 0;

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) claims = edn(rows[i].claims);
		OWNED(buf) cwt = buf_new(65536);
		OWNED(buf) protected = from_hex("a10126");
		struct ear_seen seen;
		int rc;

		assert_ok(
			cose_sign1_write(buf_bytes(protected), buf_bytes(claims), key, &cwt->w, &e),
			&e);
		e = (struct err){ 0 };
		rc = ear_read(buf_bytes(cwt), keypair_pub(key), NULL, 5, &seen, &e);
		if (!rc != !rows[i].why || (rc && !strstr(e.text, rows[i].why)) ||
		    (!rc && seen.status != rows[i].status)) {
			print_error("%s: %d \"%s\", expected \"%s\"\n", rows[i].claims, rc, e.text,
				    rows[i].why ? rows[i].why : "");
			wrong++;
		}
		ear_seen_clear(&seen);
	}
	assert_int_equal(wrong, 0);
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
	assert_string_equal(seen.audience, "rp");
	ear_seen_clear(&seen);
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 1301, &seen, &e), &e,
		       E_FRESHNESS, "expired");
	assert_refused(ear_read(buf_bytes(jwt), keypair_pub(key), "rp", 939, &seen, &e), &e,
		       E_FRESHNESS, "from the future");
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

/* Any header and claims, well signed. */
static struct buf *signed_jws(const struct keypair *key, const char *header, const char *claims)
{
	struct buf *b = buf_new(65536);
	struct bytes part;
	u8 raw[64];
	struct writer w = writer_on(raw, sizeof(raw));
	struct err e = { 0 };
	char text[4096];

	write_bytes(&b->w, bytes_text(base64url_write(bytes_text(header), false, text)));
	write_u8(&b->w, '.');
	write_bytes(&b->w, bytes_text(base64url_write(bytes_text(claims), false, text)));
	part = buf_bytes(b);
	assert_ok(keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, &part, 1, &w, &e), &e);
	write_u8(&b->w, '.');
	write_bytes(&b->w, bytes_text(base64url_write(BYTES(raw), false, text)));
	return b;
}

#define HEAD		     "{\"alg\":\"ES256\",\"typ\":\"JWT\"}"
#define CLAIMS(rest)	     "{\"eat_profile\":\"" EAR_PROFILE "\",\"iat\":1,\"exp\":9000," rest "}"
#define ID		     "\"ear_verifier_id\":{\"developer\":\"d\",\"build\":\"b\"},"
#define SUB(s, v)	     "{\"ear_status\":\"" s "\",\"ear_trustworthiness_vector\":{" v "}}"
#define RESULT(status, subs) CLAIMS(ID status "\"submods\":{" subs "}")
#define OWN(s)		     "\"ear_status\":\"" s "\","

static void each_defect_of_a_signed_result_has_its_refusal(void **state)
{
	static const struct {
		const char *header, *claims;
		enum err_code code;
		int status;
		const char *why;
	} rows[] = {
		{ HEAD, RESULT(OWN("affirming"), "\"a\":" SUB("affirming", "")), E_OK, 2, "" },
		/* typ */
		{ "{\"alg\":\"ES256\"}", RESULT("", "\"a\":" SUB("affirming", "")), E_OK, 2, "" },
		{ "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\"}",
		  RESULT("", "\"a\":" SUB("affirming", "")), E_OK, 2, "" },
		{ "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
		  RESULT("", "\"a\":" SUB("affirming", "")), E_FORMAT, 0, "typ is \"at+jwt\"" },
		{ "{\"alg\":\"ES256\",\"typ\":1}", RESULT("", "\"a\":" SUB("affirming", "")),
		  E_FORMAT, 0, "typ is \"\"" },
		{ "{\"alg\":\"none\",\"typ\":\"JWT\"}", RESULT("", "\"a\":" SUB("affirming", "")),
		  E_FORMAT, 0, "alg is not ES256" },
		{ "{\"alg\":\"ES256\",\"crit\":[\"x\"]}", RESULT("", "\"a\":" SUB("affirming", "")),
		  E_UNSUPPORTED, 0, "crit" },
		/* the status of the whole */
		{ HEAD, RESULT("", "\"a\":" SUB("affirming", "") ",\"b\":" SUB("warning", "")),
		  E_OK, 32, "" },
		{ HEAD, RESULT("", "\"a\":" SUB("none", "") ",\"b\":" SUB("affirming", "")), E_OK,
		  0, "" },
		{ HEAD, RESULT(OWN("contraindicated"), "\"a\":" SUB("affirming", "")), E_OK, 96,
		  "" },
		{ HEAD, RESULT(OWN("affirming"), "\"a\":" SUB("warning", "")), E_FORMAT, 0,
		  "affirming, but its worst submodule is warning" },
		{ HEAD, RESULT(OWN("affirming"), "\"a\":" SUB("none", "")), E_FORMAT, 0,
		  "affirming, but its worst submodule is none" },
		{ HEAD,
		  RESULT(OWN("warning"),
			 "\"a\":" SUB("affirming", "") ",\"b\":" SUB("contraindicated", "")),
		  E_FORMAT, 0, "warning, but its worst submodule is contraindicated" },
		{ HEAD, RESULT(OWN("fine"), "\"a\":" SUB("affirming", "")), E_FORMAT, 0,
		  "result: ear_status" },
		{ HEAD, RESULT("\"ear_status\":2,", "\"a\":" SUB("affirming", "")), E_FORMAT, 0,
		  "result: ear_status" },
		/* submodules */
		{ HEAD, RESULT(OWN("affirming"), "\"a\":{}"), E_FORMAT, 0,
		  "ear_status of submodule a" },
		{ HEAD, RESULT(OWN("affirming"), "\"a\":7"), E_FORMAT, 0,
		  "ear_status of submodule a" },
		{ HEAD, RESULT("", "\"a\":" SUB("affirming", "\"hardware\":32")), E_FORMAT, 0,
		  "submodule a is better than its hardware" },
		{ HEAD, RESULT("", "\"a\":" SUB("warning", "\"hardware\":-97")), E_FORMAT, 0,
		  "submodule a is better than its hardware" },
		{ HEAD, RESULT("", "\"a\":" SUB("affirming", "\"hardware\":-32")), E_OK, 2, "" },
		{ HEAD, RESULT("", "\"a\":" SUB("affirming", "\"hardware\":-1")), E_OK, 2, "" },
		{ HEAD, RESULT("", "\"a\":" SUB("warning", "\"hardware\":95")), E_OK, 32, "" },
		{ HEAD, RESULT("", "\"a\":" SUB("contraindicated", "\"hardware\":128")), E_FORMAT,
		  0, "hardware of submodule a" },
		{ HEAD, RESULT("", "\"a\":" SUB("affirming", "\"hardware\":\"2\"")), E_FORMAT, 0,
		  "hardware of submodule a" },
		/* claims */
		{ HEAD, CLAIMS(ID "\"submods\":{}"), E_FORMAT, 0, "lacks" },
		{ HEAD, CLAIMS("\"submods\":{\"a\":" SUB("affirming", "") "}"), E_FORMAT, 0,
		  "lacks" },
		{ HEAD, "[]", E_FORMAT, 0, "claims are not an object" },
		{ HEAD, "{\"eat_profile\":\"tag:ietf.org,2026:rats/ear#03\"}", E_FORMAT, 0,
		  "rats/ear#03" },
	};
	OWNED(keypair) key = NULL;
	struct err e = { 0 };
	size_t wrong = 0;

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) jwt = signed_jws(key, rows[i].header, rows[i].claims);
		struct ear_seen seen;
		int rc;

		e = (struct err){ 0 };
		rc = ear_read(buf_bytes(jwt), keypair_pub(key), NULL, 5, &seen, &e);
		if (rc != (int)rows[i].code || !strstr(e.text, rows[i].why) ||
		    (!rc && seen.status != rows[i].status)) {
			print_error("%s %s: %d \"%s\", expected \"%s\"\n", rows[i].header,
				    rows[i].claims, rc, e.text, rows[i].why);
			wrong++;
		}
		ear_seen_clear(&seen);
	}
	assert_int_equal(wrong, 0);
}

static void a_result_that_is_too_good_is_not_signed(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(buf) jwt = NULL;
	struct ear_submod sub = { .name = "host", .status = 32, .vector = { 2 } };
	struct ear ear = {
		.iat = 1, .exp = 2, .policy_id = "p", .status = 2, .n = 1, .submods = &sub
	};
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	ear.cnf = keypair_pub(key);
	assert_refused(ear_write(&ear, key, &jwt, &e), &e, E_INTERNAL,
		       "would be better than submodule host");
	e = (struct err){ 0 };
	ear.status = 32;
	assert_ok(ear_write(&ear, key, &jwt, &e), &e);
	sub.vector[4] = 97;
	assert_refused(ear_write(&ear, key, &jwt, &e), &e, E_INTERNAL,
		       "submodule host would be better than its claim hardware");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_result_is_read_by_whom_it_is_for_while_it_is_fresh),
		cmocka_unit_test(a_cwt_says_what_the_jwt_says),
		cmocka_unit_test(every_truncation_and_changed_byte_of_a_cwt_is_refused),
		cmocka_unit_test(each_defect_of_a_signed_cwt_has_its_refusal),
		cmocka_unit_test(every_truncation_and_padding_of_a_result_is_refused),
		cmocka_unit_test(each_defect_of_a_signed_result_has_its_refusal),
		cmocka_unit_test(a_result_that_is_too_good_is_not_signed),
		cmocka_unit_test(a_jwk_is_read_back_as_the_same_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
