/* SPDX-License-Identifier: Apache-2.0 */
/* Which models have reference values that count. */
#ifndef ASSAY_SERVER_COVERAGE_H
#define ASSAY_SERVER_COVERAGE_H

#include "server.h"

/** coverage_references - how many states of @model ("pci:vvvv:dddd", "tcg:boot-log") are acceptable at this time. */
long long coverage_references(struct server *s, const char *model);

#endif
