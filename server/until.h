/* SPDX-License-Identifier: Apache-2.0 */
/* How people say when something ends. */
#ifndef ASSAY_SERVER_UNTIL_H
#define ASSAY_SERVER_UNTIL_H

#include "common/err.h"

/** until_read - "2027-01-31T00:00:00Z", or "+14d" and "+12h" from now; NULL: *@out is 0, no end. E_USAGE. */
int until_read(const char *text, long long *out, struct err *e);

#endif
