/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLOCK_H
#define ASSAY_CLOCK_H

#include "port.h"

/** clock_now_s - seconds since 1970, or what a test set. */
long long clock_now_s(void);
/** clock_read_utc - "2027-01-31T00:00:00Z" as seconds since 1970; false for anything else. */
bool clock_read_utc(const char *text, long long *out);
/** clock_monotonic_ms - for deadlines; never set by tests. */
long long clock_monotonic_ms(void);
/** clock_set_s - for tests: from now on clock_now_s() says @unix_s; 0 ends that. */
void clock_set_s(long long unix_s);

#endif
