// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

static atomic_llong set_s;

long long clock_now_s(void)
{
	long long s = atomic_load(&set_s);

	return s ? s : (long long)time(NULL);
}

long long clock_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void clock_set_s(long long unix_s)
{
	atomic_store(&set_s, unix_s);
}

bool clock_read_utc(const char *text, long long *out)
{
	struct tm tm = { 0 };
	const char *end = strlen(text) == 20 ? strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;

	if (!end || *end)
		return false;
	*out = timegm(&tm);
	return true;
}
