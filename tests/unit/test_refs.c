// SPDX-License-Identifier: Apache-2.0
/* Reference values by environment: what a condition names must be there, what it leaves out may be anything. */
#include "support.h"

#include <stdio.h>

#include "verifier/refs.h"

enum { MANY = 3000 };

static struct corim_env env(const char *vendor, const char *model)
{
	return (struct corim_env){ .vendor = bytes_text(vendor), .model = bytes_text(model) };
}

/* A CoRIM with one triple per environment, each with one element. */
static struct corim *corim_of(const char *id, const struct corim_env *envs, size_t n)
{
	static const u8 mkey[] = { 1 }, digest[32] = { 7 };
	struct corim_element el = {
		.mkey = BYTES(mkey), .mval = { .n_digests = 1, .digests = { { 1, BYTES(digest) } } }
	};
	struct corim_triple *triples = calloc(n + 1, sizeof(*triples));
	struct corim_draft d = { .id = id, .signer = "t", .triples = triples, .n = n };
	OWNED(buf) bytes = NULL;
	struct corim *c = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++)
		triples[i] = (struct corim_triple){ .env = envs[i], .n = 1, .elements = &el };
	assert_ok(corim_write(&d, NULL, NULL, &bytes, &e), &e);
	assert_ok(corim_parse(buf_bytes(bytes), &c, &e), &e);
	free(triples);
	return c;
}

static struct refs *refs_of(const char *id, const struct corim_env *envs, size_t n)
{
	struct refs *r = refs_new();
	struct err e = { 0 };

	assert_ok(refs_add(r, corim_of(id, envs, n), &e), &e);
	assert_ok(refs_ready(r, &e), &e);
	return r;
}

static void a_condition_finds_what_it_contains_and_nothing_else(void **state)
{
	const struct corim_env conditions[] = {
		env("v", "m1"), env("v", "m2"), env("v", "m2"), env("v", ""), env("w", "m1"),
	};
	const struct {
		struct corim_env entry;
		size_t found;
	} rows[] = {
		{ env("v", "m1"), 2 }, /* its own, and the one for any model of the maker */
		{ env("v", "m2"), 3 },
		{ env("v", "m3"), 1 },
		{ env("v", "m"), 1 }, /* a prefix is another model */
		{ env("v", "m11"), 1 },
		{ env("w", "m1"), 1 },
		{ env("w", "m2"), 0 },
		{ env("", "m1"), 0 }, /* a maker that is not told is not the maker */
		{ env("v", ""), 1 },
	};
	OWNED(refs) r = refs_of("x", conditions, ARRAY_LEN(conditions));

	(void)state;
	assert_int_equal(refs_count(r), ARRAY_LEN(conditions));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ref out[8];
		size_t n = refs_find(r, &rows[i].entry, out, ARRAY_LEN(out));

		if (n != rows[i].found)
			fail_msg("row %zu: %zu found, expected %zu", i, n, rows[i].found);
		for (size_t k = 0; k < n; k++)
			assert_true(corim_env_matches(&out[k].triple->env, &rows[i].entry));
	}
}

static void a_found_reference_names_its_corim(void **state)
{
	const struct corim_env one = env("v", "m");
	struct refs *r = refs_new();
	struct ref out[4];
	struct err e = { 0 };

	(void)state;
	assert_ok(refs_add(r, corim_of("first", &one, 1), &e), &e);
	assert_ok(refs_add(r, corim_of("second", &one, 1), &e), &e);
	assert_ok(refs_ready(r, &e), &e);
	assert_int_equal(refs_find(r, &one, out, 4), 2);
	assert_true(!strcmp(out[0].corim->id, "first") != !strcmp(out[1].corim->id, "first"));
	refs_drop(&r);
}

static void no_references_find_nothing(void **state)
{
	const struct corim_env one = env("v", "m");
	struct refs *r = refs_new();
	struct err e = { 0 };
	struct ref out[1];

	(void)state;
	assert_ok(refs_ready(r, &e), &e);
	assert_int_equal(refs_count(r), 0);
	assert_int_equal(refs_find(r, &one, out, 1), 0);
	refs_drop(&r);
	refs_drop(&r); /* and again: nothing */
}

static void no_more_are_given_than_there_is_room_for(void **state)
{
	const struct corim_env conditions[] = { env("v", ""), env("v", ""), env("v", "m"),
						env("v", "m") };
	const struct corim_env entry = env("v", "m");
	OWNED(refs) r = refs_of("x", conditions, ARRAY_LEN(conditions));

	(void)state;
	for (size_t room = 0; room <= 5; room++) {
		struct ref *out =
			malloc(room ? room * sizeof(*out) : 1); /* one more would be seen */

		assert_int_equal(refs_find(r, &entry, out, room), room < 4 ? room : 4);
		free(out);
	}
}

static void each_of_many_is_found_in_whatever_order_they_came(void **state)
{
	char(*models)[16] = calloc(MANY, sizeof(*models));
	struct corim_env *envs = calloc(MANY, sizeof(*envs));
	struct refs *r;

	(void)state;
	for (size_t i = 0; i < MANY; i++) { /* a permutation: 1789 and MANY have no common factor */
		snprintf(models[i], sizeof(models[i]), "m%zu", i * 1789 % MANY);
		envs[i] = env("v", models[i]);
	}
	r = refs_of("many", envs, MANY);
	for (size_t i = 0; i < MANY; i++) {
		struct ref out[2];

		assert_int_equal(refs_find(r, &envs[i], out, 2), 1);
		assert_bytes_equal(out[0].triple->env.model, envs[i].model);
	}
	refs_drop(&r);
	free(envs);
	free(models);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_finds_what_it_contains_and_nothing_else),
		cmocka_unit_test(a_found_reference_names_its_corim),
		cmocka_unit_test(no_references_find_nothing),
		cmocka_unit_test(no_more_are_given_than_there_is_room_for),
		cmocka_unit_test(each_of_many_is_found_in_whatever_order_they_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
