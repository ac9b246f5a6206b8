// SPDX-License-Identifier: Apache-2.0
/* The sockets of this host: one request, one answer, and bulk in a sealed memory file beside it. */
#include "support.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/local.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/limits.h"
#include "proto/cbor.h"

/* ---- packets over a pair of sockets ---- */
static void pair(int ends[2])
{
	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), errno);
}

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

static void a_packet_and_a_descriptor_arrive_as_they_were_sent(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, LOCAL_PACKET_MAX };
	u8 *content = calloc(1, LOCAL_PACKET_MAX);
	struct err e = { 0 };
	int ends[2];

	(void)state;
	pair(ends);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		OWNED(buf) got = NULL;
		int fd = -1;

		memset(content, (int)i + 1, sizes[i]);
		assert_ok(local_send(ends[0], (struct bytes){ content, sizes[i] }, i ? ends[0] : -1,
				     &e),
			  &e);
		assert_ok(local_receive(ends[1], &got, &fd, &e), &e);
		assert_bytes_equal(buf_bytes(got), ((struct bytes){ content, sizes[i] }));
		if (i) {
			assert_true(fd >= 0 && fd != ends[0]);
			assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
			close(fd);
		} else {
			assert_int_equal(fd, -1);
		}
	}
	assert_refused(local_send(ends[0], (struct bytes){ content, LOCAL_PACKET_MAX + 1 }, -1, &e),
		       &e, E_IO, "send on a local socket");
	close_pair(ends);
	free(content);
}

static void a_packet_whose_length_lies_is_refused(void **state)
{
	static const struct {
		u8 packet[8];
		size_t len;
	} rows[] = {
		{ { 0, 0, 0 }, 3 },
		{ { 0, 0, 0, 5, 1, 2, 3, 4 }, 8 },
		{ { 0, 0, 0, 3, 1, 2, 3, 4 }, 8 },
		{ { 0xff, 0xff, 0xff, 0xff, 1 }, 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf *got = NULL;
		struct err e = { 0 };
		int ends[2], fd;

		pair(ends);
		assert_int_equal(send(ends[0], rows[i].packet, rows[i].len, 0), rows[i].len);
		assert_refused(local_receive(ends[1], &got, &fd, &e), &e, E_FORMAT, "length");
		assert_null(got);
		close_pair(ends);
	}
}

static void the_end_of_the_other_side_is_told_apart_from_silence(void **state)
{
	struct buf *got = NULL;
	struct err e = { 0 };
	struct timeval tv = { .tv_usec = 20000 };
	int ends[2], fd;

	(void)state;
	pair(ends);
	setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_refused(local_receive(ends[1], &got, &fd, &e), &e, E_UNREACHABLE, "no answer");
	close(ends[0]);
	assert_refused(local_receive(ends[1], &got, &fd, &e), &e, E_NOTFOUND, "closed");
	close(ends[1]);
}

/* ---- requests ---- */
static void a_request_is_a_verb_and_perhaps_an_argument(void **state)
{
	static const struct {
		const char *hex, *why; /* NULL: taken */
	} rows[] = {
		{ "a10103", NULL },
		{ "a2010302420102", NULL },
		{ "", "request" },
		{ "a0", "request: key" },
		{ "a10203", "verb is missing" },
		{ "a1016161", "verb" },
		{ "a20103026161", "argument" },
		{ "a201030301", "after the end" }, /* a key that nobody knows */
		{ "a3010302420102 0301", "after the end" },
		{ "a1010300", "after the end" },
		{ "a1011803", "request" }, /* not the shortest form */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(rows[i].hex);
		u8 *copy = heap_copy(buf_bytes(b));
		struct local_request rq;
		struct err e = { 0 };
		int rc = local_request_parse((struct bytes){ copy, b->w.len }, &rq, &e);

		if (rows[i].why ? !rc || !strstr(e.text, rows[i].why) : rc != 0)
			fail_msg("%s: %s, expected %s", rows[i].hex, rc ? e.text : "taken",
				 rows[i].why ? rows[i].why : "taken");
		if (!rc) {
			assert_int_equal(rq.verb, 3);
			assert_int_equal(rq.argument.len, i ? 2 : 0);
		}
		free(copy);
	}
}

/* ---- both sides ---- */
struct service {
	char folder[64], path[100];
	int listening;
	pthread_t thread;
	struct err result;
	struct bytes content; /* of the memory file; empty: none is passed */
	bool unsealed;
};

static void *answer_one(void *arg)
{
	struct service *s = arg;
	OWNED(buf) packet = NULL;
	struct err e = { 0 };
	int sock = local_accept(s->listening), fd = -1;

	if (local_receive(sock, &packet, &fd, &e) == 0) {
		fd = -1;
		if (s->unsealed) {
			fd = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
			if (write(fd, "x", 1) != 1)
				abort();
		} else if (s->content.len) {
			fd = memfd_from("t", s->content, &e);
		}
		local_answer(sock, &s->result, fd);
	}
	close(sock);
	return NULL;
}

static void open_service(struct service *s)
{
	struct err e = { 0 };

	snprintf(s->folder, sizeof(s->folder), "/tmp/assay-local.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/s", s->folder);
	s->listening = local_listen(s->path, 0600, &e);
	assert_true(s->listening >= 0);
}

static void close_service(struct service *s)
{
	close(s->listening);
	unlink(s->path);
	rmdir(s->folder);
}

static void an_answer_is_content_or_the_other_sides_error_as_it_stands(void **state)
{
	static const struct {
		struct service s;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { .content = { (const u8 *)"evidence", 8 } }, E_OK, "" },
		{ { .result = { E_POLICY, "the TPM says no" } }, E_POLICY, "the TPM says no" },
		{ { .result = { E_OK, "" } }, E_FORMAT, "without content" },
		{ { .content = { (const u8 *)"0123456789", 10 } }, E_FORMAT, "too large" },
		{ { .unsealed = true }, E_FORMAT, "not sealed" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		bool is_secret = i >= ARRAY_LEN(rows); /* the same, into locked memory */
		struct service s = rows[i % ARRAY_LEN(rows)].s;
		OWNED(buf) got = NULL;
		OWNED(secret) hidden = NULL;
		struct err e = { 0 };
		int rc;

		open_service(&s);
		pthread_create(&s.thread, NULL, answer_one, &s);
		rc = is_secret ? local_ask_secret(s.path, 3, BYTES_NONE, 9, &hidden, &e)
			       : local_ask(s.path, 3, BYTES_NONE, 9, &got, &e);
		pthread_join(s.thread, NULL);
		close_service(&s);
		if (rc != (int)rows[i % ARRAY_LEN(rows)].code ||
		    (rc && !strstr(e.text, rows[i % ARRAY_LEN(rows)].why)))
			fail_msg("row %zu: %d \"%s\"", i, rc, e.text);
		if (!rc)
			assert_bytes_equal(is_secret ? secret_bytes(hidden) : buf_bytes(got),
					   s.content);
	}
}

static void a_silent_caller_is_given_up_in_time(void **state)
{
	struct service s = { .content = bytes_text("x") };
	struct err e = { 0 };
	long long start;
	int silent;

	(void)state;
	open_service(&s);
	silent = local_connect(s.path, &e);
	assert_true(silent >= 0);
	start = clock_monotonic_ms();
	answer_one(&s);
	assert_in_range(clock_monotonic_ms() - start, LOCAL_REQUEST_WAIT_S * 1000 - 100,
			LOCAL_REQUEST_WAIT_S * 1000 + 5000);
	close(silent);
	close_service(&s);
}

static void a_socket_has_its_mode_from_the_start_and_a_stale_one_is_replaced(void **state)
{
	struct service s = { 0 };
	struct stat st;
	struct err e = { 0 };
	int again;

	(void)state;
	open_service(&s);
	assert_return_code(stat(s.path, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(s.listening); /* as after a crash: the file stays */
	again = local_listen(s.path, 0660, &e);
	assert_true(again >= 0);
	assert_return_code(stat(s.path, &st), errno);
	assert_int_equal(st.st_mode & 0777, 0660);
	s.listening = again;
	close_service(&s);
	assert_int_equal(local_connect(s.path, &e), -1);
	assert_int_equal(e.code, E_UNREACHABLE);
}

static void a_path_that_no_socket_can_have_is_named(void **state)
{
	char path[300];
	struct err e = { 0 };

	(void)state;
	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	assert_int_equal(local_listen(path, 0600, &e), -1);
	assert_int_equal(e.code, E_CONFIG);
	assert_non_null(strstr(e.text, "too long"));
	assert_int_equal(local_listen("/nowhere/s", 0600, &e), -1);
	assert_non_null(strstr(e.text, "listen on /nowhere/s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_and_a_descriptor_arrive_as_they_were_sent),
		cmocka_unit_test(a_packet_whose_length_lies_is_refused),
		cmocka_unit_test(the_end_of_the_other_side_is_told_apart_from_silence),
		cmocka_unit_test(a_request_is_a_verb_and_perhaps_an_argument),
		cmocka_unit_test(an_answer_is_content_or_the_other_sides_error_as_it_stands),
		cmocka_unit_test(a_silent_caller_is_given_up_in_time),
		cmocka_unit_test(a_socket_has_its_mode_from_the_start_and_a_stale_one_is_replaced),
		cmocka_unit_test(a_path_that_no_socket_can_have_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
