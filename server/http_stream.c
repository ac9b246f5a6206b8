// SPDX-License-Identifier: Apache-2.0
#include "http_stream.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

struct http_stream {
	pthread_mutex_t lock;
	int holders;
	bool closed, suspended;
	struct MHD_Connection
		*connection; /* NULL before it is answered, and when the peer is gone */
	size_t len;
	char waiting[STREAM_WAITING_MAX];
};

struct http_stream *http_stream_open(void)
{
	struct http_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->holders = 2;
	return s;
}

/* With its lock held, which ends here. */
static void stream_give_up(struct http_stream *s)
{
	bool last = !--s->holders;

	pthread_mutex_unlock(&s->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* With its lock held. */
static void stream_wake(struct http_stream *s)
{
	if (!s->suspended || !s->connection)
		return;
	s->suspended = false;
	MHD_resume_connection(s->connection);
}

bool http_stream_put(struct http_stream *s, struct bytes text)
{
	bool fits;

	pthread_mutex_lock(&s->lock);
	fits = s->holders == 2 && text.len <= sizeof(s->waiting) - s->len;
	if (fits) {
		memcpy(s->waiting + s->len, text.at, text.len);
		s->len += text.len;
		stream_wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	return fits;
}

void http_stream_close(struct http_stream *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	stream_wake(s);
	stream_give_up(s);
}

void http_stream_forget(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	stream_give_up(s);
}

static ssize_t stream_read(void *user, uint64_t at, char *into, size_t max)
{
	struct http_stream *s = user;
	ssize_t end;
	size_t n;

	(void)at;
	pthread_mutex_lock(&s->lock);
	end = s->closed ? MHD_CONTENT_READER_END_OF_STREAM : 0;
	n = s->len < max ? s->len : max;
	if (n) {
		memcpy(into, s->waiting, n);
		memmove(s->waiting, s->waiting + n, s->len - n);
		s->len -= n;
	} else if (!s->closed) {
		s->suspended = true;
		MHD_suspend_connection(s->connection);
	}
	pthread_mutex_unlock(&s->lock);
	return n ? (ssize_t)n : end;
}

static void stream_gone(void *user)
{
	struct http_stream *s = user;

	pthread_mutex_lock(&s->lock);
	s->connection = NULL;
	stream_give_up(s);
}

struct MHD_Response *http_stream_response(struct http_stream *s, struct MHD_Connection *c)
{
	struct MHD_Response *r;

	s->connection = c; /* nobody wakes it before it has slept */
	r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, s, stream_gone);
	if (!r)
		stream_gone(s);
	return r;
}
