// SPDX-License-Identifier: Apache-2.0
/* Tables on a terminal: what stands below each other, whatever is written in it. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/table.h"

static char out[65536];

static void print(void *t)
{
	table_print(t);
}

static char *printed(struct table *t)
{
	return stdout_of(print, t, out, sizeof(out));
}

static void cells_are_counted_as_a_terminal_counts_them(void **state)
{
	static const struct {
		const char *text;
		size_t cells;
	} rows[] = {
		{ "", 0 },
		{ "host-a", 6 },
		{ "\xc3\xa9", 1 },			   /* e with an accent, one character */
		{ "e\xcc\x81", 1 },			   /* the same as two */
		{ "\xe6\xbc\xa2\xe5\xad\x97", 4 },	   /* Chinese */
		{ "\xed\x95\x9c", 2 },			   /* Hangul */
		{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", 4 }, /* Hebrew */
		{ "\xe0\xb8\x81\xe0\xb8\xb4", 1 },	   /* Thai with a vowel above */
		{ "\xf0\x9f\x92\xbe", 2 },		   /* a floppy disk */
		{ "\xef\xbc\xa1", 2 },			   /* full width A */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (text_cells(rows[i].text) != rows[i].cells)
			fail_msg("\"%s\": %zu cells, not %zu", rows[i].text,
				 text_cells(rows[i].text), rows[i].cells);
}

static void columns_line_up_whatever_stands_in_them(void **state)
{
	static const char *const names[] = {
		"a",
		"\xe6\xbc\xa2\xe5\xad\x97-\xe4\xb8\xbb\xe6\x9c\xba",
		"e\xcc\x81\xcc\x82\xcc\x83-zalgo",
		"a-name-that-is-longer-than-twenty-four-characters-are",
		"\xf0\x9f\x92\xbe\xf0\x9f\x92\xbe",
		"\x1b[31mred\x1b]0;title\x07\r\n",
		"\xe2\x80\xae"
		"turned\xe2\x81\xa6",
		"not UTF-8 \xff\xfe\xc0\xaf",
	};
	struct table t = table_of("NAME|>COUNT|@VERDICT|END");
	char *line, *save = NULL;
	size_t at = 0, n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		table_row(&t, names[i], number_text((long long)(i * i * 100)), "affirming", "end");
	for (line = strtok_r(printed(&t), "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *end = strstr(line, n ? " end" : " END");

		assert_non_null(end);
		*end = 0;
		if (!n++)
			at = text_cells(line);
		else if (text_cells(line) != at)
			fail_msg("\"%s\": %zu cells, not %zu", line, text_cells(line), at);
		assert_null(strpbrk(line, "\x1b\x07\r"));
		assert_null(strstr(line, "\xe2\x80\xae"));
	}
	assert_int_equal(n, ARRAY_LEN(names) + 1);
}

static void what_is_too_wide_is_cut_and_shows_it_but_in_the_last_column(void **state)
{
	struct table t = table_of("A|B");
	char wide[601] = "", *second;

	(void)state;
	for (int i = 0; i < 200; i++)
		strcat(wide, "\xe6\xbc\xa2");
	table_row(&t, wide, wide);
	second = strchr(printed(&t), '\n') + 1;
	assert_int_equal(text_cells(second) - 1,
			 78 + 2 + 400); /* no half of a character: a cell less */
	assert_non_null(strstr(second, "... "));
}

static void without_names_there_is_no_head_and_notes_are_lines_of_their_own(void **state)
{
	struct table t = table_of("|");

	(void)state;
	table_row(&t, "a", "");
	table_note(&t, "    why\x1b");
	table_row(&t, "long", NULL);
	assert_string_equal(printed(&t), "a    -\n    why?\nlong -\n");
}

static void a_row_of_texts_that_share_a_ring_keeps_each(void **state)
{
	struct table t = table_of("A|B|C|D|E|F|G|H");

	(void)state;
	table_row(&t, cli_safe("1"), cli_safe("2"), cli_safe("3"), cli_safe("4"), cli_safe("5"),
		  cli_safe("6"), cli_safe("7"), cli_safe("8"));
	assert_string_equal(printed(&t), "A B C D E F G H\n1 2 3 4 5 6 7 8\n");
}

static void a_time_that_no_calendar_has_is_none(void **state)
{
	(void)state;
	assert_string_equal(when_text(0), "-");
	assert_string_equal(when_text(1706659200), "2024-01-31T00:00:00Z");
	assert_string_equal(when_text(INT64_MAX), "-");
	assert_string_equal(when_text(INT64_MIN), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_counted_as_a_terminal_counts_them),
		cmocka_unit_test(columns_line_up_whatever_stands_in_them),
		cmocka_unit_test(what_is_too_wide_is_cut_and_shows_it_but_in_the_last_column),
		cmocka_unit_test(without_names_there_is_no_head_and_notes_are_lines_of_their_own),
		cmocka_unit_test(a_row_of_texts_that_share_a_ring_keeps_each),
		cmocka_unit_test(a_time_that_no_calendar_has_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
