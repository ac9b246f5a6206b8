// SPDX-License-Identifier: Apache-2.0
/* Every kind of triple and tag: what is read of it, and the path at which a fault is found. */
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "proto/corim.h"

/* ENV: an environment, MM: a list with one measurement; in the rows below */
#define ENV  "{0: {1: \"v\"}}"
#define MM   "[{0: 1, 1: {1: 5}}]"
#define KEYS "[557([1, h'aa'])]"

/* 501({0: "c", 1: [506(<<CoMID with @triples>>)]}) */
static int parse_triples(const char *triples, struct corim **out, struct err *e)
{
	OWNED(buf) text = buf_new(65536);

	write_bytes(&text->w, bytes_text("501({0: \"c\", 1: [506(<<{1: {0: \"t\"}, 4: "));
	write_bytes(&text->w, bytes_text(triples));
	write_bytes(&text->w, bytes_text("}>>)]})"));
	write_u8(&text->w, 0);
	OWNED(buf) b = edn((const char *)text->w.at);
	u8 *copy = heap_copy(buf_bytes(b));
	int rc = corim_parse((struct bytes){ copy, b->w.len }, out, e);

	free(copy);
	return rc;
}

static void each_kind_of_triple_is_read(void **state)
{
	static const char all[] =
		"{0: [[" ENV ", " MM "]],"
		" 1: [[" ENV ", " MM "], [" ENV ", " MM "]],"
		" 2: [[" ENV ", " KEYS "]],"
		" 3: [[" ENV ", " KEYS ", {0: 7, 1: " KEYS "}]],"
		" 4: [[" ENV ", [{0: {1: \"w\"}}, {0: {1: \"x\"}}]]],"
		" 5: [[" ENV ", [{1: 550(h'01aabbccddeeff00')}]]],"
		" 6: [[" ENV ", [\"swid\", h'00112233445566778899aabbccddeeff']]],"
		" 8: [[[" ENV ", [], " KEYS "], [[" MM ", " MM "], [" MM ", " MM "]]]],"
		" 10: [[[[" ENV ", " MM "], [{2: 37(h'00112233445566778899aabbccddeeff')}, " MM
		"]], [[" ENV ", " MM "]]]]}";
	OWNED(corim) c = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(parse_triples(all, &c, &e), &e);
	assert_int_equal(corim_triples(c), 10);
	assert_int_equal(c->n_references, 1);
	assert_int_equal(c->n_endorsed, 2);
	assert_int_equal(c->n_keys, 2);
	assert_int_equal(c->keys[0].use, CORIM_IDENTITY);
	assert_int_equal(c->keys[1].use, CORIM_ATTEST);
	assert_int_equal(c->keys[1].mkey.len, 1);
	assert_true(c->keys[1].authorized.len > 0);
	assert_int_equal(c->n_domains, 2);
	assert_int_equal(c->domains[0].kind, CORIM_DEPENDENCY);
	assert_int_equal(c->domains[0].n, 2);
	assert_int_equal(c->domains[1].kind, CORIM_MEMBERSHIP);
	assert_int_equal(c->n_software, 1);
	assert_int_equal(c->n_series, 1);
	assert_int_equal(c->series[0].condition.n, 0);
	assert_true(c->series[0].condition.authorized.len > 0);
	assert_int_equal(c->series[0].n, 2);
	assert_int_equal(c->series[0].items[1].addition.elements[0].mval.svn, 5);
	assert_int_equal(c->n_conditional, 1);
	assert_int_equal(c->conditional[0].n_conditions, 2);
	assert_true(c->conditional[0].conditions[1].env.group.len > 0);
	assert_int_equal(c->conditional[0].n_additions, 1);
}

static void a_fault_is_named_by_its_path(void **state)
{
	static const struct {
		const char *triples, *path;
	} rows[] = {
		{ "{}", "tags[0]: triples is empty" },
		{ "{7: []}", "tags[0]: triples: unknown kind" },
		{ "{-1: []}", "tags[0]: triples: unknown kind" },
		{ "{0: []}", "tags[0].triples.0: no triple" },
		{ "{0: [[" ENV "]]}", "tags[0].triples.0[0]: not a pair" },
		{ "{0: [[" ENV ", " MM "], [{}, " MM "]]}",
		  "tags[0].triples.0[1].environment: environment is empty" },
		{ "{0: [[{0: {9: 1}}, " MM "]]}",
		  "tags[0].triples.0[0].environment.class: class: unknown key" },
		{ "{0: [[{0: {0: 560(h'')}}, " MM "]]}",
		  "tags[0].triples.0[0].environment.class: class-id" },
		{ "{0: [[{1: 550(h'010203')}, " MM "]]}",
		  "tags[0].triples.0[0].environment: instance" },
		{ "{0: [[" ENV ", []]]}", "tags[0].triples.0[0]: measurements: none" },
		{ "{0: [[" ENV ", [{1: {1: 5}}, {1: {2: []}}]]]}",
		  "tags[0].triples.0[0].measurements[1].mval.digests: digests: none" },
		{ "{0: [[" ENV ", [{1: {6: h'0102'}}]]]}",
		  "tags[0].triples.0[0].measurements[0].mval.mac-addr: mac-addr" },
		{ "{0: [[" ENV ", [{1: {13: [99(h'00')]}}]]]}",
		  "measurements[0].mval.cryptokeys.cryptokeys: not a key of a known kind" },
		{ "{0: [[" ENV ", [{0: h'00', 1: {1: 5}}]]]}",
		  "measurements[0]: mkey is missing, or not what may stand there" },
		{ "{0: [[" ENV ", [{1: {1: 5, 1: 6}}]]]}", "map key twice, in 4.0[0][1][0].1.1" },
		{ "{0: [[" ENV ", [{1: {1: 5}, 2: []}]]]}",
		  "measurements[0].authorized-by: no key, or too many" },
		{ "{2: [[" ENV ", []]]}", "tags[0].triples.2[0].keys: no key, or too many" },
		{ "{3: [[" ENV ", " KEYS ", {}]]}", "tags[0].triples.3[0]: conditions is empty" },
		{ "{4: [[" ENV ", []]]}", "tags[0].triples.4[0]: environments is empty" },
		{ "{5: [[" ENV ", [{}]]]}",
		  "tags[0].triples.5[0].environments[0].environment: environment is empty" },
		{ "{6: [[" ENV ", []]]}", "tags[0].triples.6[0]: tag-ids is empty" },
		{ "{8: [[[" ENV ", []], []]]}", "tags[0].triples.8[0]: series is empty" },
		{ "{8: [[[" ENV ", []], [[" MM ", []]]]]}",
		  "tags[0].triples.8[0].series[0].addition: measurements: none" },
		{ "{10: [[[], [[" ENV ", " MM "]]]]}", "tags[0].triples.10[0]: conditions" },
		{ "{10: [[[[" ENV ", " MM "]], [[" ENV ", [{1: {}}]]]]]}",
		  "triples.10[0].endorsements[0].measurements[0].mval: mval is empty" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		if (!parse_triples(rows[i].triples, &c, &e))
			fail_msg("accepted: %s", rows[i].triples);
		if (!strstr(e.text, rows[i].path))
			fail_msg("%s:\n  said \"%s\"\n  expected \"%s\"", rows[i].triples, e.text,
				 rows[i].path);
	}
}

#define COMID "506(<<{1: {0: \"t\", 1: 3}, 4: {0: [[" ENV ", " MM "]]}}>>)"

static void the_map_around_tags_is_read_or_refused(void **state)
{
	static const struct {
		const char *corim, *why; /* NULL: accepted */
	} rows[] = {
		{ "501({0: \"c\", 1: [" COMID "]})", NULL },
		{ "501({0: h'00112233445566778899aabbccddeeff', 1: [" COMID "]})", NULL },
		{ "501({0: \"c\", 1: [" COMID "], 2: [{0: 32(\"https://e.example/r\")}]})", NULL },
		{ "501({0: \"c\", 1: [" COMID "], 2: [{1: 5}]})", "locator without href" },
		{ "501({0: \"c\", 1: [" COMID "], 3: 32(\"https://e.example/p\")})",
		  "profile is not one" },
		{ "501({0: \"c\", 1: [" COMID "], 5: [{0: \"e\", 2: [1, 2]}]})", NULL },
		{ "501({0: \"c\", 1: [" COMID "], 5: [{0: \"e\", 2: [2]}, {0: \"f\", 2: [2]}]})",
		  "entities[1]: a second manifest-signer" },
		{ "501({0: \"c\", 1: [" COMID "], 5: [{0: \"e\"}]})", "entities[0]: entity lacks" },
		{ "501({0: \"c\", 1: [" COMID "], 5: []})", "entities is empty" },
		{ "501({0: \"c\", 1: [" COMID "], 9: 1})", "corim-map: unknown key" },
		{ "501({0: \"c\"})", "lacks id or tags" },
		{ "501({0: \"c\", 1: [" COMID ", 508(<<{0: {0: \"l\"}, 1: [{0: \"t\", 1: 3}],"
		  " 2: {1: 1(4567)}}>>)]})",
		  NULL },
		{ "501({0: \"c\", 1: [508(<<{0: {0: \"l\"}, 1: [{0: \"t\"}]}>>)]})",
		  "tags[0]: concise-tl-tag lacks" },
		{ "501({0: \"c\", 1: [508(<<{0: {0: \"l\"}, 1: [{1: 1}], 2: {1: 1(5)}}>>)]})",
		  "tags[0].tags-list[0]: tag-identity without tag-id" },
		{ "501({0: \"c\", 1: [505(<<{0: \"s\", 12: 0, 1: \"name\", 2: []}>>)]})", NULL },
		{ "501({0: \"c\", 1: [505(<<{1: \"name\"}>>)]})",
		  "concise-swid-tag without tag-id" },
		{ "501({0: \"c\", 1: [507(<<{}>>)]})", "neither CoMID, CoSWID nor CoTL" },
		{ "501({0: \"c\", 1: [506(h'ff')]})",
		  "tags[0]: its content: CBOR at byte 1: break" },
		{ "501({0: \"c\", 1: [h'00']})", "bare byte string" },
		{ "500(501({0: \"c\", 1: [" COMID "]}))", "not a CoRIM" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i].corim);
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		int rc = corim_parse(buf_bytes(b), &c, &e);

		if (!rc != !rows[i].why || (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %s", rows[i].corim, rc ? e.text : "accepted");
	}
}

static void tags_keep_what_a_cotl_needs_to_find_them(void **state)
{
	OWNED(buf)
	b = edn("501({0: \"c\", 1: [" COMID ","
		" 508(<<{0: {0: \"l\", 1: 2}, 1: [{0: \"t\", 1: 3}], 2: {0: 1(12), 1: 1(45)}}>>),"
		" 505(<<{0: \"s\", 1: \"name\", 12: 9}>>)]})");
	OWNED(corim) c = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_int_equal(c->n_tags, 3);
	assert_int_equal(c->tags[0].kind, CORIM_COMID);
	assert_string_equal(c->tags[0].id, "t");
	assert_int_equal(c->tags[0].version, 3);
	assert_int_equal(c->tags[1].kind, CORIM_COTL);
	assert_int_equal(c->tags[1].n_listed, 1);
	assert_string_equal(c->tags[1].listed[0].id, "t");
	assert_int_equal(c->tags[1].listed[0].version, 3);
	assert_int_equal(c->tags[1].not_before, 12);
	assert_int_equal(c->tags[1].not_after, 45);
	assert_string_equal(c->tags[2].software, "name");
	assert_int_equal(c->tags[2].version, 9);
}

/* What NVIDIA ships for its network cards: nothing of it is read unless the operator says so. */
static void shapes_of_old_drafts_are_read_behind_a_switch_only(void **state)
{
	static const char *const rows[] = {
		"500(501({0: \"c\", 1: [" COMID "]}))",
		"{0: \"c\", 1: [" COMID "]}",
		"500(501({0: \"c\", 1: [<<{1: {0: \"t\"}, 4: {0: [[" ENV ", " MM "]]}}>>]}))",
		"500(502({0: \"c\", 1: [<<{1: {0: \"t\"}, 4: {0: [[" ENV ", " MM "]]}}>>]}))",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i]);
		OWNED(corim) strict = NULL;
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		assert_int_not_equal(corim_parse(buf_bytes(b), &strict, &e), 0);
		e = (struct err){ 0 };
		assert_ok(corim_read(buf_bytes(b), CORIM_OLD_SHAPES, BYTES_NONE, &c, &e), &e);
		assert_true(c->old_shape);
		assert_int_equal(c->n_references, 1);
	}
}

static void items_are_the_same_in_whatever_encoding(void **state)
{
	static const struct {
		const char *a, *b; /* hex */
		bool same;
	} rows[] = {
		{ "01", "1801", true },
		{ "01", "02", false },
		{ "01", "20", false },
		{ "d86f420102", "d9006f420102", true },
		{ "d86f420102", "d82542 0102", false },
		{ "a201020304", "a203040102", true },
		{ "a201020304", "a203040105", false },
		{ "a10102", "a201020304", false },
		{ "820102", "9f0102ff", true },
		{ "820102", "820201", false },
		{ "6161", "4161", false },
		{ "f6", "f6", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) a = from_hex(rows[i].a);
		OWNED(buf) b = from_hex(rows[i].b);

		if (cbor_same(buf_bytes(a), buf_bytes(b)) != rows[i].same ||
		    cbor_same(buf_bytes(b), buf_bytes(a)) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void plain_values_are_equal_or_not(void **state)
{
	static const struct {
		const char *condition, *entry;
		enum corim_match answer;
	} rows[] = {
		{ "{11: \"a\"}", "{11: \"a\", 1: 5}", CORIM_MATCHES },
		{ "{11: \"a\"}", "{11: \"b\"}", CORIM_OTHER_VALUE },
		{ "{11: \"a\"}", "{1: 5}", CORIM_ABSENT },
		{ "{8: \"a\", 1: 5}", "{1: 5}", CORIM_ABSENT },
		{ "{10: h'00112233445566778899aabbccddeeff'}",
		  "{10: h'00112233445566778899aabbccddeeff'}", CORIM_MATCHES },
		{ "{13: [560(h'aa'), 560(h'bb')]}", "{13: [560(h'aa'), 560(h'bb')]}",
		  CORIM_MATCHES },
		{ "{13: [560(h'aa'), 560(h'bb')]}", "{13: [560(h'bb'), 560(h'aa')]}",
		  CORIM_OTHER_VALUE },
		{ "{7: h'0a000001'}", "{7: h'0a000002'}", CORIM_OTHER_VALUE },
		{ "{-5: 1}", "{-5: 1}", CORIM_NO_COMPARISON },
		{ "{12: {0: [1]}}", "{12: {0: [1]}}", CORIM_NO_COMPARISON },
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		snprintf(text, sizeof(text), "{0: [[" ENV ", [{1: %s}, {1: %s}]]]}",
			 rows[i].condition, rows[i].entry);
		assert_ok(parse_triples(text, &c, &e), &e);
		if (corim_mval_matches(&c->references[0].elements[0].mval,
				       &c->references[0].elements[1].mval) != rows[i].answer)
			fail_msg("%s against %s", rows[i].condition, rows[i].entry);
	}
}

/* Draft 11 as published compares whole maps; what follows it looks for each member. */
static void the_published_draft_compares_whole_values(void **state)
{
	static const struct {
		const char *condition, *entry;
		bool env, contained, whole;
	} rows[] = {
		{ "{3: {3: false}}", "{3: {3: false, 1: true}}", false, true, false },
		{ "{3: {3: false}}", "{3: {3: false}}", false, true, true },
		{ "{0: {0: \"1\"}}", "{0: {0: \"1\", 1: 1}}", false, true, false },
		{ "{0: {1: \"v\"}}", "{0: {1: \"v\", 2: \"m\"}}", true, true, false },
		{ "{0: {1: \"v\"}}", "{0: {1: \"v\"}, 1: 560(h'aa')}", true, true, true },
		{ "{1: 560(h'aa')}", "{0: {1: \"v\"}, 1: 560(h'aa')}", true, true, true },
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };
		bool contained, whole;

		snprintf(text, sizeof(text),
			 rows[i].env ? "{0: [[%s, " MM "], [%s, " MM "]]}"
				     : "{0: [[" ENV ", [{1: %s}, {1: %s}]]]}",
			 rows[i].condition, rows[i].entry);
		assert_ok(parse_triples(text, &c, &e), &e);
		if (rows[i].env) {
			const struct corim_env *a = &c->references[0].env,
					       *b = &c->references[1].env;

			contained = corim_env_matches_by(CORIM_CONTAINMENT, a, b);
			whole = corim_env_matches_by(CORIM_WHOLE, a, b);
		} else {
			const struct corim_mval *a = &c->references[0].elements[0].mval;
			const struct corim_mval *b = &c->references[0].elements[1].mval;

			contained = !corim_mval_matches_by(CORIM_CONTAINMENT, a, b);
			whole = !corim_mval_matches_by(CORIM_WHOLE, a, b);
		}
		if (contained != rows[i].contained || whole != rows[i].whole)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_triple_is_read),
		cmocka_unit_test(a_fault_is_named_by_its_path),
		cmocka_unit_test(the_map_around_tags_is_read_or_refused),
		cmocka_unit_test(tags_keep_what_a_cotl_needs_to_find_them),
		cmocka_unit_test(shapes_of_old_drafts_are_read_behind_a_switch_only),
		cmocka_unit_test(items_are_the_same_in_whatever_encoding),
		cmocka_unit_test(plain_values_are_equal_or_not),
		cmocka_unit_test(the_published_draft_compares_whole_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
