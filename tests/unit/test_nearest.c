// SPDX-License-Identifier: Apache-2.0
/*
 * Which reference values are told as the closest: by index the same as by holding everything against every
 * reference, one after the other, in the order of the snapshot.
 */
#include "acs_sample.h"
#include "edn.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "verifier/nearest.h"

/* ---- one after the other ---- */
enum { WISHES_MAX = 2048 };

struct slow {
	const struct acs_env *x;
	enum corim_rules rules;
	struct verdict_on *on;
	struct wishes *wishes; /* per element */
};

static bool slow_match(const struct slow *s, const struct corim_element *want, long at)
{
	return at >= 0 &&
	       corim_mval_matches_by(s->rules, &want->mval, &s->x->ect->elements[at].mval) ==
		       CORIM_MATCHES &&
	       authority_satisfies(want->authorized, &s->x->by);
}

static bool same_want(const struct corim_element *a, const struct corim_element *b)
{
	return corim_mval_points(&a->mval) == corim_mval_points(&b->mval) &&
	       corim_mval_matches(&a->mval, &b->mval) == CORIM_MATCHES &&
	       a->mval.min_svn == b->mval.min_svn;
}

/* All that was wanted of one element, in the order of the snapshot. */
struct wishes {
	size_t n;
	struct near at[WISHES_MAX];
};

/* Of equal values the best, of those the first; then the greatest score first, and of equal ones the first. */
static void choose(const struct wishes *w, struct verdict_on *v)
{
	bool out[WISHES_MAX] = { false };

	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < w->n; k++)
			out[i] |= k != i && same_want(w->at[k].want, w->at[i].want) &&
				  (w->at[k].score > w->at[i].score ||
				   (w->at[k].score == w->at[i].score && k < i));
	while (v->n < NONMATCH_SHOWN_MAX) {
		size_t best = w->n;

		for (size_t i = 0; i < w->n; i++)
			if (!out[i] && (best == w->n || w->at[i].score > w->at[best].score))
				best = i;
		if (best == w->n)
			return;
		out[best] = true;
		v->near[v->n++] = w->at[best];
	}
}

static bool slow_hold(void *user, const struct ref *ref)
{
	struct slow *s = user;
	const struct corim_triple *t = ref->triple;
	size_t score = 0;

	for (size_t i = 0; i < t->n; i++)
		score += slow_match(s, &t->elements[i], acs_element(s->x, t->elements[i].mkey));
	for (size_t i = 0; i < t->n; i++) {
		long at = acs_element(s->x, t->elements[i].mkey);
		const struct near new = { &t->elements[i], ref->corim, score };

		if (at < 0 || s->x->covered[at])
			continue;
		if (slow_match(s, &t->elements[i], at)) {
			s->on[at].standing = KNOWN_BY_ITSELF;
			continue;
		}
		if (s->on[at].standing == NO_REFERENCE)
			s->on[at].standing = OTHER_VALUE;
		assert_true(s->wishes[at].n < WISHES_MAX);
		s->wishes[at].at[s->wishes[at].n++] = new;
	}
	return true;
}

static void compare_on(const struct acs_env *x, const struct refs *refs, long long now_s,
		       unsigned int seed)
{
	struct verdict_on *slow = calloc(x->ect->n, sizeof(*slow));
	struct verdict_on *fast = calloc(x->ect->n, sizeof(*fast));
	struct wishes *wishes = calloc(x->ect->n, sizeof(*wishes));
	struct slow s = { x, refs_options(refs)->rules, slow, wishes };
	struct err e = { 0 };

	refs_each(refs, &x->env, now_s, slow_hold, &s);
	for (size_t i = 0; i < x->ect->n; i++)
		choose(&wishes[i], &slow[i]);
	assert_ok(nearest_find(x, refs, now_s, fast, &e), &e);
	for (size_t i = 0; i < x->ect->n; i++) {
		if (slow[i].standing != fast[i].standing)
			fail_msg("seed %u, element %zu: standing %d, not %d", seed, i,
				 fast[i].standing, slow[i].standing);
		if (slow[i].standing != OTHER_VALUE)
			continue; /* nobody is told of values near to what is known */
		assert_int_equal(fast[i].n, slow[i].n);
		for (size_t k = 0; k < slow[i].n; k++)
			if (fast[i].near[k].want != slow[i].near[k].want ||
			    fast[i].near[k].corim != slow[i].near[k].corim ||
			    fast[i].near[k].score != slow[i].near[k].score)
				fail_msg("seed %u, element %zu, %zu. nearest: CoRIM %s with %zu, "
					 "not %s with %zu",
					 seed, i, k, fast[i].near[k].corim->id,
					 fast[i].near[k].score, slow[i].near[k].corim->id,
					 slow[i].near[k].score);
	}
	free(wishes);
	free(slow);
	free(fast);
}

/* ---- fleets by chance ---- */
static unsigned int chance(unsigned int *state, unsigned int n)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 16) % n;
}

static const char *digest_of_letter(unsigned int letter)
{
	static char text[16][100];
	static unsigned int next;
	const u8 c = (u8)('a' + letter);
	struct digest d = sha256_of((struct bytes){ &c, 1 });
	char *out = text[next++ % 16], hex[65];

	snprintf(out, sizeof(text[0]), "[1, h'%s']", hex_write(digest_bytes(&d), hex));
	return out;
}

static void random_element(unsigned int *s, char *out, size_t size)
{
	static const char *const words[] = {
		"",
		", 2: [557([1, "
		"h'0101010101010101010101010101010101010101010101010101010101010101'])]",
		", 2: [557([1, "
		"h'0909090909090909090909090909090909090909090909090909090909090909'])]"
	};
	unsigned int key = 1 + chance(s, 6);
	const char *word = words[chance(s, 8) > 5 ? 1 + chance(s, 2) : 0];

	switch (chance(s, 6)) {
	case 0:
		snprintf(out, size, "{0: %u, 1: {1: %u}%s}", key, chance(s, 4), word);
		return;
	case 1:
		snprintf(out, size, "{0: %u, 1: {1: 553(%u)}%s}", key, chance(s, 4), word);
		return;
	case 2:
		snprintf(out, size, "{0: %u, 1: {1: %u, 2: [%s]}%s}", key, chance(s, 3),
			 digest_of_letter(chance(s, 5)), word);
		return;
	default:
		snprintf(out, size, "{0: %u, 1: {2: [%s]}%s}", key, digest_of_letter(chance(s, 5)),
			 word);
	}
}

static void add_random_corim(struct refs *refs, unsigned int *s, unsigned int number)
{
	static const char *const envs[] = { ENV,
					    ENV,
					    ENV,
					    "{0: {1: \"v\", 2: \"m\"}}",
					    "{0: {1: \"v\"}}",
					    "{0: {2: \"m\", 3: 1}}",
					    "{0: {2: \"x\"}}",
					    "{0: {2: \"m\"}, 1: 560(h'd0')}" };
	char triples[6000] = "{0: [", element[300], id[16];
	size_t n = 1 + chance(s, 3);

	for (size_t i = 0; i < n; i++) {
		size_t n_elements = 1 + chance(s, 5), used = strlen(triples);

		used += (size_t)snprintf(triples + used, sizeof(triples) - used, "%s[%s, [",
					 i ? ", " : "", envs[chance(s, ARRAY_LEN(envs))]);
		for (size_t k = 0; k < n_elements; k++) {
			random_element(s, element, sizeof(element));
			used += (size_t)snprintf(triples + used, sizeof(triples) - used, "%s%s",
						 k ? ", " : "", element);
		}
		snprintf(triples + used, sizeof(triples) - used, "]]");
	}
	strcat(triples, "]}");
	snprintf(id, sizeof(id), "c%u", number);
	if (chance(s, 5)) {
		sample_add(refs, id, triples, 1);
		return;
	}
	/* one that counts for a time only */
	char whole[6500];

	snprintf(whole, sizeof(whole),
		 "501({0: \"%s\", 1: [506(<<{1: {0: \"t-%s\"}, 4: %s}>>)], 4: {1: 1(%u)}})", id, id,
		 triples, NOW + chance(s, 3) * 100);
	sample_add_whole(refs, whole);
}

static void the_index_finds_what_looking_at_everything_finds(void **state)
{
	static const char *const devices[] = { "1a 2b 3c 4d", "1a 2a 3a 4a 5=2", "1e 2d 5=3 6=1",
					       "1z 2z 3z 4z 5=9", "6b" };
	(void)state;
	for (unsigned int seed = 1; seed <= 120; seed++) {
		unsigned int s = seed, n = chance(&s, seed % 4 ? 12 : 150);
		struct refs *refs = refs_new_with((struct refs_options){
			.rules = seed % 3 ? CORIM_CONTAINMENT : CORIM_WHOLE });
		struct device d[ARRAY_LEN(devices)];
		struct err e = { 0 };
		struct acs *a;

		for (unsigned int i = 0; i < n; i++)
			add_random_corim(refs, &s, i);
		assert_ok(refs_ready(refs, &e), &e);
		for (size_t i = 0; i < ARRAY_LEN(devices); i++)
			device_make(&d[i], devices[i], 1);
		a = acs_of(refs, d, ARRAY_LEN(devices));
		for (size_t i = 0; i < a->n; i++)
			for (int t = 0; a->envs[i]->ect && t < 4; t++)
				compare_on(a->envs[i], refs, NOW + t * 75, seed);
		acs_drop(&a);
		refs_drop(&refs);
	}
}

/* ---- what a person is told ---- */
static void closest_first_and_how_many_more(void **state)
{
	static const struct {
		const char *sentence, *corims[6], *device, *told;
	} rows[] = {
		{ "nothing is known of it", { 0 }, "1a", "1: none" },
		{ "one other value", { "1b" }, "1a", "1: c0/0 +0" },
		{ "the closer state comes first, whoever came first",
		  { "1b 2b", "1c 2c" },
		  "1a 2c",
		  "1: c1/1 c0/0 +0; 2: known" },
		{ "one value in two states is one value, of the closer one",
		  { "1b 2b", "1b 2c", "1c 2b" },
		  "1a 2c",
		  "1: c1/1 c2/0 +0; 2: known" },
		{ "four are told, the others counted",
		  { "1b", "1c", "1d", "1e", "1f", "1f" },
		  "1a",
		  "1: c2/0 c1/0 c3/0 c4/0 +1" },
	};

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct refs *refs = refs_new();
		struct device have;
		struct err e = { 0 };
		struct verdict_on on[8] = { 0 };
		char told[300] = "";
		struct acs *a;

		for (size_t i = 0; i < 6 && rows[r].corims[i]; i++) {
			char triples[600] = "{0: [[" ENV ", [", id[8], element[200];
			const char *p = rows[r].corims[i];

			for (bool first = true; *p; first = false) {
				snprintf(element, sizeof(element), "%s{0: %c, 1: {2: [%s]}}",
					 first ? "" : ", ", p[0],
					 digest_of_letter((unsigned int)(p[1] - 'a')));
				strcat(triples, element);
				p += p[2] ? 3 : 2;
			}
			strcat(triples, "]]]}");
			snprintf(id, sizeof(id), "c%zu", i);
			sample_add(refs, id, triples, 1);
		}
		assert_ok(refs_ready(refs, &e), &e);
		device_make(&have, rows[r].device, 1);
		a = acs_of(refs, &have, 1);
		assert_ok(nearest_find(a->envs[0], refs, NOW, on, &e), &e);
		for (size_t i = 0; i < a->envs[0]->ect->n; i++) {
			size_t used = strlen(told);

			used += (size_t)snprintf(told + used, sizeof(told) - used,
						 "%s%d:", i ? "; " : "", have.mkeys[i]);
			for (size_t k = 0; on[i].standing == OTHER_VALUE && k < on[i].n; k++)
				used += (size_t)snprintf(told + used, sizeof(told) - used,
							 " %s/%zu", on[i].near[k].corim->id,
							 on[i].near[k].score);
			if (on[i].standing == OTHER_VALUE)
				snprintf(told + used, sizeof(told) - used, " +%zu", on[i].others);
			else
				snprintf(told + used, sizeof(told) - used, " %s",
					 on[i].standing == NO_REFERENCE ? "none" : "known");
		}
		if (strcmp(told, rows[r].told))
			fail_msg("%s: \"%s\", not \"%s\"", rows[r].sentence, told, rows[r].told);
		acs_drop(&a);
		refs_drop(&refs);
	}
}

/* A value that was taken back is another thing than none. */
static void what_does_not_count_is_told_with_its_reason(void **state)
{
	static const struct {
		bool other_known; /* another CoRIM counts and has a value for the element */
		const char *found, *corim;
	} rows[] = {
		{ false, "the reference value that was given for it does not count: revoked",
		  "gone" },
		{ true, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
		  "here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf)
		gone = edn("501({0: \"gone\", 1: [506(<<{1: {0: \"t\"}, 4: {0: [[" ENV
			   ", [" ONE_IS_A "]]]}}>>)]})");
		OWNED(reasons) reasons = reasons_new();
		struct refs *refs = refs_new();
		signed char vector[TV_COUNT] = { 0 };
		struct corim *c = NULL;
		struct device d;
		struct err e = { 0 };
		struct acs *a;

		assert_ok(corim_parse(buf_bytes(gone), &c, &e), &e);
		assert_ok(refs_leave_out(refs, c, "revoked", &e), &e);
		if (rows[i].other_known)
			sample_add(refs, "here", "{0: [[" ENV ", [" ONE_IS_B "]]]}", 1);
		assert_ok(refs_ready(refs, &e), &e);
		device_make(&d, "1a", 1);
		a = acs_of(refs, &d, 1);
		assert_ok(nonmatch_explain(a->envs[0], refs, NOW, "d", "", vector, reasons, &e),
			  &e);
		assert_int_equal(reasons->n, 1);
		assert_string_equal(reasons->at[0].found, rows[i].found);
		assert_string_equal(reasons->at[0].corim, rows[i].corim);
		acs_drop(&a);
		refs_drop(&refs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_finds_what_looking_at_everything_finds),
		cmocka_unit_test(closest_first_and_how_many_more),
		cmocka_unit_test(what_does_not_count_is_told_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
