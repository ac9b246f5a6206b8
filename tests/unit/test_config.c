// SPDX-License-Identifier: Apache-2.0
/* Configuration files: what is taken, and that a mistake is named with its file and line. */
#include "support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"
#include "common/file.h"
#include "common/limits.h"

struct taken {
	char name[300], pairs[800];
	bool flag;
	long long number, seconds;
};

static int take_name(void *into, const char *argument, const char *value, struct err *e)
{
	(void)argument;
	return config_text(((struct taken *)into)->name, sizeof(((struct taken *)into)->name),
			   value, e);
}

static int take_flag(void *into, const char *argument, const char *value, struct err *e)
{
	(void)argument;
	return config_bool(&((struct taken *)into)->flag, value, e);
}

static int take_number(void *into, const char *argument, const char *value, struct err *e)
{
	(void)argument;
	return config_number(&((struct taken *)into)->number, 1, 100, value, e);
}

static int take_seconds(void *into, const char *argument, const char *value, struct err *e)
{
	(void)argument;
	return config_duration(&((struct taken *)into)->seconds, value, e);
}

static int take_pair(void *into, const char *argument, const char *value, struct err *e)
{
	struct taken *t = into;
	size_t len = strlen(t->pairs);

	(void)e;
	snprintf(t->pairs + len, sizeof(t->pairs) - len, "%s=%s;", argument, value);
	return 0;
}

static const struct config_key keys[] = {
	{ "a", "name", take_name },	  { "a", "flag", take_flag },
	{ "a", "number", take_number },	  { "a", "every", take_seconds },
	{ "volume", "epoch", take_pair },
};

struct fixture {
	char folder[64], path[80];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	snprintf(f->folder, sizeof(f->folder), "/tmp/assay-config.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/x.conf", f->folder);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static int load_bytes(struct fixture *f, struct bytes text, struct taken *t, struct err *e)
{
	*t = (struct taken){ 0 };
	assert_ok(file_write(f->path, text, 0600, e), e);
	return config_load(f->path, keys, ARRAY_LEN(keys), t, e);
}

static int load(struct fixture *f, const char *text, struct taken *t, struct err *e)
{
	return load_bytes(f, bytes_text(text), t, e);
}

static void a_file_fills_what_its_keys_name(void **state)
{
	struct fixture *f = *state;
	struct taken t;
	struct err e = { 0 };

	assert_ok(load(f,
		       "# a comment\n[a]\nname = two words\nflag = yes\nnumber=7\nevery = 5m\n\n"
		       "[volume 1]\nepoch = x\n[volume 2]\nepoch = y\nepoch = z\n",
		       &t, &e),
		  &e);
	assert_string_equal(t.name, "two words");
	assert_true(t.flag);
	assert_int_equal(t.number, 7);
	assert_int_equal(t.seconds, 300);
	assert_string_equal(t.pairs, "1=x;2=y;2=z;");
}

static void a_mistake_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "[a]\nnmae = x\n", "x.conf line 2: [a] nmae: unknown key" },
		{ "[b]\n\n\nname = x\n", "line 4: [b] name: unknown key" },
		{ "[ab]\nname = x\n", "line 2: [ab] name: unknown key" },
		{ "[a]\nflag = maybe\n", "line 2: [a] flag: yes or no expected, not \"maybe\"" },
		{ "[a]\nnumber = 101\n", "a number from 1 to 100 expected, not \"101\"" },
		{ "[a]\nnumber = 0\n", "a number from 1 to 100 expected" },
		{ "[a]\nnumber = 7x\n", "a number from 1 to 100 expected, not \"7x\"" },
		{ "[a]\nnumber =\n", "a number from 1 to 100 expected, not \"\"" },
		{ "[a]\nnumber = 99999999999999999999\n", "a number from 1 to 100 expected" },
		{ "[a]\nevery = 5 parsecs\n", "a duration like 30s, 5m or 2h expected" },
		{ "[a]\nevery = -5\n", "a duration like 30s, 5m or 2h expected" },
		{ "[a]\nname\n", "line 2: neither a [section] nor a key = value" },
		{ "[a\nname = x\n", "line 1: " },
		{ "name = x\n", "line 1: [] name: unknown key" },
		/* taken as more of the value before it by some readers: refused, not guessed */
		{ "[a]\nname = x\n  flag = yes\n", "line 3: starts with white space" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct taken t;
		struct err e = { 0 };

		assert_refused(load(f, rows[i].text, &t, &e), &e, E_CONFIG, rows[i].why);
	}
}

static void a_number_is_decimal_also_with_a_leading_zero(void **state)
{
	struct fixture *f = *state;
	struct taken t;
	struct err e = { 0 };

	assert_ok(load(f, "[a]\nnumber = 010\n", &t, &e), &e);
	assert_int_equal(t.number, 10);
}

static void bytes_that_hide_the_rest_of_a_file_are_refused(void **state)
{
	static const char text[] = "[a]\nname = x\n\0flag = yes\n";
	struct fixture *f = *state;
	struct taken t;
	struct err e = { 0 };

	assert_refused(load_bytes(f, (struct bytes){ (const u8 *)text, sizeof(text) - 1 }, &t, &e),
		       &e, E_CONFIG, "x.conf line 3: a NUL byte");
}

static void a_long_line_is_taken_whole_or_refused_never_cut(void **state)
{
	struct fixture *f = *state;

	for (size_t len = 1; len < 290; len++) {
		char text[400], value[300];
		struct taken t;
		struct err e = { 0 };

		memset(value, 'v', len);
		value[len] = 0;
		snprintf(text, sizeof(text), "[a]\nname = %s\nflag = yes\n", value);
		if (load(f, text, &t, &e)) {
			assert_non_null(strstr(e.text, "line 2: longer than a line may be"));
			assert_true(len + strlen("name = ") > CONFIG_LINE_MAX);
		} else {
			assert_string_equal(t.name, value);
			assert_true(t.flag);
		}
	}
}

static void every_word_for_yes_and_no_is_known(void **state)
{
	static const char *const yes[] = { "yes", "on", "true", "YES" };
	static const char *const no[] = { "no", "off", "false", "Off" };
	struct err e = { 0 };
	bool b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		b = false;
		assert_ok(config_bool(&b, yes[i], &e), &e);
		assert_true(b);
		assert_ok(config_bool(&b, no[i], &e), &e);
		assert_false(b);
	}
	assert_refused(config_bool(&b, "1", &e), &e, E_CONFIG, "yes or no");
}

static void every_unit_of_a_duration_is_known(void **state)
{
	static const struct {
		const char *text;
		long long seconds; /* -1: refused */
	} rows[] = { { "0", 0 },     { "30", 30 },	 { "30s", 30 },	 { "5m", 300 },
		     { "2h", 7200 }, { "1d", 86400 },	 { "5M", -1 },	 { "1w", -1 },
		     { "", -1 },     { "m", -1 },	 { "1.5h", -1 }, { "5m30s", -1 },
		     { "-1", -1 },   { "100000000", -1 } };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		long long v = -1;

		if (config_duration(&v, rows[i].text, &e) != 0)
			assert_int_equal(rows[i].seconds, -1);
		assert_int_equal(v, rows[i].seconds);
	}
}

static void text_that_does_not_fit_is_refused_not_cut(void **state)
{
	char out[4] = "old";
	struct err e = { 0 };

	(void)state;
	assert_ok(config_text(out, sizeof(out), "abc", &e), &e);
	assert_refused(config_text(out, sizeof(out), "abcd", &e), &e, E_CONFIG,
		       "longer than 3 characters");
	assert_string_equal(out, "abc");
}

static void drop_ins_are_read_after_the_file_in_the_order_of_their_names(void **state)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{ "20-b.conf", "[a]\nname = b\n" },
		{ "10-a.conf", "[a]\nname = a\nnumber = 2\n" },
		{ ".hidden.conf", "[a]\nname = hidden\n" },
		{ "README", "not a configuration\n" },
		{ ".conf", "[a]\nname = dot\n" },
	};
	struct fixture *f = *state;
	char folder[100], path[200];
	struct taken t;
	struct err e = { 0 };

	snprintf(folder, sizeof(folder), "%s.d", f->path);
	assert_return_code(mkdir(folder, 0700), errno);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		assert_ok(file_write(path, bytes_text(files[i].text), 0600, &e), &e);
	}
	assert_ok(load(f, "[a]\nname = base\nnumber = 1\nflag = yes\n", &t, &e), &e);
	assert_string_equal(t.name, "b");
	assert_int_equal(t.number, 2);
	assert_true(t.flag);
	snprintf(path, sizeof(path), "%s/30-c.conf", folder);
	assert_ok(file_write(path, bytes_text("[a]\nnmae = c\n"), 0600, &e), &e);
	assert_refused(load(f, "[a]\nname = base\n", &t, &e), &e, E_CONFIG,
		       "30-c.conf line 2: [a] nmae: unknown key");
}

static void a_file_that_is_not_there_or_too_large_is_named(void **state)
{
	struct fixture *f = *state;
	u8 *large = malloc(CONFIG_FILE_MAX + 1);
	struct taken t;
	struct err e = { 0 };

	assert_refused(config_load("/nowhere/x.conf", keys, ARRAY_LEN(keys), &t, &e), &e, E_CONFIG,
		       "configuration: open /nowhere/x.conf"); /* exit code 1, not 2 */
	memset(large, '\n', CONFIG_FILE_MAX + 1);
	assert_refused(load_bytes(f, (struct bytes){ large, CONFIG_FILE_MAX + 1 }, &t, &e), &e,
		       E_LIMIT, "x.conf is larger than");
	assert_ok(load_bytes(f, (struct bytes){ large, CONFIG_FILE_MAX }, &t, &e), &e);
	free(large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_fills_what_its_keys_name),
		TEST(a_mistake_is_named_with_its_line),
		TEST(a_number_is_decimal_also_with_a_leading_zero),
		TEST(bytes_that_hide_the_rest_of_a_file_are_refused),
		TEST(a_long_line_is_taken_whole_or_refused_never_cut),
		cmocka_unit_test(every_word_for_yes_and_no_is_known),
		cmocka_unit_test(every_unit_of_a_duration_is_known),
		cmocka_unit_test(text_that_does_not_fit_is_refused_not_cut),
		TEST(drop_ins_are_read_after_the_file_in_the_order_of_their_names),
		TEST(a_file_that_is_not_there_or_too_large_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
