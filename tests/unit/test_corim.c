// SPDX-License-Identifier: Apache-2.0
#include "edn.h"
#include "support.h"

#include <stdio.h>

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
			rc = corim_check_signature(c, roots, &anchors, NULL, NOW, &e);
		if (rc != (int)rows[i].code || !strstr(rc ? e.text : c->signer, rows[i].what))
			fail_msg("%s: %d \"%s\"", rows[i].headers, rc, rc ? e.text : c->signer);
	}
	keypair_drop(&s.key);
	cert_drop(&s.cert);
}

static void an_anchor_counts_only_while_its_certificate_is_valid(void **state)
{
	static const struct {
		long long now;
		enum err_code code;
	} rows[] = { { 1700000000, E_OK },
		     { 1699999999, E_SIGNATURE },
		     { 1900000000, E_OK },
		     { 1900000001, E_SIGNATURE } };
	struct signer s = { 0 }, other = { 0 };
	struct cert_list anchors = { .n = 2 }, stranger = { .n = 1 };

	(void)state;
	signer_make(&s);
	signer_make(&other);
	anchors.at[0] = stranger.at[0] = other.cert;
	anchors.at[1] = s.cert;
	OWNED(buf) b = signed_with(&s, 1, "0846a100a1006173");
	OWNED(trust_store) roots = trust_store_new();
	OWNED(corim) c = NULL;
	struct err e = { 0 };

	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(corim_check_signature(c, roots, &anchors, NULL, rows[i].now, &e),
				 rows[i].code);
	assert_refused(corim_check_signature(c, roots, &stranger, NULL, NOW, &e), &e, E_SIGNATURE,
		       "no trust anchor made its signature");
	assert_refused(corim_check_signature(c, roots, NULL, NULL, NOW, &e), &e, E_SIGNATURE,
		       "no trust anchor made its signature");
	keypair_drop(&s.key);
	cert_drop(&s.cert);
	keypair_drop(&other.key);
	cert_drop(&other.cert);
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
	static const u8 registers[] = { 0xa1, 0x00, 0x81, 0x82, 0x01, 0x41, 0xaa };
	struct corim_element el = { .mval = { .flags_known = 0x409,
					      .flags = 0x401,
					      .registers = BYTES(registers),
					      .has_range = true,
					      .range = { true, false, true, 0, -7 },
					      .has_raw = true,
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
	assert_bytes_equal(back->references[0].elements[0].mval.registers, BYTES(registers));
	assert_int_equal(back->references[0].elements[0].mval.flags_known, 0x409);
	assert_int_equal(back->references[0].elements[0].mval.flags, 0x401);
	assert_int_equal(corim_mval_matches(&el.mval, &back->references[0].elements[0].mval),
			 CORIM_OTHER_VALUE); /* a masked value is no evidence */
	assert_true(back->references[0].elements[0].mval.range.has_max &&
		    !back->references[0].elements[0].mval.range.has_min);
	assert_int_equal(back->references[0].elements[0].mval.range.max, -7);
	buf_drop(&out);
	el.mval.version = (struct bytes){ (const u8 *)"\xff\x01", 2 };
	assert_refused(corim_write(&d, NULL, NULL, &out, &e), &e, E_FORMAT, "text is not UTF-8");
}

/* 258: hash algorithm, 259: content type, 260: where it is. The signature is over a digest of the CoRIM beside it. */
static void a_hash_envelope_holds_for_the_corim_that_was_hashed_and_no_other(void **state)
{
	static const char comid[] =
		"506(<<{1: {0: \"t\"}, 4: {0: [[{0: {1: \"v\"}}, [{1: {1: 5}}]]]}}>>)";
	static const char protected[] = "{1: -7, 8: <<{0: {0: \"s\"}}>>, 258: %d, 259: \"%s\"}";
	static const struct {
		int alg;
		const char *type;
		int beside; /* the CoRIM that comes with it: 0 none, 1 the one that was hashed, 2 another */
		enum err_code code;
		const char *why;
	} rows[] = {
		{ -16, "application/rim+cbor", 1, E_OK, "" },
		{ -16, "application/rim+cbor", 0, E_UNSUPPORTED, "give the CoRIM beside it" },
		{ -16, "application/rim+cbor", 2, E_SIGNATURE, "not the one that was signed" },
		{ -43, "application/rim+cbor", 1, E_SIGNATURE, "not the one that was signed" },
		{ -18, "application/rim+cbor", 1, E_UNSUPPORTED, "algorithm that this build" },
		{ -16, "application/rim+json", 1, E_FORMAT, "what was hashed is not" },
	};
	struct signer s = { 0 };
	struct cert_list anchors = { .n = 1 };
	char text[400];

	(void)state;
	signer_make(&s);
	anchors.at[0] = s.cert;
	snprintf(text, sizeof(text), "501({0: \"x\", 1: [%s]})", comid);
	OWNED(buf) beside = edn(text);
	snprintf(text, sizeof(text), "501({0: \"y\", 1: [%s]})", comid);
	OWNED(buf) other = edn(text);
	struct digest d = sha256_of(buf_bytes(beside));
	const struct bytes choices[] = { BYTES_NONE, buf_bytes(beside), buf_bytes(other) };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(trust_store) roots = trust_store_new();
		OWNED(buf) whole = buf_new(4096);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc;

		snprintf(text, sizeof(text), protected, rows[i].alg, rows[i].type);
		OWNED(buf) headers = edn(text);
		assert_ok(cose_sign1_write(buf_bytes(headers), digest_bytes(&d), s.key, &whole->w,
					   &e),
			  &e);
		rc = corim_read(buf_bytes(whole), CORIM_DRAFT_11, choices[rows[i].beside], &c, &e);
		if (!rc)
			rc = corim_check_signature(c, roots, &anchors, NULL, NOW, &e);
		if (rc != (int)rows[i].code || !strstr(e.text, rows[i].why))
			fail_msg("row %zu: %d \"%s\"", i, rc, e.text);
		if (!rc)
			assert_string_equal(c->id, "x");
	}
	keypair_drop(&s.key);
	cert_drop(&s.cert);
}

static void an_absent_value_is_told_apart_from_another_one(void **state)
{
	static const u8 registers[] = { 0xa1, 0x00, 0x81, 0x82, 0x01, 0x41, 0xaa };
	static const u8 others[] = { 0xa1, 0x00, 0x81, 0x82, 0x01, 0x41, 0xab };
	static const u8 as_text[] = { 0xa1, 0x61, 0x30, 0x81, 0x82, 0x01, 0x41, 0xaa };
	const struct corim_mval nothing = { 0 }, unknown = { .others = 1 };
	const struct corim_mval svn = { .has_svn = true, .svn = 5 };
	const struct corim_mval svn_6 = { .has_svn = true, .svn = 6 };
	const struct corim_mval flags = { .flags_known = 0x8, .flags = 0x8 };
	const struct corim_mval not = { .flags_known = 0x8 };
	const struct corim_mval five = { .has_range = true, .range = { false, true, true, 5, 5 } };
	const struct corim_mval six = { .has_range = true, .range = { false, true, true, 6, 6 } };
	const struct corim_mval up = { .has_range = true, .range = { true, true, false, 5, 0 } };
	const struct corim_mval regs = { .registers = BYTES(registers) };
	const struct corim_mval other = { .registers = BYTES(others) };
	const struct corim_mval text = { .registers = BYTES(as_text) };
	struct corim_mval both = svn;

	(void)state;
	both.flags_known = both.flags = 0x8;
	const struct {
		const struct corim_mval *condition, *entry;
		enum corim_match answer;
	} rows[] = {
		{ &svn, &svn, CORIM_MATCHES },
		{ &svn, &svn_6, CORIM_OTHER_VALUE },
		{ &svn, &flags, CORIM_ABSENT },
		{ &svn, &both, CORIM_MATCHES },
		{ &both, &svn, CORIM_ABSENT },
		{ &both, &svn_6, CORIM_OTHER_VALUE },
		{ &flags, &not, CORIM_OTHER_VALUE },
		{ &not, &flags, CORIM_OTHER_VALUE },
		{ &not, &nothing, CORIM_ABSENT },
		{ &five, &five, CORIM_MATCHES },
		{ &five, &six, CORIM_OTHER_VALUE },
		{ &up, &six, CORIM_MATCHES },
		{ &up, &up, CORIM_MATCHES },
		{ &five, &up, CORIM_OTHER_VALUE },
		{ &five, &svn, CORIM_ABSENT },
		{ &regs, &regs, CORIM_MATCHES },
		{ &regs, &other, CORIM_OTHER_VALUE },
		{ &regs, &text, CORIM_OTHER_VALUE },
		{ &regs, &svn, CORIM_ABSENT },
		{ &nothing, &svn, CORIM_NO_COMPARISON },
		{ &unknown, &svn, CORIM_NO_COMPARISON },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (corim_mval_matches(rows[i].condition, rows[i].entry) != rows[i].answer)
			fail_msg("row %zu", i);
}

/* { @code_point: @value } as the one value of a CoRIM that is read. */
static int parse_value(const char *mval, struct err *e)
{
	OWNED(buf) head = from_hex("a201a100617404a1008182a100a101617681a101");
	OWNED(buf) value = from_hex(mval);
	OWNED(buf) comid = buf_new(1024);
	OWNED(buf) whole = buf_new(1024);
	OWNED(corim) c = NULL;

	write_bytes(&comid->w, buf_bytes(head));
	write_bytes(&comid->w, buf_bytes(value));
	put_hex(&whole->w, "d901f5a2006178 0181d901fa");
	cbor_put_bytes(&whole->w, buf_bytes(comid));
	return corim_parse(buf_bytes(whole), &c, e);
}

static void each_defect_of_a_measurement_value_has_its_refusal(void **state)
{
	static const struct {
		const char *mval, *why; /* NULL: accepted */
		enum err_code code;
	} rows[] = {
		{ "a10105", NULL, E_OK },
		{ "a0", "mval is empty", E_FORMAT },
		{ "a101d9022a05", "svn: unknown tag", E_FORMAT },
		{ "a10120", "svn", E_FORMAT },
		{ "a10280", "digests: none or too many", E_FORMAT },
		{ "a1028182 0140", NULL, E_OK },
		{ "a102828201418182014182", "digests: algorithm twice", E_FORMAT },
		{ "a1028981018101810181018101810181018101 8101", "digests: none or too many",
		  E_LIMIT },
		{ "a103a0", "flags is empty", E_FORMAT },
		{ "a103a10af5", NULL, E_OK },
		{ "a103a10bf5", "flags: unknown key", E_FORMAT },
		{ "a103a120f5", "flags: unknown key", E_FORMAT },
		{ "a103a10001", "flags", E_FORMAT },
		{ "a10441aa", "raw-value", E_FORMAT },
		{ "a104d9023041aa", NULL, E_OK },
		{ "a104d902338241aa4100", NULL, E_OK },
		{ "a104d902338241aa420000", "raw-value mask has another length", E_FORMAT },
		{ "a10ea0", "integrity-registers is empty", E_FORMAT },
		{ "a10ea10081820141aa", NULL, E_OK },
		{ "a10ea1613081820141aa", NULL, E_OK },
		{ "a10ea12081820141aa", "integrity-registers", E_FORMAT },
		{ "a10ea10080", "digests: none or too many", E_FORMAT },
		{ "a10f20", NULL, E_OK },
		{ "a10fd9023482f6f6", NULL, E_OK },
		{ "a10fd90234820501", "int-range is empty", E_FORMAT },
		{ "a10fd902348105", "int-range: unknown form", E_FORMAT },
		{ "a10fd90235820105", "int-range: unknown form", E_FORMAT },
		{ "a10ff4", "int-range", E_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		int rc = parse_value(rows[i].mval, &e);

		if (rc != (int)rows[i].code || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %d \"%s\", expected \"%s\"", rows[i].mval, rc, e.text,
				 rows[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_holds_only_as_long_as_its_headers_say),
		cmocka_unit_test(an_anchor_counts_only_while_its_certificate_is_valid),
		cmocka_unit_test(two_names_of_one_signer_must_agree),
		cmocka_unit_test(a_version_scheme_that_is_wanted_must_be_there),
		cmocka_unit_test(an_empty_name_is_not_an_absent_one),
		cmocka_unit_test(what_is_written_is_read_back_or_refused),
		cmocka_unit_test(an_absent_value_is_told_apart_from_another_one),
		cmocka_unit_test(each_defect_of_a_measurement_value_has_its_refusal),
		cmocka_unit_test(a_hash_envelope_holds_for_the_corim_that_was_hashed_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
