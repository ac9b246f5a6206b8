// SPDX-License-Identifier: Apache-2.0
/* The reader of manifests is a module: taken from one place, of one build, or refused with its file. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/swid_load.h"

static void the_module_of_this_build_reads(void **state)
{
	const struct swid_module *m = NULL, *again = NULL;
	OWNED(trust_store) roots = trust_store_new();
	OWNED(swid) s = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(swid_load(swid_module_path, &m, &e), &e);
	assert_refused(m->parse(bytes_text("<a/>"), &s, &e), &e, E_SIGNATURE,
		       "a has no XML signature");
	e = (struct err){ 0 };
	assert_refused(m->verify(bytes_text("<!DOCTYPE a><a/>"), roots, 0, &s, &e), &e, E_FORMAT,
		       "DOCTYPE");
	e = (struct err){ 0 };
	assert_ok(swid_load(swid_module_path, &again, &e), &e);
	assert_ptr_equal(m, again);
}

/* Each says which file; none of their functions could be called: they have none. */
static void what_is_not_the_module_is_refused_with_its_file(void **state)
{
	static const struct {
		const char *path, *why;
		enum err_code code;
	} rows[] = {
		{ SWID_FAKES "/gone.so", SWID_FAKES "/gone.so, cannot be read: No such file",
		  E_CONFIG },
		{ SWID_FAKES, "load " SWID_FAKES, E_CONFIG },
		{ "/proc/self/status", "load /proc/self/status", E_CONFIG },
		{ SWID_FAKES "/no_table.so", "no_table.so is no reader of manifests", E_CONFIG },
		{ SWID_FAKES "/other_version.so", "other_version.so has version 2, and this",
		  E_CONFIG },
		{ SWID_FAKES "/other_build.so", "other_build.so is of build 0.0.1 x, and this",
		  E_CONFIG },
		{ "other_build.so", "no full path", E_INTERNAL },
		{ "", "no full path", E_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct swid_module *m = NULL;
		struct err e = { 0 };

		assert_refused(swid_load(rows[i].path, &m, &e), &e, rows[i].code, rows[i].why);
		assert_null(m);
	}
}

/* The path is a constant: where a library is looked for by name, and from where one is started, is of no interest. */
static void neither_environment_nor_folder_makes_it_another(void **state)
{
	const struct swid_module *m = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(swid_module_path[0], '/');
	setenv("LD_LIBRARY_PATH", SWID_FAKES, 1);
	assert_int_equal(chdir(SWID_FAKES), 0);
	assert_ok(swid_load(swid_module_path, &m, &e), &e);
	assert_int_equal(m->version, SWID_MODULE_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_the_module_is_refused_with_its_file),
		cmocka_unit_test(the_module_of_this_build_reads),
		cmocka_unit_test(neither_environment_nor_folder_makes_it_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
