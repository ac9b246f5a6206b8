/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_JUDGED_H
#define ASSAY_JUDGED_H

#include <jansson.h>

#include "collector/verdict.h"

/**
 * judged_read - what the server's answer says of each device: affirmed as a whole, or contraindicated. Where the host
 * itself is contraindicated no device is affirmed: nothing vouches for what its agent says.
 * @out: without ctx.
 * Return: 0; E_FORMAT, E_LIMIT for an answer that is not as docs/openapi.yaml has it.
 */
int judged_read(const json_t *answer, struct device_verdicts *out, struct err *e);

#endif
