// SPDX-License-Identifier: Apache-2.0
#include "edn.h"
#include "support.h"

#include <stdio.h>

#include "proto/cbor_tree.h"

struct drawn {
	char text[8192];
	size_t rows, stop_at;
	bool paths;
};

static int draw(void *user, const struct cbor_row *r, struct err *e)
{
	struct drawn *d = user;
	size_t len = strlen(d->text);

	if (++d->rows == d->stop_at)
		return err_set(e, E_INTERNAL, "enough");
	snprintf(d->text + len, sizeof(d->text) - len, "%zu %s|%s|%s\n", r->depth,
		 d->paths ? r->path : r->label, r->kind, r->value);
	return 0;
}

static void documents_are_drawn_row_by_row(void **state)
{
	static const struct {
		const char *text;
		enum cbor_place place;
		bool paths;
		const char *drawn;
	} rows[] = {
		{ "7", AT_ROOT, false, "0 |number|7\n" },
		{ "[true, null, -5, \"a\", h'00ff']", AT_NOWHERE, false,
		  "0 |array|\n1 0|bool|true\n1 1|null|\n1 2|number|-5\n1 3|text|a\n1 "
		  "4|bytes|h'00ff'\n" },
		/* names by the tag around them, and what a byte string holds */
		{ "501({0: \"x\", 1: [506(h'a104a10080')]})", AT_ROOT, true,
		  "0 |tag|501 unsigned CoRIM\n1 |map|\n2 id|text|x\n2 tags|array|\n3 "
		  "tags[0]|tag|506 CoMID\n"
		  "4 tags[0]|bytes|5, holding\n5 tags[0]|map|\n6 tags[0].triples|map|\n"
		  "7 tags[0].triples.0|array|\n" },
		/* no name where the place is not known; no unwrapping either */
		{ "{4: h'a0'}", AT_NOWHERE, false, "0 |map|\n1 4|bytes|h'a0'\n" },
		{ "{4: 1, -75202: h'', \"k\": 2}", AT_ROOT, false,
		  "0 |map|\n1 4 exp|number|1\n1 -75202 quote|bytes|h''\n1 k|number|2\n" },
		/* a submodule's name is no key, and what it is of holds claims */
		{ "{266: {\"a\": {10: h'01'}, 4: {10: 1}}}", AT_CLAIMS, true,
		  "0 |map|\n1 submods|map|\n2 submods.a|map|\n3 submods.a.eat_nonce|bytes|h'01'\n"
		  "2 submods.4|map|\n3 submods.4.eat_nonce|number|1\n" },
		/* lists of records against records */
		{ "{0: [[{0: {1: \"v\"}}, [{1: {1: 552(3)}}]]]}", AT_TRIPLES, true,
		  "0 |map|\n1 0|array|\n2 0[0]|array|\n"
		  "3 0[0].environment|map|\n4 "
		  "0[0].environment.class|map|\n"
		  "5 0[0].environment.class.vendor|text|v\n"
		  "3 0[0].measurements|array|\n4 "
		  "0[0].measurements[0]|map|\n"
		  "5 0[0].measurements[0].mval|map|\n"
		  "6 0[0].measurements[0].mval.svn|tag|552 SVN\n"
		  "7 0[0].measurements[0].mval.svn|number|3\n" },
		/* keys of other kinds */
		{ "{h'01': 1, [1]: 2}", AT_ROOT, false,
		  "0 |map|\n1 h'4101'|number|1\n1 h'8101'|number|2\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = edn(rows[i].text);
		struct drawn d = { .paths = rows[i].paths };
		u8 *copy = heap_copy(buf_bytes(b));
		struct err e = { 0 };

		assert_ok(cbor_tree((struct bytes){ copy, b->w.len }, rows[i].place, draw, &d, &e),
			  &e);
		free(copy);
		if (strcmp(d.text, rows[i].drawn))
			fail_msg("%s:\n%s", rows[i].text, d.text);
	}
}

static void what_diagnostic_notation_here_cannot_write_is_drawn_too(void **state)
{
	static const struct {
		const char *hex, *drawn;
	} rows[] = {
		{ "f93c00", "0 |float|h'f93c00'\n" },
		{ "f7", "0 |float|h'f7'\n" },
		{ "1bffffffffffffffff", "0 |number|h'1bffffffffffffffff'\n" },
		{ "3bffffffffffffffff", "0 |number|h'3bffffffffffffffff'\n" },
		{ "5f4101ff", "0 |bytes in pieces|h'5f4101ff'\n" },
		{ "7f6161ff", "0 |text in pieces|h'7f6161ff'\n" },
		{ "9f01ff", "0 |array|\n1 0|number|1\n" },
		{ "bf0102ff", "0 |map|\n1 1|number|2\n" },
		{ "63610062", "0 |text|a?b\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(rows[i].hex);
		struct drawn d = { 0 };
		struct err e = { 0 };

		assert_ok(cbor_tree(buf_bytes(b), AT_NOWHERE, draw, &d, &e), &e);
		assert_string_equal(d.text, rows[i].drawn);
	}
}

static void long_strings_are_shown_by_their_beginning(void **state)
{
	OWNED(buf) b = buf_new(4096);
	struct drawn d = { 0 };
	struct err e = { 0 };

	(void)state;
	cbor_put_array(&b->w, 2);
	cbor_put_bytes_head(&b->w, 100);
	write_zeros(&b->w, 100);
	cbor_put_text(&b->w, bytes_text(""));
	b->w.len--;
	write_u8(&b->w, 0x79);
	write_be16(&b->w, 999);
	for (int i = 0; i < 333; i++)
		write_bytes(&b->w, bytes_text("\xe2\x82\xac")); /* a letter of three bytes */
	assert_ok(cbor_tree(buf_bytes(b), AT_ROOT, draw, &d, &e), &e);
	assert_non_null(strstr(d.text, "00...' (100 bytes)"));
	assert_non_null(strstr(d.text, "\xe2\x82\xac... (999 bytes)"));
}

static void rows_and_depth_have_an_end(void **state)
{
	OWNED(buf) wide = buf_new(1 << 20);
	OWNED(buf) deep = buf_copy(bytes_text("\xa0"));
	struct drawn d = { .stop_at = 2 };
	struct err e = { 0 };

	(void)state;
	cbor_put_array(&wide->w, CBOR_TREE_ROWS_MAX);
	for (size_t i = 0; i < CBOR_TREE_ROWS_MAX; i++)
		cbor_put_uint(&wide->w, 1);
	assert_refused(cbor_tree(buf_bytes(wide), AT_ROOT, draw, &d, &e), &e, E_INTERNAL, "enough");
	d = (struct drawn){ 0 };
	d.text[0] = 0;
	assert_refused(cbor_tree(buf_bytes(wide), AT_ROOT, draw, &d, &e), &e, E_LIMIT,
		       "more than 100000 items");
	/* a token in a token in a token: each opened, until it is too deep to be shown */
	for (int i = 0; i < 20; i++) {
		OWNED(buf) outer = buf_new(4096);

		cbor_put_tag(&outer->w, 18);
		cbor_put_array(&outer->w, 4);
		cbor_put_bytes(&outer->w, BYTES_NONE);
		cbor_put_map(&outer->w, 0);
		cbor_put_bytes(&outer->w, buf_bytes(deep));
		cbor_put_bytes(&outer->w, BYTES_NONE);
		buf_drop(&deep);
		deep = TAKE(outer);
	}
	d = (struct drawn){ 0 };
	assert_refused(cbor_tree(buf_bytes(deep), AT_ROOT, draw, &d, &e), &e, E_LIMIT,
		       "too deep to be shown");
	assert_refused(cbor_tree(bytes_text("\x81"), AT_ROOT, draw, &d, &e), &e, E_FORMAT, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_drawn_row_by_row),
		cmocka_unit_test(what_diagnostic_notation_here_cannot_write_is_drawn_too),
		cmocka_unit_test(long_strings_are_shown_by_their_beginning),
		cmocka_unit_test(rows_and_depth_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
