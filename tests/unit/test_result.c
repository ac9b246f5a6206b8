// SPDX-License-Identifier: Apache-2.0
/* A server's result: which of the reasons of a verdict stand in it, and in which form it comes. */
#include "support.h"

#include <jansson.h>
#include <stdio.h>

#include "server/result.h"

static json_t *made(const struct reasons *reasons, enum result_form form)
{
	struct appraised at[] = {
		{ .name = "host", .status = TIER_CONTRAINDICATED, .vector = { 2 } },
		{ .name = "1b36:0010/-/0", .status = TIER_WARNING }
	};
	struct appraisal a = { .n = 2, .at = at };
	struct ear draft = { .iat = 10, .exp = 300, .policy_id = "p", .status = 96 };
	OWNED(keypair) key = NULL;
	OWNED(buf) out = NULL;
	struct ear_seen seen;
	struct err e = { 0 };
	json_t *claims;

	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	draft.cnf = keypair_pub(key);
	assert_ok(result_make(&draft, &a, reasons, form, key, &out, &e), &e);
	assert_int_equal(ear_is_cwt(buf_bytes(out)), form == RESULT_CWT);
	assert_ok(ear_read(buf_bytes(out), keypair_pub(key), NULL, 20, &seen, &e), &e);
	claims = json_loadb((const char *)seen.claims->w.at, seen.claims->w.len, 0, NULL);
	ear_seen_clear(&seen);
	return claims;
}

static json_t *reasons_of(json_t *claims, const char *submod)
{
	json_t *s = json_object_get(json_object_get(claims, "submods"), submod);

	return json_object_get(json_object_get(s, "ear_verifier_claims"), "reasons");
}

static void add(struct reasons *r, enum ear_tier tier, const char *device, const char *found)
{
	struct reason *row = reasons_add(r, tier, -1, device, "");

	snprintf(row->element, sizeof(row->element), "x");
	snprintf(row->found, sizeof(row->found), "%s", found);
}

static void each_submodule_has_its_own_reasons_worst_first(void **state)
{
	OWNED(reasons) r = reasons_new();
	static const enum result_form forms[] = { RESULT_JWT, RESULT_CWT };

	(void)state;
	add(r, TIER_WARNING, "host", "late");
	add(r, TIER_WARNING, "1b36:0010/-/0", "old \xff\n");
	add(r, TIER_CONTRAINDICATED, "host", "wrong");
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		json_t *claims = made(r, forms[i]);
		json_t *host = reasons_of(claims, "host");

		assert_int_equal(json_array_size(host), 2);
		assert_string_equal(json_string_value(json_array_get(host, 0)), "host: x: wrong");
		assert_string_equal(json_string_value(json_array_get(host, 1)), "host: x: late");
		assert_string_equal(
			json_string_value(json_array_get(reasons_of(claims, "1b36:0010/-/0"), 0)),
			"device 1b36:0010/-/0: x: old ??");
		json_decref(claims);
	}
}

static void reasons_beyond_the_most_are_left_to_the_answer(void **state)
{
	OWNED(reasons) r = reasons_new();
	json_t *claims;

	(void)state;
	for (int i = 0; i < EAR_REASONS_MAX + 5; i++)
		add(r, TIER_WARNING, "host", "late");
	add(r, TIER_CONTRAINDICATED, "host", "wrong");
	claims = made(r, RESULT_CWT);
	assert_int_equal(json_array_size(reasons_of(claims, "host")), EAR_REASONS_MAX);
	assert_string_equal(json_string_value(json_array_get(reasons_of(claims, "host"), 0)),
			    "host: x: wrong");
	assert_null(reasons_of(claims, "1b36:0010/-/0"));
	json_decref(claims);
}

static void a_form_is_one_of_two_words_or_none(void **state)
{
	static const struct {
		const char *word;
		bool known;
		enum result_form form;
	} rows[] = { { NULL, true, RESULT_JWT },
		     { "jwt", true, RESULT_JWT },
		     { "cwt", true, RESULT_CWT },
		     { "", false, RESULT_JWT },
		     { "CWT", false, RESULT_JWT } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum result_form form;

		assert_int_equal(result_form_of(rows[i].word, &form), rows[i].known);
		assert_int_equal(form, rows[i].form);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_submodule_has_its_own_reasons_worst_first),
		cmocka_unit_test(reasons_beyond_the_most_are_left_to_the_answer),
		cmocka_unit_test(a_form_is_one_of_two_words_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
