/* SPDX-License-Identifier: Apache-2.0 */
/* The [policy] of a configuration as data: what is in force, in the words that a configuration says it with. */
#ifndef ASSAY_SERVER_POLICY_TOLD_H
#define ASSAY_SERVER_POLICY_TOLD_H

#include <jansson.h>

#include "settings.h"

/**
 * policy_told - an array with an object for each key of [policy]: "key"; "value", an array with an element for each
 * line that says it, none where nothing is asked; "default", whether an empty configuration says the same; "text",
 * what it does; "rule", the policy rule that reasons name, where it is one.
 */
json_t *policy_told(const struct settings *s);

#endif
