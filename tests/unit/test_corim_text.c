// SPDX-License-Identifier: Apache-2.0
/* Reference values as text: what becomes of them, and the line at which a fault is found. */
#include "support.h"

#include <stdio.h>

#include "proto/corim_json.h"
#include "proto/corim_text.h"

#define SHA "8b2e1cf9ae29cd5dd3d0c76fd0e4bd3fd1b5b1e2bbf1a6ac46ef2b1e2c6f3d1a"

static int parse(const char *text, struct corim **out, struct err *e)
{
	u8 *copy = heap_copy(bytes_text(text));
	int rc = corim_text_parse((struct bytes){ copy, strlen(text) }, out, e);

	free(copy);
	return rc;
}

/* Written and read again, so that what is compared went over the wire. */
static json_t *statements(const char *text)
{
	OWNED(corim) from = NULL;
	OWNED(corim) back = NULL;
	OWNED(buf) bytes = NULL;
	struct corim_draft d;
	struct err e = { 0 };

	assert_ok(parse(text, &from, &e), &e);
	d = corim_text_draft(from);
	assert_ok(corim_write(&d, NULL, NULL, &bytes, &e), &e);
	assert_ok(corim_parse(buf_bytes(bytes), &back, &e), &e);
	assert_string_equal(back->id, from->id);
	assert_int_equal(back->not_before, from->not_before);
	assert_int_equal(back->not_after, from->not_after);
	return corim_triples_json(back);
}

static void each_line_becomes_what_it_says(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "[reference]\nvendor = v\nmodel = m m\nelement = 2\ndigest = sha-256:" SHA,
		  "[{'kind':'reference','environment':{'vendor':'v','model':'m m'},"
		  "'elements':[{'key':2,'digests':['sha-256;" SHA "']}]}]" },
		{ "# a comment\r\n\n [reference]\r\nmodel=m\n  layer = 1\nindex = 0\ninstance = "
		  "00fF\n"
		  "svn = 7\nelement = kernel\nmin-svn = 3\nversion = 1 = 2\n",
		  "[{'kind':'reference','environment':{'model':'m','layer':1,'index':0,"
		  "'instance':'d902304200ff'},'elements':[{'svn':7},"
		  "{'key':'kernel','min_svn':3,'version':'1 = 2'}]}]" },
		{ "[endorsed]\nvendor = v\nname = CVE-1\nserial = s\nflags = !secure, debug\nraw = "
		  "0102\n"
		  "raw-mask = ff00",
		  "[{'kind':'endorsed','environment':{'vendor':'v'},'elements':[{'name':'CVE-1',"
		  "'serial':'s','flags':{'secure':false,'debug':true},'raw':'0102',"
		  "'raw_mask':'ff00'}]}]" },
		{ "[when]\nvendor = v\nsvn = 1\n[when]\nvendor = w\nsvn = 2\n[then]\nvendor = "
		  "v\nsvn = 3\n"
		  "[when]\nvendor = x\nsvn = 4\n[then]\nvendor = x\nsvn = 5\n[then]\nvendor = "
		  "y\nsvn = 6",
		  "[{'kind':'conditional','conditions':["
		  "{'environment':{'vendor':'v'},'elements':[{'svn':1}]},"
		  "{'environment':{'vendor':'w'},'elements':[{'svn':2}]}],'additions':["
		  "{'environment':{'vendor':'v'},'elements':[{'svn':3}]}]},"
		  "{'kind':'conditional','conditions':["
		  "{'environment':{'vendor':'x'},'elements':[{'svn':4}]}],'additions':["
		  "{'environment':{'vendor':'x'},'elements':[{'svn':5}]},"
		  "{'environment':{'vendor':'y'},'elements':[{'svn':6}]}]}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[2000], want[2000];
		json_t *got, *expected;

		snprintf(text, sizeof(text),
			 "id = a\nvalid-from = 2026-11-01T00:00:00Z\n"
			 "valid-until = 2028-01-01T00:00:00Z\n%s",
			 rows[i].text);
		snprintf(want, sizeof(want), "%s", rows[i].want);
		for (char *p = want; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		got = statements(text);
		expected = json_loads(want, 0, NULL);
		assert_non_null(expected);
		if (!json_equal(got, expected)) {
			char *dump = json_dumps(got, JSON_COMPACT);

			fail_msg("row %zu: %s", i, dump);
		}
		json_decref(got);
		json_decref(expected);
	}
}

static void a_fault_is_named_by_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "there is no id" },
		{ "id = a", "there is no section" },
		{ "[reference]\nvendor = v\nsvn = 1", "there is no id" },
		{ "id = a\nid = b", "line 2: id a second time" },
		{ "id =", "line 1: id has no value" },
		{ "id", "line 1: KEY = VALUE" },
		{ "id = \xc3\xa4", "line 1: plain ASCII" },
		{ "id = a\tb\001", "line 1: a control character" },
		{ "colour = red", "line 1: unknown word \"colour\"" },
		{ "vendor = v", "line 1: vendor belongs into a section" },
		{ "id = a\n[references]", "line 2: [reference], [endorsed]" },
		/* what the text form cannot say */
		{ "id = a\n[series]", "line 2: [reference], [endorsed]" },
		{ "id = a\n[attest-key]", "line 2: [reference], [endorsed]" },
		{ "id = a\n[membership]", "line 2: [reference], [endorsed]" },
		{ "id = a\n[dependency]", "line 2: [reference], [endorsed]" },
		{ "id = a\n[reference]\nvendor = v\nsvn = 1\nauthorized-by = k.pem",
		  "line 5: unknown word \"authorized-by\"" },
		{ "id = a\n[reference]\nid = b", "line 3: id belongs before" },
		{ "id = a\n[reference]\nvendor = v\n[reference]", "line 4: the section before" },
		{ "id = a\n[reference]\nsvn = 1\n", "names no vendor, model or instance" },
		{ "id = a\n[reference]\nvendor = v\nvendor = w", "line 4: vendor a second time" },
		{ "id = a\n[reference]\nvendor = v\nsvn = 1\nmodel = m", "line 5: model belongs" },
		{ "id = a\n[reference]\nvendor = v\nelement = 1\nelement = 2",
		  "line 5: the element before this line has no value" },
		{ "id = a\n[reference]\nvendor = v\nelement = 1", "has no value" },
		{ "id = a\n[reference]\nvendor = v\nsvn = -1", "line 4: a number expected" },
		{ "id = a\n[reference]\nvendor = v\nsvn = 1234567890123456789",
		  "line 4: a number" },
		{ "id = a\n[reference]\nvendor = v\nsvn = 1\nmin-svn = 1", "line 5: a second" },
		{ "id = a\n[reference]\nvendor = v\ndigest = " SHA, "line 4: sha-256:HEX" },
		{ "id = a\n[reference]\nvendor = v\ndigest = sha-256:00",
		  "line 4: 1 bytes are not" },
		{ "id = a\n[reference]\nvendor = v\ndigest = sha-256:" SHA "\ndigest = sha256:" SHA,
		  "line 5: a second digest" },
		{ "id = a\n[reference]\nvendor = v\ninstance = 0", "line 4: hex digits" },
		{ "id = a\n[reference]\nvendor = v\nflags = save", "line 4: no flag is called" },
		{ "id = a\n[reference]\nvendor = v\nflags = debug !debug", "line 4: flag debug" },
		{ "id = a\n[reference]\nvendor = v\nflags = ,", "line 4: no flag at all" },
		{ "id = a\n[reference]\nvendor = v\nraw-mask = 00", "line 4: raw-mask belongs" },
		{ "id = a\n[reference]\nvendor = v\nraw = 0011\nraw-mask = 00",
		  "not equally long" },
		{ "id = a\n[reference]\nvendor = v\nname = a\nname = b", "line 5: given a second" },
		{ "id = a\n[then]", "line 2: [then] without" },
		{ "id = a\n[when]\nvendor = v\nsvn = 1", "[when] without a [then]" },
		{ "id = a\n[when]\nvendor = v\nsvn = 1\n[reference]", "line 5: [when] without" },
		{ "id = a\nvalid-until = tomorrow", "line 2: a time like" },
		{ "id = a\nvalid-from = 2026-11-01T00:00:00Z\n[reference]\nvendor = v\nsvn = 1",
		  "needs a valid-until" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(corim) c = NULL;
		struct err e = { 0 };

		if (!parse(rows[i].text, &c, &e) || e.code != E_FORMAT ||
		    !strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s, expected %s", i, c ? "accepted" : e.text,
				 rows[i].why);
	}
}

static void what_is_too_large_is_refused(void **state)
{
	char line[1100];
	struct buf *many = buf_new(CORIM_TEXT_MAX + 1);
	OWNED(corim) c = NULL;
	struct err e = { 0 };

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = 0;
	assert_refused(parse(line, &c, &e), &e, E_FORMAT, "line 1: longer than");
	write_bytes(&many->w, bytes_text("id = a\n"));
	for (int i = 0; i < CORIM_TRIPLES_MAX + 1; i++)
		write_bytes(&many->w, bytes_text("[reference]\nvendor = v\nsvn = 1\n"));
	assert_refused(corim_text_parse(buf_bytes(many), &c, &e), &e, E_LIMIT,
		       "more than 4096 of them");
	many->w.len = 0;
	while (many->w.len <= CORIM_TEXT_MAX)
		write_u8(&many->w, '\n');
	assert_refused(corim_text_parse(buf_bytes(many), &c, &e), &e, E_LIMIT, "at most");
	buf_drop(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_becomes_what_it_says),
		cmocka_unit_test(a_fault_is_named_by_its_line),
		cmocka_unit_test(what_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
