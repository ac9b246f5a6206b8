// SPDX-License-Identifier: Apache-2.0
/* What was opened in a boot phase, from who opened it to who extends the cap. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/opened.h"
#include "common/file.h"

static char folder[64];

static int make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/assay-opened.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_all(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void put(const char *name, const char *text)
{
	char path[200];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_ok(file_write(path, bytes_text(text), 0600, &e), &e);
}

static void volumes_come_back_by_uuid(void **state)
{
	static const u8 order[] = { 9, 1, 5 };
	struct cap_volume got[VOLUMES_MAX];
	bool leased;
	struct err e = { 0 };
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct cap_volume v = { .uuid = { order[i] }, .proof = { order[i], 0xff } };

		assert_ok(opened_write(folder, &v, &e), &e);
	}
	assert_ok(opened_read(folder, got, &n, &leased, &e), &e);
	assert_false(leased);
	assert_ok(opened_by_lease(folder, &e), &e);
	assert_ok(opened_read(folder, got, &n, &leased, &e), &e);
	assert_true(leased);
	assert_int_equal(n, 3);
	assert_int_equal(got[0].uuid[0], 1);
	assert_int_equal(got[1].uuid[0], 5);
	assert_int_equal(got[2].uuid[0], 9);
	assert_int_equal(got[2].proof[0], 9);
	assert_int_equal(got[2].proof[1], 0xff);
}

static void without_a_folder_nothing_was_opened(void **state)
{
	struct cap_volume got[VOLUMES_MAX];
	bool leased;
	struct err e = { 0 };
	size_t n = 7;

	(void)state;
	assert_ok(opened_read("/tmp/assay-there-is-no-such-folder", got, &n, &leased, &e), &e);
	assert_int_equal(n, 0);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
static void what_is_no_volume_is_refused_by_name(void **state)
{
	static const struct {
		const char *name, *text, *why;
		enum err_code code;
	} rows[] = {
		{ "motd", ZEROS, "motd is not the UUID", E_FORMAT },
		{ "00000000-0000-0000-0000-000000000001", "00", "does not hold 64 hex digits",
		  E_FORMAT },
		{ "00000000-0000-0000-0000-000000000001", ZEROS "00", "", E_LIMIT },
		{ "00000000-0000-0000-0000-000000000001", "", "does not hold", E_FORMAT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cap_volume got[VOLUMES_MAX];
		bool leased;
		struct err e = { 0 };
		size_t n;
		char path[200];

		put(rows[i].name, rows[i].text);
		assert_refused(opened_read(folder, got, &n, &leased, &e), &e, rows[i].code,
			       rows[i].why);
		snprintf(path, sizeof(path), "%s/%s", folder, rows[i].name);
		unlink(path);
	}
}

static void no_more_than_a_host_may_have_are_read(void **state)
{
	struct cap_volume got[VOLUMES_MAX];
	bool leased;
	struct err e = { 0 };
	size_t n;

	(void)state;
	for (u8 i = 0; i <= VOLUMES_MAX; i++) {
		struct cap_volume v = { .uuid = { i } };

		assert_ok(opened_write(folder, &v, &e), &e);
	}
	assert_refused(opened_read(folder, got, &n, &leased, &e), &e, E_LIMIT, "more than");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(volumes_come_back_by_uuid, make, remove_all),
		cmocka_unit_test(without_a_folder_nothing_was_opened),
		cmocka_unit_test_setup_teardown(what_is_no_volume_is_refused_by_name, make,
						remove_all),
		cmocka_unit_test_setup_teardown(no_more_than_a_host_may_have_are_read, make,
						remove_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
