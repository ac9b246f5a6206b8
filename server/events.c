// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "monotonic.h"
#include "page.h"
#include "problem.h"
#include "rows.h"
#include "samples.h"

enum { EVENT_TEXT = 4096, TICK_MS = OVERVIEW_EACH_MS };

struct listener {
	struct http_stream *stream;
	struct admin_token token;
	u8 hash[32];
	bool gone;
	struct listener *next;
};

struct events {
	struct server *server;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool running, ending, moved;
	struct listener *first;
	size_t n;
	struct kept *overview;
};

struct events *events_new(struct server *s)
{
	struct events *ev = calloc(1, sizeof(*ev));

	if (!ev)
		return NULL;
	ev->server = s;
	ev->overview = kept_new(KEPT_S);
	if (!ev->overview) {
		free(ev);
		return NULL;
	}
	pthread_mutex_init(&ev->lock, NULL);
	monotonic_cond_init(&ev->wake);
	return ev;
}

/* ---- telling ---- */
json_t *change_json(const struct verdict_change *c, struct bytes host, struct bytes group)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:s, s:s, s:o}", "seq", (json_int_t)c->seq, "time",
			 (json_int_t)c->time, "host", text_json(host), "group", text_json(group),
			 "status", tier_name(c->status), "was",
			 c->was == TIER_NONE ? "" : tier_name(c->was), "reason",
			 text_json(bytes_text(c->reason)));
}

/* JSON has no line ends of its own, so that an event is one line of data. */
static struct bytes event_text(char out[EVENT_TEXT], long long seq, const char *event, json_t *data)
{
	char *text = data ? json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL, id[40] = "";
	int len;

	if (seq)
		snprintf(id, sizeof(id), "id: %lld\n", seq);
	len = snprintf(out, EVENT_TEXT, "%sevent: %s\ndata: %s\n\n", id, event, text ? text : "{}");
	json_decref(data);
	free(text);
	return (struct bytes){ (const u8 *)out, len > 0 && len < EVENT_TEXT ? (size_t)len : 0 };
}

/* With the lock held. @group: NULL concerns all. */
static void tell(struct events *ev, struct bytes text, const char *group)
{
	for (struct listener *l = ev->first; l; l = l->next)
		if (!l->gone && (!group || token_covers(&l->token, group)))
			l->gone = !http_stream_put(l->stream, text);
}

/* With the lock held. */
static void drop_gone(struct events *ev)
{
	for (struct listener **at = &ev->first, *l; (l = *at);) {
		if (!l->gone && !ev->ending) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		ev->n--;
		http_stream_close(l->stream);
		free(l);
	}
}

void events_moved(struct events *ev)
{
	kept_moved(ev->overview);
	pthread_mutex_lock(&ev->lock);
	ev->moved = true;
	pthread_mutex_unlock(&ev->lock);
}

struct kept *events_overview(struct events *ev)
{
	return ev->overview;
}

void events_verdict(struct events *ev, const struct host *h, const struct verdict_change *c)
{
	char text[EVENT_TEXT];

	if (c->seq)
		kept_moved(ev->overview);
	pthread_mutex_lock(&ev->lock);
	ev->moved = true;
	if (c->seq && ev->first) {
		tell(ev,
		     event_text(text, c->seq, "change",
				change_json(c, bytes_text(h->name), bytes_text(h->group))),
		     h->group);
		drop_gone(ev);
	}
	pthread_mutex_unlock(&ev->lock);
}

/* ---- by the clock ---- */
static int check_tokens(struct tx *tx, void *arg, struct err *e)
{
	struct events *ev = arg;

	for (struct listener *l = ev->first; l; l = l->next) {
		struct err why = { 0 };

		l->gone |= token_find_hash(tx, l->hash, &l->token, &why) != 0;
	}
	(void)e;
	return 0;
}

/* With the lock held: a token that was revoked hears no more. */
static void beat(struct events *ev)
{
	struct err e = { 0 };

	tell(ev, bytes_text(":\n\n"), NULL);
	if (ev->first && store_read(ev->server->store, check_tokens, ev, &e))
		log_event(LOG_LEVEL_WARN, "events", LOG_T("error", e.text));
	drop_gone(ev);
}

static int is_due(struct tx *tx, void *arg, struct err *e)
{
	return samples_due(tx, clock_now_s(), arg, e);
}

static int take(struct tx *tx, void *arg, struct err *e)
{
	const struct settings *s = arg;

	return samples_take(tx, clock_now_s(), s->stale_after_s, e);
}

static void sample(struct events *ev)
{
	struct err e = { 0 };
	bool due = false;

	if (store_read(ev->server->store, is_due, &due, &e) ||
	    (due && store_write(ev->server->store, take, (void *)ev->server->settings, &e)))
		log_event(LOG_LEVEL_WARN, "samples", LOG_T("error", e.text));
}

void events_beat(struct events *ev)
{
	pthread_mutex_lock(&ev->lock);
	beat(ev);
	pthread_mutex_unlock(&ev->lock);
}

size_t events_listeners(struct events *ev)
{
	size_t n;

	pthread_mutex_lock(&ev->lock);
	n = ev->n;
	pthread_mutex_unlock(&ev->lock);
	return n;
}

static void *go_by_the_clock(void *arg)
{
	struct events *ev = arg;
	char text[EVENT_TEXT];

	pthread_mutex_lock(&ev->lock);
	for (unsigned int second = 0; !ev->ending; second++) {
		long long until = clock_monotonic_ms() + TICK_MS;

		if (ev->moved) {
			kept_moved(ev->overview);
			tell(ev, event_text(text, 0, "overview", NULL), NULL);
		}
		ev->moved = false;
		if (second % HEARTBEAT_S == 0) {
			beat(ev);
			pthread_mutex_unlock(&ev->lock);
			sample(ev);
			pthread_mutex_lock(&ev->lock);
		}
		drop_gone(ev);
		if (!ev->ending)
			monotonic_wait(&ev->wake, &ev->lock, until);
	}
	pthread_mutex_unlock(&ev->lock);
	return NULL;
}

int events_start(struct events *ev, struct err *e)
{
	if (pthread_create(&ev->thread, NULL, go_by_the_clock, ev))
		return err_set(e, E_MEMORY, "no thread for events");
	ev->running = true;
	return 0;
}

void events_end(struct events *ev)
{
	if (!ev)
		return;
	pthread_mutex_lock(&ev->lock);
	ev->ending = true;
	drop_gone(ev);
	pthread_cond_signal(&ev->wake);
	pthread_mutex_unlock(&ev->lock);
	if (ev->running)
		pthread_join(ev->thread, NULL);
	ev->running = false;
}

void events_drop(struct events **ev)
{
	if (!ev || !*ev)
		return;
	events_end(*ev);
	kept_drop(&(*ev)->overview);
	free(*ev);
	*ev = NULL;
}

/* ---- listening ---- */
struct missed {
	struct listener *listener;
	long long after, n;
	bool lost; /* too many, or they are not there any more */
};

static int put_missed(void *user, const struct db_row *row, struct err *e)
{
	struct missed *m = user;
	struct verdict_change c = { .seq = row->at[0].number,
				    .time = row->at[1].number,
				    .status = (enum ear_tier)row->at[2].number,
				    .was = (enum ear_tier)row->at[3].number };
	char text[EVENT_TEXT];

	(void)e;
	row_text(c.reason, sizeof(c.reason), row->at[4].bytes);
	m->lost |=
		++m->n > EVENTS_MISSED_MAX ||
		!http_stream_put(m->listener->stream,
				 event_text(text, c.seq, "change",
					    change_json(&c, row->at[5].bytes, row->at[6].bytes)));
	return 0;
}

static int find_missed(struct tx *tx, void *arg, struct err *e)
{
	struct missed *m = arg;
	struct db_value v[] = { DB_T(m->listener->token.groups), DB_I(m->after),
				DB_I(EVENTS_MISSED_MAX + 1) };

	return db_run(tx->db,
		      "SELECT c.seq, c.time, c.status, c.was, c.reason, h.name, h.grp"
		      " FROM verdict_changes c JOIN standings h ON h.ueid = c.ueid"
		      " WHERE c.seq > $2 AND " TOKEN_COVERS_SQL " ORDER BY c.seq LIMIT $3",
		      v, ARRAY_LEN(v), put_missed, m, NULL, e);
}

/* Who comes back is told what it missed: all of it, or that it has to look anew. */
static int catch_up(struct events *ev, struct listener *l, const char *last, struct err *e)
{
	struct missed m = { .listener = l };
	char text[EVENT_TEXT];

	if (asked_number(&m.after, 0, INT64_MAX, last, "Last-Event-ID", e) ||
	    store_read(ev->server->store, find_missed, &m, e))
		return (int)e->code;
	if (m.lost)
		http_stream_put(l->stream, event_text(text, 0, "reload", NULL));
	return 0;
}

/* With the lock held. Return: NULL, or why another listener with this token has no room. */
static const char *no_room(const struct events *ev, const u8 hash[32])
{
	size_t same = 0;

	for (const struct listener *l = ev->first; l; l = l->next)
		same += !memcmp(l->hash, hash, sizeof(l->hash));
	if (ev->ending || ev->n >= LISTENERS_MAX)
		return "too many listen already";
	return same < LISTENERS_PER_TOKEN_MAX ? NULL : "too many listen with this token already";
}

void get_events(struct call *c)
{
	struct events *ev = c->server->events;
	const char *last = http_header(c->rq, "Last-Event-ID");
	struct listener *l = calloc(1, sizeof(*l));
	struct http_stream *s = l ? http_stream_open() : NULL;
	struct err e = { 0 };
	const char *full;

	if (!s) {
		free(l);
		problem(c->out, 500, "Internal error", "no memory for a stream");
		return;
	}
	l->stream = s;
	l->token = c->token;
	memcpy(l->hash, c->token_hash, sizeof(l->hash));
	http_stream_put(s, bytes_text("retry: 3000\n:\n\n"));
	pthread_mutex_lock(
		&ev->lock); /* what happens meanwhile waits: nothing is missed, nothing told twice */
	full = no_room(ev, l->hash);
	if (!full && last && *last)
		catch_up(ev, l, last, &e);
	if (!full && !e.code) {
		l->next = ev->first;
		ev->first = l;
		ev->n++;
	}
	pthread_mutex_unlock(&ev->lock);
	if (!full && !e.code) {
		c->out->status = 200;
		c->out->content_type = "text/event-stream";
		c->out->stream = s;
		return;
	}
	free(l);
	http_stream_forget(s);
	http_stream_close(s);
	if (e.code)
		problem_of(c->out, &e);
	else
		problem(c->out, 503, "Try again", full);
}
