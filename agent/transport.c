// SPDX-License-Identifier: Apache-2.0
#include "transport.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { CONNECT_MS = 2000, TOTAL_S = 60, REPLY_MAX = 2 * EVIDENCE_MAX };

struct transport {
	CURL *curl;
	size_t n_urls, current;
	char url[SERVERS_MAX][256];
	char pins[PINS_MAX * 64];
	char ca[512];
};

int transport_open(const char *const *urls, size_t n_urls, const char *const *pins, size_t n_pins,
		   const char *ca, struct transport **out, struct err *e)
{
	OWNED(transport) t = calloc(1, sizeof(*t));
	size_t at = 0;

	if (!t || curl_global_init(CURL_GLOBAL_DEFAULT) || !(t->curl = curl_easy_init()))
		return err_set(e, E_MEMORY, "no memory for HTTPS");
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

	if (len > 10 && !strncasecmp(at, "location: ", 10)) {
		size_t k = len - 10 < sizeof(r->location) ? len - 10 : sizeof(r->location) - 1;

		memcpy(r->location, at + 10, k);
		r->location[k] = 0;
		r->location[strcspn(r->location, "\r\n")] = 0;
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

static CURLcode call_one(struct transport *t, const char *server, const char *method,
			 const char *path, struct curl_slist *headers, struct bytes body,
			 struct reply *out)
{
	char url[URL_MAX];
	CURL *c = t->curl;
	CURLcode rc;

	curl_easy_reset(c);
	snprintf(url, sizeof(url), "%s%s", server, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (body.len || !strcmp(method, "POST")) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.len ? (const char *)body.at : "");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	}
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)TOTAL_S);
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
	rc = curl_easy_perform(c);
	if (!rc)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	return rc;
}

int transport_call(struct transport *t, const char *method, const char *path,
		   const char *content_type, const char *bearer, struct bytes body,
		   struct reply *out, struct err *e)
{
	struct curl_slist *headers = headers_of(content_type, bearer);
	CURLcode rc = CURLE_COULDNT_CONNECT;

	*out = (struct reply){ .body = buf_new(REPLY_MAX) };
	for (size_t i = 0; out->body && i < t->n_urls; i++) {
		size_t k = (t->current + i) % t->n_urls;

		out->body->w.len = 0;
		rc = call_one(t, t->url[k], method, path, headers, body, out);
		if (rc) {
			err_set(e,
				rc == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
						rc == CURLE_PEER_FAILED_VERIFICATION
					? E_SIGNATURE
					: E_UNREACHABLE,
				"%s: %s", t->url[k], curl_easy_strerror(rc));
			continue;
		}
		t->current = k;
		e->code = E_OK; /* an earlier server's silence is no failure of this call */
		break;
	}
	curl_slist_free_all(headers);
	if (!rc)
		return 0;
	reply_clear(out);
	return e->code ? (int)e->code : err_set(e, E_MEMORY, "no memory for an answer");
}

int transport_problem(const struct reply *r, struct err *e)
{
	struct bytes b = buf_bytes(r->body);
	json_t *j = json_loadb((const char *)b.at, b.len, 0, NULL);
	const char *detail = json_string_value(json_object_get(j, "detail"));

	err_set(e,
		r->status >= 500   ? E_UNREACHABLE
		: r->status == 404 ? E_NOTFOUND
		: r->status == 409 ? E_CONFLICT
		: r->status == 400 ? E_USAGE
				   : E_DENIED,
		"server answers %ld: %s", r->status, detail ? detail : "no reason given");
	json_decref(j);
	return (int)e->code;
}
