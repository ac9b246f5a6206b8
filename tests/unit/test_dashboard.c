// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>
#include <string.h>

#include "server/dashboard.h"

static void what_a_browser_says_of_gzip_is_understood(void **state)
{
	static const struct {
		const char *accept;
		bool takes;
	} rows[] = {
		{ NULL, false },
		{ "", false },
		{ "gzip", true },
		{ "GZIP", true },
		{ "gzip, deflate, br, zstd", true },
		{ "deflate,gzip", true },
		{ "deflate, \tgzip;q=0.5", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.000", false },
		{ "*;q=0, gzip;q=0.001", true },
		{ "identity", false },
		{ "x-gzip", false },
		{ "gzipped", false },
		{ "*", true },
		{ "*;q=0", false },
		{ ",,,", false },
		{ " ", false },
		{ ", gzip", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (dashboard_takes_gzip(rows[i].accept) != rows[i].takes)
			fail_msg("\"%s\"", rows[i].accept ? rows[i].accept : "(none)");
}

static bool holds(struct bytes b, const char *text)
{
	return memmem(b.at, b.len, text, strlen(text));
}

static void every_file_is_there_twice_with_a_type_and_a_tag(void **state)
{
	(void)state;
	assert_true(n_dashboard_files > 20);
	for (size_t i = 0; i < n_dashboard_files; i++) {
		const struct dashboard_file *f = &dashboard_files[i];

		assert_ptr_equal(dashboard_find(f->name), f);
		assert_true(strlen(f->type) > 5);
		assert_int_equal(strlen(f->tag), 30);
		assert_true(f->plain.len > 0 && f->gzip.len > 18);
		assert_int_equal(f->gzip.at[0], 0x1f);
		assert_int_equal(f->gzip.at[1], 0x8b);
	}
	assert_null(dashboard_find("../server.conf"));
	assert_null(dashboard_find(""));
}

/* Whatever the pages ask for by name is in the program. */
static void what_the_page_names_is_there(void **state)
{
	const struct dashboard_file *index = dashboard_find("index.html");
	size_t named = 0;

	(void)state;
	assert_non_null(index);
	assert_true(holds(index->plain, dashboard_version));
	assert_false(holds(index->plain, "@VERSION@"));
	for (size_t at = 0; at + 8 < index->plain.len; at++) {
		char name[64];
		size_t from = at + strlen("/assets/") + strlen(dashboard_version) + 1, len = 0;

		if (memcmp(index->plain.at + at, "/assets/", 8))
			continue;
		while (from + len < index->plain.len && index->plain.at[from + len] != '"')
			len++;
		snprintf(name, sizeof(name), "%.*s", (int)len,
			 (const char *)index->plain.at + from);
		if (!dashboard_find(name))
			fail_msg("%s", name);
		named++;
	}
	assert_true(named >= 4);
}

/* A policy without 'unsafe-inline' would refuse it, and a test is cheaper than a page that stays empty. */
static void nothing_is_inline_and_nothing_comes_from_elsewhere(void **state)
{
	static const char *const never[] = { "innerHTML",      "outerHTML", "insertAdjacentHTML",
					     "document.write", "eval(",	    "new Function",
					     "javascript:",    "http://",   "https://" };

	(void)state;
	for (size_t i = 0; i < n_dashboard_files; i++)
		for (size_t k = 0; k < ARRAY_LEN(never); k++) {
			const struct dashboard_file *f = &dashboard_files[i];

			if (!strcmp(f->name, "chart.js") ||
			    (k >= 7 && (holds(f->plain, "http://www.w3.org/2000/svg"))))
				continue; /* the packaged library; a namespace's name */
			if (holds(f->plain, never[k]))
				fail_msg("%s has %s", f->name, never[k]);
		}
	assert_false(holds(dashboard_find("index.html")->plain, "<style"));
	assert_false(holds(dashboard_find("index.html")->plain, " style="));
	assert_false(holds(dashboard_find("index.html")->plain, " onclick"));
	assert_false(holds(dashboard_find("index.html")->plain, "<script>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_browser_says_of_gzip_is_understood),
		cmocka_unit_test(every_file_is_there_twice_with_a_type_and_a_tag),
		cmocka_unit_test(what_the_page_names_is_there),
		cmocka_unit_test(nothing_is_inline_and_nothing_comes_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
