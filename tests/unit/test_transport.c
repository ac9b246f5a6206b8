// SPDX-License-Identifier: Apache-2.0
/* Which of several servers is asked: servers here are threads that do as they are told, over plain HTTP. */
#include "support.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/transport.h"
#include "common/clock.h"

enum mode { ANSWERS, SAYS_404, SAYS_503, HANGS_UP, SILENT, NOT_THERE, OTHER_KEY };

struct fake {
	_Atomic enum mode mode;
	int fd, port;
	atomic_int asked, stop;
	char last[64]; /* the request line of the last one */
	pthread_t thread;
};

static void answer(const struct fake *f, int fd)
{
	static const char *const lines[] = { [ANSWERS] = "201 Created",
					     [SAYS_404] = "404 Not Found",
					     [SAYS_503] = "503 Service Unavailable" };
	char text[200];
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 %s\r\nContent-Length: 2\r\nConnection: close\r\n"
			 "Location: /of/%d\r\n\r\n%c}",
			 lines[f->mode], f->port, '{');

	assert_int_equal(write(fd, text, (size_t)n), n);
}

static void serve_one(struct fake *f, int fd)
{
	char rq[4096];
	ssize_t n = f->mode == SILENT ? 0 : read(fd, rq, sizeof(rq) - 1);

	f->asked++;
	if (n > 0) {
		rq[n] = 0;
		snprintf(f->last, sizeof(f->last), "%.*s", (int)strcspn(rq, "\r"), rq);
	}
	if (f->mode <= SAYS_503)
		answer(f, fd);
	while (f->mode == SILENT && !f->stop) /* the client has to give up */
		if (recv(fd, rq, sizeof(rq), MSG_DONTWAIT) == 0)
			break;
		else
			usleep(10000);
	close(fd);
}

static void *serve(void *arg)
{
	struct fake *f = arg;

	while (!f->stop) {
		struct pollfd p = { f->fd, POLLIN, 0 };
		int fd = poll(&p, 1, 20) > 0 ? accept(f->fd, NULL, NULL) : -1;

		if (fd >= 0)
			serve_one(f, fd);
	}
	return NULL;
}

static void fake_start(struct fake *f, enum mode mode)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	*f = (struct fake){ .mode = mode };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(f->fd, (struct sockaddr *)&a, sizeof(a)), errno);
	assert_return_code(getsockname(f->fd, (struct sockaddr *)&a, &len), errno);
	f->port = ntohs(a.sin_port);
	if (mode == NOT_THERE)
		return; /* bound, and nobody listens */
	assert_return_code(listen(f->fd, 8), errno);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void fake_stop(struct fake *f)
{
	f->stop = 1;
	if (f->mode != NOT_THERE)
		pthread_join(f->thread, NULL);
	close(f->fd);
}

/* ---- two of them ---- */
static struct transport *connect_to(struct fake *a, struct fake *b)
{
	char url[2][64];
	const char *urls[] = { url[0], url[1] };
	/* no server of this test has any key at all */
	const char *pins[] = { "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	struct transport *t = NULL;
	struct err e = { 0 };

	/* TLS to something that speaks none fails in the handshake, before any request is sent */
	snprintf(url[0], sizeof(url[0]), "%s://127.0.0.1:%d",
		 a->mode == OTHER_KEY ? "https" : "http", a->port);
	snprintf(url[1], sizeof(url[1]), "http://127.0.0.1:%d", b->port);
	assert_ok(transport_open(urls, 2, pins, 1, NULL, &t, &e), &e);
	return t;
}

static int ask(struct transport *t, bool same, struct reply *r, struct err *e)
{
	*e = (struct err){ 0 };
	return same ? transport_call_same(t, "POST", "/token", "text/plain", bytes_text("x"), r, e)
		    : transport_call(t, "POST", "/nonce", NULL, NULL, BYTES_NONE, r, e);
}

static void a_server_that_cannot_do_it_leads_to_the_next(void **state)
{
	static const struct {
		enum mode first, second;
		long status; /* 0: unreachable */
		int asked[2];
		long long ms_max;
	} rows[] = {
		{ ANSWERS, ANSWERS, 201, { 1, 0 }, 2000 },
		{ SAYS_404, ANSWERS, 404, { 1, 0 }, 2000 }, /* that is an answer */
		{ SAYS_503, ANSWERS, 201, { 1, 1 }, 2000 },
		{ HANGS_UP, ANSWERS, 201, { 1, 1 }, 2000 },
		{ NOT_THERE, ANSWERS, 201, { 0, 1 }, 4000 },
		{ SILENT, ANSWERS, 201, { 1, 1 }, 14000 },
		{ OTHER_KEY, ANSWERS, 201, { 1, 1 }, 4000 },
		{ SAYS_503, NOT_THERE, 0, { 1, 0 }, 4000 },
		{ NOT_THERE, SAYS_503, 503, { 0, 1 }, 4000 },
		{ SAYS_503, SAYS_503, 503, { 1, 1 }, 2000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake a, b;
		struct reply r = { 0 };
		struct err e;
		OWNED(transport) t = NULL;
		long long start = clock_monotonic_ms();
		int rc;

		fake_start(&a, rows[i].first);
		fake_start(&b, rows[i].second);
		t = connect_to(&a, &b);
		rc = ask(t, false, &r, &e);
		if (rc != (rows[i].status ? 0 : E_UNREACHABLE) || r.status != rows[i].status ||
		    a.asked != rows[i].asked[0] || b.asked != rows[i].asked[1])
			fail_msg("row %zu: %d \"%s\", status %ld, asked %d and %d", i, rc, e.text,
				 r.status, (int)a.asked, (int)b.asked);
		assert_true(clock_monotonic_ms() - start < rows[i].ms_max);
		if (rows[i].status == 201) { /* of the one that answered, nothing of the other */
			char location[32];

			snprintf(location, sizeof(location), "/of/%d",
				 rows[i].asked[1] ? b.port : a.port);
			assert_string_equal(r.location, location);
			assert_int_equal(buf_bytes(r.body).len, 2);
		}
		reply_clear(&r);
		fake_stop(&a);
		fake_stop(&b);
	}
}

static void when_none_answers_it_is_said_of_each_why(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) { /* one after the other, and side by side */
		struct fake a, b;
		struct reply r = { 0 };
		struct err e = { 0 };
		OWNED(transport) t = NULL;
		char of[2][40];

		fake_start(&a, NOT_THERE);
		fake_start(&b, HANGS_UP);
		snprintf(of[0], sizeof(of[0]), "127.0.0.1:%d: ", a.port);
		snprintf(of[1], sizeof(of[1]), "127.0.0.1:%d: ", b.port);
		t = connect_to(&a, &b);
		assert_int_equal(first ? transport_call_first(t, "POST", "/nonce", &r, &e)
				       : ask(t, false, &r, &e),
				 E_UNREACHABLE);
		if (!strstr(e.text, of[0]) || !strstr(e.text, of[1]) || !strstr(e.text, "; "))
			fail_msg("%s", e.text);
		reply_clear(&r);
		fake_stop(&a);
		fake_stop(&b);
	}
}

/* What one issued is nothing to the other: a round that loses its server starts anew. */
static void what_one_server_issued_goes_to_no_other(void **state)
{
	static const struct {
		enum mode then; /* what the first does once it has given a nonce */
		int rc;
		long status;
	} rows[] = { { SAYS_503, 0, 503 }, { HANGS_UP, E_UNREACHABLE, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fake a, b;
		struct reply r = { 0 };
		struct err e;
		OWNED(transport) t = NULL;

		fake_start(&a, ANSWERS);
		fake_start(&b, ANSWERS);
		t = connect_to(&a, &b);
		assert_ok(ask(t, false, &r, &e), &e);
		reply_clear(&r);
		a.mode = rows[i].then;
		assert_int_equal(ask(t, true, &r, &e), rows[i].rc);
		assert_int_equal(r.status, rows[i].status);
		reply_clear(&r);
		assert_int_equal(b.asked, 0);
		/* the next round does not wait for the one that failed, though it might be back */
		a.mode = ANSWERS;
		assert_ok(ask(t, false, &r, &e), &e);
		reply_clear(&r);
		assert_int_equal(b.asked, 1);
		assert_ok(ask(t, true, &r, &e), &e);
		reply_clear(&r);
		assert_string_equal(b.last, "POST /token HTTP/1.1");
		fake_stop(&a);
		fake_stop(&b);
	}
}

static void the_first_is_asked_again_when_it_is_back(void **state)
{
	struct fake a, b;
	struct reply r = { 0 };
	struct err e;
	OWNED(transport) t = NULL;
	long long end;

	(void)state;
	fake_start(&a, SAYS_503);
	fake_start(&b, ANSWERS);
	t = connect_to(&a, &b);
	assert_ok(ask(t, false, &r, &e), &e);
	reply_clear(&r);
	a.mode = ANSWERS;
	end = clock_monotonic_ms() + 15000;
	while (a.asked == 1 && clock_monotonic_ms() < end) {
		assert_ok(ask(t, false, &r, &e), &e);
		reply_clear(&r);
		usleep(200000);
	}
	assert_int_equal(a.asked, 2);
	assert_true(b.asked > 10); /* meanwhile nobody waited for it */
	fake_stop(&a);
	fake_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_cannot_do_it_leads_to_the_next),
		cmocka_unit_test(when_none_answers_it_is_said_of_each_why),
		cmocka_unit_test(what_one_server_issued_goes_to_no_other),
		cmocka_unit_test(the_first_is_asked_again_when_it_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
