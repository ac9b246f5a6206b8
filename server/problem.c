// SPDX-License-Identifier: Apache-2.0
#include "problem.h"

#include <stdlib.h>

#include "common/log.h"

static void answer(struct http_response *out, unsigned int status, const char *type, json_t *body)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	out->status = text ? status : 500;
	out->content_type = type;
	buf_drop(&out->body);
	out->body = text ? buf_copy(bytes_text(text)) : NULL;
	free(text);
}

void answer_json(struct http_response *out, unsigned int status, json_t *body)
{
	answer(out, status, "application/json", body);
}

void problem_typed(struct http_response *out, unsigned int status, const char *type,
		   const char *title, const char *detail)
{
	json_t *j = json_pack("{s:s, s:s, s:i, s:s%}", "type", type, "title", title, "status",
			      (int)status, "detail", detail, strlen(detail));

	if (!j) /* it quotes what a caller sent, which need not be text */
		j = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", title, "status",
			      (int)status, "detail", "what was sent is not UTF-8");
	answer(out, status, "application/problem+json", j);
}

void problem(struct http_response *out, unsigned int status, const char *title, const char *detail)
{
	problem_typed(out, status, "about:blank", title, detail);
}

void problem_of(struct http_response *out, const struct err *e)
{
	static const struct {
		enum err_code code;
		unsigned int status;
		const char *title;
	} rows[] = {
		{ E_USAGE, 400, "Bad request" },
		{ E_FORMAT, 400, "Malformed" },
		{ E_LIMIT, 413, "Too large" },
		{ E_UNSUPPORTED, 415, "Not supported" },
		{ E_SIGNATURE, 403, "Not authentic" },
		{ E_BINDING, 403, "Bound to something else" },
		{ E_FRESHNESS, 403, "Not fresh" },
		{ E_POLICY, 403, "Refused by policy" },
		{ E_DENIED, 403, "Denied" },
		{ E_NOTFOUND, 404, "Not found" },
		{ E_CONFLICT, 409, "Conflict" },
		{ E_AGAIN, 503, "Try again" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].code == e->code) {
			problem(out, rows[i].status, rows[i].title, e->text);
			return;
		}
	}
	log_event(LOG_LEVEL_ERROR, "internal", LOG_T("error", e->text));
	problem(out, 500, "Internal error", "see the server's log");
}
