// SPDX-License-Identifier: Apache-2.0
/* The policy as data: each key, and nothing that says something else than the configuration did. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "server/policy_told.h"

static void load(const char *text, struct settings *s)
{
	char path[] = "/tmp/assay-policy.XXXXXX";
	struct err e = { 0 };
	int fd = mkstemp(path);

	close(fd);
	assert_ok(file_write(path, bytes_text(text), 0600, &e), &e);
	assert_ok(settings_load(path, s, &e), &e);
	unlink(path);
}

/* [policy] of what is told: the configuration again. */
static char *written(const json_t *told)
{
	static char out[8192];
	const json_t *row, *value;
	size_t i, k, used = (size_t)snprintf(out, sizeof(out), "[policy]\n");

	json_array_foreach(told, i, row) json_array_foreach(json_object_get(row, "value"), k, value)
	{
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s = %s\n",
					 json_string_value(json_object_get(row, "key")),
					 json_string_value(value));
		assert_true(used < sizeof(out));
	}
	return out;
}

static void what_is_told_is_the_same_configuration_again(void **state)
{
	static const char *const texts[] = {
		"",
		"[policy]\nlearned = affirm\nrequire = 1b36:0010 2\nrequire = 10de:2330\n"
		"svn_floor = 1b36:0010 7\nrefuse_endorsed = CVE-*\nwarn_endorsed = old\n"
		"debug = warn\nsecure_boot_required = yes\nreboot_within = 30d\n"
		"boot_phase = 90m\nstale_after = 45s\nspdm_version_min = 1.3\n"
		"detects = reset, hold\nprevents = d3cold\ndevice_log_required = yes\n"
		"session_required = on\nide_required = true\ndevice_move_after = 25h\n"
		"ima = known\nima_unknown = warn\nima_violations = ignore\n"
		"ima_exclude = /var\nima_refuse = /tmp\nima_require = /usr/bin/assay\n"
		"corim_rules = whole\ncotl_required = yes\nrelease_pcrs = 0,2-4,15\n"
		"release_after_restart = yes\nreleases = 0\nlease_reboots = 3\n"
		"lease_hours = 8\nlease_group = edge\nlease_group = db\n",
		"[policy]\nstale_after = 0\nima = replay\nima_violations = refuse\n"
		"release_pcrs = 0-9,11,12,14-15\n",
	};
	struct settings *s = calloc(1, sizeof(*s)), *t = calloc(1, sizeof(*t));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *told, *again;

		load(texts[i], s);
		told = policy_told(s);
		load(written(told), t);
		again = policy_told(t);
		assert_true(json_equal(told, again));
		assert_int_equal(s->release_pcrs, t->release_pcrs);
		assert_int_equal(s->appraisal.boot_phase_s, t->appraisal.boot_phase_s);
		assert_memory_equal(s->appraisal.required, t->appraisal.required,
				    sizeof(s->appraisal.required));
		assert_memory_equal(&s->appraisal.ima.excluded, &t->appraisal.ima.excluded,
				    sizeof(s->appraisal.ima.excluded));
		json_decref(told);
		json_decref(again);
	}
	free(s);
	free(t);
}

static const json_t *row_of(const json_t *told, const char *key)
{
	const json_t *row;
	size_t i;

	json_array_foreach(told, i, row) if (!strcmp(json_string_value(json_object_get(row, "key")),
						     key)) return row;
	fail_msg("no row of %s", key);
	return NULL;
}

static void an_empty_configuration_is_all_defaults_and_each_row_says_what_it_does(void **state)
{
	struct settings *s = calloc(1, sizeof(*s));
	json_t *told, *row;
	size_t i;

	(void)state;
	load("", s);
	told = policy_told(s);
	json_array_foreach(told, i, row)
	{
		assert_true(json_is_true(json_object_get(row, "default")));
		assert_true(strlen(json_string_value(json_object_get(row, "text"))) > 10);
	}
	assert_true(i > 25);
	json_decref(told);
	load("[policy]\nsvn_floor = 1b36:0010 7\nrelease_pcrs = 0-9,11,12,14,15\n", s);
	told = policy_told(s);
	row = json_array_get(json_object_get(row_of(told, "svn_floor"), "value"), 0);
	assert_string_equal(json_string_value(row), "1b36:0010 7");
	assert_false(json_is_true(json_object_get(row_of(told, "svn_floor"), "default")));
	assert_string_equal(json_string_value(json_object_get(row_of(told, "svn_floor"), "rule")),
			    "SVN_FLOOR");
	assert_true(json_is_true(json_object_get(row_of(told, "release_pcrs"), "default")));
	assert_null(json_object_get(row_of(told, "release_pcrs"), "rule"));
	json_decref(told);
	free(s);
}

static void bytes_that_are_no_text_are_told_as_such(void **state)
{
	struct settings *s = calloc(1, sizeof(*s));
	json_t *told, *value;

	(void)state;
	load("[policy]\nima_exclude = /a\xff\n", s);
	told = policy_told(s);
	value = json_array_get(json_object_get(row_of(told, "ima_exclude"), "value"), 0);
	assert_string_equal(json_string_value(value), "/a\\xff");
	json_decref(told);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_is_the_same_configuration_again),
		cmocka_unit_test(
			an_empty_configuration_is_all_defaults_and_each_row_says_what_it_does),
		cmocka_unit_test(bytes_that_are_no_text_are_told_as_such),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
