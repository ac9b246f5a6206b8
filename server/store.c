// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit.h"
#include "common/clock.h"
#include "common/log.h"

enum { READERS_MAX = 8, GROUP_MAX = 64, FLOOR_SYNC_MS = 1000 };

struct job {
	store_job run;
	void *arg;
	struct err *e;
	int result;
	bool done;
	struct job *next;
};

struct store {
	const struct server_keys *keys;
	struct db *writer;
	struct audit_head head;
	int floor_fd;
	long long floor_synced_ms;

	pthread_mutex_t lock;
	pthread_cond_t finished; /* a group is done */
	struct job *first, **last;
	bool led; /* one of the callers is writing for all */

	char path[4096];
	struct db *readers[READERS_MAX];
	bool reader_busy[READERS_MAX];
	pthread_cond_t reader_free;
};

/* ---- whose rows they are ---- */
int store_set_root_id(struct db *d, const u8 id[ROOT_ID_LEN], struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ id, ROOT_ID_LEN })), DB_I(clock_now_s()) };

	return db_run(d,
		      "INSERT INTO root_key (one, id, since) VALUES (1, $1, $2)"
		      " ON CONFLICT (one) DO UPDATE SET id = excluded.id, since = excluded.since",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

struct root_row {
	u8 *id;
	bool known;
};

static int take_root_id(void *user, const struct db_row *row, struct err *e)
{
	struct root_row *r = user;

	if (row->at[0].bytes.len != ROOT_ID_LEN)
		return err_set(e, E_FORMAT, "id of the root key in the database is not %d bytes",
			       ROOT_ID_LEN);
	memcpy(r->id, row->at[0].bytes.at, ROOT_ID_LEN);
	r->known = true;
	return 0;
}

int store_root_id(const char *db_path, u8 id[ROOT_ID_LEN], bool *known, struct err *e)
{
	struct root_row r = { id, false };
	OWNED(db) d = NULL;

	if (db_open(db_path, false, &d, e) ||
	    db_run(d, "SELECT id FROM root_key", NULL, 0, take_root_id, &r, NULL, e))
		return (int)e->code;
	*known = r.known;
	return 0;
}

int store_init(const char *db_path, const u8 id[ROOT_ID_LEN], struct err *e)
{
	OWNED(db) d = NULL;

	return db_open(db_path, true, &d, e) || store_set_root_id(d, id, e) ? (int)e->code : 0;
}

/* ---- writing ---- */
static struct job *take_group(struct store *s)
{
	struct job *group = s->first, *at = group;

	for (int n = 1; at && at->next && n < GROUP_MAX; n++)
		at = at->next;
	s->first = at ? at->next : NULL;
	if (at)
		at->next = NULL;
	if (!s->first)
		s->last = &s->first;
	return group;
}

static void run_job(struct store *s, struct job *j)
{
	struct tx tx = { s->writer, s->keys, s };
	struct audit_head before = s->head;

	j->result = db_savepoint(s->writer, j->e);
	if (j->result)
		return;
	j->result = j->run(&tx, j->arg, j->e);
	if (!j->result)
		j->result = db_release(s->writer, j->e);
	if (j->result) {
		db_undo(s->writer);
		s->head = before;
	}
}

static void fail_group(struct job *group, const struct err *why)
{
	for (struct job *j = group; j; j = j->next) {
		if (j->result)
			continue;
		*j->e = *why;
		j->result = (int)why->code;
	}
}

/*
 * The database is on the disk when this runs, and the floor may lag behind it: only a power cut within
 * the second that follows lets an older database pass, by that second.
 */
static int raise_floor(struct store *s, struct err *e)
{
	long long now = clock_monotonic_ms();
	bool sync = !s->floor_synced_ms || now - s->floor_synced_ms >= FLOOR_SYNC_MS;

	if (audit_floor_write(s->floor_fd, &s->head, s->keys, sync, e))
		return (int)e->code;
	if (sync)
		s->floor_synced_ms = now;
	return 0;
}

/* Everything up to here is in memory only; after it the answers may go out. */
static void run_group(struct store *s, struct job *group)
{
	struct audit_head before = s->head;
	struct err e = { 0 };

	if (db_begin(s->writer, &e)) {
		fail_group(group, &e);
		return;
	}
	if (audit_follow(s->writer, &s->head, &e)) {
		db_rollback(s->writer);
		log_event(LOG_LEVEL_ERROR, "audit-log", LOG_T("error", e.text));
		fail_group(group, &e);
		return;
	}
	for (struct job *j = group; j; j = j->next)
		run_job(s, j);
	if (db_commit(s->writer, &e)) {
		s->head = before;
		fail_group(group, &e);
	} else if (s->head.seq != before.seq && raise_floor(s, &e)) {
		log_event(LOG_LEVEL_ERROR, "audit-floor", LOG_T("error", e.text));
		fail_group(group, &e);
	}
}

/* With the lock held: whoever waits longest in line writes for all that came meanwhile. */
static void lead(struct store *s)
{
	struct job *group = take_group(s);

	s->led = true;
	pthread_mutex_unlock(&s->lock);
	run_group(s, group);
	pthread_mutex_lock(&s->lock);
	s->led = false;
	while (group) { /* a finished job's caller may return and take its memory with it */
		struct job *next = group->next;

		group->done = true;
		group = next;
	}
	pthread_cond_broadcast(&s->finished);
}

int store_write(struct store *s, store_job run, void *arg, struct err *e)
{
	struct job j = { .run = run, .arg = arg, .e = e };

	pthread_mutex_lock(&s->lock);
	*s->last = &j;
	s->last = &j.next;
	while (!j.done) {
		if (s->led)
			pthread_cond_wait(&s->finished, &s->lock);
		else
			lead(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (!j.result)
		e->code =
			E_OK; /* what a job looked for and did not find is no failure of the job */
	return j.result;
}

/* ---- reading ---- */
static int take_reader(struct store *s, size_t *slot, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		for (*slot = 0; *slot < READERS_MAX && s->reader_busy[*slot]; (*slot)++)
			;
		if (*slot < READERS_MAX)
			break;
		pthread_cond_wait(&s->reader_free, &s->lock);
	}
	s->reader_busy[*slot] = true;
	pthread_mutex_unlock(&s->lock);
	if (!s->readers[*slot])
		rc = db_open(s->path, false, &s->readers[*slot], e);
	return rc;
}

static void give_reader(struct store *s, size_t slot)
{
	pthread_mutex_lock(&s->lock);
	s->reader_busy[slot] = false;
	pthread_cond_signal(&s->reader_free);
	pthread_mutex_unlock(&s->lock);
}

int store_read(struct store *s, store_job run, void *arg, struct err *e)
{
	size_t slot;
	int rc = take_reader(s, &slot, e);

	if (!rc) {
		struct tx tx = { s->readers[slot], s->keys, NULL };

		rc = run(&tx, arg, e);
	}
	give_reader(s, slot);
	if (!rc)
		e->code = E_OK;
	return rc;
}

/* ---- audit, as the store sees it ---- */
int audit_append(struct tx *tx, const char *actor, const char *event, const char *detail,
		 struct err *e)
{
	if (!tx->store)
		return err_set(e, E_INTERNAL, "audit record outside a write");
	return audit_insert(tx->db, &tx->store->head, actor, event, detail, e);
}

int audit_check(struct tx *tx, long long *n_records, struct err *e)
{
	return audit_verify(tx->db, n_records, e);
}

/* ---- life ---- */
int store_open(const char *db_path, const char *floor_path, const struct server_keys *keys,
	       struct store **out, struct err *e)
{
	OWNED(store) s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, E_MEMORY, "no memory for the store");
	s->keys = keys;
	s->floor_fd = -1;
	s->last = &s->first;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->finished, NULL);
	pthread_cond_init(&s->reader_free, NULL);
	if (strlen(db_path) >= sizeof(s->path))
		return err_set(e, E_CONFIG, "path of the database is too long");
	memcpy(s->path, db_path, strlen(db_path) + 1);
	if (db_open(db_path, false, &s->writer, e) || audit_head_load(s->writer, &s->head, e))
		return (int)e->code;
	s->floor_fd = open(floor_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->floor_fd < 0)
		return err_set(e, E_IO, "open %s: %s", floor_path, strerror(errno));
	if (audit_floor_check(s->floor_fd, s->writer, keys, e))
		return (int)e->code;
	*out = TAKE(s);
	return 0;
}

void store_drop(struct store **sp)
{
	struct store *s = sp ? *sp : NULL;

	if (!s)
		return;
	for (size_t i = 0; i < READERS_MAX; i++)
		db_drop(&s->readers[i]);
	db_drop(&s->writer);
	if (s->floor_fd >= 0) {
		fdatasync(s->floor_fd);
		close(s->floor_fd);
	}
	free(s);
	*sp = NULL;
}
