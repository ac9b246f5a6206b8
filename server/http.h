/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP connections; http.c is the only user of libmicrohttpd. Bodies are bounded by the route,
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
	struct bytes body;
	void *connection;
};
/** http_query - value of the query parameter @name, or NULL; borrowed from the request. */
const char *http_query(const struct http_request *r, const char *name);

struct http_response {
	unsigned int status;
	const char *content_type; /* a literal */
	struct buf *body;	  /* owned by the response; NULL: none */
	char location[512];
	char request_id[24]; /* filled by http.c; stands in the log too */
};

struct http_handler {
	void *user;
	/* Bytes of body that a request may have; asked when the headers are in. */
	size_t (*body_limit)(void *user, const char *method, const char *path);
	void (*handle)(void *user, const struct http_request *rq, struct http_response *out);
};

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
