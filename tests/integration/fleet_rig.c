// SPDX-License-Identifier: Apache-2.0
#include "fleet_rig.h"

#include <stdio.h>
#include <string.h>

#include "server/sign_in.h"
#include "server/tokens.h"
#include "wire.h"

json_t *fleet_get(struct fixture *f, const char *path, long want)
{
	long status;
	json_t *j = forge_call(&f->s, "GET", path, NULL, true, BYTES_NONE, &status);

	if (status != want) {
		char *text = json_dumps(j, JSON_COMPACT);

		fail_msg("%s: %ld, not %ld: %s", path, status, want, text ? text : "");
	}
	return j;
}

const char *text_in(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "(none)";
}

long long number_in(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

void affirm(struct fixture *f, const struct forge_host *h)
{
	struct forged t;

	honest(f, h, &t);
	released(&t);
	forged_clear(&t);
}

/* A PCR that the quote has and the claims have not. */
void contradict(struct fixture *f, const struct forge_host *h)
{
	struct forged t;

	honest(f, h, &t);
	t.claimed.pcrs &= ~1u;
	forge_again(&t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	forged_clear(&t);
}

int make_token(struct fixture *f, const char *name, const char *groups, char text[TOKEN_TEXT_SIZE])
{
	char body[300];
	long status;
	json_t *j;

	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"viewer\",\"groups\":[%s]}", name,
		 groups);
	j = forge_call(&f->s, "POST", "/api/v1/tokens", "application/json", true, bytes_text(body),
		       &status);
	assert_int_equal(status, 201);
	snprintf(text, TOKEN_TEXT_SIZE, "%s", text_in(j, "token"));
	json_decref(j);
	return 0;
}

json_t *fleet_get_as(struct fixture *f, const char *token, const char *path, long *status)
{
	struct reply r;
	struct err e = { 0 };
	json_t *j;

	assert_ok(transport_call(f->s.transport, "GET", path, NULL, token, BYTES_NONE, &r, &e), &e);
	*status = r.status;
	forge_record(&f->s, "GET", path, &r);
	j = json_loadb((const char *)r.body->w.at, r.body->w.len, 0, NULL);
	reply_clear(&r);
	return j;
}

void ask_with(struct fixture *f, const char *method, const char *path, const char *headers,
	      const char *body, char *answer, size_t size)
{
	char request[2000];

	snprintf(
		request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: %zu\r\n\r\n%s",
		method, path, headers, strlen(body), body);
	wire_ask(http_port(f->s.http), request, answer, size);
}

/* Return: the cookie as a browser sends it back. */
const char *sign_in_as(struct fixture *f, const char *token, char out[300])
{
	char answer[4096], body[100];
	const char *at;

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", token);
	ask_with(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", body, answer,
		 sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 204"));
	at = strstr(answer, "Set-Cookie: ");
	assert_non_null(at);
	assert_non_null(strstr(at, "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age="));
	snprintf(out, 300, "Cookie: %.*s\r\n", (int)strcspn(at + 12, ";"), at + 12);
	return out;
}

void expect_status(struct fixture *f, const char *method, const char *path, const char *headers,
		   const char *body, const char *want)
{
	char answer[65536];

	ask_with(f, method, path, headers, body, answer, sizeof(answer));
	if (strncmp(answer + strlen("HTTP/1.1 "), want, 3))
		fail_msg("%s %s: %.200s", method, path, answer);
}

json_t *first_device(struct fixture *f, const char *host)
{
	char path[100];
	json_t *j, *d;

	snprintf(path, sizeof(path), "/api/v1/devices?q=%s", host);
	j = fleet_get(f, path, 200);
	d = json_incref(json_array_get(json_object_get(j, "devices"), 0));
	json_decref(j);
	return d;
}

long long firmware_total(struct fixture *f, const char *model)
{
	json_t *j = fleet_get(f, "/api/v1/firmware", 200), *m, *v;
	long long n = 0, sum = 0;
	size_t i, k;

	json_array_foreach(json_object_get(j, "models"), i, m)
	{
		if (strcmp(text_in(m, "model"), model))
			continue;
		n = number_in(m, "devices");
		json_array_foreach(json_object_get(m, "versions"), k, v) sum +=
			number_in(v, "affirming") + number_in(v, "warning") +
			number_in(v, "contraindicated");
	}
	assert_int_equal(n, sum);
	json_decref(j);
	return n;
}

int listen_as(struct fixture *f, const char *token, const char *more)
{
	char request[400], answer[2048];
	int fd = wire_connect(http_port(f->s.http));

	snprintf(request, sizeof(request),
		 "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n",
		 token, more);
	wire_say(fd, request);
	if (!*more) { /* what was missed comes at once */
		wire_hear(fd, answer, sizeof(answer), 300);
		assert_non_null(strstr(answer, "Content-Type: text/event-stream"));
		assert_non_null(strstr(answer, "retry: "));
	}
	return fd;
}
