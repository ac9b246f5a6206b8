// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdio.h>

static struct buf *report;

/* "NOTE text": for who reads the log. */
static void print_notes(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "NOTE ", 5))
			print_message("%.*s\n", (int)strcspn(line, "\n"), line);
	}
}

int report_run(const char *script)
{
	char folder[256], out[300], path[400];
	const char *const argv[] = { "bash", path, BUILD_FOLDER, NULL };

	snprintf(path, sizeof(path), "%s/tests/integration/%s", SOURCE_FOLDER, script);
	rig_folder(folder);
	snprintf(out, sizeof(out), "%s/report", folder);
	rig_run(out, argv);
	report = file_bytes(out);
	assert_non_null(report);
	write_u8(&report->w, 0);
	print_notes((const char *)report->w.at);
	rig_folder_remove(folder);
	return 0;
}

int report_drop(void **state)
{
	(void)state;
	buf_drop(&report);
	return 0;
}

void report_stands(const char *name)
{
	const char *text = (const char *)report->w.at, *line;
	char pass[128], fail[128];

	if (!strncmp(text, "SKIP all: ", 10)) {
		print_message("%s", text);
		skip();
	}
	snprintf(pass, sizeof(pass), "PASS %s\n", name);
	snprintf(fail, sizeof(fail), "FAIL %s:", name);
	line = strstr(text, fail);
	if (line)
		fail_msg("%.*s", (int)strcspn(line, "\n"), line);
	if (!strstr(text, pass))
		fail_msg("%s was not reached: %s", name, text);
}

void report_is_listed(const char *const *names)
{
	const char *line = (const char *)report->w.at;

	while ((line = strstr(line, "PASS "))) {
		size_t len = strcspn(line += 5, "\n"), i = 0;

		while (names[i] && (strlen(names[i]) != len || strncmp(names[i], line, len)))
			i++;
		if (!names[i])
			fail_msg("%.*s is a check of the script and no test here", (int)len, line);
	}
}
