/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that a script makes on real parts: it prints "PASS name" or "FAIL name: ..." for each, a test is one of them; or "SKIP all: why"; a line "NOTE text" is for the log. */
#ifndef ASSAY_TEST_REPORT_H
#define ASSAY_TEST_REPORT_H

#include "rig.h"

/** report_run - tests/integration/@script BUILD-FOLDER; once in a program. Return: 0, for cmocka. */
int report_run(const char *script);
int report_drop(void **state);
/** report_stands - fails with what the report says of @name, or how it ends when @name was not reached. */
void report_stands(const char *name);
/** report_is_listed - fails with a check that passed and is not among @names, which end with NULL: nobody would miss it. */
void report_is_listed(const char *const *names);

/** REPORT_TESTS - for a list CHECKS(X) of names: a test each, and main(). */
#define REPORT_TEST(name)                                                                          \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		report_stands(#name);                                                              \
	}
#define REPORT_ROW(name)  cmocka_unit_test(name),
#define REPORT_NAME(name) #name,
#define REPORT_TESTS(CHECKS, script)                                                               \
	CHECKS(REPORT_TEST)                                                                        \
	static void each_check_of_the_script_is_a_test(void **state)                               \
	{                                                                                          \
		static const char *const names[] = { CHECKS(REPORT_NAME) NULL };                   \
                                                                                                   \
		(void)state;                                                                       \
		report_is_listed(names);                                                           \
	}                                                                                          \
	static int report_set_up(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		return report_run(script);                                                         \
	}                                                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = { CHECKS(REPORT_ROW) cmocka_unit_test(           \
			each_check_of_the_script_is_a_test) };                                     \
                                                                                                   \
		return cmocka_run_group_tests(tests, report_set_up, report_drop);                  \
	}

#endif
