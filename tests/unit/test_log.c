// SPDX-License-Identifier: Apache-2.0
/* A log line is one line, whatever is in it, and can be read back. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"

/* stderr goes into a pipe while @write runs; what came out, without the time in front. */
static const char *logged(void (*write)(const char *text), const char *text, char *out, size_t size)
{
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t n;
	char *at;

	assert_return_code(pipe2(ends, O_NONBLOCK), errno);
	dup2(ends[1], STDERR_FILENO);
	write(text);
	dup2(kept, STDERR_FILENO);
	n = read(ends[0], out, size - 1);
	close(kept);
	close(ends[0]);
	close(ends[1]);
	out[n > 0 ? n : 0] = 0;
	at = strstr(out, " level=");
	return at ? at + 1 : "";
}

static void write_info(const char *text)
{
	log_event(LOG_LEVEL_INFO, "attested", LOG_T("host", text), LOG_N("n", -3));
}

static void write_debug(const char *text)
{
	log_event(LOG_LEVEL_DEBUG, "detail", LOG_T("host", text));
}

static void write_bare(const char *text)
{
	(void)text;
	log_event(LOG_LEVEL_ERROR, "ended");
}

static void what_a_reader_would_stumble_over_is_quoted_and_escaped(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{ "db-17", "level=info event=attested host=db-17 n=-3\n" },
		{ "", "level=info event=attested host=\"\" n=-3\n" },
		{ NULL, "level=info event=attested host=\"\" n=-3\n" },
		{ "a b", "level=info event=attested host=\"a b\" n=-3\n" },
		{ "a=b", "level=info event=attested host=\"a=b\" n=-3\n" },
		{ "say \"x\"", "level=info event=attested host=\"say \\\"x\\\"\" n=-3\n" },
		{ "back\\slash", "level=info event=attested host=\"back\\\\slash\" n=-3\n" },
		/* a forged second line, a terminal's escape sequence */
		{ "x\ntime=0 level=error event=lie",
		  "level=info event=attested host=\"x\\x0atime=0 level=error event=lie\" n=-3\n" },
		{ "\x1b[31mred", "level=info event=attested host=\"\\x1b[31mred\" n=-3\n" },
		{ "\x7f", "level=info event=attested host=\"\\x7f\" n=-3\n" },
	};
	char out[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(logged(write_info, rows[i].text, out, sizeof(out)),
				    rows[i].line);
}

static void a_line_that_is_too_long_ends_and_stays_one(void **state)
{
	char text[6000], out[8192];
	const char *line;

	(void)state;
	memset(text, '\n', sizeof(text) - 1); /* four characters each */
	text[sizeof(text) - 1] = 0;
	line = logged(write_info, text, out, sizeof(out));
	assert_in_range(strlen(out), 4000, 4096);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void events_below_the_level_are_dropped(void **state)
{
	char out[8192];

	(void)state;
	assert_string_equal(logged(write_debug, "x", out, sizeof(out)), "");
	log_set_level(LOG_LEVEL_DEBUG);
	assert_string_equal(logged(write_debug, "x", out, sizeof(out)),
			    "level=debug event=detail host=x\n");
	log_set_level(LOG_LEVEL_ERROR);
	assert_string_equal(logged(write_info, "x", out, sizeof(out)), "");
	assert_string_equal(logged(write_bare, "", out, sizeof(out)), "level=error event=ended\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void a_line_starts_with_a_time_in_utc(void **state)
{
	char out[8192];
	int year, month, day, hour, minute, second, ms, used = 0;

	(void)state;
	logged(write_bare, "", out, sizeof(out));
	assert_int_equal(sscanf(out, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day,
				&hour, &minute, &second, &ms, &used),
			 7);
	assert_int_equal(used, (int)strlen("time=2027-01-01T00:00:00.000Z "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_reader_would_stumble_over_is_quoted_and_escaped),
		cmocka_unit_test(a_line_that_is_too_long_ends_and_stays_one),
		cmocka_unit_test(events_below_the_level_are_dropped),
		cmocka_unit_test(a_line_starts_with_a_time_in_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
