/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP connections; http.c and http_stream.c are the only users of libmicrohttpd. Bodies are bounded by the route,
 * slow connections are closed by a reaper: libmicrohttpd's own time-out counts inactivity only.
 */
#ifndef ASSAY_SERVER_HTTP_H
#define ASSAY_SERVER_HTTP_H

#include "common/buf.h"
#include "common/err.h"

struct http_request {
	const char *method;
	const char *path;
	const char *content_type; /* "" when absent */
	const char *bearer;	  /* token of "Authorization: Bearer", or NULL */
	char remote[64];
	bool encrypted; /* TLS to here */
	struct bytes body;
	void *connection;
};
/** http_query - value of the query parameter @name, or NULL; borrowed from the request. */
const char *http_query(const struct http_request *r, const char *name);
/** http_query_unknown - the first query parameter that is none of @known, which ends with NULL; or NULL. */
const char *http_query_unknown(const struct http_request *r, const char *const *known);
/** http_header - value of a header, or NULL; borrowed from the request. */
const char *http_header(const struct http_request *r, const char *name);
/** http_cookie - value of a cookie, or NULL; borrowed from the request. */
const char *http_cookie(const struct http_request *r, const char *name);

/** struct http_field - a header of an answer; literals. */
struct http_field {
	const char *name, *value;
};

struct http_stream;

struct http_response {
	unsigned int status;
	const char *content_type; /* a literal */
	struct buf *body;	  /* owned by the response; NULL: none */
	struct bytes fixed;	  /* instead of a body: bytes that outlive the server */
	char location[512];
	char request_id[24]; /* filled by http.c; stands in the log too */
	const struct http_field
		*fields; /* more headers, ending with a NULL name; they outlive the server */
	char etag[40];	 /* with its quotes; "" with a JSON body and status 200: made of the body */
	char cookie[512];      /* Set-Cookie, or "" */
	char attachment[300];  /* name of the file that a browser saves it as, or "" */
	const char *cache;     /* Cache-Control; NULL: no-store */
	unsigned int delay_ms; /* it goes out so much later; nothing waits for it but its caller */
	struct http_stream *stream; /* instead of a body, see http_stream_open() */
};

/*
 * An answer without an end: what is put into it goes out as it comes. Two hold it: the connection, and who opened it, until
 * http_stream_close().
 */
enum { STREAM_WAITING_MAX = 65536 }; /* bytes that a slow reader may leave lying */
struct http_stream *http_stream_open(void);
/** http_stream_put - all of @text or nothing. Return: false: the reader is gone or too slow; close it. */
bool http_stream_put(struct http_stream *s, struct bytes text);
/** http_stream_close - the peer sees the end of what was put; @s is not the caller's any more. NULL is none. */
void http_stream_close(struct http_stream *s);
/** http_stream_forget - no answer was made of it: the connection's hold on it ends. */
void http_stream_forget(struct http_stream *s);

struct http_handler {
	void *user;
	/* Bytes of body that a request may have; asked when the headers are in. */
	size_t (*body_limit)(void *user, const char *method, const char *path);
	void (*handle)(void *user, const struct http_request *rq, struct http_response *out);
};

enum {
	HELD_MAX = 1024
}; /* answers that wait for their time; more go out at once, as an empty 503 */
struct http_config {
	const char *address;		/* "127.0.0.1", "::" ... */
	u16 port;			/* 0: any, see http_port() */
	const char *tls_key, *tls_cert; /* PEM text; both NULL: plain HTTP, loopback only */
	unsigned int threads;
	unsigned int connections_max;
	long long header_ms, next_ms, body_ms; /* see http.c; 0: the defaults */
	size_t bodies_max; /* bytes of all bodies on their way at one time; 0: BODIES_MAX */
};

struct http;
int http_start(const struct http_config *c, const struct http_handler *h, struct http **out,
	       struct err *e);
u16 http_port(const struct http *h);
void http_drop(struct http **h);

#endif
