// SPDX-License-Identifier: Apache-2.0
/* The reader of a CoRIM: where it is, so that a failure can say it, and room for what it finds. */
#include "corim_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void corim_enter(struct corim_place *p, const char *name, long long index)
{
	if (p->c.r.why)
		return;
	if (p->depth == CORIM_PATH_MAX) {
		cbor_fail_with(&p->c, E_LIMIT, "too deep");
		return;
	}
	p->path[p->depth++] = (struct corim_step){ name, index };
}

void corim_leave(struct corim_place *p)
{
	if (!p->c.r.why && p->depth)
		p->depth--;
}

const char *corim_path(const struct corim_place *p, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < p->depth && used < size; i++) {
		const struct corim_step *s = &p->path[i];
		int n = s->index < 0
				? snprintf(out + used, size - used, "%s%s", i ? "." : "", s->name)
				: snprintf(out + used, size - used, "%s%s[%lld]", i ? "." : "",
					   s->name, s->index);

		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}

int corim_place_error(const struct corim_place *p, const char *what, struct err *e)
{
	const char *why = p->c.r.why;
	char path[200];

	return err_set(e, cbor_code(&p->c), "%s: %s%s%s%s", what, corim_path(p, path, sizeof(path)),
		       p->depth ? ": " : "", why,
		       strchr(why, ' ') ? "" : " is missing, or not what may stand there");
}

void *corim_room(struct corim_place *p, void *at, size_t have, size_t more, size_t size, size_t max)
{
	char *grown;

	if (p->c.r.why)
		return at;
	if (more > max || have > max - more) {
		cbor_fail_with(&p->c, E_LIMIT, "too many");
		return at;
	}
	if (!more)
		return at;
	grown = realloc(at, (have + more) * size);
	if (!grown) {
		cbor_fail_with(&p->c, E_MEMORY, "no memory");
		return at;
	}
	memset(grown + have * size, 0, more * size);
	return grown;
}
