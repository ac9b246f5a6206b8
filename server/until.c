// SPDX-License-Identifier: Apache-2.0
#include "until.h"

#include "common/clock.h"
#include "common/config.h"
#include "common/text.h"

enum { WINDOW_MAX_S = 10 * 366 * 86400 };

int until_read(const char *text, long long *out, struct err *e)
{
	long long span;

	*out = 0;
	if (!text || !*text)
		return 0;
	if (*text == '+' || *text == ' ') { /* a + that was not escaped arrives as a space */
		if (config_duration(&span, text + 1, e) || span <= 0 || span > WINDOW_MAX_S)
			return err_set(e, E_USAGE,
				       "until: +14d or +12h expected, 10 years at most");
		*out = clock_now_s() + span;
		return 0;
	}
	return clock_read_utc(text, out)
		       ? 0
		       : err_set(e, E_USAGE, "until: a time like 2027-01-31T00:00:00Z, or +14d");
}
