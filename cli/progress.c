// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

enum { FIRST_MS = 500, EACH_MS = 100, MIB = 1024 * 1024 };

struct progress progress_begin(const struct cli *c, const char *what, const char *unit, u64 all)
{
	return (struct progress){ .what = what,
				  .unit = unit,
				  .all = all,
				  .on = !c->json && isatty(STDERR_FILENO),
				  .next_ms = clock_monotonic_ms() + FIRST_MS };
}

void progress_to(struct progress *p, u64 done)
{
	unsigned long long part = p->unit ? 1 : MIB;
	const char *unit = p->unit ? p->unit : "MiB";
	long long now;

	p->done = done;
	if (!p->on || (now = clock_monotonic_ms()) < p->next_ms)
		return;
	p->next_ms = now + EACH_MS;
	p->shown = true;
	/* what is read twice is not more than all of it */
	if (p->all)
		fprintf(stderr, "\r\x1b[K%s: %llu of %llu %s, %llu %%", p->what, done / part,
			p->all / part, unit, 100ull * (done < p->all ? done : p->all) / p->all);
	else
		fprintf(stderr, "\r\x1b[K%s: %llu %s", p->what, done / part, unit);
	fflush(stderr);
}

void progress_more(void *user, size_t n)
{
	struct progress *p = user;

	progress_to(p, p->done + n);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\x1b[K", stderr);
	p->on = p->shown = false;
}
