// SPDX-License-Identifier: Apache-2.0
/*
 * No file of the vectors goes without an answer: each that lies in the folders, and each that the index
 * names, stands as a row in a program of this suite. A picture (.diag) is answered by the .cbor of its name.
 */
#include "support.h"

#include <dirent.h>
#include <stdio.h>

static struct buf *sources;

/* All of the suite's own text but this file. */
static int read_sources(void **state)
{
	const char *folder = OWN_VECTORS "/../unit";
	DIR *d = opendir(folder);
	struct dirent *entry;

	(void)state;
	sources = buf_new(16 * 1024 * 1024);
	while (d && (entry = readdir(d))) {
		char path[4096];

		if (strncmp(entry->d_name, "vectors_", 8) ||
		    !strcmp(entry->d_name, "vectors_index.c"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		OWNED(buf) b = file_bytes(path);
		if (b)
			write_bytes(&sources->w, buf_bytes(b));
	}
	if (d)
		closedir(d);
	return sources->w.len && !sources->w.full ? 0 : -1;
}

static int drop_sources(void **state)
{
	(void)state;
	buf_drop(&sources);
	return 0;
}

static bool in_sources(const char *text)
{
	return memmem(sources->w.at, sources->w.len, text, strlen(text)) != NULL;
}

/* "eat/x.cbor" as the end of a string, or for JSON of COSE its bare name as a whole one. */
static bool has_row(const char *folder, const char *name)
{
	char want[512];
	size_t stem = strcspn(name, ".");
	const char *dot = strrchr(name, '.');

	snprintf(want, sizeof(want), "%s/%s\"", folder, name);
	if (in_sources(want))
		return true;
	if (!strcmp(folder, "cose")) {
		snprintf(want, sizeof(want), "{ \"%.*s\",", (int)stem, name);
		return in_sources(want);
	}
	if (dot && !strcmp(dot, ".diag")) {
		snprintf(want, sizeof(want), "%s/%.*s.cbor\"", folder, (int)(dot - name), name);
		return in_sources(want) ||
		       (snprintf(want, sizeof(want), "\"%.*s.cbor\"", (int)(dot - name), name),
			in_sources(want));
	}
	snprintf(want, sizeof(want), "{ \"%s\",", name);
	return in_sources(want);
}

/* Keys and the papers of the collection are what rows are answered with. */
static bool is_answer(const char *folder, const char *name)
{
	return !strcmp(folder, "keys") || !strcmp(name, "INDEX.md") ||
	       !strcmp(name, "enacttrust-basic.json"); /* the token beside it, spelled out */
}

static size_t check_folder(const char *top, const char *folder)
{
	char path[4096], below[512];
	struct dirent *entry;
	size_t without = 0, seen = 0;
	DIR *d;

	snprintf(below, sizeof(below), "%s/%s", top, folder);
	d = opendir(third_party_path(below, path, sizeof(path)));
	if (!d)
		fail_msg("%s cannot be listed", below);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || is_answer(folder, entry->d_name))
			continue;
		seen++;
		if (has_row(folder, entry->d_name))
			continue;
		print_error("%s/%s has no row\n", below, entry->d_name);
		without++;
	}
	closedir(d);
	assert_true(seen > 0 || !strcmp(folder, "keys"));
	return without;
}

static void every_file_in_the_folders_has_a_row(void **state)
{
	char path[4096];
	struct dirent *entry;
	size_t without = 0, folders = 0;
	DIR *d = opendir(third_party_path("rats", path, sizeof(path)));

	(void)state;
	assert_non_null(d);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strchr(entry->d_name, '.'))
			continue;
		without += check_folder("rats", entry->d_name);
		folders++;
	}
	closedir(d);
	assert_true(folders >= 13);
	without += check_folder("spdm", "nvidia");
	assert_int_equal(without, 0);
}

/* A row of the index: "| folder/name, other | bytes | ...". */
static void every_file_that_the_index_names_has_a_row(void **state)
{
	OWNED(buf) index = third_party("rats/INDEX.md");
	size_t without = 0, named = 0;
	char *line, *rest;

	(void)state;
	write_u8(&index->w, 0);
	for (line = strtok_r((char *)index->w.at, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char folder[64], name[256];

		if (sscanf(line, "| %63[^/ |]/%255[^, |]", folder, name) != 2)
			continue;
		named++;
		if (has_row(folder, name))
			continue;
		print_error("the index names %s/%s, which has no row\n", folder, name);
		without++;
	}
	assert_true(named > 110);
	assert_int_equal(without, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_in_the_folders_has_a_row),
		cmocka_unit_test(every_file_that_the_index_names_has_a_row),
	};

	return cmocka_run_group_tests(tests, read_sources, drop_sources);
}
