/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that a script makes on real parts: it prints "PASS name" or "FAIL name: ..." for each, a test is one of them. */
#ifndef ASSAY_TEST_REPORT_H
#define ASSAY_TEST_REPORT_H

#include "rig.h"

/** report_run - tests/integration/@script BUILD-FOLDER; once in a program. Return: 0, for cmocka. */
int report_run(const char *script);
int report_drop(void **state);
/** report_stands - fails with what the report says of @name, or how it ends when @name was not reached. */
void report_stands(const char *name);

/** REPORT_TESTS - for a list CHECKS(X) of names: a test each, and main(). */
#define REPORT_TEST(name)                                                                          \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		report_stands(#name);                                                              \
	}
#define REPORT_ROW(name) cmocka_unit_test(name),
#define REPORT_TESTS(CHECKS, script)                                                               \
	CHECKS(REPORT_TEST)                                                                        \
	static int report_set_up(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		return report_run(script);                                                         \
	}                                                                                          \
	int main(void)                                                                             \
	{                                                                                          \
		const struct CMUnitTest tests[] = { CHECKS(REPORT_ROW) };                          \
                                                                                                   \
		return cmocka_run_group_tests(tests, report_set_up, report_drop);                  \
	}

#endif
