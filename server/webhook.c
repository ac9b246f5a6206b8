// SPDX-License-Identifier: Apache-2.0
#include "webhook.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "events.h"
#include "monotonic.h"
#include "rows.h"

enum { LOOK_EACH_MS = 2000 };

struct webhook {
	struct server *server;
	struct secret *key;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool running, ending;
};

/* ---- signing ---- */
long webhook_key_read(struct bytes line, u8 out[WEBHOOK_KEY_MAX])
{
	static const char prefix[] = "whsec_";
	const struct bytes named = bytes_text(prefix);

	while (line.len && line.at[line.len - 1] <= ' ')
		line.len--;
	if (line.len > named.len && bytes_equal(bytes_slice(line, 0, named.len), named))
		line = bytes_slice(line, named.len, line.len - named.len);
	return base64_read(line, out, WEBHOOK_KEY_MAX);
}

int webhook_sign(struct bytes key, const char *id, long long timestamp, struct bytes body,
		 char out[WEBHOOK_SIGNATURE], struct err *e)
{
	char at[32];
	struct digest mac;

	snprintf(at, sizeof(at), ".%lld.", timestamp);
	struct bytes pieces[] = { bytes_text(id), bytes_text(at), body };

	if (hmac(DIGEST_SHA256, key, pieces, ARRAY_LEN(pieces), &mac, e))
		return (int)e->code;
	memcpy(out, "v1,", 3);
	base64_write(digest_bytes(&mac), out + 3);
	return 0;
}

long long webhook_wait_s(long long n)
{
	long long wait = WEBHOOK_FIRST_WAIT_S;

	while (--n > 0 && wait < WEBHOOK_WAIT_MAX_S)
		wait *= 2;
	return wait < WEBHOOK_WAIT_MAX_S ? wait : WEBHOOK_WAIT_MAX_S;
}

/* ---- the queue ---- */
static char *body_of(const struct host *h, const struct verdict_change *c)
{
	time_t s = c->time;
	char when[32];
	struct tm tm;
	json_t *j;
	char *text;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &tm));
	j = json_pack("{s:s, s:s, s:o}", "type", "verdict.changed", "timestamp", when, "data",
		      change_json(c, bytes_text(h->name), bytes_text(h->group)));
	text = j ? json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
	json_decref(j);
	return text;
}

int webhook_queue(struct tx *tx, const struct settings *s, const struct host *h,
		  const struct verdict_change *c, struct err *e)
{
	struct db_value v[3], most = DB_I(WEBHOOK_QUEUE_MAX);
	char *body;
	int rc;

	if (!s->webhook_url[0] || !c->seq)
		return 0;
	body = body_of(h, c);
	if (!body)
		return err_set(e, E_MEMORY, "no memory for a webhook");
	v[0] = DB_I(c->seq);
	v[1] = DB_I(c->time);
	v[2] = DB_T(body);
	rc = db_run(tx->db,
		    "INSERT INTO webhooks (seq, time, body, tries, next) VALUES ($1, $2, $3, 0, "
		    "$2)",
		    v, ARRAY_LEN(v), NULL, NULL, NULL, e) ||
			     db_run(tx->db,
				    "DELETE FROM webhooks WHERE seq <= (SELECT seq FROM webhooks"
				    " ORDER BY seq DESC LIMIT 1 OFFSET $1)",
				    &most, 1, NULL, NULL, NULL, e)
		     ? (int)e->code
		     : 0;
	free(body);
	return rc;
}

struct due {
	struct webhook *webhook;
	bool found;
	long long seq, time, tries;
	struct buf *body;
	const char *why; /* it was not taken; NULL: it was */
};

static int take_due(void *user, const struct db_row *row, struct err *e)
{
	struct due *d = user;

	d->found = true;
	d->seq = row->at[0].number;
	d->time = row->at[1].number;
	d->tries = row->at[2].number;
	d->body = buf_copy(row->at[3].bytes);
	return d->body ? 0 : err_set(e, E_MEMORY, "no memory for a webhook");
}

static int find_due(struct tx *tx, void *arg, struct err *e)
{
	struct db_value now = DB_I(clock_now_s());

	return db_run(tx->db,
		      "SELECT seq, time, tries, body FROM webhooks WHERE next <= $1"
		      " ORDER BY next, seq LIMIT 1",
		      &now, 1, take_due, arg, NULL, e);
}

/* Taken, or too old: it goes. Otherwise it waits for its next turn. */
static int settle(struct tx *tx, void *arg, struct err *e)
{
	const struct due *d = arg;
	long long now = clock_now_s();
	struct db_value v[] = { DB_I(d->seq), DB_I(d->tries + 1),
				DB_I(now + webhook_wait_s(d->tries + 1)) };

	if (!d->why || now - d->time > WEBHOOK_KEPT_S)
		return db_run(tx->db, "DELETE FROM webhooks WHERE seq = $1", v, 1, NULL, NULL, NULL,
			      e);
	return db_run(tx->db, "UPDATE webhooks SET tries = $2, next = $3 WHERE seq = $1", v, 3,
		      NULL, NULL, NULL, e);
}

/* ---- sending ---- */
static int post(const struct webhook *w, const struct due *d, struct err *e)
{
	char id[64], when[64], signature[WEBHOOK_SIGNATURE], lines[3][128];
	long long now = clock_now_s();
	const char *headers[] = {
		"Content-Type: application/json", lines[0], lines[1], lines[2], "Expect:", NULL
	};
	u8 deployment[UUID_TEXT_LEN + 1];

	uuid_write(w->server->keys->deployment, (char *)deployment);
	snprintf(id, sizeof(id), "%.8s-%lld", (const char *)deployment, d->seq);
	snprintf(when, sizeof(when), "%lld", now);
	if (webhook_sign(secret_bytes(w->key), id, now, buf_bytes(d->body), signature, e))
		return (int)e->code;
	snprintf(lines[0], sizeof(lines[0]), "webhook-id: %s", id);
	snprintf(lines[1], sizeof(lines[1]), "webhook-timestamp: %s", when);
	snprintf(lines[2], sizeof(lines[2]), "webhook-signature: %s", signature);
	return webhook_post(w->server->settings, headers, buf_bytes(d->body), e);
}

/* Return: was there one, and is there perhaps another at once? */
static bool send_one(struct webhook *w)
{
	struct due d = { .webhook = w };
	struct err e = { 0 }, why = { 0 };
	bool more;

	if (store_read(w->server->store, find_due, &d, &e) || !d.found) {
		if (e.code)
			log_event(LOG_LEVEL_WARN, "webhook", LOG_T("error", e.text));
		buf_drop(&d.body);
		return false;
	}
	if (post(w, &d, &why)) {
		d.why = why.text;
		log_event(LOG_LEVEL_WARN, "webhook-not-taken", LOG_N("change", d.seq),
			  LOG_N("tries", d.tries + 1), LOG_T("why", why.text));
	}
	more = !store_write(w->server->store, settle, &d, &e);
	if (!more)
		log_event(LOG_LEVEL_WARN, "webhook", LOG_T("error", e.text));
	buf_drop(&d.body);
	return more;
}

static void *go_on_sending(void *arg)
{
	struct webhook *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		long long until = clock_monotonic_ms() + LOOK_EACH_MS;
		bool more;

		pthread_mutex_unlock(&w->lock);
		more = send_one(w);
		pthread_mutex_lock(&w->lock);
		if (!more && !w->ending)
			monotonic_wait(&w->wake, &w->lock, until);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* ---- life ---- */
int webhook_key_load(const char *path, struct secret **out, struct err *e)
{
	OWNED(buf) text = NULL;
	u8 key[WEBHOOK_KEY_MAX];
	long len;

	if (!path[0])
		return err_set(e, E_CONFIG, "[webhook] key_file is needed");
	if (file_read(path, 4096, &text, e))
		return err_while(e, "[webhook] key_file");
	len = webhook_key_read(buf_bytes(text), key);
	secret_wipe(text->w.at, text->w.len);
	if (len < WEBHOOK_KEY_MIN)
		return err_set(e, E_CONFIG, "[webhook] key_file is not base64 of %d to %d bytes",
			       WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX);
	*out = secret_new((size_t)len);
	if (*out)
		memcpy((*out)->at, key, (size_t)len);
	secret_wipe(key, sizeof(key));
	return *out ? 0 : err_set(e, E_MEMORY, "no locked memory for the webhook's key");
}

int webhook_new(struct server *s, struct webhook **out, struct err *e)
{
	OWNED(webhook) w = NULL;

	if (!s->settings->webhook_url[0])
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, E_MEMORY, "no memory for a webhook");
	w->server = s;
	pthread_mutex_init(&w->lock, NULL);
	monotonic_cond_init(&w->wake);
	if (webhook_key_load(s->settings->webhook_key_file, &w->key, e))
		return (int)e->code;
	*out = TAKE(w);
	return 0;
}

int webhook_start(struct webhook *w, struct err *e)
{
	if (!w)
		return 0;
	if (pthread_create(&w->thread, NULL, go_on_sending, w))
		return err_set(e, E_MEMORY, "no thread for webhooks");
	w->running = true;
	return 0;
}

void webhook_wake(struct webhook *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void webhook_end(struct webhook *w)
{
	if (!w || !w->running)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	w->running = false;
}

void webhook_drop(struct webhook **w)
{
	if (!w || !*w)
		return;
	webhook_end(*w);
	secret_drop(&(*w)->key);
	free(*w);
	*w = NULL;
}
