// SPDX-License-Identifier: Apache-2.0
/* COSE_Sign1 and COSE_Key: which header counts where, what is signed, what is refused. */
#include "support.h"

#include <stdio.h>

#include "proto/cose.h"

/* An envelope of two buckets in hex, payload h'aa', signature h'bb'. */
static struct buf *envelope(const char *protected, const char *unprotected)
{
	struct buf *b = buf_new(65536);
	OWNED(buf) p = from_hex(protected);
	OWNED(buf) u = from_hex(unprotected);

	cbor_put_tag(&b->w, 18);
	cbor_put_array(&b->w, 4);
	cbor_put_bytes(&b->w, buf_bytes(p));
	write_bytes(&b->w, buf_bytes(u));
	cbor_put_bytes(&b->w, bytes_text("\xaa"));
	cbor_put_bytes(&b->w, bytes_text("\xbb"));
	return b;
}

static void headers_are_read_from_the_bucket_that_may_hold_them(void **state)
{
	/* alg ES384, content type "t", kid 01, corim-meta 02, CWT Claims {1: "i"}, x5chain 03 */
	OWNED(buf)
	b = envelope("a6 013822 036174 044101 084102 0fa1016169 18214103", "a0");
	/* the same, where nothing but kid and x5chain may count */
	OWNED(buf)
	outside = envelope("a1 0126", "a5 036174 044101 084102 0fa1016169 18214103");
	struct cose_sign1 c;
	struct err e = { 0 };

	(void)state;
	assert_ok(cose_sign1_parse(buf_bytes(b), CBOR_STRICT, &c, &e), &e);
	assert_int_equal(c.alg, COSE_ES384);
	assert_bytes_equal(c.content_type, bytes_text("t"));
	assert_bytes_equal(c.kid, bytes_text("\x01"));
	assert_bytes_equal(c.corim_meta, bytes_text("\x02"));
	assert_bytes_equal(c.cwt_claims, bytes_text("\xa1\x01\x61\x69"));
	assert_bytes_equal(c.x5chain, bytes_text("\x41\x03"));
	assert_bytes_equal(c.payload, bytes_text("\xaa"));
	assert_bytes_equal(c.signature, bytes_text("\xbb"));
	assert_true(!c.bare_protected && c.bare_unprotected && !c.detached && !c.hash_envelope);

	assert_ok(cose_sign1_parse(buf_bytes(outside), CBOR_STRICT, &c, &e), &e);
	assert_int_equal(c.alg, COSE_ES256);
	assert_int_equal(c.content_type.len + c.corim_meta.len + c.cwt_claims.len, 0);
	assert_bytes_equal(c.kid, bytes_text("\x01"));
	assert_bytes_equal(c.x5chain, bytes_text("\x41\x03"));
	assert_true(c.bare_protected && !c.bare_unprotected);
}

static void each_defect_of_an_envelope_has_its_refusal(void **state)
{
	static const struct {
		const char *protected, *unprotected;
		enum err_code code;
		const char *why; /* the whole text; NULL: accepted */
	} rows[] = {
		{ "a10126", "a0", E_OK, NULL },
		{ "", "a0", E_FORMAT, "COSE_Sign1: no protected headers" },
		{ "a0", "a10126", E_FORMAT, "COSE_Sign1: alg is not among the protected headers" },
		{ "a10163455332", "a0", E_UNSUPPORTED, "COSE_Sign1: alg is not one of ours" },
		{ "80", "a0", E_FORMAT, "COSE_Sign1: header map" },
		{ "a10126", "80", E_FORMAT, "COSE_Sign1: header map" },
		{ "a2012602810a", "a0", E_UNSUPPORTED,
		  "COSE_Sign1: crit: a header that must be understood is not" },
		{ "a10126", "a102810a", E_UNSUPPORTED,
		  "COSE_Sign1: crit: a header that must be understood is not" },
		{ "a20126036174", "a0", E_OK, NULL },
		{ "a2012603187b", "a0", E_OK,
		  NULL }, /* a CoAP content format: not ours, so empty */
		{ "a201260800", "a0", E_FORMAT, "COSE_Sign1: corim-meta" },
		{ "a10126", "a14100 00", E_FORMAT, "COSE_Sign1: header" },
		{ "a10126", "a11bffffffffffffffff00", E_FORMAT, "COSE_Sign1: header" },
		/* one label, two buckets */
		{ "a10126", "a10126", E_FORMAT, "COSE_Sign1: one header in both buckets" },
		{ "a10126", "a1013822", E_FORMAT, "COSE_Sign1: one header in both buckets" },
		{ "a20126044101", "a1044102", E_FORMAT, "COSE_Sign1: one header in both buckets" },
		{ "a2012618214101", "a118214101", E_FORMAT,
		  "COSE_Sign1: one header in both buckets" },
		{ "a20126 617800", "a1617801", E_FORMAT, "COSE_Sign1: one header in both buckets" },
		{ "a20126 616100", "a1616200", E_OK, NULL },
		{ "a10126", "a16000", E_OK, NULL }, /* "" is not 0 */
		{ "a20000 0126", "a16000", E_OK, NULL },
	};
	struct cose_sign1 c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = envelope(rows[i].protected, rows[i].unprotected);
		u8 *copy = heap_copy(buf_bytes(b));
		struct err e = { 0 };
		int rc = cose_sign1_parse((struct bytes){ copy, b->w.len }, CBOR_STRICT, &c, &e);

		if (rc != (int)rows[i].code || (rc && strcmp(e.text, rows[i].why)))
			fail_msg("%s, %s: %d \"%s\", expected \"%s\"", rows[i].protected,
				 rows[i].unprotected, rc, e.text, rows[i].why);
		free(copy);
	}
}

static void twins_in_two_buckets_are_found_by_meaning(void **state)
{
	/* kid as 04, and as 1804: the same label where shortest forms are not required */
	OWNED(buf) b = envelope("a20126044101", "a118044102");
	struct cose_sign1 c;
	struct err e = { 0 };

	(void)state;
	assert_refused(cose_sign1_parse(buf_bytes(b), CBOR_WELL_FORMED, &c, &e), &e, E_FORMAT,
		       "one header in both buckets");
}

static void headers_of_a_hash_envelope_are_reported(void **state)
{
	static const char *const headers[] = { "19010226", "1901036174", "1901046174" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char map[64];
		struct cose_sign1 c;
		struct err e = { 0 };

		snprintf(map, sizeof(map), "a20126%s", headers[i]);
		OWNED(buf) in = envelope(map, "a0");
		snprintf(map, sizeof(map), "a1%s", headers[i]);
		OWNED(buf) out = envelope("a10126", map);

		assert_ok(cose_sign1_parse(buf_bytes(in), CBOR_STRICT, &c, &e), &e);
		assert_true(c.hash_envelope);
		assert_ok(cose_sign1_parse(buf_bytes(out), CBOR_STRICT, &c, &e), &e);
		assert_true(c.hash_envelope);
	}
}

static void more_headers_than_the_limit_are_refused(void **state)
{
	struct cose_sign1 c;
	struct err e = { 0 };

	(void)state;
	for (size_t n = COSE_HEADERS_MAX - 1; n <= COSE_HEADERS_MAX; n++) {
		OWNED(buf) b = buf_new(65536);

		cbor_put_tag(&b->w, 18);
		cbor_put_array(&b->w, 4);
		cbor_put_bytes(&b->w, bytes_text("\xa1\x01\x26"));
		cbor_put_map(&b->w, n);
		for (size_t i = 0; i < n; i++) {
			cbor_put_uint(&b->w, 1000 + i);
			cbor_put_null(&b->w);
		}
		cbor_put_bytes(&b->w, BYTES_NONE);
		cbor_put_bytes(&b->w, BYTES_NONE);
		if (n < COSE_HEADERS_MAX)
			assert_ok(cose_sign1_parse(buf_bytes(b), CBOR_STRICT, &c, &e), &e);
		else
			assert_refused(cose_sign1_parse(buf_bytes(b), CBOR_STRICT, &c, &e), &e,
				       E_LIMIT, "too many headers");
	}
}

/* The payload length crosses each form of a byte string's head: all of it is what is signed. */
static void each_curve_signs_and_verifies_payloads_of_any_length(void **state)
{
	static const struct {
		enum key_kind kind;
		const char *protected;
		long long alg;
	} keys[] = { { KEY_P256, "a10126", COSE_ES256 },
		     { KEY_P384, "a1013822", COSE_ES384 },
		     { KEY_P521, "a1013823", COSE_ES512 } };
	static const size_t lengths[] = { 0, 23, 24, 255, 256, 65535, 65536 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		OWNED(keypair) key = NULL;
		OWNED(buf) headers = from_hex(keys[k].protected);
		struct err e = { 0 };

		assert_ok(keypair_new(keys[k].kind, 0, &key, &e), &e);
		assert_int_equal(cose_alg_of(keypair_pub(key)), keys[k].alg);
		for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
			OWNED(buf) payload = buf_new(100000);
			OWNED(buf) out = buf_new(100000);
			struct cose_sign1 c;

			write_zeros(&payload->w, lengths[i]);
			assert_ok(cose_sign1_write(buf_bytes(headers), buf_bytes(payload), key,
						   &out->w, &e),
				  &e);
			assert_ok(cose_sign1_parse(buf_bytes(out), CBOR_STRICT, &c, &e), &e);
			assert_int_equal(c.payload.len, lengths[i]);
			assert_ok(cose_sign1_verify(&c, keypair_pub(key), &e), &e);
			if (c.payload.len) {
				((u8 *)c.payload.at)[c.payload.len - 1] ^= 1;
				assert_refused(cose_sign1_verify(&c, keypair_pub(key), &e), &e,
					       E_SIGNATURE, "");
			}
		}
	}
}

static void a_key_of_another_kind_than_alg_says_is_refused(void **state)
{
	OWNED(keypair) key = NULL;
	OWNED(buf) es384 = envelope("a1013822", "a0");
	OWNED(buf) eddsa = envelope("a10127", "a0");
	OWNED(buf) out = buf_new(1024);
	struct cose_sign1 c;
	struct err e = { 0 };

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(cose_sign1_parse(buf_bytes(es384), CBOR_STRICT, &c, &e), &e);
	assert_refused(cose_sign1_verify(&c, keypair_pub(key), &e), &e, E_SIGNATURE,
		       "COSE alg -35 does not fit the key");
	assert_ok(cose_sign1_parse(buf_bytes(eddsa), CBOR_STRICT, &c, &e), &e);
	assert_refused(cose_sign1_verify(&c, keypair_pub(key), &e), &e, E_UNSUPPORTED,
		       "COSE alg -8");
	/* {3: .., 1: ..} is no deterministic header map */
	OWNED(buf) unsorted = from_hex("a2 036174 0126");
	assert_refused(cose_sign1_write(buf_bytes(unsorted), BYTES_NONE, key, &out->w, &e), &e,
		       E_FORMAT, "write protected headers: CBOR at byte 5: map keys not in order");
	assert_int_equal(out->w.len, 0);
}

static void a_cose_key_has_one_form_and_one_thumbprint(void **state)
{
	static const char *const wrong[] = {
		"a30102200121 40",     "a501022001214022400300", "a4010320012140 2240",
		"a4010220022140 2240", "a4010220012140 2240",	 "a0",
	};
	OWNED(keypair) key = NULL;
	OWNED(pubkey) back = NULL;
	OWNED(buf) b = buf_new(1024);
	struct cbor c;
	struct err e = { 0 };
	u8 thumb[32];
	struct digest d;

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	assert_ok(cose_key_write(keypair_pub(key), &b->w, &e), &e);
	assert_ok(cbor_check(buf_bytes(b), CBOR_STRICT, &e), &e);
	c = cbor_on(buf_bytes(b), CBOR_STRICT);
	assert_ok(cose_key_read(&c, &back, &e), &e);
	assert_true(pubkey_equal(back, keypair_pub(key)));
	assert_ok(cose_thumbprint(back, thumb, &e), &e);
	d = sha256_of(buf_bytes(b)); /* RFC 9679 3: the hash of just these four members */
	assert_memory_equal(thumb, d.at, 32);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		OWNED(buf) w = from_hex(wrong[i]);
		OWNED(pubkey) none = NULL;

		c = cbor_on(buf_bytes(w), CBOR_STRICT);
		assert_refused(cose_key_read(&c, &none, &e), &e, E_FORMAT, "in its one form");
		assert_null(none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read_from_the_bucket_that_may_hold_them),
		cmocka_unit_test(each_defect_of_an_envelope_has_its_refusal),
		cmocka_unit_test(twins_in_two_buckets_are_found_by_meaning),
		cmocka_unit_test(headers_of_a_hash_envelope_are_reported),
		cmocka_unit_test(more_headers_than_the_limit_are_refused),
		cmocka_unit_test(each_curve_signs_and_verifies_payloads_of_any_length),
		cmocka_unit_test(a_key_of_another_kind_than_alg_says_is_refused),
		cmocka_unit_test(a_cose_key_has_one_form_and_one_thumbprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
