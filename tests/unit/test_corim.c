// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "proto/corim.h"

enum { NOW = 1800000000 }; /* 2027 */

struct signer {
	struct keypair *key;
	struct cert *cert;
};

static void signer_make(struct signer *s)
{
	struct cert_request rq = {
		.common_name = "t", .ca = true, .not_before = 1700000000, .not_after = 1900000000
	};
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &s->key, &e), &e);
	rq.key = keypair_pub(s->key);
	rq.issuer_key = s->key;
	assert_ok(cert_make(&rq, &s->cert, &e), &e);
}

static void put_hex(struct writer *w, const char *hex)
{
	OWNED(buf) b = from_hex(hex);

	write_bytes(w, buf_bytes(b));
}

/* A CoRIM with one triple, {vendor "v"} has svn 5; @n @headers follow alg and content type. */
static struct buf *signed_with(const struct signer *s, size_t n, const char *headers)
{
	OWNED(buf) comid = from_hex("a201a100617404a1008182a100a101617681a101a101d9022805");
	OWNED(buf) payload = buf_new(1024);
	OWNED(buf) protected = buf_new(1024);
	struct buf *whole = buf_new(4096);
	struct err e = { 0 };

	put_hex(&payload->w, "d901f5a200617801 81d901fa");
	cbor_put_bytes(&payload->w, buf_bytes(comid));
	cbor_put_map(&protected->w, 2 + n);
	put_hex(&protected->w, "01260374 6170706c69636174696f6e2f72696d2b63626f72");
	put_hex(&protected->w, headers);
	assert_ok(cose_sign1_write(buf_bytes(protected), buf_bytes(payload), s->key, &whole->w, &e),
		  &e);
	return whole;
}

static void a_signature_holds_only_as_long_as_its_headers_say(void **state)
{
	static const struct {
		const char *headers;
		enum err_code code;
		const char *what; /* the signer, or the reason */
	} rows[] = {
		/* 8: corim-meta { 0: { 0: "s" }, 1: validity } */
		{ "0846a100a1006173", E_OK, "s" },
		{ "084fa200a100617301a101c11a61ce4800", E_FRESHNESS, "has expired" },
		{ "084fa200a100617301a101c11a713fb300", E_OK, "s" }, /* 2030 */
		{ "0856a200a100617301a200c11a713fb30001c11a713fb300", E_FRESHNESS,
		  "not valid yet" },
		{ "0842ffff", E_FORMAT, "corim-meta" },
		{ "0841a0", E_FORMAT, "corim-meta: signer-name" },
		{ "0845a100a10100", E_FORMAT, "corim-meta: signer-name" },
		{ "0849a200a100617301a000", E_FORMAT, "corim-meta" },
		/* 15: CWT Claims { 1: iss, 4: exp, 5: nbf } */
		{ "0fa1016169", E_OK, "i" },
		{ "0fa2016169041a61ce4800", E_FRESHNESS, "has expired" },
		{ "0fa2016169051a713fb300", E_FRESHNESS, "not valid yet" },
		{ "0fa1026173", E_FORMAT, "CWT Claims: iss" },
		{ "0fa20161690400", E_FORMAT, "CWT Claims: exp" },
		{ "0fa2016169046161", E_FORMAT, "CWT Claims: exp" },
	};
	struct signer s = { 0 };
	struct cert_list anchors = { .n = 1 };

	(void)state;
	signer_make(&s);
	anchors.at[0] = s.cert;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = signed_with(&s, 1, rows[i].headers);
		OWNED(trust_store) roots = trust_store_new();
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc = corim_parse(buf_bytes(b), &c, &e);

		if (!rc)
			rc = corim_check_signature(c, roots, &anchors, NOW, &e);
		if (rc != (int)rows[i].code || !strstr(rc ? e.text : c->signer, rows[i].what))
			fail_msg("%s: %d \"%s\"", rows[i].headers, rc, rc ? e.text : c->signer);
	}
	keypair_drop(&s.key);
	cert_drop(&s.cert);
}

static void two_names_of_one_signer_must_agree(void **state)
{
	static const struct {
		const char *headers;
		bool ok;
	} rows[] = { { "0846a100a10061730fa1016173", true },
		     { "0846a100a10061730fa1016174", false } };
	struct signer s = { 0 };

	(void)state;
	signer_make(&s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = signed_with(&s, 2, rows[i].headers);
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		if (rows[i].ok)
			assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
		else
			assert_refused(corim_parse(buf_bytes(b), &c, &e), &e, E_FORMAT,
				       "not the signer");
	}
	keypair_drop(&s.key);
	cert_drop(&s.cert);
}

static void a_version_scheme_that_is_wanted_must_be_there(void **state)
{
	static const u8 semver[] = { 0x19, 0x40, 0x00 }, decimal[] = { 0x04 };
	struct corim_mval plain = { .has_version = true, .version = bytes_text("1.2") };
	struct corim_mval with = plain, other = plain;

	(void)state;
	with.version_scheme = BYTES(semver);
	other.version_scheme = BYTES(decimal);
	assert_int_equal(corim_mval_matches(&with, &with), CORIM_MATCHES);
	assert_int_equal(corim_mval_matches(&plain, &with), CORIM_MATCHES);
	assert_int_equal(corim_mval_matches(&with, &plain), CORIM_OTHER_VALUE);
	assert_int_equal(corim_mval_matches(&with, &other), CORIM_OTHER_VALUE);
}

static void an_empty_name_is_not_an_absent_one(void **state)
{
	struct corim_env empty = { .vendor = bytes_text("") },
			 acme = { .vendor = bytes_text("acme") };
	struct corim_env any = { .model = bytes_text("m") }, both = acme;

	(void)state;
	both.model = bytes_text("m");
	assert_false(corim_env_matches(&empty, &acme));
	assert_true(corim_env_matches(&any, &both));
	assert_false(corim_env_matches(&both, &acme));
}

static void what_is_written_is_read_back_or_refused(void **state)
{
	static const u8 raw[] = { 1, 2 }, mask[] = { 0xff, 0 }, scheme[] = { 0x19, 0x40, 0x00 };
	struct corim_element el = { .mval = { .has_raw = true,
					      .raw = BYTES(raw),
					      .raw_mask = BYTES(mask),
					      .has_version = true,
					      .version = bytes_text("1"),
					      .version_scheme = BYTES(scheme) } };
	struct corim_triple t = { .env = { .vendor = bytes_text("v") }, .n = 1, .elements = &el };
	struct corim_draft d = { .id = "x", .triples = &t, .n = 1 };
	OWNED(buf) out = NULL;
	OWNED(corim) back = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(corim_write(&d, NULL, NULL, &out, &e), &e);
	assert_ok(corim_parse(buf_bytes(out), &back, &e), &e);
	assert_bytes_equal(back->references[0].elements[0].mval.raw_mask, BYTES(mask));
	assert_bytes_equal(back->references[0].elements[0].mval.version_scheme, BYTES(scheme));
	buf_drop(&out);
	el.mval.version = (struct bytes){ (const u8 *)"\xff\x01", 2 };
	assert_refused(corim_write(&d, NULL, NULL, &out, &e), &e, E_FORMAT, "text is not UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_holds_only_as_long_as_its_headers_say),
		cmocka_unit_test(two_names_of_one_signer_must_agree),
		cmocka_unit_test(a_version_scheme_that_is_wanted_must_be_there),
		cmocka_unit_test(an_empty_name_is_not_an_absent_one),
		cmocka_unit_test(what_is_written_is_read_back_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
