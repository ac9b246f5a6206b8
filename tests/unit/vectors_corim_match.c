// SPDX-License-Identifier: Apache-2.0
/*
 * The truth table of CoRIM's comparison: each row gives a condition and an entry in diagnostic notation,
 * and whether the one matches the other. What cannot be read matches nothing.
 */
#include "edn.h"
#include "support.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/corim.h"

/* ---- rows ---- */
/* A CoRIM whose one triple holds @edn as its environment, or as the value at @code_point. */
static struct corim *corim_with(int code_point, const char *text)
{
	u8 item[1024], comid_room[2048], room[4096];
	struct writer value = writer_on(item, sizeof(item));
	struct writer comid = writer_on(comid_room, sizeof(comid_room));
	struct writer w = writer_on(room, sizeof(room));
	struct corim *c = NULL;
	struct err e = { 0 };
	edn_put(text, &value);
	OWNED(buf) head = from_hex("a2 01a1006174 04a10081 82"); /* CoMID "t", one reference */
	OWNED(buf) env = from_hex("a100a1016176");		 /* vendor "v" */
	write_bytes(&comid, buf_bytes(head));
	write_bytes(&comid, code_point < 0 ? write_done(&value) : buf_bytes(env));
	cbor_put_array(&comid, 1);
	cbor_put_map(&comid, 1);
	cbor_put_uint(&comid, 1);
	cbor_put_map(&comid, 1);
	cbor_put_uint(&comid, code_point < 0 ? 1 : (u64)code_point);
	write_bytes(&comid, code_point < 0 ? bytes_text("\x05") : write_done(&value));
	OWNED(buf) start = from_hex("d901f5 a2 006163 0181 d901fa");
	write_bytes(&w, buf_bytes(start));
	cbor_put_bytes(&w, write_done(&comid));
	return corim_parse(write_done(&w), &c, &e) ? NULL : c;
}

static int code_point_of(const char *kind)
{
	static const struct {
		const char *kind;
		int code_point;
	} rows[] = {
		{ "version", 0 },    { "svn", 1 },	    { "digests", 2 },
		{ "flags", 3 },	     { "raw-value", 4 },    { "integrity-registers", 14 },
		{ "int-range", 15 }, { "environment", -1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(kind, rows[i].kind))
			return rows[i].code_point;
	fail_msg("no such kind: %s", kind);
	return -1;
}

static bool matches(const char *kind, const char *condition, const char *entry)
{
	OWNED(corim) c = corim_with(code_point_of(kind), condition);
	OWNED(corim) a = corim_with(code_point_of(kind), entry);

	if (!c || !a)
		return false;
	if (code_point_of(kind) < 0)
		return corim_env_matches(&c->references[0].env, &a->references[0].env);
	return corim_mval_matches(&c->references[0].elements[0].mval,
				  &a->references[0].elements[0].mval) == CORIM_MATCHES;
}

static void every_row_of_the_truth_table_holds(void **state)
{
	OWNED(buf) b = third_party("rats/derived/match-rules.json");
	json_t *all = json_loadb((const char *)b->w.at, b->w.len, 0, NULL), *row;
	size_t i, wrong = 0;

	(void)state;
	json_array_foreach(all, i, row)
	{
		const char *kind = json_string_value(json_object_get(row, "kind"));
		const char *c = json_string_value(json_object_get(row, "condition"));
		const char *a = json_string_value(json_object_get(row, "entry"));
		bool expect = json_is_true(json_object_get(row, "expect"));

		if (matches(kind, c, a) != expect) {
			print_error("%s: %s against %s: expected %s\n", kind, c, a,
				    expect ? "a match" : "no match");
			wrong++;
		}
	}
	assert_int_equal(i, 33);
	assert_int_equal(wrong, 0);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_truth_table_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
