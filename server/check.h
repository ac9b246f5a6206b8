/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a configuration would be taken at the next start: read, and what it names looked at; nothing is opened for writing. */
#ifndef ASSAY_SERVER_CHECK_H
#define ASSAY_SERVER_CHECK_H

#include "settings.h"

/** check_run - of a configuration that was read from @path: what it says otherwise than an empty one, on stdout. */
int check_run(const struct settings *s, const char *path, struct err *e);

#endif
