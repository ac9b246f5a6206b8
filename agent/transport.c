// SPDX-License-Identifier: Apache-2.0
#include "transport.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/clock.h"

enum {
	CONNECT_MS = 2000, /* the TLS handshake included */
	ASK_S = 10,	   /* a request without a body wants no work done */
	TOTAL_S = 60,
	HOLD_MS = 10000,      /* so long a server that failed is asked after the others */
	HEAD_START_MS = 1000, /* of a server before the next one, where all are asked */
	REPLY_MAX = 2 * EVIDENCE_MAX
};

struct transport {
	CURL *curl;
	CURLSH *connections;
	size_t n_urls, current;		   /* who answered last */
	long long down_until[SERVERS_MAX]; /* monotonic, ms */
	char url[SERVERS_MAX][256];
	char pins[PINS_MAX * 64];
	char ca[512];
};

int transport_open(const char *const *urls, size_t n_urls, const char *const *pins, size_t n_pins,
		   const char *ca, struct transport **out, struct err *e)
{
	OWNED(transport) t = calloc(1, sizeof(*t));
	size_t at = 0;

	if (!t || curl_global_init(CURL_GLOBAL_DEFAULT) || !(t->curl = curl_easy_init()) ||
	    !(t->connections = curl_share_init()))
		return err_set(e, E_MEMORY, "no memory for HTTPS");
	curl_share_setopt(t->connections, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
	if (n_urls == 0 || n_urls > SERVERS_MAX || n_pins > PINS_MAX)
		return err_set(e, E_CONFIG, "1 to %d servers and up to %d pins expected",
			       SERVERS_MAX, PINS_MAX);
	for (size_t i = 0; i < n_urls; i++) {
		if (!n_pins && !(ca && *ca) && !strncmp(urls[i], "https", 5))
			return err_set(e, E_CONFIG, "a pin or a CA is needed");
		snprintf(t->url[t->n_urls++], sizeof(t->url[0]), "%s", urls[i]);
	}
	for (size_t i = 0; i < n_pins; i++)
		at += (size_t)snprintf(t->pins + at, sizeof(t->pins) - at, "%ssha256//%s",
				       at ? ";" : "", pins[i]);
	snprintf(t->ca, sizeof(t->ca), "%s", ca ? ca : "");
	*out = TAKE(t);
	return 0;
}

void transport_drop(struct transport **t)
{
	if (!t || !*t)
		return;
	curl_easy_cleanup((*t)->curl);
	curl_share_cleanup((*t)->connections);
	free(*t);
	*t = NULL;
}

void reply_clear(struct reply *r)
{
	buf_drop(&r->body);
}

static size_t take_body(char *at, size_t size, size_t n, void *user)
{
	struct reply *r = user;

	write_bytes(&r->body->w, (struct bytes){ (u8 *)at, size * n });
	return r->body->w.full ? 0 : size * n;
}

static size_t take_header(char *at, size_t size, size_t n, void *user)
{
	struct reply *r = user;
	size_t len = size * n;
	char date[64];

	if (len > 10 && !strncasecmp(at, "location: ", 10)) {
		size_t k = len - 10 < sizeof(r->location) ? len - 10 : sizeof(r->location) - 1;

		memcpy(r->location, at + 10, k);
		r->location[k] = 0;
		r->location[strcspn(r->location, "\r\n")] = 0;
	}
	if (len > 6 && len < sizeof(date) + 6 && !strncasecmp(at, "date: ", 6)) {
		snprintf(date, sizeof(date), "%.*s", (int)(len - 6), at + 6);
		r->date_s = (long long)curl_getdate(date, NULL);
		r->date_s = r->date_s < 0 ? 0 : r->date_s;
	}
	return len;
}

static struct curl_slist *headers_of(const char *content_type, const char *bearer)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	char line[1024];

	if (content_type) {
		snprintf(line, sizeof(line), "Content-Type: %s", content_type);
		list = curl_slist_append(list, line);
	}
	if (bearer) {
		snprintf(line, sizeof(line), "Authorization: Bearer %s", bearer);
		list = curl_slist_append(list, line);
	}
	return list;
}

struct request {
	const char *method, *path;
	struct curl_slist *headers;
	struct bytes body;
};

static void set_up(const struct transport *t, CURL *c, const char *server, const struct request *rq,
		   struct reply *out)
{
	struct bytes body = rq->body;
	char url[URL_MAX];

	curl_easy_reset(c);
	snprintf(url, sizeof(url), "%s%s", server, rq->path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_SHARE, t->connections);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, rq->method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, rq->headers);
	if (body.len || !strcmp(rq->method, "POST")) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.len ? (const char *)body.at : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	}
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, body.len ? (long)TOTAL_S : (long)ASK_S);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (t->pins[0]) {
		/* The pin alone says who the server is: a path or a clock would add nothing. */
		curl_easy_setopt(c, CURLOPT_PINNEDPUBLICKEY, t->pins);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, t->ca[0] ? 1L : 0L);
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, t->ca[0] ? 2L : 0L);
	}
	if (t->ca[0])
		curl_easy_setopt(c, CURLOPT_CAINFO, t->ca);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, out);
}

static CURLcode call_one(struct transport *t, const char *server, const struct request *rq,
			 struct reply *out)
{
	CURLcode rc;

	set_up(t, t->curl, server, rq, out);
	rc = curl_easy_perform(t->curl);
	if (!rc)
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &out->status);
	return rc;
}

static int call_failed(const char *url, CURLcode rc, struct err *e)
{
	bool other = rc == CURLE_SSL_PINNEDPUBKEYNOTMATCH || rc == CURLE_PEER_FAILED_VERIFICATION;

	return err_set(e, other ? E_SIGNATURE : E_UNREACHABLE, "%s: %s", url,
		       curl_easy_strerror(rc));
}

/* Whether server @k answered, and with what it can do. What is wrong with the request is an answer. */
static bool has_answered(struct transport *t, size_t k, CURLcode rc, const struct reply *out,
			 struct err *e)
{
	*e = (struct err){ 0 }; /* an earlier server's silence is no failure of this call */
	if (!rc && out->status < 500) {
		t->down_until[k] = 0;
		t->current = k;
		return true;
	}
	t->down_until[k] = clock_monotonic_ms() + HOLD_MS;
	if (rc)
		call_failed(t->url[k], rc, e);
	return false;
}

static int reply_anew(struct reply *out, struct err *e)
{
	reply_clear(out);
	*out = (struct reply){ .body = buf_new(REPLY_MAX) };
	return out->body ? 0 : err_set(e, E_MEMORY, "no memory for an answer");
}

static bool ask(struct transport *t, size_t k, const struct request *rq, struct reply *out,
		struct err *e)
{
	return !reply_anew(out, e) && has_answered(t, k, call_one(t, t->url[k], rq, out), out, e);
}

/* With an answer of 5xx the caller gets it when nobody has a better one. */
static int end_call(struct reply *out, struct err *e)
{
	if (e->code) {
		reply_clear(out);
		return (int)e->code;
	}
	return 0;
}

/* In the order of the configuration, but those last that failed a moment ago. */
static void order_of(const struct transport *t, size_t order[SERVERS_MAX])
{
	long long now = clock_monotonic_ms();
	size_t n = 0;

	for (int late = 0; late < 2; late++)
		for (size_t k = 0; k < t->n_urls; k++)
			if ((t->down_until[k] > now) == (late > 0))
				order[n++] = k;
}

/* What each of several said, and not the last one only: a person looks for the one that should have answered. */
static void also(struct err *all, const struct err *e)
{
	struct err before = *all;

	if (before.code && e->code)
		err_set(all, e->code, "%s; %s", before.text, e->text);
	else if (e->code)
		*all = *e;
}

static int call_any(struct transport *t, const struct request *rq, struct reply *out, struct err *e)
{
	size_t order[SERVERS_MAX];
	struct err all = { 0 };

	order_of(t, order);
	for (size_t i = 0; i < t->n_urls; i++) {
		if (ask(t, order[i], rq, out, e))
			return 0;
		also(&all, e);
	}
	if (e->code)
		*e = all;
	return end_call(out, e);
}

/* ---- all of them at once ---- */
struct lane {
	CURL *curl;
	size_t server;
	struct reply reply;
};

struct race {
	struct transport *t;
	CURLM *multi;
	const struct request *rq;
	size_t order[SERVERS_MAX], n; /* how many were started */
	struct lane lanes[SERVERS_MAX];
	int running;
	long long next_at;
	struct lane *last; /* who failed last */
	struct err all;
};

static int start_next(struct race *r, struct err *e)
{
	struct lane *l = &r->lanes[r->n];

	l->server = r->order[r->n++];
	l->curl = curl_easy_init();
	if (!l->curl)
		return err_set(e, E_MEMORY, "no memory for HTTPS");
	if (reply_anew(&l->reply, e))
		return (int)e->code;
	set_up(r->t, l->curl, r->t->url[l->server], r->rq, &l->reply);
	curl_easy_setopt(l->curl, CURLOPT_PRIVATE, l);
	if (curl_multi_add_handle(r->multi, l->curl))
		return err_set(e, E_MEMORY, "no memory for HTTPS");
	r->running++;
	r->next_at = clock_monotonic_ms() + HEAD_START_MS;
	return 0;
}

/* Those that are done. Return: the one that answered, or NULL. */
static struct lane *look(struct race *r, struct err *e)
{
	struct lane *l = NULL;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(r->multi, &left))) {
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &l);
		if (!rc)
			curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &l->reply.status);
		curl_multi_remove_handle(r->multi, l->curl);
		r->running--;
		r->next_at = 0; /* who comes next need not wait for it */
		if (has_answered(r->t, l->server, rc, &l->reply, e))
			return l;
		r->last = l;
		also(&r->all, e);
	}
	return NULL;
}

static int run_race(struct race *r, struct reply *out, struct err *e)
{
	struct lane *l = NULL;
	int still;

	while (!l && (r->running || r->n < r->t->n_urls)) {
		long long now = clock_monotonic_ms();

		if (r->n < r->t->n_urls && (!r->running || now >= r->next_at) && start_next(r, e))
			return (int)e->code;
		if (curl_multi_perform(r->multi, &still) ||
		    curl_multi_poll(r->multi, NULL, 0, 100, NULL))
			return err_set(e, E_INTERNAL, "HTTPS to several servers failed");
		l = look(r, e);
	}
	if (!l) {
		l = r->last;
		if (e->code)
			*e = r->all;
	}
	*out = l->reply;
	l->reply = (struct reply){ 0 };
	return end_call(out, e);
}

int transport_call_first(struct transport *t, const char *method, const char *path,
			 struct reply *out, struct err *e)
{
	struct request rq = { method, path, headers_of(NULL, NULL), BYTES_NONE };
	struct race r = { .t = t, .rq = &rq, .multi = curl_multi_init() };
	int rc;

	*out = (struct reply){ 0 };
	order_of(t, r.order);
	rc = r.multi ? run_race(&r, out, e) : err_set(e, E_MEMORY, "no memory for HTTPS");
	for (size_t i = 0; i < r.n; i++) {
		if (r.lanes[i].curl && r.multi)
			curl_multi_remove_handle(r.multi, r.lanes[i].curl);
		curl_easy_cleanup(r.lanes[i].curl);
		reply_clear(&r.lanes[i].reply);
	}
	curl_multi_cleanup(r.multi);
	curl_slist_free_all(rq.headers);
	return rc;
}

int transport_call(struct transport *t, const char *method, const char *path,
		   const char *content_type, const char *bearer, struct bytes body,
		   struct reply *out, struct err *e)
{
	struct request rq = { method, path, headers_of(content_type, bearer), body };
	int rc;

	*out = (struct reply){ 0 };
	rc = call_any(t, &rq, out, e);
	curl_slist_free_all(rq.headers);
	return rc;
}

int transport_call_same(struct transport *t, const char *method, const char *path,
			const char *content_type, struct bytes body, struct reply *out,
			struct err *e)
{
	struct request rq = { method, path, headers_of(content_type, NULL), body };
	int rc;

	*out = (struct reply){ 0 };
	rc = ask(t, t->current, &rq, out, e) ? 0 : end_call(out, e);
	curl_slist_free_all(rq.headers);
	return rc;
}

int transport_problem(const struct reply *r, struct err *e)
{
	struct bytes b = buf_bytes(r->body);
	json_t *j = json_loadb((const char *)b.at, b.len, 0, NULL);
	const char *detail = json_string_value(json_object_get(j, "detail"));
	const char *title = json_string_value(json_object_get(j, "title"));
	bool malformed =
		title && !strcmp(title, "Malformed"); /* what was sent, not how it was asked */

	err_set(e,
		r->status >= 500   ? E_UNREACHABLE
		: r->status == 404 ? E_NOTFOUND
		: r->status == 409 ? E_CONFLICT
		: r->status == 400 ? (malformed ? E_FORMAT : E_USAGE)
				   : E_DENIED,
		"server answers %ld: %s", r->status, detail ? detail : "no reason given");
	json_decref(j);
	return (int)e->code;
}
