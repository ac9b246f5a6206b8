/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons as data, for API and command line. SPEC: INTERFACES Explanations */
#ifndef ASSAY_REASONS_JSON_H
#define ASSAY_REASONS_JSON_H

#include <jansson.h>

#include "explain.h"

/** reason_json - a new object with every member, "text" and "hint" among them. */
json_t *reason_json(const struct reason *r);
/** reasons_json - an array of them, to be given away with json_decref(). */
json_t *reasons_json(const struct reasons *reasons);

#endif
