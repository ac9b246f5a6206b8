// SPDX-License-Identifier: Apache-2.0
/* A changed verdict on its way to somebody else's server: signed, kept, tried again. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "refusal.h"
#include "server/webhook.h"

enum { GOT_MAX = 8, PATIENCE_MS = 20000 };

/* ---- who is told ---- */
struct receiver {
	int fd;
	u16 port;
	_Atomic int status; /* what it answers */
	_Atomic int n;	    /* how many came */
	char got[GOT_MAX][4096];
	pthread_t thread;
	_Atomic bool ending;
};

static void serve_one(struct receiver *r, int fd)
{
	char text[4096] = "", answer[200];
	size_t len = 0, whole = sizeof(text);

	while (len < whole && len + 1 < sizeof(text)) {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		const char *body, *length;

		if (n <= 0)
			break;
		text[len += (size_t)n] = 0;
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (body && length)
			whole = (size_t)(body + 4 - text) + strtoul(length + 16, NULL, 10);
	}
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n",
		 r->status, r->status / 100 == 3 ? "Location: http://127.0.0.1:1/\r\n" : "");
	if (r->n < GOT_MAX)
		memcpy(r->got[r->n], text, sizeof(text));
	r->n++;
	(void)!send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	close(fd);
}

static void *receive(void *arg)
{
	struct receiver *r = arg;

	while (!r->ending) {
		struct pollfd p = { r->fd, POLLIN, 0 };

		if (poll(&p, 1, 50) > 0)
			serve_one(r, accept(r->fd, NULL, NULL));
	}
	return NULL;
}

static void receiver_start(struct receiver *r, int status)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);

	*r = (struct receiver){ .status = status };
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(r->fd, (struct sockaddr *)&a, sizeof(a)), errno);
	assert_return_code(listen(r->fd, 8), errno);
	assert_return_code(getsockname(r->fd, (struct sockaddr *)&a, &len), errno);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, receive, r), 0);
}

static void receiver_stop(struct receiver *r)
{
	r->ending = true;
	pthread_join(r->thread, NULL);
	close(r->fd);
}

static void wait_for(struct receiver *r, int n)
{
	for (int i = 0; i < PATIENCE_MS / 10 && r->n < n; i++)
		usleep(10000);
	assert_true(r->n >= n);
}

static const char *header_of(const char *request, const char *name, char out[200])
{
	const char *at = strstr(request, name);

	assert_non_null(at);
	at += strlen(name) + 2;
	snprintf(out, 200, "%.*s", (int)strcspn(at, "\r"), at);
	return out;
}

/* ---- a server that tells ---- */
#define KEY_TEXT "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void point_to(struct fixture *f, u16 port)
{
	struct settings *s = &f->s.settings;
	char path[300];
	FILE *key;

	snprintf(s->webhook_url, sizeof(s->webhook_url), "http://127.0.0.1:%u/hook", port);
	snprintf(path, sizeof(path), "%s/webhook.key", f->s.folder);
	key = fopen(path, "w");
	assert_non_null(key);
	fputs(KEY_TEXT "\n", key);
	fclose(key);
	snprintf(s->webhook_key_file, sizeof(s->webhook_key_file), "%s", path);
}

static void begin_sending(struct fixture *f)
{
	struct err e = { 0 };

	assert_ok(webhook_new(f->s.server, &f->s.server->webhook, &e), &e);
	assert_ok(webhook_start(f->s.server->webhook, &e), &e);
}

static int end_sending(void **state)
{
	struct fixture *f = *state;

	webhook_drop(&f->s.server->webhook);
	f->s.settings.webhook_url[0] = 0;
	clock_set_s(0);
	return 0;
}

static void affirm(struct fixture *f)
{
	struct forged t;

	honest(f, &f->b, &t);
	released(&t);
	forged_clear(&t);
}

static void contradict(struct fixture *f)
{
	struct forged t;

	honest(f, &f->b, &t);
	t.claimed.pcrs &= ~1u;
	forge_again(&t);
	json_decref(forge_send(&t, buf_bytes(t.token), &(long){ 0 }));
	forged_clear(&t);
}

static int take_count(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int count_job(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT COUNT(*) FROM webhooks", NULL, 0, take_count, arg, NULL, e);
}

static long long count_queued(struct fixture *f)
{
	struct err e = { 0 };
	long long n = -1;

	assert_ok(store_read(f->s.server->store, count_job, &n, &e), &e);
	return n;
}

static void wait_for_queue(struct fixture *f, long long n)
{
	for (int i = 0; i < PATIENCE_MS / 10 && count_queued(f) != n; i++)
		usleep(10000);
	assert_int_equal(count_queued(f), n);
}

/* ---- what is said of it ---- */
static void a_signature_is_as_the_published_example_has_it(void **state)
{
	char signature[WEBHOOK_SIGNATURE];
	u8 key[WEBHOOK_KEY_MAX];
	struct err e = { 0 };
	long len = webhook_key_read(bytes_text(KEY_TEXT), key);

	(void)state;
	assert_int_equal(len, 24);
	assert_ok(webhook_sign((struct bytes){ key, 24 }, "msg_p5jXN8AQM9LWM0D4loKWxJek",
			       1614265330, bytes_text("{\"test\": 2432232314}"), signature, &e),
		  &e);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void a_key_is_read_with_its_prefix_or_without(void **state)
{
	static const struct {
		const char *line;
		long len;
	} rows[] = {
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 24 },
		{ "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\r\n", 24 },
		{ "whsec_", -1 },
		{ "whsec_!", -1 },
		{ "c2hvcnQ=", 5 },
		{ "", 0 },
	};
	u8 key[WEBHOOK_KEY_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (webhook_key_read(bytes_text(rows[i].line), key) != rows[i].len)
			fail_msg("%s", rows[i].line);
}

static void the_waits_between_tries_grow_and_end_growing(void **state)
{
	static const long long waits[] = {
		5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waits); i++)
		assert_int_equal(webhook_wait_s((long long)i + 1), waits[i]);
	assert_int_equal(webhook_wait_s(1000000), 3600);
}

static void a_short_key_or_none_is_refused_at_the_start(void **state)
{
	struct fixture *f = *state;
	struct webhook *w = NULL;
	struct err e = { 0 };
	FILE *key;

	point_to(f, 1);
	key = fopen(f->s.settings.webhook_key_file, "w");
	fputs("c2hvcnQ=\n", key);
	fclose(key);
	assert_int_equal(webhook_new(f->s.server, &w, &e), E_CONFIG);
	assert_non_null(strstr(e.text, "24 to 64 bytes"));
	f->s.settings.webhook_key_file[0] = 0;
	assert_int_equal(webhook_new(f->s.server, &w, &e), E_CONFIG);
	assert_null(w);
}

static void a_change_is_sent_once_and_signed(void **state)
{
	struct fixture *f = *state;
	struct receiver r;
	char id[200], when[200], signature[200], want[WEBHOOK_SIGNATURE];
	u8 key[WEBHOOK_KEY_MAX];
	struct err e = { 0 };
	const char *body;
	json_t *whole, *j;

	receiver_start(&r, 204);
	point_to(f, r.port);
	begin_sending(f);
	contradict(f);
	contradict(f); /* the same again is no change */
	wait_for(&r, 1);
	wait_for_queue(f, 0);
	assert_int_equal(r.n, 1);
	body = strstr(r.got[0], "\r\n\r\n") + 4;
	assert_int_equal(strncmp(r.got[0], "POST /hook HTTP/1.1\r\n", 21), 0);
	header_of(r.got[0], "webhook-id", id);
	header_of(r.got[0], "webhook-timestamp", when);
	header_of(r.got[0], "webhook-signature", signature);
	assert_int_equal(webhook_key_read(bytes_text(KEY_TEXT), key), 24);
	assert_ok(webhook_sign((struct bytes){ key, 24 }, id, strtoll(when, NULL, 10),
			       bytes_text(body), want, &e),
		  &e);
	assert_string_equal(signature, want);
	whole = json_loads(body, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(whole, "type")), "verdict.changed");
	j = json_object_get(whole, "data");
	assert_string_equal(json_string_value(json_object_get(j, "host")), "host-b");
	assert_string_equal(json_string_value(json_object_get(j, "status")), "contraindicated");
	assert_string_equal(json_string_value(json_object_get(j, "was")), "affirming");
	json_decref(whole);
	end_sending(state);
	receiver_stop(&r);
	affirm(f);
}

static void what_is_not_taken_is_tried_again_with_the_same_id(void **state)
{
	static const int refusals[] = { 500, 404, 302 };
	struct fixture *f = *state;
	struct receiver r;
	char first[200], then[200];

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		receiver_start(&r, refusals[i]);
		point_to(f, r.port);
		begin_sending(f);
		contradict(f);
		wait_for(&r, 1);
		usleep(300000);
		assert_int_equal(r.n, 1); /* not before its time */
		assert_int_equal(count_queued(f), 1);
		r.status = 200;
		clock_set_s(clock_now_s() + WEBHOOK_FIRST_WAIT_S + 1);
		webhook_wake(f->s.server->webhook);
		wait_for(&r, 2);
		wait_for_queue(f, 0);
		assert_string_equal(header_of(r.got[0], "webhook-id", first),
				    header_of(r.got[1], "webhook-id", then));
		end_sending(state);
		receiver_stop(&r);
		affirm(f);
	}
}

static void what_is_queued_when_the_server_ends_is_sent_by_the_next(void **state)
{
	struct fixture *f = *state;
	struct receiver r;

	receiver_start(&r, 200);
	point_to(f, r.port); /* nobody sends yet */
	contradict(f);
	affirm(f);
	assert_int_equal(count_queued(f), 2);
	begin_sending(f);
	wait_for(&r, 2);
	wait_for_queue(f, 0);
	assert_non_null(strstr(r.got[0], "\"status\":\"contraindicated\""));
	assert_non_null(strstr(r.got[1], "\"status\":\"affirming\""));
	receiver_stop(&r);
}

static void nobody_takes_it_for_three_days_and_it_is_given_up(void **state)
{
	struct fixture *f = *state;

	point_to(f, 1); /* nobody listens there */
	contradict(f);
	begin_sending(f);
	usleep(300000);
	assert_int_equal(count_queued(f), 1);
	clock_set_s(clock_now_s() + WEBHOOK_KEPT_S + 1);
	webhook_wake(f->s.server->webhook);
	wait_for_queue(f, 0);
	end_sending(state);
	affirm(f);
}

static int fill_queue(struct tx *tx, void *arg, struct err *e)
{
	struct db_value most = DB_I(-(long long)WEBHOOK_QUEUE_MAX);

	(void)arg;
	return db_run(tx->db,
		      "WITH RECURSIVE n(seq) AS (SELECT $1 UNION ALL SELECT seq + 1 FROM n"
		      " WHERE seq < -1) INSERT INTO webhooks (seq, time, body, tries, next)"
		      " SELECT seq, 0, '', 0, 0 FROM n",
		      &most, 1, NULL, NULL, NULL, e);
}

static int take_oldest(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT MIN(seq) FROM webhooks", NULL, 0, take_count, arg, NULL, e);
}

static int empty_queue(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return db_run(tx->db, "DELETE FROM webhooks", NULL, 0, NULL, NULL, NULL, e);
}

static void of_a_queue_that_is_full_the_oldest_makes_room(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	long long oldest = 0;

	point_to(f, 1); /* and nobody sends */
	assert_ok(store_write(f->s.server->store, fill_queue, NULL, &e), &e);
	assert_int_equal(count_queued(f), WEBHOOK_QUEUE_MAX);
	contradict(f);
	assert_int_equal(count_queued(f), WEBHOOK_QUEUE_MAX);
	assert_ok(store_read(f->s.server->store, take_oldest, &oldest, &e), &e);
	assert_int_equal(oldest, -WEBHOOK_QUEUE_MAX + 1);
	assert_ok(store_write(f->s.server->store, empty_queue, NULL, &e), &e);
	end_sending(state);
	affirm(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_is_as_the_published_example_has_it),
		cmocka_unit_test(a_key_is_read_with_its_prefix_or_without),
		cmocka_unit_test(the_waits_between_tries_grow_and_end_growing),
		cmocka_unit_test_teardown(a_short_key_or_none_is_refused_at_the_start, end_sending),
		cmocka_unit_test_teardown(a_change_is_sent_once_and_signed, end_sending),
		cmocka_unit_test_teardown(what_is_not_taken_is_tried_again_with_the_same_id,
					  end_sending),
		cmocka_unit_test_teardown(what_is_queued_when_the_server_ends_is_sent_by_the_next,
					  end_sending),
		cmocka_unit_test_teardown(of_a_queue_that_is_full_the_oldest_makes_room,
					  end_sending),
		cmocka_unit_test_teardown(nobody_takes_it_for_three_days_and_it_is_given_up,
					  end_sending),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
