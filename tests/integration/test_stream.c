// SPDX-License-Identifier: Apache-2.0
/* What changes, as it changes: those who listen to /api/v1/events. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fleet_rig.h"
#include "server/events.h"
#include "server/tokens.h"
#include "wire.h"

static void a_change_is_heard_by_those_whom_it_concerns_as_it_happens(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], heard[8192];
	int all, elsewhere;

	affirm(f, &f->b);
	make_token(f, "deaf", "\"elsewhere\"", token);
	all = listen_as(f, f->s.token, "");
	elsewhere = listen_as(f, token, "");
	contradict(f, &f->b);
	wire_hear(all, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "event: change\ndata: {\"seq\":"));
	assert_non_null(strstr(heard, "\"host\":\"host-b\""));
	assert_non_null(strstr(heard, "\"status\":\"contraindicated\""));
	wire_hear(elsewhere, heard, sizeof(heard), 200);
	assert_null(strstr(heard, "host-b"));
	contradict(f, &f->b); /* the same again is no news */
	wire_hear(all, heard, sizeof(heard), 300);
	assert_null(strstr(heard, "event: change"));
	close(all);
	close(elsewhere);
	affirm(f, &f->b);
}

static void who_comes_back_hears_what_it_missed(void **state)
{
	struct fixture *f = *state;
	json_t *j = fleet_get(f, "/api/v1/changes?limit=1", 200);
	char more[64], heard[8192];
	int fd;

	snprintf(more, sizeof(more), "Last-Event-ID: %lld\r\n",
		 number_in(json_array_get(json_object_get(j, "changes"), 0), "seq"));
	json_decref(j);
	affirm(f, &f->b);
	contradict(f, &f->b);
	affirm(f, &f->b);
	fd = listen_as(f, f->s.token, more);
	wire_hear(fd, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "\"status\":\"contraindicated\""));
	assert_non_null(strstr(strstr(heard, "contraindicated"), "\"status\":\"affirming\""));
	close(fd);
	expect_status(f, "GET", "/api/v1/events", "Authorization: Bearer none\r\n", "", "401");
}

static void a_token_that_is_revoked_hears_no_more(void **state)
{
	struct fixture *f = *state;
	char token[TOKEN_TEXT_SIZE], heard[4096];
	int fd;

	make_token(f, "short", "", token);
	fd = listen_as(f, token, "");
	events_beat(f->s.server->events);
	assert_false(wire_hear(fd, heard, sizeof(heard), 300));
	assert_non_null(strstr(heard, ":\n\n"));
	json_decref(forge_call(&f->s, "DELETE", "/api/v1/tokens/short", NULL, true, BYTES_NONE,
			       &(long){ 0 }));
	events_beat(f->s.server->events);
	wire_hear(fd, heard, sizeof(heard), 300);
	assert_non_null(strstr(heard, "0\r\n\r\n")); /* the last chunk */
	close(fd);
}

/* Return: its status, once there is one. */
static int stream_as(struct fixture *f, const char *token, int *fd)
{
	char request[200], answer[2048] = "";

	*fd = wire_connect(http_port(f->s.http));
	snprintf(request, sizeof(request),
		 "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
		 token);
	wire_say(*fd, request);
	for (int i = 0; i < WIRE_PATIENCE_MS / 5 && !strstr(answer, "\r\n\r\n"); i++)
		wire_hear(*fd, answer, sizeof(answer), 5);
	assert_true(wire_begins(answer, "HTTP/1.1 "));
	return atoi(answer + strlen("HTTP/1.1 "));
}

/* Who has hung up is noticed when something is sent to him, and goes with what is sent next. */
static void wait_for_listeners(struct fixture *f, size_t n)
{
	for (int i = 0; i < WIRE_PATIENCE_MS / 20 && events_listeners(f->s.server->events) != n;
	     i++) {
		events_beat(f->s.server->events);
		usleep(20000);
	}
	assert_int_equal(events_listeners(f->s.server->events), n);
}

static void one_token_listens_so_often_and_all_together_no_more_than_they_may(void **state)
{
	enum { TOKENS = LISTENERS_MAX / LISTENERS_PER_TOKEN_MAX };
	struct fixture *f = *state;
	char token[TOKENS + 1][TOKEN_TEXT_SIZE], name[32];
	static int fd[LISTENERS_MAX + 1];
	int n = 0, more;

	wait_for_listeners(f, 0);
	for (int i = 0; i <= TOKENS; i++) {
		snprintf(name, sizeof(name), "wall-%d", i);
		make_token(f, name, "", token[i]);
	}
	for (int i = 0; i < TOKENS; i++) {
		for (int k = 0; k < LISTENERS_PER_TOKEN_MAX; k++)
			assert_int_equal(stream_as(f, token[i], &fd[n++]), 200);
		assert_int_equal(stream_as(f, token[i], &more), 503);
		close(more);
	}
	assert_int_equal(n, LISTENERS_MAX);
	assert_int_equal(stream_as(f, token[TOKENS], &more), 503); /* the first of its kind */
	close(more);
	close(fd[--n]);
	wait_for_listeners(f, LISTENERS_MAX - 1);
	assert_int_equal(stream_as(f, token[TOKENS], &fd[n++]), 200);
	while (n)
		close(fd[--n]);
	wait_for_listeners(f, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_heard_by_those_whom_it_concerns_as_it_happens),
		cmocka_unit_test(who_comes_back_hears_what_it_missed),
		cmocka_unit_test(a_token_that_is_revoked_hears_no_more),
		cmocka_unit_test(one_token_listens_so_often_and_all_together_no_more_than_they_may),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
