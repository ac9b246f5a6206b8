// SPDX-License-Identifier: Apache-2.0
/*
 * What the inventory says of a kernel's secure link with a function, from a tree of files made like the sysfs
 * of 7.3: functions below a host bridge, links to them in one folder.
 */
#include "support.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/collector/inventory.h"

#define NIC    "pci0000:00/0000:00:01.0/0000:01:00.0"
#define DRIVE  "pci0000:00/0000:00:02.0/0000:02:00.0"
#define OTHERS "pci0000:40/0000:40:01.0/0000:41:00.0"

struct tree {
	char root[64];
	struct inventory *inv;
};

static void folder(const struct tree *t, const char *path)
{
	char all[PATH_MAX];

	for (const char *end = path; end; end = strchr(end + 1, '/')) {
		const char *next = strchr(end + 1, '/');

		snprintf(all, sizeof(all), "%s/%.*s", t->root,
			 (int)(next ? next - path : (long)strlen(path)), path);
		mkdir(all, 0700);
	}
}

static void file(const struct tree *t, const char *where, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/devices/%s/%s", t->root, where, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void link_to(const struct tree *t, const char *where, const char *name, const char *target)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", t->root, where, name);
	assert_int_equal(symlink(target, path), 0);
}

static void function(const struct tree *t, const char *where, bool has_tsm)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), "devices/%s%s", where, has_tsm ? "/tsm" : "");
	folder(t, path);
	file(t, where, "vendor", "0x1b36\n");
	file(t, where, "device", "0x0010\n");
	file(t, where, "class", "0x010802\n");
	file(t, where, "revision", "0x02\n");
	snprintf(target, sizeof(target), "../devices/%s", where);
	link_to(t, "bus", strrchr(where, '/') + 1, target);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int set_up(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	strcpy(t->root, "/tmp/assay-inventory.XXXXXX");
	assert_non_null(mkdtemp(t->root));
	folder(t, "bus");
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *t = *state;

	inventory_drop(&t->inv);
	nftw(t->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(t);
	return 0;
}

static int read_it(struct tree *t, struct err *e)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	int rc;

	snprintf(s->pci_folder, sizeof(s->pci_folder), "%s/bus", t->root);
	inventory_drop(&t->inv);
	rc = inventory_read(s, &t->inv, e);
	free(s);
	return rc;
}

static const struct eat_function *at(const struct tree *t, size_t i, const char *address)
{
	assert_true(i < t->inv->n_functions);
	assert_bytes_equal(t->inv->functions[i].address, bytes_text(address));
	return &t->inv->functions[i];
}

static void a_connected_function_has_its_tsm_and_its_streams(void **state)
{
	struct tree *t = *state;
	const struct eat_function *f;
	struct err e = { 0 };

	function(t, NIC, true);
	function(t, DRIVE, true);
	function(t, OTHERS, true);
	file(t, NIC, "tsm/connect", "tsm0\n");
	file(t, NIC, "authenticated", "tsm0\n");
	file(t, DRIVE, "tsm/connect", "\n");
	file(t, DRIVE, "authenticated", "\n");
	file(t, OTHERS, "tsm/connect", "tsm1\n");
	link_to(t, "devices/pci0000:00", "stream0.1.0", "0000:00:01.0/0000:01:00.0");
	link_to(t, "devices/pci0000:00", "stream0.0.1", "0000:00:01.0/0000:01:00.0");
	link_to(t, "devices/pci0000:00", "streams_of_its_own", "0000:00:01.0/0000:01:00.0");
	link_to(t, "devices/pci0000:00", "stream9.9.9", "0000:00:09.0/0000:09:00.0"); /* gone */
	link_to(t, "devices/pci0000:40", "stream0.0.0", "0000:40:01.0/0000:41:00.0");
	file(t, "pci0000:00", "available_secure_streams", "2\n");

	assert_ok(read_it(t, &e), &e);
	assert_int_equal(t->inv->n_functions, 3);
	f = at(t, 0, "0000:01:00.0");
	assert_bytes_equal(f->parent, bytes_text("0000:00:01.0"));
	assert_bytes_equal(f->tsm, bytes_text("tsm0"));
	assert_bytes_equal(f->authenticated_by, bytes_text("tsm0"));
	assert_false(f->has_authenticated);
	assert_int_equal(f->n_streams, 2);
	assert_bytes_equal(f->streams[0], bytes_text("stream0.0.1"));
	assert_bytes_equal(f->streams[1], bytes_text("stream0.1.0"));
	f = at(t, 1, "0000:02:00.0"); /* it could be, and is not */
	assert_int_equal(f->tsm.len + f->authenticated_by.len + f->n_streams, 0);
	assert_false(f->has_authenticated);
	f = at(t, 2, "0000:41:00.0");
	assert_bytes_equal(f->tsm, bytes_text("tsm1"));
	assert_int_equal(f->n_streams, 1);
	assert_bytes_equal(f->streams[0], bytes_text("stream0.0.0"));
}

static void without_a_tsm_authenticated_is_yes_or_no(void **state)
{
	static const struct {
		const char *text;
		bool tsm, known, yes;
		const char *by;
	} rows[] = {
		{ "1\n", false, true, true, "" },	  { "0\n", false, true, false, "" },
		{ "\n", false, false, false, "" },	  { "tsm0\n", false, false, false, "" },
		{ "tsm0\n", true, false, false, "tsm0" }, { "1\n", true, false, false, "1" },
	};
	struct tree *t = *state;
	struct err e = { 0 };
	char tsm[PATH_MAX];

	function(t, DRIVE, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct eat_function *f;

		snprintf(tsm, sizeof(tsm), "%s/devices/" DRIVE "/tsm", t->root);
		if (rows[i].tsm)
			mkdir(tsm, 0700);
		file(t, DRIVE, "authenticated", rows[i].text);
		assert_ok(read_it(t, &e), &e);
		f = at(t, 0, "0000:02:00.0");
		assert_int_equal(f->has_authenticated, rows[i].known);
		assert_int_equal(f->authenticated, rows[i].yes);
		assert_bytes_equal(f->authenticated_by, bytes_text(rows[i].by));
	}
}

static void what_a_token_does_not_carry_is_an_error_that_names_it(void **state)
{
	struct tree *t = *state;
	struct err e = { 0 };
	char name[32];

	function(t, NIC, true);
	for (int i = 0; i < IDE_STREAMS_MAX; i++) {
		snprintf(name, sizeof(name), "stream0.%d.0", i);
		link_to(t, "devices/pci0000:00", name, "0000:00:01.0/0000:01:00.0");
	}
	assert_ok(read_it(t, &e), &e);
	assert_int_equal(at(t, 0, "0000:01:00.0")->n_streams, IDE_STREAMS_MAX);
	link_to(t, "devices/pci0000:00", "stream1.0.0", "0000:00:01.0/0000:01:00.0");
	assert_refused(read_it(t, &e), &e, E_LIMIT, "more than 8 IDE streams");

	e = (struct err){ 0 };
	file(t, NIC, "tsm/connect", "a name of more than thirty-two characters\n");
	assert_refused(read_it(t, &e), &e, E_LIMIT, "tsm/connect");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_connected_function_has_its_tsm_and_its_streams,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_tsm_authenticated_is_yes_or_no, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			what_a_token_does_not_carry_is_an_error_that_names_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
