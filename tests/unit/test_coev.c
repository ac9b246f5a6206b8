// SPDX-License-Identifier: Apache-2.0
/* Concise evidence in its three forms, and DiceTcbInfo. */
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "proto/coev.h"
#include "proto/dice.h"

#define ENV "{0: {1: \"v\"}}"
#define EV  "571({0: {0: [[" ENV ", [{0: 1, 1: {1: 5}}]]]}})"

static void each_form_holds_the_same_evidence(void **state)
{
	static const struct {
		const char *form;
		size_t n;
	} rows[] = {
		{ EV, 1 },
		{ "570({0: [" EV ", " EV "]})", 2 },
		{ "570({0: [" EV "], 1: [{0: 32(\"https://e.example\")}], 2: 32(\"p\")})", 1 },
		{ "18([<<{1: -7}>>, {}, <<{265: h'01', 10: h'0102030405060708', 273: [[10571, <<" EV
		  ">>], [1, h'00']]}>>, h'00'])",
		  1 },
		{ "61(18([<<{1: -7}>>, {}, <<{273: [[10571, <<" EV ">>]]}>>, h'00']))", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i].form);
		OWNED(coev) c = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy(buf_bytes(b));

		assert_ok(coev_parse((struct bytes){ copy, b->w.len }, &c, &e), &e);
		free(copy); /* what was parsed owns its bytes */
		assert_int_equal(c->n, rows[i].n);
		for (size_t k = 0; k < c->n; k++)
			assert_int_equal(c->at[k]->references[0].elements[0].mval.svn, 5);
	}
}

static void a_fault_of_concise_evidence_is_named_by_its_path(void **state)
{
	static const struct {
		const char *form, *why;
	} rows[] = {
		{ "501({})", "neither concise evidence" },
		{ "571({})", "without ev-triples" },
		{ "571({0: {}})", "triples is empty" },
		{ "571({0: {6: []}})", "unknown kind" },
		{ "571({0: {0: [[" ENV ", []]]}})", "ev-triples.0[0]: measurements: none" },
		{ "571({0: {4: [[" ENV ", []]]}})", "ev-triples.4[0]: evidence is empty" },
		{ "571({0: {0: [[" ENV ", [{1: {1: 5}}]]]}, 9: 1})", "unknown key" },
		{ "570({0: [501({})]})", "not tag 571" },
		{ "570({1: []})", "without evidence" },
		{ "18([<<{1: -7}>>, {}, <<{10: h'00'}>>, h'00'])", "claims without concise" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i].form);
		OWNED(coev) c = NULL;
		struct err e = { 0 };

		if (!coev_parse(buf_bytes(b), &c, &e) || !strstr(e.text, rows[i].why))
			fail_msg("%s: \"%s\"", rows[i].form, e.text);
	}
}

static void an_indirect_value_names_one_block(void **state)
{
	static const struct {
		const char *mval;
		bool one;
		u8 index;
	} rows[] = {
		{ "{12: {0: [3]}}", true, 3 },
		{ "{12: {0: [254]}}", true, 254 },
		{ "{12: {0: [3, 4]}}", false, 0 },
		{ "{12: {0: [0]}}", false, 0 },
		{ "{12: {0: [255]}}", false, 0 },
		{ "{12: {0: [256]}}", false, 0 },
		{ "{12: {0: [\"3\"]}}", false, 0 },
		{ "{12: {1: [3]}}", false, 0 },
		{ "{12: 3}", false, 0 },
		{ "{1: 5}", false, 0 },
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(coev) c = NULL;
		struct err e = { 0 };
		u8 index = 0;

		snprintf(text, sizeof(text), "571({0: {0: [[" ENV ", [{1: %s}]]]}})", rows[i].mval);
		OWNED(buf) b = edn(text);
		assert_ok(coev_parse(buf_bytes(b), &c, &e), &e);
		if (coev_indirect(&c->at[0]->references[0].elements[0].mval, &index) !=
			    rows[i].one ||
		    (rows[i].one && index != rows[i].index))
			fail_msg("%s: %u", rows[i].mval, index);
	}
}

/* ---- DICE ---- */
static void a_tcb_info_becomes_an_environment_with_a_value(void **state)
{
	/* vendor "v", model "m", version "1.2", svn 3, layer 1, index 0, one FWID, flags debug and notSecure of a
	   mask of both and notConfigured, vendorInfo aabb, type 07 */
	OWNED(buf)
	der = from_hex("3054 800176 81016d 8203312e32 830103 840101 850100"
		       "a62f 302d 0609608648016503040201 0420"
		       "1111111111111111111111111111111111111111111111111111111111111111"
		       "87020450 8802aabb 890107 8a0204d0");
	struct dice_tcb_info info;
	struct err e = { 0 };

	(void)state;
	u8 *copy = heap_copy(buf_bytes(der));
	assert_ok(dice_tcb_info_parse((struct bytes){ copy, der->w.len }, &info, &e), &e);
	assert_bytes_equal(info.env.vendor, bytes_text("v"));
	assert_bytes_equal(info.env.model, bytes_text("m"));
	assert_true(info.env.has_layer && info.env.layer == 1 && info.env.has_index);
	OWNED(buf) type = edn("560(h'07')");
	assert_bytes_equal(info.env.class_id, buf_bytes(type));
	assert_bytes_equal(info.mval.version, bytes_text("1.2"));
	assert_int_equal(info.mval.svn, 3);
	assert_int_equal(info.mval.n_digests, 1);
	assert_int_equal(info.mval.digests[0].alg, 1);
	assert_int_equal(info.mval.raw.len, 2);
	/* configured (0) is true, secure (1) is false, debug (3) is true */
	assert_int_equal(info.mval.flags_known, 0xb);
	assert_int_equal(info.mval.flags, 0x9);
	free(copy);
}

static void each_defect_of_a_tcb_info_has_its_refusal(void **state)
{
	static const struct {
		const char *der, *why;
	} rows[] = {
		{ "", "DER tag" },
		{ "3100", "not a SEQUENCE" },
		{ "3003800176 00", "after the end" },
		{ "30048001 76", "DER value" },
		{ "3006810176800176", "out of order" },
		{ "3006800176800176", "one twice" },
		{ "3003830180", "svn" },
		{ "30028300", "svn" },
		{ "300c830a00000000000000000001", "svn" },
		{ "3003870108", "flags" },
		{ "30028900", "type" },
		{ "30038c0100", "member that DiceTcbInfo does not have" },
		{ "3004a602 3000", "FWID" },
		{ "3081038001 76", "not the shortest" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(rows[i].der);
		struct dice_tcb_info info;
		struct err e = { 0 };
		u8 *copy = heap_copy(buf_bytes(b));

		if (!dice_tcb_info_parse((struct bytes){ copy, b->w.len }, &info, &e) ||
		    !strstr(e.text, rows[i].why))
			fail_msg("%s: \"%s\"", rows[i].der, e.text);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_holds_the_same_evidence),
		cmocka_unit_test(a_fault_of_concise_evidence_is_named_by_its_path),
		cmocka_unit_test(an_indirect_value_names_one_block),
		cmocka_unit_test(a_tcb_info_becomes_an_environment_with_a_value),
		cmocka_unit_test(each_defect_of_a_tcb_info_has_its_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
