// SPDX-License-Identifier: Apache-2.0
/* A browser: it signs in with a token and has a cookie then; who guesses waits. */
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "fleet_rig.h"
#include "server/sign_in.h"
#include "server/tokens.h"
#include "wire.h"

static void a_browser_signs_in_with_a_token_and_ends_with_it(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], cookie[300], both[400];

	make_token(f, "page", "", token);
	sign_in_as(f, token, cookie);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
	expect_status(f, "GET", "/api/v1/tokens", cookie, "", "403"); /* what the role has */
	/* another origin's page can send the cookie along, and nothing else */
	expect_status(f, "POST", "/api/v1/hosts/host-b/revoke", cookie, "{}", "403");
	snprintf(both, sizeof(both), "%s%s: 1\r\n", cookie, SIGN_IN_HEADER);
	expect_status(f, "DELETE", "/api/v1/sign-in", cookie, "", "204");
	clock_set_s(clock_now_s() + SIGN_IN_S + 1);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "401");
	clock_set_s(0);
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
	json_decref(forge_call(&f->s, "DELETE", "/api/v1/tokens/page", NULL, true, BYTES_NONE,
			       &(long){ 0 }));
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "401");
}

static void an_operator_changes_by_cookie_what_its_page_asks_with_the_header(void **state)
{
	struct fixture *f = *state;
	char cookie[300], both[400];

	sign_in_as(f, f->s.token, cookie);
	snprintf(both, sizeof(both), "%s%s: 1\r\nContent-Type: application/json\r\n", cookie,
		 SIGN_IN_HEADER);
	expect_status(f, "POST", "/api/v1/hosts/host-b/confirm", cookie, "{}", "403");
	expect_status(f, "POST", "/api/v1/hosts/host-b/confirm", both, "{}", "400"); /* no hash */
}

static void a_cookie_that_the_server_did_not_write_is_none(void **state)
{
	struct fixture *f = *state;
	char cookie[300], changed[300];
	size_t from;

	sign_in_as(f, f->s.token, cookie);
	from = strlen("Cookie: " SIGN_IN_COOKIE "=");
	for (size_t i = 0; i < SIGN_IN_TEXT - 1; i += 5) {
		memcpy(changed, cookie, sizeof(changed));
		changed[from + i] = changed[from + i] == 'A' ? 'B' : 'A';
		if (i % 25 == 0) /* each waits a second */
			expect_status(f, "GET", "/api/v1/hosts", changed, "", "401");
	}
	expect_status(f, "GET", "/api/v1/hosts", "Cookie: " SIGN_IN_COOKIE "=short\r\n", "", "401");
	expect_status(f, "GET", "/api/v1/hosts", cookie, "", "200");
}

static void whoever_guesses_waits_and_nobody_else_does(void **state)
{
	static const struct {
		const char *method, *path, *headers, *body;
	} rows[] = {
		{ "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "{\"token\":\"guess\"}" },
		{ "GET", "/api/v1/hosts", "Authorization: Bearer guess\r\n", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		long long begin = clock_monotonic_ms();
		char request[400], answer[2048];
		int fd = wire_connect(http_port(f->s.http));

		snprintf(request, sizeof(request),
			 "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
			 rows[i].method, rows[i].path, rows[i].headers, strlen(rows[i].body),
			 rows[i].body);
		wire_say(fd, request);
		for (int k = 0; k < 8; k++) /* more than threads */
			json_decref(fleet_get(f, "/api/v1/groups", 200));
		assert_false(wire_hear(fd, answer, sizeof(answer), GUESS_DELAY_MS + 2000));
		assert_true(wire_begins(answer, "HTTP/1.1 401"));
		assert_true(clock_monotonic_ms() - begin >= GUESS_DELAY_MS);
		close(fd);
	}
}

static void a_page_of_another_origin_does_not_sign_anybody_in(void **state)
{
	struct fixture *f = *state;
	char body[100];

	snprintf(body, sizeof(body), "{\"token\":\"%s\"}", f->s.token);
	expect_status(f, "POST", "/api/v1/sign-in", "", body, "403");
	expect_status(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "[]", "400");
	expect_status(f, "POST", "/api/v1/sign-in", SIGN_IN_HEADER ": 1\r\n", "{\"token\":7}",
		      "400");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_browser_signs_in_with_a_token_and_ends_with_it),
		cmocka_unit_test(an_operator_changes_by_cookie_what_its_page_asks_with_the_header),
		cmocka_unit_test(a_cookie_that_the_server_did_not_write_is_none),
		cmocka_unit_test(whoever_guesses_waits_and_nobody_else_does),
		cmocka_unit_test(a_page_of_another_origin_does_not_sign_anybody_in),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
