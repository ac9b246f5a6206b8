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

#endif
