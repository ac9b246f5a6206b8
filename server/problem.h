/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: JSON bodies, and problem details (RFC 9457) for every refusal. */
#ifndef ASSAY_SERVER_PROBLEM_H
#define ASSAY_SERVER_PROBLEM_H

#include <jansson.h>

#include "http.h"

/** problem - an answer that says what is wrong; @detail is for people and holds no secret. */
void problem(struct http_response *out, unsigned int status, const char *title, const char *detail);
/** problem_typed - one that a program tells from others: @type is a URI. */
void problem_typed(struct http_response *out, unsigned int status, const char *type,
		   const char *title, const char *detail);
/** problem_of - the status that fits @e's code. Internal errors are logged, their text stays here. */
void problem_of(struct http_response *out, const struct err *e);
/** answer_json - takes @body. */
void answer_json(struct http_response *out, unsigned int status, json_t *body);

#endif
