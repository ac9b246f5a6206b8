// SPDX-License-Identifier: Apache-2.0
/*
 * Phases 2 to 4 of an appraisal. Evidence is one or two devices of model "m"; CoRIMs are written in
 * diagnostic notation. What comes out is told as text: "0: 1=e 1=r/a 7=n/b" says that environment 0 has
 * element 1 from evidence, a copy of it on the word of CoRIM "a", and element 7 endorsed by "b".
 */
#include "acs_sample.h"
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "verifier/order.h"
#include "verifier/trust.h"

enum { CORIMS_MAX = 6 };

static const char *told(const struct acs *a, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < a->n; i++) {
		const struct acs_env *x = a->envs[i];

		used += (size_t)snprintf(out + used, size - used, i ? "; %zu:" : "%zu:", i);
		for (size_t k = 0; k < x->n; k++) {
			const struct acs_entry *en = &x->at[k];

			used += (size_t)snprintf(out + used, size - used, " %d=%c%s%s",
						 en->mkey.len ? en->mkey.at[0] : -1,
						 "rne"[en->type], en -> corim ? "/" : "",
						 en->corim ? en->corim->id : "");
		}
	}
	return out;
}

struct given {
	const char *id, *triples;
};

static const struct row {
	const char *sentence;
	const char *devices[2];
	struct given corims[CORIMS_MAX];
	const char *told;
} rows[] = {
	{ "evidence that no reference holds stays evidence",
	  { "1a 2b" },
	  { { "a", "{0: [[" ENV ", [" ONE_IS_B "]]]}" } },
	  "0: 1=e 2=e" },
	{ "a reference that holds adds a copy of what it holds",
	  { "1a 2b" },
	  { { "a", "{0: [[" ENV ", [" ONE_IS_A "]]]}" } },
	  "0: 1=e 2=e 1=r/a" },
	{ "one reference triple is one state: all of it or nothing",
	  { "1a 5=3" },
	  { { "a", "{0: [[" ENV ", [" ONE_IS_A ", " SVN(5, 4) "]]]}" } },
	  "0: 1=e 5=e" },
	{ "a state without any digest is found too",
	  { "1a 5=3" },
	  { { "a", "{0: [[" ENV ", [" SVN(5, 3) "]]]}" } },
	  "0: 1=e 5=e 5=r/a" },
	{ "an element that only one signer's evidence may give",
	  { "1a" },
	  { { "a", "{0: [[" ENV ", [{0: 1, 1: {2: " SHA_A "}, 2: [557([1, h'"
		   "0101010101010101010101010101010101010101010101010101010101010101'])]}]]]}" },
	    { "b", "{0: [[" ENV ", [{0: 1, 1: {2: " SHA_A "}, 2: [557([1, h'"
		   "0909090909090909090909090909090909090909090909090909090909090909'])]}]]]}" } },
	  "0: 1=e 1=r/a" },
	{ "an endorsed value goes to every environment of its class",
	  { "1a", "1b" },
	  { { "a", "{1: [[" ENV ", [" SVN(7, 1) "]]]}" } },
	  "0: 1=e 7=n/a; 1: 1=e 7=n/a" },
	{ "an endorsed value of another class goes nowhere",
	  { "1a" },
	  { { "a", "{1: [[{0: {2: \"x\"}}, [" SVN(7, 1) "]]]}" } },
	  "0: 1=e" },
	{ "what a condition gives, it gives to the device that met it and not to its twin",
	  { "1a", "1b" },
	  { { "a", "{10: [[[[" ENV ", [" ONE_IS_A "]]], [[" ENV ", [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e 7=n/a; 1: 1=e" },
	{ "all conditions must be met, by whichever environment",
	  { "1a", "1b" },
	  { { "a", "{10: [[[[" ENV ", [" ONE_IS_A "]], [" ENV ", [" ONE_IS_B "]]], [[" ENV
		   ", [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e 7=n/a; 1: 1=e 7=n/a" },
	{ "one condition that nobody meets is enough against it",
	  { "1a" },
	  { { "a", "{10: [[[[" ENV ", [" ONE_IS_A "]], [" ENV ", [" ONE_IS_B "]]], [[" ENV
		   ", [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e" },
	{ "an addition may speak of an environment that nobody else knows",
	  { "1a" },
	  { { "a",
	      "{10: [[[[" ENV ", [" ONE_IS_A "]]], [[{0: {2: \"whole\"}}, [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e; 1: 7=n/a" },
	{ "rules feed each other, whatever their order in the input",
	  { "1a" },
	  { { "c", "{10: [[[[" ENV ", [" SVN(8, 2) "]]], [[" ENV ", [" SVN(9, 3) "]]]]]}" },
	    { "b", "{10: [[[[" ENV ", [" SVN(7, 1) "]]], [[" ENV ", [" SVN(8, 2) "]]]]]}" },
	    { "a", "{10: [[[[" ENV ", [" ONE_IS_A "]]], [[" ENV ", [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e 7=n/a 8=n/b 9=n/c" },
	{ "a circle of rules is not run, and what only hangs on it is not fed",
	  { "1a 7=1" },
	  { { "b", "{10: [[[[" ENV ", [" SVN(7, 1) "]]], [[" ENV ", [" SVN(8, 2) "]]]]]}" },
	    { "a", "{10: [[[[" ENV ", [" SVN(8, 2) "]]], [[" ENV ", [" SVN(7, 1) "]]]]]}" },
	    { "c", "{10: [[[[" ENV ", [" SVN(8, 2) "]]], [[" ENV ", [" SVN(9, 3) "]]]]]}" } },
	  "0: 1=e 7=e" },
	{ "a rule that feeds itself is a circle",
	  { "1a 7=1" },
	  { { "a", "{10: [[[[" ENV ", [" SVN(7, 1) "]]], [[" ENV ", [" SVN(7, 2) "]]]]]}" } },
	  "0: 1=e 7=e" },
	{ "of a series the first selection that holds adds, and no other",
	  { "1a 5=3" },
	  { { "a", "{8: [[[" ENV ", []], [[[" SVN(5, 4) "], [" SVN(
			   7, 4) "]],"
				 " [[{0: 5, 1: {1: 553(2)}}], [" SVN(
					 8, 2) "]],"
					       " [[" SVN(5, 3) "], [" SVN(9, 3) "]]]]]}" } },
	  "0: 1=e 5=e 8=n/a" },
	{ "a series is looked at in each environment by itself",
	  { "5=1", "5=2" },
	  { { "a", "{8: [[[" ENV ", []], [[[" SVN(5, 1) "], [" SVN(7, 1) "]],"
									 " [[" SVN(5, 2) "], [" SVN(
										 8, 2) "]]]]]}" } },
	  "0: 5=e 7=n/a; 1: 5=e 8=n/a" },
	{ "a series wants the word of the keys it names",
	  { "5=1" },
	  { { "a", "{8: [[[" ENV ", [], [557([1, h'"
		   "0909090909090909090909090909090909090909090909090909090909090909'])]],"
		   " [[[" SVN(5, 1) "], [" SVN(7, 1) "]]]]]}" } },
	  "0: 5=e" },
	{ "a condition may want what a certain signer said",
	  { "1a" },
	  { { "a", "{0: [[" ENV ", [" ONE_IS_A "]]]}" },
	    { "b", "{10: [[[[" ENV ", [{0: 1, 1: {2: " SHA_A "}, 2: [557([1, h'"
		   "3030303030303030303030303030303030303030303030303030303030303030'])]}]]],"
		   " [[" ENV ", [" SVN(7, 1) "]]]]]}" } },
	  "0: 1=e 1=r/a 7=n/b" },
};

static struct refs *refs_in(const struct row *r, bool backwards)
{
	struct refs *refs = refs_new();
	struct err e = { 0 };

	for (size_t k = 0; k < CORIMS_MAX; k++) {
		const struct given *g = &r->corims[backwards ? CORIMS_MAX - 1 - k : k];

		if (g->id) /* the first letter's number signs: "a" is 0x30, "b" 0x31 */
			sample_add(refs, g->id, g->triples, (u8)(0x30 + g->id[0] - 'a'));
	}
	assert_ok(refs_ready(refs, &e), &e);
	return refs;
}

static void evidence_references_and_endorsements_make_the_claims_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct device *d = calloc(2, sizeof(*d));
			OWNED(refs) refs = refs_in(&rows[i], backwards);
			size_t n = rows[i].devices[1] ? 2 : 1;
			char text[1000];

			for (size_t k = 0; k < n; k++)
				device_make(&d[k], rows[i].devices[k], (u8)(k + 1));
			OWNED(acs) a = acs_of(refs, d, n);

			if (strcmp(told(a, text, sizeof(text)), rows[i].told))
				fail_msg("%s:\n  %s\n  expected\n  %s", rows[i].sentence, text,
					 rows[i].told);
			free(d);
		}
}

static void a_circle_is_told_by_corim_and_tag(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(refs) refs = refs_in(&rows[i], false);
		bool circle = strstr(rows[i].sentence, "circle") != NULL;
		const char *said = refs_problem(refs, 0);

		assert_int_equal(said != NULL, circle);
		if (circle)
			assert_non_null(strstr(said, "conditional endorsement of CoRIM "));
	}
}

#define TAG_T "506(<<{1: {0: \"t\", 1: 2}, 4: {0: [[" ENV ", [" ONE_IS_A "]]]}}>>)"
#define LIST(from, until, listed)                                                                  \
	"508(<<{0: {0: \"l\"}, 1: [" listed "], 2: {0: 1(" #from "), 1: 1(" #until ")}}>>)"

/* NOW is 1800000000 */
static void a_corim_counts_while_it_is_valid_and_its_tag_while_it_is_listed(void **state)
{
	static const struct {
		const char *sentence, *corim;
		bool required, counts;
	} cases[] = {
		{ "no validity, no list needed", "501({0: \"c\", 1: [" TAG_T "]})", false, true },
		{ "valid now",
		  "501({0: \"c\", 1: [" TAG_T "], 4: {0: 1(1700000000), 1: 1(1900000000)}})", false,
		  true },
		{ "expired", "501({0: \"c\", 1: [" TAG_T "], 4: {1: 1(1799999999)}})", false,
		  false },
		{ "not yet",
		  "501({0: \"c\", 1: [" TAG_T "], 4: {0: 1(1800000001), 1: 1(1900000000)}})", false,
		  false },
		{ "lists are needed and there is none", "501({0: \"c\", 1: [" TAG_T "]})", true,
		  false },
		{ "listed",
		  "501({0: \"c\", 1: [" TAG_T
		  ", " LIST(1700000000, 1900000000, "{0: \"t\", 1: 2}") "]})",
		  true, true },
		{ "another version is listed",
		  "501({0: \"c\", 1: [" TAG_T
		  ", " LIST(1700000000, 1900000000, "{0: \"t\", 1: 3}") "]})",
		  true, false },
		{ "the list has run out",
		  "501({0: \"c\", 1: [" TAG_T
		  ", " LIST(1700000000, 1700000001, "{0: \"t\", 1: 2}") "]})",
		  true, false },
		{ "a list of which a tag is missing lists nothing",
		  "501({0: \"c\", 1: [" TAG_T
		  ", " LIST(1700000000, 1900000000, "{0: \"t\", 1: 2}, {0: \"u\"}") "]})",
		  true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(refs)
		refs = refs_new_with((struct refs_options){ .cotl_required = cases[i].required });
		struct device d;
		struct err e = { 0 };

		sample_add_whole(refs, cases[i].corim);
		assert_ok(refs_ready(refs, &e), &e);
		device_make(&d, "1a", 1);
		OWNED(acs) a = acs_of(refs, &d, 1);
		if ((a->envs[0]->n == 2) != cases[i].counts)
			fail_msg("%s", cases[i].sentence);
	}
}

static void keys_that_are_listed_are_the_only_ones_that_count(void **state)
{
	static const struct {
		const char *sentence, *triples;
		signed char instance;
		const char *why;
	} cases[] = {
		{ "nothing is listed", "{0: [[" ENV ", [" ONE_IS_A "]]]}", 0, NULL },
		{ "the key is listed",
		  "{3: [[" ENV ", [557([1, h'"
		  "0101010101010101010101010101010101010101010101010101010101010101'])]]]}",
		  0, NULL },
		{ "another key is listed",
		  "{3: [[" ENV ", [557([1, h'"
		  "0202020202020202020202020202020202020202020202020202020202020202'])]]]}",
		  97,
		  "attestation key: expected a key that is endorsed for it, found SHA-256 0101" },
		{ "two triples list two keys",
		  "{3: [[" ENV ", [557([1, h'"
		  "0202020202020202020202020202020202020202020202020202020202020202'])]],"
		  " [" ENV ", [557([1, h'"
		  "0101010101010101010101010101010101010101010101010101010101010101'])]]]}",
		  0, NULL },
		{ "a key of another class is listed",
		  "{3: [[{0: {2: \"x\"}}, [557([1, h'"
		  "0202020202020202020202020202020202020202020202020202020202020202'])]]]}",
		  0, NULL },
		{ "an identity that is not listed",
		  "{2: [[" ENV ", [557([1, h'"
		  "0202020202020202020202020202020202020202020202020202020202020202'])]]]}",
		  97, "identity key" },
		{ "a key of a kind that nobody can compare is nobody's",
		  "{3: [[" ENV ", [560(h'aa')]]]}", 97, "attestation key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(refs) refs = refs_new();
		OWNED(reasons) reasons = reasons_new();
		signed char vector[TV_COUNT] = { 0 };
		struct device d;
		struct err e = { 0 };
		char text[1200] = "";

		sample_add(refs, "k", cases[i].triples, 0);
		assert_ok(refs_ready(refs, &e), &e);
		device_make(&d, "1a", 1);
		OWNED(acs) a = acs_of(refs, &d, 1);
		trust_check_keys(a->envs[0], refs, NOW, "d", "", vector, reasons);
		if (reasons->n)
			reason_text(&reasons->at[0], text, sizeof(text));
		if (vector[TV_INSTANCE] != cases[i].instance ||
		    (cases[i].why ? !strstr(text, cases[i].why) : reasons->n > 0))
			fail_msg("%s: %d, %s", cases[i].sentence, vector[TV_INSTANCE], text);
	}
}

/* Submodule 0 has model "m", 1 has "m" too; "0" and "1" below are their instances. */
static void nothing_is_better_than_what_it_trusts(void **state)
{
#define I0    "{1: 560(h'd0')}"
#define I1    "{1: 560(h'd1')}"
#define BOARD "{1: 560(h'b0')}"
#define PART  "{1: 560(h'b1')}"
	static const struct {
		const char *sentence, *triples;
		enum ear_tier first, second, becomes;
	} cases[] = {
		{ "no dependency", "{0: [[" ENV ", [" ONE_IS_A "]]]}", TIER_AFFIRMING,
		  TIER_CONTRAINDICATED, TIER_AFFIRMING },
		{ "it trusts what is contraindicated", "{4: [[" I0 ", [" I1 "]]]}", TIER_AFFIRMING,
		  TIER_CONTRAINDICATED, TIER_CONTRAINDICATED },
		{ "it trusts what is affirmed", "{4: [[" I0 ", [" I1 "]]]}", TIER_AFFIRMING,
		  TIER_AFFIRMING, TIER_AFFIRMING },
		{ "it is worse than what it trusts", "{4: [[" I0 ", [" I1 "]]]}", TIER_WARNING,
		  TIER_AFFIRMING, TIER_WARNING },
		{ "what it trusts is not there", "{4: [[" I0 ", [{1: 560(h'dd')}]]]}",
		  TIER_AFFIRMING, TIER_AFFIRMING, TIER_WARNING },
		{ "a circle of trust is refused", "{4: [[" I0 ", [" I1 "]], [" I1 ", [" I0 "]]]}",
		  TIER_AFFIRMING, TIER_CONTRAINDICATED, TIER_AFFIRMING },
		{ "membership alone says nothing about trust", "{5: [[" I0 ", [" I1 "]]]}",
		  TIER_AFFIRMING, TIER_CONTRAINDICATED, TIER_AFFIRMING },
		{ "it trusts a domain whose only member is contraindicated",
		  "{4: [[" I0 ", [" BOARD "]]], 5: [[" BOARD ", [" I1 "]]]}", TIER_AFFIRMING,
		  TIER_CONTRAINDICATED, TIER_CONTRAINDICATED },
		{ "it trusts a domain whose only member is affirmed",
		  "{4: [[" I0 ", [" BOARD "]]], 5: [[" BOARD ", [" I1 "]]]}", TIER_AFFIRMING,
		  TIER_AFFIRMING, TIER_AFFIRMING },
		{ "it trusts a domain in a domain",
		  "{4: [[" I0 ", [" BOARD "]]], 5: [[" BOARD ", [" PART "]], [" PART ", [" I1
		  "]]]}",
		  TIER_AFFIRMING, TIER_CONTRAINDICATED, TIER_CONTRAINDICATED },
		{ "it trusts a domain that lacks one of its members",
		  "{4: [[" I0 ", [" BOARD "]]], 5: [[" BOARD ", [" I1 ", " PART "]]]}",
		  TIER_AFFIRMING, TIER_AFFIRMING, TIER_WARNING },
		{ "it trusts a domain that nobody says the members of",
		  "{4: [[" I0 ", [" BOARD "]]]}", TIER_AFFIRMING, TIER_AFFIRMING, TIER_WARNING },
		{ "domains in a circle are refused, and are not there",
		  "{4: [[" I0 ", [" BOARD "]]], 5: [[" BOARD ", [" PART "]], [" PART ", [" BOARD
		  "]]]}",
		  TIER_AFFIRMING, TIER_AFFIRMING, TIER_WARNING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		OWNED(refs) refs = refs_new();
		OWNED(reasons) reasons = reasons_new();
		struct trust_submod s[2] = { { "first", "", cases[i].first },
					     { "second", "", cases[i].second } };
		struct device d[2];
		struct err e = { 0 };

		sample_add(refs, "k", cases[i].triples, 0);
		assert_ok(refs_ready(refs, &e), &e);
		device_make(&d[0], "1a", 1);
		device_make(&d[1], "1a", 2);
		OWNED(acs) a = acs_of(refs, d, 2);
		trust_depend(a, refs, NOW, s, 2, reasons);
		if (s[0].status != cases[i].becomes || s[1].status != cases[i].second)
			fail_msg("%s: %s", cases[i].sentence, tier_name(s[0].status));
		assert_int_equal(reasons->n > 0, cases[i].becomes > cases[i].first);
		assert_int_equal(refs_problem(refs, 0) != NULL,
				 strstr(cases[i].sentence, "circle") != NULL);
	}
}

static void an_environment_is_a_text_that_a_person_can_compare(void **state)
{
	static const u8 ueid[] = { 0xd9, 0x02, 0x26, 0x42, 0x01, 0x02 };
	static const u8 oid[24] = { 0xd8, 0x6f, 0x55, 0x2b };
	static const struct {
		struct corim_env env;
		const char *text;
	} cases[] = {
		{ { .vendor = { (const u8 *)"acme", 4 }, .model = { (const u8 *)"x1", 2 } },
		  "acme x1" },
		{ { .model = { (const u8 *)"x1", 2 },
		    .has_layer = true,
		    .has_index = true,
		    .index = 7 },
		  "x1, layer 0, index 7" },
		{ { .vendor = { (const u8 *)"ac\nme\x1b", 6 }, .instance = BYTES(ueid) },
		  "ac?me?, instance d90226420102" },
		{ { .class_id = BYTES(oid), .group = BYTES(ueid) },
		  "class d86f552b00000000000000000000000000000000..., group d90226420102" },
		{ { .vendor = BYTES_NONE }, "" },
	};
	struct acs_env x = { 0 };
	char text[160], cut[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		x.env = cases[i].env;
		assert_string_equal(acs_env_text(&x, text, sizeof(text)), cases[i].text);
		assert_memory_equal(acs_env_text(&x, cut, sizeof(cut)), cases[i].text,
				    strnlen(cases[i].text, sizeof(cut) - 1));
	}
}

/* ---- a key is the same however it is written ---- */
static void one_key_has_one_hash_in_every_form(void **state)
{
	struct cert_request rq = { .common_name = "k", .not_before = 1, .not_after = 1900000000 };
	OWNED(keypair) key = NULL;
	OWNED(cert) cert = NULL;
	OWNED(buf) pem = buf_new(4096);
	OWNED(buf) cert_text = buf_new(4096);
	struct err e = { 0 };
	u8 want[32], got[32];

	(void)state;
	assert_ok(keypair_new(KEY_P256, 0, &key, &e), &e);
	rq.key = keypair_pub(key);
	rq.issuer_key = key;
	assert_ok(cert_make(&rq, &cert, &e), &e);
	assert_ok(pubkey_pem(rq.key, &pem->w, &e), &e);
	assert_ok(cert_pem(cert, &cert_text->w, &e), &e);
	memcpy(want, cert_key_hash(cert), 32);
	for (int form = 0; form < 5; form++) {
		OWNED(buf) item = buf_new(8192);

		switch (form) {
		case 0:
			cbor_put_tag(&item->w, 554);
			cbor_put_text(&item->w, buf_bytes(pem));
			break;
		case 1:
			cbor_put_tag(&item->w, 555);
			cbor_put_text(&item->w, buf_bytes(cert_text));
			break;
		case 2:
			cbor_put_tag(&item->w, 558);
			assert_ok(cose_key_write(rq.key, &item->w, &e), &e);
			break;
		case 3:
			cbor_put_tag(&item->w, 562);
			cbor_put_bytes(&item->w, cert_der(cert));
			break;
		default:
			cbor_put_tag(&item->w, 557);
			cbor_put_array(&item->w, 2);
			cbor_put_uint(&item->w, 1);
			cbor_put_bytes(&item->w, (struct bytes){ want, 32 });
		}
		assert_true(authority_key_hash(buf_bytes(item), got));
		assert_memory_equal(got, want, 32);
	}
	OWNED(buf) opaque = edn("560(h'00')");
	assert_false(authority_key_hash(buf_bytes(opaque), got));
	OWNED(buf) sha384 = edn("557([7, h'00'])");
	assert_false(authority_key_hash(buf_bytes(sha384), got));
}

/* ---- the order of things that feed each other ---- */
static void an_order_leaves_out_circles_and_nothing_else(void **state)
{
	static const struct {
		size_t n, n_edges, n_ordered;
		struct feeds edges[6];
		u32 order[6];
		const char *refused; /* a digit each */
	} cases[] = {
		{ 3, 0, 3, { { 0 } }, { 0, 1, 2 }, "" },
		{ 3, 2, 3, { { 2, 1 }, { 1, 0 } }, { 2, 1, 0 }, "" },
		{ 2, 2, 0, { { 0, 1 }, { 1, 0 } }, { 0 }, "01" },
		{ 1, 1, 0, { { 0, 0 } }, { 0 }, "0" },
		{ 4, 4, 2, { { 0, 1 }, { 1, 2 }, { 2, 1 }, { 2, 3 } }, { 0, 3 }, "12" },
		{ 3, 3, 3, { { 0, 2 }, { 0, 2 }, { 1, 2 } }, { 0, 1, 2 }, "" },
		/* 1 stands between two circles */
		{ 5,
		  6,
		  0,
		  { { 0, 3 }, { 3, 0 }, { 0, 1 }, { 1, 2 }, { 2, 4 }, { 4, 2 } },
		  { 0 },
		  "01234" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct feeds edges[6];
		u32 order[6];
		bool refused[6];
		size_t n;
		struct err e = { 0 };

		memcpy(edges, cases[i].edges, sizeof(edges));
		assert_ok(order_find(cases[i].n, edges, cases[i].n_edges, order, &n, refused, &e),
			  &e);
		assert_int_equal(n, cases[i].n_ordered);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(order[k], cases[i].order[k]);
		for (size_t k = 0; k < cases[i].n; k++)
			if (refused[k] != (strchr(cases[i].refused, '0' + (int)k) != NULL))
				fail_msg("case %zu: %zu", i, k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_references_and_endorsements_make_the_claims_set),
		cmocka_unit_test(a_circle_is_told_by_corim_and_tag),
		cmocka_unit_test(a_corim_counts_while_it_is_valid_and_its_tag_while_it_is_listed),
		cmocka_unit_test(keys_that_are_listed_are_the_only_ones_that_count),
		cmocka_unit_test(nothing_is_better_than_what_it_trusts),
		cmocka_unit_test(an_environment_is_a_text_that_a_person_can_compare),
		cmocka_unit_test(one_key_has_one_hash_in_every_form),
		cmocka_unit_test(an_order_leaves_out_circles_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
