// SPDX-License-Identifier: Apache-2.0
/*
 * HTTP as clients do it that mean no good: byte by byte, too much, too long, not at all. The bytes are
 * sent over plain sockets; a second, decent client has to be served all the while.
 */
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "forge.h"
#include "wire.h"

enum {
	HEADER_MS = 600,
	NEXT_MS = 900,
	BODY_MS = 1200,
	BODY_MAX = 1000,
	BODIES_MAX_HERE = 2000,
	LATER_MS = 400,
	LONG_AFTER_MS = 600000
};

/* ---- a server with short limits ---- */
struct fixture {
	struct http *http;
	u16 port;
	_Atomic(struct http_stream *) stream; /* the last one that was asked for */
};

static size_t body_limit(void *user, const char *method, const char *path)
{
	(void)user;
	(void)method;
	(void)path;
	return BODY_MAX;
}

static void handle(void *user, const struct http_request *rq, struct http_response *out)
{
	struct fixture *f = user;
	char text[64];

	snprintf(text, sizeof(text), "%zu bytes", rq->body.len);
	out->status = 200;
	out->content_type = "text/plain";
	if (!strcmp(rq->path, "/stream")) {
		out->stream = http_stream_open();
		f->stream = out->stream;
		return;
	}
	if (!strcmp(rq->path, "/json"))
		out->content_type = "application/json";
	if (!strcmp(rq->path, "/later"))
		out->delay_ms = LATER_MS;
	if (!strcmp(rq->path, "/long-after"))
		out->delay_ms = LONG_AFTER_MS;
	out->body = buf_copy(bytes_text(text));
}

static int start(void **state)
{
	struct http_config c = { .address = "127.0.0.1",
				 .threads = 2,
				 .connections_max = 32,
				 .header_ms = HEADER_MS,
				 .next_ms = NEXT_MS,
				 .body_ms = BODY_MS,
				 .bodies_max = BODIES_MAX_HERE };
	struct fixture *f = calloc(1, sizeof(*f));
	struct http_handler h = { f, body_limit, handle };
	struct err e = { 0 };

	assert_ok(http_start(&c, &h, &f->http, &e), &e);
	f->port = http_port(f->http);
	*state = f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	http_drop(&f->http);
	free(f);
	return 0;
}

static void others_are_served(const struct fixture *f)
{
	char answer[1024];

	wire_ask(f->port,
		 "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
		 answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
	assert_non_null(strstr(answer, "3 bytes"));
}

/* Send @drip again and again, @each_ms apart. Return: ms until the server closed. */
static long long dribble(const struct fixture *f, int fd, const char *drip, int each_ms)
{
	long long begin = clock_monotonic_ms();

	for (;;) {
		char answer[512];
		bool closed;

		if (send(fd, drip, strlen(drip), MSG_NOSIGNAL) < 0)
			break;
		closed = wire_hear(fd, answer, sizeof(answer), each_ms);
		others_are_served(f);
		if (closed)
			break;
		if (clock_monotonic_ms() - begin > WIRE_PATIENCE_MS)
			fail_msg("still open after %d ms", WIRE_PATIENCE_MS);
	}
	close(fd);
	return clock_monotonic_ms() - begin;
}

static void a_client_that_dribbles_its_header_is_cut_off_and_others_are_served(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);

	wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
	assert_in_range(dribble(f, fd, "a", 50), HEADER_MS / 2, WIRE_PATIENCE_MS);
}

static void a_client_that_says_nothing_is_cut_off(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);
	long long begin = clock_monotonic_ms();
	char answer[512];

	assert_true(wire_hear(fd, answer, sizeof(answer), WIRE_PATIENCE_MS));
	assert_in_range(clock_monotonic_ms() - begin, HEADER_MS / 2, WIRE_PATIENCE_MS);
	close(fd);
}

static void a_client_that_dribbles_its_body_is_cut_off_and_others_are_served(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);

	wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
	assert_in_range(dribble(f, fd, "b", 50), HEADER_MS,
			WIRE_PATIENCE_MS); /* longer than a header has */
}

static void a_kept_connection_that_dribbles_its_next_request_is_cut_off(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);
	char answer[512];

	wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_false(wire_hear(fd, answer, sizeof(answer), 100)); /* answered, and kept */
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
	wire_say(fd, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
	assert_in_range(dribble(f, fd, "c", 50), NEXT_MS / 2, WIRE_PATIENCE_MS);
}

#define BODY_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void bodies_on_their_way_may_not_fill_the_memory(void **state)
{
	static const char request[] = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				      "Content-Length: 128\r\n\r\n" BODY_64 BODY_64;
	struct fixture *f = *state;
	char answer[1024] = "", part[951];
	int held[2];

	memset(part, 'x', sizeof(part));
	part[sizeof(part) - 1] = 0;
	for (int i = 0; i < 2; i++) {
		held[i] = wire_connect(f->port);
		wire_say(held[i], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
		wire_say(held[i], part); /* and no more */
	}
	usleep(100000);
	wire_ask(f->port, request, answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 503"));
	assert_non_null(strstr(answer, "application/problem+json"));
	others_are_served(f); /* what is small still fits */
	close(held[0]);
	close(held[1]);
	for (int i = 0; i < 100 && !wire_begins(answer, "HTTP/1.1 200"); i++) {
		usleep(20000);
		wire_ask(f->port, request, answer, sizeof(answer));
	}
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
}

static void a_decent_client_may_keep_its_connection(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);
	char answer[512];

	for (int i = 0; i < 4; i++) { /* longer in all than any single limit */
		wire_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
		assert_false(wire_hear(fd, answer, sizeof(answer), NEXT_MS / 2));
		assert_non_null(strstr(answer, "2 bytes"));
	}
	close(fd);
}

static void a_body_that_is_announced_too_large_is_refused_before_it_is_sent(void **state)
{
	struct fixture *f = *state;
	char answer[1024];

	wire_ask(f->port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n", answer,
		 sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 413"));
	assert_non_null(strstr(answer, "Content-Type: application/problem+json\r\n"));
	assert_non_null(strstr(answer, "\"title\":\"Body too large\",\"status\":413}"));
	wire_ask(f->port,
		 "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		 answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 413"));
	others_are_served(f);
}

static void a_body_that_is_a_little_too_large_is_heard_out_and_refused(void **state)
{
	struct fixture *f = *state;
	char answer[1024] = "", request[1200];
	int n = snprintf(request, sizeof(request),
			 "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			 "Content-Length: %d\r\n\r\n",
			 BODY_MAX + 1);
	int fd;

	memset(request + n, 'x', BODY_MAX);
	request[n + BODY_MAX] = 0;
	fd = wire_connect(f->port);
	wire_say(fd, request);
	assert_false(wire_hear(fd, answer, sizeof(answer), 200)); /* not before the last byte */
	assert_int_equal(answer[0], 0);
	wire_say(fd, "x");
	wire_hear(fd, answer, sizeof(answer), WIRE_PATIENCE_MS);
	assert_true(wire_begins(answer, "HTTP/1.1 413"));
	close(fd);
	others_are_served(f);
}

static void a_body_that_turns_out_too_large_is_refused(void **state)
{
	struct fixture *f = *state;
	char request[2048] = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n";
	char answer[1024];
	size_t len = strlen(request);

	for (int chunk = 0; chunk < 10; chunk++) { /* a thousand bytes in all: just enough */
		len += (size_t)snprintf(request + len, sizeof(request) - len, "64\r\n%0100d\r\n",
					chunk);
	}
	snprintf(request + len, sizeof(request) - len, "0\r\n\r\n");
	wire_ask(f->port, request, answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
	assert_non_null(strstr(answer, "1000 bytes"));
	snprintf(request + len, sizeof(request) - len, "1\r\nx\r\n0\r\n\r\n");
	wire_ask(f->port, request, answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 413"));
	others_are_served(f);
}

static void headers_that_fill_the_memory_for_them_are_refused(void **state)
{
	struct fixture *f = *state;
	char *request = malloc(200000), answer[2048];
	size_t len = (size_t)sprintf(request, "GET / HTTP/1.1\r\nHost: x\r\n");
	int fd = wire_connect(f->port);

	for (int i = 0; i < 2000; i++)
		len += (size_t)sprintf(request + len, "X-Header-%d: some value of it\r\n", i);
	sprintf(request + len, "\r\n");
	(void)!send(fd, request, strlen(request), MSG_NOSIGNAL); /* it may be cut off on the way */
	wire_hear(fd, answer, sizeof(answer), WIRE_PATIENCE_MS);
	close(fd);
	if (answer[0] && !wire_begins(answer, "HTTP/1.1 431") &&
	    !wire_begins(answer, "HTTP/1.1 413"))
		fail_msg("%s", answer);
	others_are_served(f);
	free(request);
}

static void what_is_not_http_is_refused_or_cut_off(void **state)
{
	static const char *const rows[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
		"\r\n\r\n\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n"
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char answer[2048];

		wire_ask(f->port, rows[i], answer, sizeof(answer));
		if (answer[0] && !wire_begins(answer, "HTTP/1.1 4") &&
		    !wire_begins(answer, "HTTP/1.0 4") && !wire_begins(answer, "HTTP/1.1 505"))
			fail_msg("row %zu: %s", i, answer);
		others_are_served(f);
	}
}

/* ---- answers that take their time ---- */
static void an_answer_that_is_held_back_holds_nobody_else(void **state)
{
	enum { CALLERS = 16 }; /* many more than threads */
	struct fixture *f = *state;
	int fd[CALLERS];
	char answer[1024];
	long long begin = clock_monotonic_ms();

	for (int i = 0; i < CALLERS; i++) {
		fd[i] = wire_connect(f->port);
		wire_say(fd[i], "GET /later HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	}
	others_are_served(f);
	for (int i = 0; i < CALLERS; i++) {
		wire_hear(fd[i], answer, sizeof(answer), WIRE_PATIENCE_MS);
		assert_true(wire_begins(answer, "HTTP/1.1 200"));
		close(fd[i]);
	}
	assert_true(clock_monotonic_ms() - begin >= LATER_MS);
}

/* How many of these had an answer until now, of @n that have none yet in @answered; each has to be an empty 503. */
static int hear_refusals(const int *fd, bool *answered, int n)
{
	char answer[1024];
	int heard = 0;

	for (int i = 0; i < n; i++) {
		struct pollfd p = { fd[i], POLLIN, 0 };

		if (answered[i] || poll(&p, 1, 0) <= 0)
			continue;
		wire_hear(fd[i], answer, sizeof(answer), 50);
		assert_true(wire_begins(answer, "HTTP/1.1 503"));
		assert_non_null(strstr(answer, "Content-Length: 0\r\n"));
		answered[i] = true;
		heard++;
	}
	return heard;
}

static void only_so_many_answers_are_held_back_at_a_time(void **state)
{
	enum { MORE = 7, ALL = HELD_MAX + MORE };
	struct http_config c = { .address = "127.0.0.1",
				 .threads = 2,
				 .connections_max = ALL + 100,
				 .next_ms = LONG_AFTER_MS,
				 .body_ms = LONG_AFTER_MS };
	struct fixture f = { 0 };
	struct http_handler h = { &f, body_limit, handle };
	struct rlimit was, many = { 4096, 0 };
	static bool answered[ALL];
	static int fd[ALL];
	struct err e = { 0 };
	int heard = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	many.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	assert_ok(http_start(&c, &h, &f.http, &e), &e);
	f.port = http_port(f.http);
	for (int i = 0; i < ALL; i++) {
		fd[i] = wire_connect(f.port);
		wire_say(fd[i], "GET /long-after HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < WIRE_PATIENCE_MS / 20 && heard < MORE; i++) {
		usleep(20000);
		heard += hear_refusals(fd, answered, ALL);
	}
	usleep(200000);
	assert_int_equal(heard + hear_refusals(fd, answered, ALL), MORE);
	others_are_served(&f);
	http_drop(&f.http);
	for (int i = 0; i < ALL; i++)
		close(fd[i]);
	setrlimit(RLIMIT_NOFILE, &was);
}

static void a_server_ends_though_answers_are_held_back_and_streams_open(void **state)
{
	struct fixture *f = *state;
	int later = wire_connect(f->port), stream = wire_connect(f->port);
	char answer[1024];

	wire_say(later, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
	wire_say(stream, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_false(wire_hear(stream, answer, sizeof(answer), 200));
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
	http_stream_close(f->stream);
	http_drop(&f->http);
	assert_true(wire_hear(stream, answer, sizeof(answer), WIRE_PATIENCE_MS));
	assert_true(wire_hear(later, answer, sizeof(answer), WIRE_PATIENCE_MS));
	close(later);
	close(stream);
}

static struct http_stream *wait_for_stream(struct fixture *f)
{
	for (int i = 0; i < WIRE_PATIENCE_MS / 10 && !f->stream; i++)
		usleep(10000);
	assert_non_null(f->stream);
	return f->stream;
}

static void what_is_put_into_a_stream_arrives_as_it_comes(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port);
	struct http_stream *s;
	char answer[4096];

	wire_say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	s = wait_for_stream(f);
	for (int i = 0; i < 3; i++) {
		char text[24];

		snprintf(text, sizeof(text), "part %d\n", i);
		assert_true(http_stream_put(s, bytes_text(text)));
		answer[0] = 0;
		while (!strstr(answer, text))
			assert_false(wire_hear(fd, answer, sizeof(answer), 200));
		others_are_served(f);
	}
	http_stream_put(s, bytes_text("the end"));
	http_stream_close(s);
	assert_true(wire_hear(fd, answer, sizeof(answer), WIRE_PATIENCE_MS));
	assert_non_null(strstr(answer, "the end"));
	close(fd);
}

static void who_does_not_read_its_stream_loses_it(void **state)
{
	static const char line[1024] = { [0 ... 1022] = 'x' };
	struct fixture *f = *state;
	int fd = wire_connect(f->port), n = 0;
	struct http_stream *s;

	wire_say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	s = wait_for_stream(f);
	while (http_stream_put(s, bytes_text(line)))
		assert_true(++n < 100000); /* what the kernel takes, and then STREAM_WAITING_MAX */
	others_are_served(f);
	http_stream_close(s);
	close(fd);
}

static void who_is_gone_from_its_stream_is_noticed(void **state)
{
	struct fixture *f = *state;
	int fd = wire_connect(f->port), n = 0;
	struct http_stream *s;

	wire_say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	s = wait_for_stream(f);
	close(fd);
	while (http_stream_put(s, bytes_text("still there?"))) {
		assert_true(++n < WIRE_PATIENCE_MS / 10);
		usleep(10000);
	}
	http_stream_close(s);
}

static void who_has_an_answer_already_is_told_so(void **state)
{
	struct fixture *f = *state;
	char answer[1024], etag[64], request[256];
	const char *at;

	wire_ask(f->port, "GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", answer,
		 sizeof(answer));
	at = strstr(answer, "ETag: ");
	assert_non_null(at);
	snprintf(etag, sizeof(etag), "%.*s", (int)strcspn(at + 6, "\r"), at + 6);
	assert_int_equal(strlen(etag), 34);
	for (int i = 0; i < 3; i++) {
		static const char *const forms[] = { "%s", "\"other\", %s", "W/%s" };
		char list[128];

		snprintf(list, sizeof(list), forms[i], etag);
		snprintf(request, sizeof(request),
			 "GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			 "If-None-Match: %s\r\n\r\n",
			 list);
		wire_ask(f->port, request, answer, sizeof(answer));
		assert_true(wire_begins(answer, "HTTP/1.1 304"));
		assert_null(strstr(answer, "bytes"));
	}
	wire_ask(f->port,
		 "GET /json HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: "
		 "\"x\"\r\n\r\n",
		 answer, sizeof(answer));
	assert_true(wire_begins(answer, "HTTP/1.1 200"));
}

/* ---- a thousand who say nothing ---- */
static void a_thousand_idle_connections_leave_the_server_serving(void **state)
{
	enum { IDLE = 1000 };
	struct rlimit few = { 256, 0 }, was;
	struct http_config c = { .address = "127.0.0.1",
				 .threads = 2,
				 .connections_max = 2 * IDLE + 100,
				 .header_ms = WIRE_PATIENCE_MS };
	struct fixture f = { 0 };
	struct http_handler h = { &f, body_limit, handle };
	static int fd[IDLE];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0); /* as a service manager may leave it */
	assert_ok(http_start(&c, &h, &f.http, &e), &e);
	f.port = http_port(f.http);
	for (int i = 0; i < IDLE; i++) {
		fd[i] = wire_connect(f.port);
		if (i % 3 == 0)
			wire_say(fd[i], "GET / HTTP/1.1\r\n");
		if (i % 100 == 0)
			others_are_served(&f);
	}
	others_are_served(&f);
	for (int i = 0; i < IDLE; i++)
		close(fd[i]);
	others_are_served(&f);
	http_drop(&f.http);
	setrlimit(RLIMIT_NOFILE, &was);
}

/* ---- the real routes ---- */
static int start_routes(void **state)
{
	struct forge_server *s = calloc(1, sizeof(*s));

	forge_server_start(s);
	*state = s;
	return 0;
}

static int stop_routes(void **state)
{
	forge_server_stop(*state);
	free(*state);
	return 0;
}

static void every_refusal_is_a_problem_with_status_title_and_detail(void **state)
{
#define SESSION "/challenge-response/v1/session/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	static const struct {
		const char *method, *path, *type;
		int status;
		const char *title, *detail;
	} rows[] = {
		{ "GET", "/nowhere", NULL, 404, "Not found", "see docs/openapi.yaml" },
		{ "POST", "/nowhere", "text/plain", 404, "Not found", "see docs/openapi.yaml" },
		{ "GET", "/challenge-response/v1/newSession", NULL, 405, "Method not allowed", "" },
		{ "PUT", "/healthz", NULL, 405, "Method not allowed", "" },
		{ "GET", SESSION, NULL, 404, "Not found", "no such session" },
		{ "POST", SESSION, "application/json", 415, "Not supported",
		  "evidence is taken as" },
		{ "POST", SESSION, NULL, 415, "Not supported", "evidence is taken as" },
		{ "POST", SESSION, "application/eat+cwtx", 415, "Not supported", "evidence" },
		{ "POST", SESSION, "application/eat+cwt; eat_profile=\"tag:other\"", 415,
		  "Not supported", "evidence is taken as" },
		{ "POST", SESSION, "application/eat+cwt", 400, "Malformed", "token" },
		{ "POST", SESSION, EAT_MEDIA_TYPE, 400, "Malformed", "token" },
		{ "POST", "/enroll/v1/hosts", "application/json", 400, "Malformed",
		  "not a JSON object" },
		{ "GET", "/api/v1/hosts", NULL, 401, "Unauthorized", "a bearer token is needed" },
	};
	struct forge_server *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool post = !strcmp(rows[i].method, "POST");
		char request[1024], answer[4096], status[16];
		const char *body;
		json_t *j;

		snprintf(request, sizeof(request),
			 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s%s%s\r\n%s",
			 rows[i].method, rows[i].path, rows[i].type ? "Content-Type: " : "",
			 rows[i].type ? rows[i].type : "", rows[i].type ? "\r\n" : "",
			 post ? "Content-Length: 4\r\n" : "", post ? "junk" : "");
		wire_ask(http_port(s->http), request, answer, sizeof(answer));
		snprintf(status, sizeof(status), "HTTP/1.1 %d", rows[i].status);
		body = strstr(answer, "\r\n\r\n");
		if (!wire_begins(answer, status) || !body ||
		    !strstr(answer, "Content-Type: application/problem+json\r\n"))
			fail_msg("%s %s %s: %s", rows[i].method, rows[i].path,
				 rows[i].type ? rows[i].type : "", answer);
		j = json_loads(body + 4, 0, NULL);
		assert_int_equal(json_integer_value(json_object_get(j, "status")), rows[i].status);
		assert_string_equal(json_string_value(json_object_get(j, "type")), "about:blank");
		assert_string_equal(json_string_value(json_object_get(j, "title")), rows[i].title);
		assert_non_null(
			strstr(json_string_value(json_object_get(j, "detail")), rows[i].detail));
		json_decref(j);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_that_dribbles_its_header_is_cut_off_and_others_are_served),
		TEST(a_client_that_says_nothing_is_cut_off),
		TEST(a_client_that_dribbles_its_body_is_cut_off_and_others_are_served),
		TEST(a_kept_connection_that_dribbles_its_next_request_is_cut_off),
		TEST(a_decent_client_may_keep_its_connection),
		TEST(a_body_that_is_announced_too_large_is_refused_before_it_is_sent),
		TEST(a_body_that_is_a_little_too_large_is_heard_out_and_refused),
		TEST(a_body_that_turns_out_too_large_is_refused),
		TEST(bodies_on_their_way_may_not_fill_the_memory),
		TEST(headers_that_fill_the_memory_for_them_are_refused),
		TEST(what_is_not_http_is_refused_or_cut_off),
		TEST(an_answer_that_is_held_back_holds_nobody_else),
		TEST(a_server_ends_though_answers_are_held_back_and_streams_open),
		TEST(what_is_put_into_a_stream_arrives_as_it_comes),
		TEST(who_does_not_read_its_stream_loses_it),
		TEST(who_is_gone_from_its_stream_is_noticed),
		TEST(who_has_an_answer_already_is_told_so),
		cmocka_unit_test(only_so_many_answers_are_held_back_at_a_time),
		cmocka_unit_test(a_thousand_idle_connections_leave_the_server_serving),
		cmocka_unit_test_setup_teardown(
			every_refusal_is_a_problem_with_status_title_and_detail, start_routes,
			stop_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
