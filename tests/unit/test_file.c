// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

static char folder[64], path[80];

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/assay-file.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x", folder);
	return 0;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static size_t n_files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	for (struct dirent *x; (x = readdir(d));)
		n += x->d_name[0] != '.';
	closedir(d);
	return n;
}

static void expect_content(const char *text, mode_t mode)
{
	OWNED(buf) b = NULL;
	struct stat st;
	struct err e = { 0 };

	assert_ok(file_read(path, 100, &b, &e), &e);
	assert_bytes_equal(buf_bytes(b), bytes_text(text));
	assert_return_code(stat(path, &st), errno);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(n_files(), 1); /* nothing is left beside it */
}

static void a_file_is_replaced_with_just_the_mode_that_was_asked(void **state)
{
	struct err e = { 0 };
	mode_t before = umask(0);

	(void)state;
	assert_ok(file_write(path, bytes_text("old"), 0666, &e), &e);
	expect_content("old", 0666);
	umask(077);
	assert_ok(file_write(path, bytes_text("new"), 0640, &e), &e);
	expect_content("new", 0640);
	umask(before);
}

static void a_file_that_exists_is_not_created_again(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(file_create(path, bytes_text("first"), 0600, &e), &e);
	assert_refused(file_create(path, bytes_text("second"), 0600, &e), &e, E_CONFLICT, path);
	expect_content("first", 0600);
}

/* A link that somebody planted is replaced, and what it points to stays as it is. */
static void a_link_in_the_place_of_the_file_is_not_followed(void **state)
{
	char other[100];
	struct stat st;
	struct err e = { 0 };

	(void)state;
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_ok(file_write(other, bytes_text("mine"), 0600, &e), &e);
	assert_return_code(symlink(other, path), errno);
	assert_refused(file_create(path, bytes_text("secret"), 0600, &e), &e, E_CONFLICT, path);
	assert_ok(file_write(path, bytes_text("secret"), 0600, &e), &e);
	assert_return_code(lstat(path, &st), errno);
	assert_true(S_ISREG(st.st_mode));
	{
		OWNED(buf) b = NULL;

		assert_ok(file_read(other, 100, &b, &e), &e);
		assert_bytes_equal(buf_bytes(b), bytes_text("mine"));
	}
}

static void a_file_of_the_maximum_is_read_and_one_byte_more_is_not(void **state)
{
	u8 content[5000] = { 1 };
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(file_write(path, BYTES(content), 0600, &e), &e);
	assert_ok(file_read(path, sizeof(content), &b, &e), &e);
	assert_bytes_equal(buf_bytes(b), BYTES(content));
	buf_drop(&b);
	assert_refused(file_read(path, sizeof(content) - 1, &b, &e), &e, E_LIMIT,
		       "is larger than 4999 bytes");
	assert_null(b);
}

static void what_cannot_be_read_or_written_is_named(void **state)
{
	OWNED(buf) b = NULL;
	char below[100];
	struct err e = { 0 };

	(void)state;
	assert_refused(file_read("/nowhere/x", 10, &b, &e), &e, E_NOTFOUND, "open /nowhere/x");
	assert_refused(file_read(folder, 10, &b, &e), &e, E_IO, folder);
	assert_refused(file_write("/nowhere/x", BYTES_NONE, 0600, &e), &e, E_IO, "/nowhere/x");
	assert_ok(file_write(path, BYTES_NONE, 0600, &e), &e);
	snprintf(below, sizeof(below), "%s/y", path);
	assert_refused(folder_make(below, 0700, &e), &e, E_IO, below);
	assert_refused(folder_make("", 0700, &e), &e, E_IO, "path empty");
}

static void folders_are_made_down_to_the_last_one(void **state)
{
	char deep[120];
	struct stat st;
	struct err e = { 0 };

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a/b/c", folder);
	assert_ok(folder_make(deep, 0700, &e), &e);
	assert_ok(folder_make(deep, 0700, &e), &e); /* it is there: fine */
	assert_return_code(stat(deep, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_memory_file_is_sealed(void **state)
{
	struct err e = { 0 };
	int fd = memfd_from("t", bytes_text("share"), &e);
	char got[6] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(read(fd, got, 5), 5);
	assert_string_equal(got, "share");
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 100), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, 0), -1); /* and the seals as well */
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

struct names {
	char text[200];
	const char *stop_at;
};

static int take_name(void *user, const char *file, struct err *e)
{
	struct names *n = user;

	snprintf(n->text + strlen(n->text), sizeof(n->text) - strlen(n->text), " %s",
		 file + strlen(folder) + 1);
	return n->stop_at && strstr(file, n->stop_at) ? err_set(e, E_FORMAT, "enough") : 0;
}

static void a_folder_is_taken_in_the_order_of_its_names_until_one_fails(void **state)
{
	static const char *const files[] = { "c.pem", "a.pem", ".hidden", "b.pem" };
	static const struct {
		const char *stop_at;
		enum err_code code;
		const char *names;
	} rows[] = { { NULL, E_OK, " a.pem b.pem c.pem" }, { "b.pem", E_FORMAT, " a.pem b.pem" } };
	struct names n = { 0 };
	struct err e = { 0 };
	char long_name[4200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		assert_ok(file_write(path, bytes_text("x"), 0600, &e), &e);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		n = (struct names){ .stop_at = rows[i].stop_at };
		e = (struct err){ 0 };
		assert_int_equal(folder_each(folder, "things", take_name, &n, &e), rows[i].code);
		assert_string_equal(n.text, rows[i].names);
	}
	memset(long_name, '/', sizeof(long_name));
	memcpy(long_name, folder, strlen(folder));
	long_name[4094] = 0; /* a folder that can be opened, with files whose names no longer fit */
	assert_refused(folder_each(long_name, "things", take_name, &n, &e), &e, E_CONFIG,
		       "name too long");
	assert_refused(folder_each("/nowhere/at/all", "things", take_name, &n, &e), &e, E_CONFIG,
		       "folder of things /nowhere/at/all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_replaced_with_just_the_mode_that_was_asked),
		TEST(a_file_that_exists_is_not_created_again),
		TEST(a_link_in_the_place_of_the_file_is_not_followed),
		TEST(a_file_of_the_maximum_is_read_and_one_byte_more_is_not),
		TEST(what_cannot_be_read_or_written_is_named),
		TEST(folders_are_made_down_to_the_last_one),
		TEST(a_folder_is_taken_in_the_order_of_its_names_until_one_fails),
		cmocka_unit_test(a_memory_file_is_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
