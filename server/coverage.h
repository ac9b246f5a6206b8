/* SPDX-License-Identifier: Apache-2.0 */
/* Which models have reference values that count. */
#ifndef ASSAY_SERVER_COVERAGE_H
#define ASSAY_SERVER_COVERAGE_H

#include <jansson.h>

#include "server.h"

enum { MODELS_KEPT_S = 30 }; /* every inventory is read for it: not for each who looks */

/** coverage_references - how many states of @model ("pci:vvvv:dddd", "tcg:boot-log") are acceptable at this time. */
long long coverage_references(struct server *s, const char *model);

/**
 * coverage_no_evidence - models of the accepted inventories of hosts of @groups ("": all), bridges left out, that gave no
 * evidence: @out as the answer has it, to be dropped.
 */
int coverage_no_evidence(struct tx *tx, const char *groups, json_t **out, struct err *e);

#endif
