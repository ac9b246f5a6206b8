// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crypto.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "http_stream.h"
#include "monotonic.h"

enum {
	REAP_MS = 500,
	OTHER_DESCRIPTORS = 256,
	FIRST_HEADER_MS = 10000, /* from the connection to its first request's headers */
	NEXT_HEADER_MS = 40000,	 /* between requests of a kept connection              */
	BODY_MS = 60000,
	STREAM_MS = 86400000, /* then a reader asks anew */
	IDLE_S = 30,
	DRAIN_MAX =
		16 * 1024 * 1024, /* announced bytes that are read even when they are too many */
	HEADER_MEMORY = 32768,
};

/* One per TCP connection, for the reaper. */
struct peer {
	int fd;
	long long deadline_ms;
	struct peer *next, **at;
};

/* One per request. */
struct exchange {
	struct buf *body;
	size_t counted; /* of http.bodies */
	bool too_large, too_busy;
	struct MHD_Connection *connection;
	struct http_response *held; /* it goes out at: */
	long long due_ms;
	struct exchange *next; /* of those that are held */
};

struct http {
	struct MHD_Daemon *daemon;
	struct http_handler handler;
	pthread_mutex_t lock;
	pthread_cond_t sooner; /* something is due before the reaper would look again */
	struct peer *peers;
	struct exchange *held;
	size_t n_held;
	pthread_t reaper;
	bool reaping, ending;
	unsigned long long requests;
	long long started_s;
	bool encrypted;
	size_t bodies, bodies_max; /* bytes on their way, and how many there may be */
	long long header_ms, next_ms, body_ms;
	u16 port;
};

/* ---- the reaper ---- */
/* With the lock held: what is due goes on, all of it at the end. Return: when to look again. */
static long long let_go(struct http *h, long long now)
{
	long long next = now + REAP_MS;

	for (struct exchange **at = &h->held, *x; (x = *at);) {
		if (x->due_ms > now && !h->ending) {
			next = x->due_ms < next ? x->due_ms : next;
			at = &x->next;
			continue;
		}
		*at = x->next;
		h->n_held--;
		MHD_resume_connection(x->connection);
	}
	return next;
}

static void *reap(void *arg)
{
	struct http *h = arg;

	pthread_mutex_lock(&h->lock);
	while (!h->ending) {
		long long now = clock_monotonic_ms();
		long long until = let_go(h, now);

		for (struct peer *p = h->peers; p; p = p->next)
			if (now > p->deadline_ms)
				shutdown(p->fd, SHUT_RDWR);
		monotonic_wait(&h->sooner, &h->lock, until);
	}
	let_go(h, 0);
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

static void peer_deadline(struct http *h, struct MHD_Connection *c, long long ms)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *p = info ? info->socket_context : NULL;

	if (!p)
		return;
	pthread_mutex_lock(&h->lock);
	p->deadline_ms = clock_monotonic_ms() + ms;
	pthread_mutex_unlock(&h->lock);
}

static void on_connection(void *user, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *h = user;
	struct peer *p = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

		p = calloc(1, sizeof(*p));
		if (!p || !info) {
			free(p);
			return;
		}
		p->fd = info->connect_fd;
		p->deadline_ms = clock_monotonic_ms() + h->header_ms;
		pthread_mutex_lock(&h->lock);
		p->next = h->peers;
		p->at = &h->peers;
		if (p->next)
			p->next->at = &p->next;
		h->peers = p;
		pthread_mutex_unlock(&h->lock);
		*context = p;
	} else if (p) {
		pthread_mutex_lock(&h->lock);
		*p->at = p->next;
		if (p->next)
			p->next->at = p->at;
		pthread_mutex_unlock(&h->lock);
		free(p);
		*context = NULL;
	}
}

/* ---- requests ---- */
const char *http_query(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

const char *http_cookie(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name);
}

struct unknown {
	const char *const *known;
	const char *found;
};

static enum MHD_Result look_at_key(void *user, enum MHD_ValueKind kind, const char *key,
				   const char *value)
{
	struct unknown *u = user;

	(void)kind;
	(void)value;
	for (size_t i = 0; u->known[i]; i++)
		if (!strcmp(u->known[i], key))
			return MHD_YES;
	u->found = key;
	return MHD_NO;
}

const char *http_query_unknown(const struct http_request *r, const char *const *known)
{
	struct unknown u = { known, NULL };

	MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, look_at_key, &u);
	return u.found;
}

static void remote_text(struct MHD_Connection *c, char out[64])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	out[0] = 0;
	if (info && info->client_addr)
		getnameinfo(info->client_addr,
			    info->client_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
								    : sizeof(struct sockaddr_in6),
			    out, 64, NULL, 0, NI_NUMERICHOST);
}

/* ---- answers ---- */
static void name_body(struct http_response *out)
{
	struct bytes body = buf_bytes(out->body);
	struct digest d;
	char hex[65];

	if (out->etag[0] || out->status != 200 || !body.len || !out->content_type ||
	    strcmp(out->content_type, "application/json"))
		return;
	d = sha256_of(body);
	snprintf(out->etag, sizeof(out->etag), "\"%.32s\"", hex_write(digest_bytes(&d), hex));
}

/* SPEC: RFC 9110 13.1.2: a list of tags, or *; a weak one does as well. */
static bool is_known(const char *list, const char *etag)
{
	const char *at = list ? strstr(list, etag) : NULL;

	return list && etag[0] && (at || !strcmp(list, "*"));
}

static void add_fields(struct MHD_Response *r, const struct http_response *out)
{
	char disposition[340];

	if (out->content_type && out->status != 304)
		MHD_add_response_header(r, "Content-Type", out->content_type);
	if (out->location[0])
		MHD_add_response_header(r, "Location", out->location);
	if (out->request_id[0])
		MHD_add_response_header(r, "X-Request-Id", out->request_id);
	if (out->etag[0])
		MHD_add_response_header(r, "ETag", out->etag);
	if (out->cookie[0])
		MHD_add_response_header(r, "Set-Cookie", out->cookie);
	if (out->attachment[0]) {
		snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"",
			 out->attachment);
		MHD_add_response_header(r, "Content-Disposition", disposition);
	}
	for (size_t i = 0; out->fields && out->fields[i].name; i++)
		MHD_add_response_header(r, out->fields[i].name, out->fields[i].value);
	MHD_add_response_header(r, "Cache-Control", out->cache ? out->cache : "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
}

static struct MHD_Response *endless(struct http *h, struct MHD_Connection *c, struct http_stream *s)
{
	struct MHD_Response *r = http_stream_response(s, c);

	if (r)
		peer_deadline(h, c, STREAM_MS);
	return r;
}

static enum MHD_Result respond(struct http *h, struct MHD_Connection *c, const char *method,
			       struct http_response *out)
{
	struct bytes body = out->body ? buf_bytes(out->body) : out->fixed;
	struct MHD_Response *r;
	enum MHD_Result rc;

	if (method && !strcmp(method, "GET")) {
		name_body(out);
		if (out->status == 200 &&
		    is_known(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "If-None-Match"),
			     out->etag)) {
			out->status = 304;
			body = BYTES_NONE;
		}
	}
	r = out->stream ? endless(h, c, out->stream)
	    : out->body ? MHD_create_response_from_buffer(body.len, (void *)body.at,
							  MHD_RESPMEM_MUST_COPY)
			: MHD_create_response_from_buffer(body.len, (void *)body.at,
							  MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	add_fields(r, out);
	rc = MHD_queue_response(c, out->status, r);
	MHD_destroy_response(r);
	buf_drop(&out->body);
	return rc;
}

/* It sleeps until the reaper finds it due; then it is asked for again. By when it came, not by how long it took to look. */
static enum MHD_Result hold(struct http *h, struct exchange *x, const struct http_response *out,
			    long long since_ms)
{
	bool room;

	x->held = malloc(sizeof(*x->held));
	if (!x->held)
		return MHD_NO;
	*x->held = *out;
	pthread_mutex_lock(&h->lock);
	room = h->n_held < HELD_MAX && !h->ending;
	if (!room) { /* whoever fills the waiting room learns nothing */
		x->held->status = 503;
		buf_drop(&x->held->body);
	} else {
		x->due_ms = since_ms + out->delay_ms;
		x->next = h->held;
		h->held = x;
		h->n_held++;
		MHD_suspend_connection(x->connection);
		pthread_cond_signal(&h->sooner);
	}
	pthread_mutex_unlock(&h->lock);
	return MHD_YES;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned int status, const char *title)
{
	char text[128];
	struct http_response out = { .status = status, .content_type = "application/problem+json" };

	snprintf(text, sizeof(text), "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u}",
		 title, status);
	out.body = buf_copy(bytes_text(text));
	return respond(NULL, c, NULL, &out);
}

static enum MHD_Result refuse_size(struct MHD_Connection *c)
{
	return refuse(c, 413, "Body too large");
}

/* Thousands of strangers with a few megabytes each must not fill the memory. */
static bool count_body(struct http *h, struct exchange *x, size_t more)
{
	bool fits;

	pthread_mutex_lock(&h->lock);
	fits = more <= h->bodies_max - h->bodies;
	if (fits)
		h->bodies += more;
	pthread_mutex_unlock(&h->lock);
	if (fits)
		x->counted += more;
	return fits;
}

static void uncount_body(struct http *h, const struct exchange *x)
{
	pthread_mutex_lock(&h->lock);
	h->bodies -= x->counted;
	pthread_mutex_unlock(&h->lock);
}

/* Unique in this process and, by its start time, among its successors: log lines and answers share it. */
static void name_request(struct http *h, char out[24])
{
	unsigned long long n;

	pthread_mutex_lock(&h->lock);
	n = ++h->requests;
	pthread_mutex_unlock(&h->lock);
	snprintf(out, 24, "%llx-%llx", (unsigned long long)h->started_s & 0xffffffff, n);
}

static const char *bearer_of(const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7))
		return NULL;
	return authorization + 7;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **context)
{
	struct http *h = user;
	struct exchange *x = *context;
	struct http_response out = { .status = 500 };
	struct http_request rq;
	const char *type;
	long long since_ms;

	(void)version;
	if (!x) { /* headers are in, no body yet */
		const char *length =
			MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
		size_t limit = h->handler.body_limit(h->handler.user, method, url);
		unsigned long long announced;

		x = calloc(1, sizeof(*x));
		if (!x || !(x->body = buf_new(limit))) {
			free(x);
			return MHD_NO;
		}
		x->connection = c;
		*context = x;
		peer_deadline(h, c, h->body_ms);
		announced = length ? strtoull(length, NULL, 10) : 0;
		x->too_large = announced > limit;
		/* A client that sends while we close sees a broken connection and no 413: hear it out. */
		return announced > DRAIN_MAX ? refuse_size(c) : MHD_YES;
	}
	if (*size) {
		if (!x->too_large && !x->too_busy) {
			x->too_busy = !count_body(h, x, *size);
			if (!x->too_busy)
				write_bytes(&x->body->w, (struct bytes){ (const u8 *)data, *size });
			x->too_large = x->body->w.full;
		}
		*size = 0;
		return MHD_YES;
	}
	if (x->held)
		return respond(h, c, method, x->held);
	if (x->too_large)
		return refuse_size(c);
	if (x->too_busy)
		return refuse(c, 503, "Try again");
	type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
	rq = (struct http_request){
		.encrypted = h->encrypted,
		.method = method,
		.path = url,
		.content_type = type ? type : "",
		.bearer =
			bearer_of(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization")),
		.body = buf_bytes(x->body),
		.connection = c,
	};
	remote_text(c, rq.remote);
	name_request(h, out.request_id);
	log_request(out.request_id);
	since_ms = clock_monotonic_ms();
	h->handler.handle(h->handler.user, &rq, &out);
	log_request("");
	return out.delay_ms ? hold(h, x, &out, since_ms) : respond(h, c, method, &out);
}

static void on_completed(void *user, struct MHD_Connection *c, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct http *h = user;
	struct exchange *x = *context;

	(void)code;
	if (x) {
		uncount_body(h, x);
		buf_drop(&x->body);
		if (x->held)
			buf_drop(&x->held->body);
		free(x->held);
		free(x);
		*context = NULL;
	}
	peer_deadline(h, c, h->next_ms);
}

/* ---- life ---- */
static bool is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >>
			       24 ==
		       127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static int listen_on(const struct http_config *c, struct http *h, struct err *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICHOST };
	struct addrinfo *list = NULL;
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char port[8];
	int fd, one = 1;

	snprintf(port, sizeof(port), "%u", c->port);
	if (getaddrinfo(c->address, port, &hints, &list)) {
		err_set(e, E_CONFIG, "listen address \"%s\" is not an IP address", c->address);
		return -1;
	}
	if (!c->tls_key && !is_loopback(list->ai_addr)) {
		freeaddrinfo(list);
		err_set(e, E_CONFIG, "plain HTTP is for loopback addresses only, not for %s",
			c->address);
		return -1;
	}
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) || listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&bound, &len)) {
		err_set(e, E_IO, "listen on %s port %u: %s", c->address, c->port, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	} else if (bound.ss_family == AF_INET) {
		h->port = ntohs(((struct sockaddr_in *)(void *)&bound)->sin_port);
	} else {
		h->port = ntohs(((struct sockaddr_in6 *)(void *)&bound)->sin6_port);
	}
	freeaddrinfo(list);
	return fd;
}

/* A process gets 1024 descriptors unless it asks for more: idle strangers must not use up what the database needs. */
static void ask_for_descriptors(unsigned int connections)
{
	struct rlimit r;
	rlim_t want = (rlim_t)connections + OTHER_DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= want)
		return;
	r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur < want)
		log_event(LOG_LEVEL_WARN, "few-descriptors", LOG_N("limit", r.rlim_cur),
			  LOG_N("wanted", want));
}

int http_start(const struct http_config *c, const struct http_handler *handler, struct http **out,
	       struct err *e)
{
	OWNED(http) h = calloc(1, sizeof(*h));
	unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			     (c->tls_key ? MHD_USE_TLS : 0);
	int fd;

	if (!h)
		return err_set(e, E_MEMORY, "no memory for the HTTP server");
	pthread_mutex_init(&h->lock, NULL);
	monotonic_cond_init(&h->sooner);
	h->encrypted = c->tls_key != NULL;
	h->handler = *handler;
	h->header_ms = c->header_ms ? c->header_ms : FIRST_HEADER_MS;
	h->next_ms = c->next_ms ? c->next_ms : NEXT_HEADER_MS;
	h->body_ms = c->body_ms ? c->body_ms : BODY_MS;
	h->started_s = clock_now_s();
	h->bodies_max = c->bodies_max ? c->bodies_max : BODIES_MAX;
	ask_for_descriptors(c->connections_max);
	fd = listen_on(c, h, e);
	if (fd < 0)
		return (int)e->code;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)c->tls_key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)c->tls_cert },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE128:-VERS-ALL:+VERS-TLS1.3" },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	h->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_POOL_SIZE, c->threads, MHD_OPTION_CONNECTION_LIMIT,
		c->connections_max, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, h, MHD_OPTION_ARRAY, c->tls_key ? tls : none, MHD_OPTION_END);
	if (!h->daemon) {
		close(fd);
		return err_set(e, E_CONFIG, "HTTP server did not start: %s",
			       c->tls_key ? "TLS key and certificate?" : "out of descriptors?");
	}
	if (pthread_create(&h->reaper, NULL, reap, h))
		return err_set(e, E_MEMORY, "no thread for the reaper");
	h->reaping = true;
	*out = TAKE(h);
	return 0;
}

u16 http_port(const struct http *h)
{
	return h->port;
}

void http_drop(struct http **hp)
{
	struct http *h = hp ? *hp : NULL;

	if (!h)
		return;
	/* what is held is let go first: a daemon with sleepers cannot be stopped */
	pthread_mutex_lock(&h->lock);
	h->ending = true;
	pthread_cond_signal(&h->sooner);
	pthread_mutex_unlock(&h->lock);
	if (h->reaping)
		pthread_join(h->reaper, NULL);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h);
	*hp = NULL;
}
