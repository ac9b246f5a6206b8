// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "server/pci_names.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-pci-XXXXXX");
	return !mkdtemp(folder);
}

static int remove_folder(void **state)
{
	char path[100];

	(void)state;
	pci_names_from(NULL);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i ? "log" : "pci.ids");
		unlink(path);
	}
	return rmdir(folder);
}

static void use_file(struct bytes content)
{
	struct err e = { 0 };
	char path[100];

	snprintf(path, sizeof(path), "%s/pci.ids", folder);
	assert_ok(file_write(path, content, 0600, &e), &e);
	pci_names_from(path);
}

/* Return: how often the log says that there are no names, while @model is asked for twice. */
static int asked_twice(const char *model, char *name, size_t size)
{
	char path[100];
	OWNED(buf) log = NULL;
	int was = dup(STDERR_FILENO), fd, n = 0;

	snprintf(path, sizeof(path), "%s/log", folder);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(was >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	pci_model_name(model, name, size);
	pci_model_name(model, name, size);
	dup2(was, STDERR_FILENO);
	close(was);
	close(fd);
	log = file_bytes(path);
	write_u8(&log->w, 0);
	for (const char *at = (const char *)log->w.at; (at = strstr(at, "event=no-pci-names"));
	     at++)
		n++;
	return n;
}

/* Also one whose vendor has a name: the library then looks further than its file if it is let. */
static void a_model_that_nobody_listed_has_no_name(void **state)
{
	static const char *const models[] = { "pci:1af4:0bad", "pci:8086:fffe", "pci:ffff:ffff",
					      "tcg:boot-log",  "pci:",		"" };
	char name[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(models); i++) {
		strcpy(name, "what stood there before");
		assert_ptr_equal(pci_model_name(models[i], name, sizeof(name)), name);
		assert_string_equal(name, "");
	}
}

#define GOOD "1af4  Virtual Co.\n\t4d58  Model X\n\t4d59  Mod\xe8le Y\n"

static void a_good_file_has_names_and_one_that_is_no_utf_8_is_none(void **state)
{
	static const struct {
		const char *model, *name;
		size_t size;
	} rows[] = {
		{ "pci:1af4:4d58", "Virtual Co. Model X", 160 },
		{ "pci:1AF4:4D58", "Virtual Co. Model X", 160 },
		{ "pci:1af4:4d59", "", 160 },
		{ "pci:1af4:4d5a", "", 160 },
	};
	char name[160];

	(void)state;
	use_file(bytes_text("# a comment\n" GOOD));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(asked_twice(rows[i].model, name, rows[i].size), 0);
		assert_string_equal(name, rows[i].name);
	}
}

static void a_malformed_file_has_no_names_and_ends_nothing(void **state)
{
	static const char *const bad[] = {
		GOOD "no number at all\n",
		GOOD "1af\n",
		GOOD "1af5\n",
		GOOD "\t4d58  Model X again\n",
		GOOD "1af4  Virtual Co. again\n",
		GOOD "\t\t\t\t\t1  too deep\n",
		GOOD "C zz  A class\n",
		"\t4d58  A model without a vendor\n",
		"\x7f"
		"ELF\x02\x01\x01",
	};
	char name[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		use_file(bytes_text(bad[i]));
		if (asked_twice("pci:1af4:4d58", name, sizeof(name)) != 1 || *name)
			fail_msg("row %zu: \"%s\"", i, name);
	}
	use_file(bytes_text(GOOD)); /* and a good one has, afterwards as before */
	assert_int_equal(asked_twice("pci:1af4:4d58", name, sizeof(name)), 0);
	assert_string_equal(name, "Virtual Co. Model X");
}

static void a_line_without_an_end_is_malformed_too(void **state)
{
	static char text[200000];
	char name[160];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, GOOD "1af5  ", strlen(GOOD) + 6);
	use_file(bytes_text(text));
	asked_twice("pci:1af4:4d58", name, sizeof(name));
	memcpy(text, GOOD "notahex", strlen(GOOD) + 7);
	use_file(bytes_text(text));
	assert_int_equal(asked_twice("pci:1af4:4d58", name, sizeof(name)), 1);
	assert_string_equal(name, "");
}

static void a_file_that_cannot_be_read_has_no_names_either(void **state)
{
	char path[100], name[160];

	(void)state;
	pci_names_from("/nowhere/pci.ids");
	assert_int_equal(asked_twice("pci:1af4:4d58", name, sizeof(name)), 1);
	assert_string_equal(name, "");
	snprintf(path, sizeof(path), "%s", folder); /* it opens, and reading fails */
	pci_names_from(path);
	assert_int_equal(asked_twice("pci:1af4:4d58", name, sizeof(name)), 1);
	assert_string_equal(name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_that_nobody_listed_has_no_name),
		cmocka_unit_test(a_good_file_has_names_and_one_that_is_no_utf_8_is_none),
		cmocka_unit_test(a_malformed_file_has_no_names_and_ends_nothing),
		cmocka_unit_test(a_line_without_an_end_is_malformed_too),
		cmocka_unit_test(a_file_that_cannot_be_read_has_no_names_either),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
