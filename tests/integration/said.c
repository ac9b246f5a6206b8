// SPDX-License-Identifier: Apache-2.0
#include "said.h"

#include <stdio.h>

#include "proto/proposal.h"

void said_begin(struct fixture *f, const struct forge_host *h, const char *what, struct bytes body,
		struct said *s)
{
	*s = (struct said){ .body = body, .name = h->name, .what = what };
	forge_begin(&f->s, h, &s->t);
}

json_t *said_post(struct said *s, long want, const char *words)
{
	struct proposal_request rq = { BYTES(s->t.nonce), BYTES(s->t.host->ak_name),
				       buf_bytes(s->t.quote), buf_bytes(s->t.quote_sig), s->body };
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	const char *detail;
	char path[200];
	long status;
	json_t *j;

	assert_ok(proposal_request_write(&rq, &b, &e), &e);
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/%s", s->name, s->what);
	j = forge_call(s->t.server, "POST", path, "application/cbor", false, buf_bytes(b), &status);
	detail = json_string_value(json_object_get(j, "detail"));
	if (status != want || (words && (!detail || !strstr(detail, words))))
		fail_msg("%ld \"%s\", expected %ld \"%s\"", status, detail ? detail : "", want,
			 words ? words : "");
	return j;
}

void said_refused(struct said *s, long want, const char *words)
{
	json_decref(said_post(s, want, words));
	said_clear(s);
}

void said_clear(struct said *s)
{
	forged_clear(&s->t);
}
