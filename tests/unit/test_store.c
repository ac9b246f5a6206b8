// SPDX-License-Identifier: Apache-2.0
/*
 * The store under many writers, failing jobs and kill -9: a job is wholly there or not at all, what
 * was acknowledged is there, and the audit chain holds.
 */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "server/ima_states.h"

enum { WRITERS = 8, JOBS = 40, KILLS = 12 };

struct fixture {
	char folder[64], state[80], kek[100], db[100], floor[100];
	struct server_keys *keys;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct key_place kek = { f->kek, "", "" };
	struct err e = { 0 };

	snprintf(f->folder, sizeof(f->folder), "/tmp/assay-store.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->state, sizeof(f->state), "%s/state", f->folder);
	snprintf(f->kek, sizeof(f->kek), "%s/kek.pem", f->state);
	assert_ok(folder_make(f->state, 0700, &e), &e);
	assert_ok(keys_init(f->state, &kek, &e), &e);
	assert_ok(keys_load(f->state, &kek, NULL, &f->keys, &e), &e);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];

	server_keys_drop(&f->keys);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* A database of its own for each test. */
static void fresh(struct fixture *f, const char *name)
{
	struct err e = { 0 };

	snprintf(f->db, sizeof(f->db), "%s/%s.db", f->folder, name);
	snprintf(f->floor, sizeof(f->floor), "%s/%s.floor", f->folder, name);
	assert_ok(store_init(f->db, f->keys->root_id, &e), &e);
}

static struct store *reopen(const struct fixture *f)
{
	struct store *s = NULL;
	struct err e = { 0 };

	assert_ok(store_open(f->db, f->floor, f->keys, &s, &e), &e);
	return s;
}

/* ---- a job: a row, and the audit record that tells of it ---- */
struct job_at {
	u32 number;
	bool fails; /* after both are written */
};

static int write_one(struct tx *tx, void *arg, struct err *e)
{
	const struct job_at *j = arg;
	u8 nonce[32] = { 0 };
	struct writer w = writer_on(nonce, sizeof(nonce));
	struct db_value v[] = { DB_B(BYTES(nonce)), DB_I(j->number), DB_B(BYTES(nonce)) };
	char detail[32];

	write_be32(&w, j->number);
	snprintf(detail, sizeof(detail), "{\"n\":%u}", j->number);
	if (db_run(tx->db, "INSERT INTO sessions (nonce, time, answer) VALUES ($1, $2, $3)", v, 3,
		   NULL, NULL, NULL, e) ||
	    audit_append(tx, "test", "row", detail, e))
		return (int)e->code;
	return j->fails ? err_set(e, E_POLICY, "job %u was told to fail", j->number) : 0;
}

struct counted {
	long long rows, records, told, chain;
	bool *seen; /* by number */
	size_t n_seen;
};

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int take_seen(void *user, const struct db_row *row, struct err *e)
{
	struct counted *c = user;

	(void)e;
	if ((size_t)row->at[0].number < c->n_seen)
		c->seen[row->at[0].number] = true;
	return 0;
}

static int count(struct tx *tx, void *arg, struct err *e)
{
	struct counted *c = arg;

	return db_run(tx->db, "SELECT COUNT(*) FROM sessions", NULL, 0, take_number, &c->rows, NULL,
		      e) ||
			       db_run(tx->db, "SELECT COUNT(*) FROM audit", NULL, 0, take_number,
				      &c->records, NULL, e) ||
			       db_run(tx->db,
				      "SELECT COUNT(*) FROM audit a JOIN sessions s ON"
				      " a.detail = '{\"n\":' || s.time || '}'",
				      NULL, 0, take_number, &c->told, NULL, e) ||
			       db_run(tx->db, "SELECT time FROM sessions", NULL, 0, take_seen, c,
				      NULL, e) ||
			       audit_check(tx, &c->chain, e)
		       ? (int)e->code
		       : 0;
}

/* Rows and records tell of each other one to one, and the chain is whole. */
static void expect_consistent(struct store *s, struct counted *c)
{
	struct err e = { 0 };

	assert_ok(store_read(s, count, c, &e), &e);
	assert_int_equal(c->records, c->rows);
	assert_int_equal(c->told, c->rows);
	assert_int_equal(c->chain, c->records);
}

/* ---- many writers ---- */
struct writer_at {
	pthread_t thread;
	struct store *store;
	u32 first;
	bool wrong;
};

static void *write_many(void *arg)
{
	struct writer_at *w = arg;

	for (u32 i = 0; i < JOBS; i++) {
		struct job_at j = { .number = w->first + i, .fails = i % 3 == 1 };
		struct err e = { 0 };
		int rc = store_write(w->store, write_one, &j, &e);

		/* each gets its own result, in a group with others of another fate */
		w->wrong |=
			j.fails ? rc != E_POLICY || !strstr(e.text, "was told to fail") : rc != 0;
	}
	return NULL;
}

static void a_job_that_fails_leaves_nothing_and_spares_the_others_of_its_group(void **state)
{
	struct fixture *f = *state;
	struct writer_at writers[WRITERS] = { 0 };
	bool seen[WRITERS * JOBS] = { 0 };
	struct counted c = { .seen = seen, .n_seen = ARRAY_LEN(seen) };
	struct store *s;

	fresh(f, "many");
	s = reopen(f);
	for (u32 i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer_at){ .store = s, .first = i * JOBS };
		pthread_create(&writers[i].thread, NULL, write_many, &writers[i]);
	}
	for (u32 i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_false(writers[i].wrong);
	}
	expect_consistent(s, &c);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_int_equal(seen[i], i % JOBS % 3 != 1);
	store_drop(&s);
	s = reopen(f); /* and the audit floor agrees */
	expect_consistent(s, &c);
	store_drop(&s);
}

static void a_number_is_written_once(void **state)
{
	struct fixture *f = *state;
	struct job_at j = { .number = 1 };
	struct counted c = { 0 };
	struct store *s;
	struct err e = { 0 };

	fresh(f, "once");
	s = reopen(f);
	assert_ok(store_write(s, write_one, &j, &e), &e);
	assert_int_equal(store_write(s, write_one, &j, &e), E_CONFLICT);
	expect_consistent(s, &c);
	assert_int_equal(c.rows, 1);
	store_drop(&s);
}

/* `assay-server token` beside a running server: each goes on from what the other wrote, and both answer. */
static void two_processes_write_one_chain(void **state)
{
	struct fixture *f = *state;
	struct counted c = { 0 };
	struct store *s, *other;
	struct err e = { 0 };

	fresh(f, "two");
	s = reopen(f);
	other = reopen(f);
	for (u32 i = 0; i < 6; i++) {
		struct job_at j = { .number = i };

		assert_ok(store_write(i / 2 % 2 ? other : s, write_one, &j, &e), &e);
	}
	expect_consistent(s, &c);
	assert_int_equal(c.chain, 6);
	store_drop(&other);
	store_drop(&s);
	s = reopen(f); /* and the floor is not behind what it must not be behind */
	store_drop(&s);
}

static int insert_record(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return db_run(tx->db,
		      "INSERT INTO audit (seq, time, actor, event, detail, hash)"
		      " VALUES (2, 0, 'nobody', 'x', '{}', zeroblob(32))",
		      NULL, 0, NULL, NULL, NULL, e);
}

static void a_record_that_does_not_follow_ends_all_writing(void **state)
{
	struct fixture *f = *state;
	struct job_at j = { .number = 1 };
	struct store *s, *other;
	struct err e = { 0 };

	fresh(f, "forged");
	s = reopen(f);
	other = reopen(f);
	assert_ok(store_write(s, write_one, &j, &e), &e);
	assert_ok(store_write(other, insert_record, NULL, &e), &e);
	j.number = 2;
	assert_refused(store_write(s, write_one, &j, &e), &e, E_SIGNATURE,
		       "records of another process: audit record 2 was changed");
	store_drop(&other);
	store_drop(&s);
}

static int append_only(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	return audit_append(tx, "test", "read", "{}", e);
}

static void a_reader_cannot_write_the_audit_log(void **state)
{
	struct fixture *f = *state;
	struct store *s;
	struct err e = { 0 };

	fresh(f, "reader");
	s = reopen(f);
	assert_refused(store_read(s, append_only, NULL, &e), &e, E_INTERNAL, "outside a write");
	store_drop(&s);
}

/* ---- kill -9 ---- */
static void *write_and_tell(void *arg)
{
	struct writer_at *w = arg;

	for (u32 i = w->first;; i += WRITERS) {
		struct job_at j = { .number = i };
		struct err e = { 0 };

		if (store_write(w->store, write_one, &j, &e) ||
		    write(STDOUT_FILENO, &i, sizeof(i)) != sizeof(i))
			_exit(3);
	}
	return NULL;
}

/* In the child: write until killed; the number of a job goes to the pipe once it is acknowledged. */
static void run_until_killed(const struct fixture *f, u32 base, int pipe_end)
{
	struct writer_at writers[WRITERS];
	struct store *s = NULL;
	struct err e = { 0 };

	dup2(pipe_end, STDOUT_FILENO);
	if (store_open(f->db, f->floor, f->keys, &s, &e))
		_exit(2);
	for (u32 i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer_at){ .store = s, .first = base + i };
		pthread_create(&writers[i].thread, NULL, write_and_tell, &writers[i]);
	}
	for (;;)
		pause();
}

static size_t kill_in_the_middle(const struct fixture *f, u32 base, useconds_t after, bool *acked,
				 size_t n_acked)
{
	int ends[2], status;
	size_t n = 0;
	u32 number;
	pid_t pid;

	assert_return_code(pipe(ends), errno);
	pid = fork();
	if (pid == 0)
		run_until_killed(f, base, ends[1]);
	close(ends[1]);
	/* the first acknowledgement says that it is at work; then at some moment */
	assert_int_equal(read(ends[0], &number, sizeof(number)), sizeof(number));
	usleep(after);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	do {
		assert_true(number < n_acked);
		acked[number] = true;
		n++;
	} while (read(ends[0], &number, sizeof(number)) == sizeof(number));
	close(ends[0]);
	return n;
}

static void what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_absent(void **state)
{
	enum { STRIDE = 100000 };
	struct fixture *f = *state;
	size_t room = (KILLS + 1) * STRIDE, n = 0;
	bool *acked = calloc(room, 1), *seen = calloc(room, 1);

	fresh(f, "killed");
	for (u32 i = 0; i < KILLS; i++) {
		struct counted c = { .seen = seen, .n_seen = room };
		struct store *s;

		n += kill_in_the_middle(f, i * STRIDE, 500 + i * 1700, acked, room);
		s = reopen(f); /* the floor is not ahead of the database */
		expect_consistent(s, &c);
		for (size_t k = 0; k < room; k++)
			if (acked[k] && !seen[k])
				fail_msg("job %zu was acknowledged and is gone", k);
		store_drop(&s);
	}
	assert_true(n >= KILLS);
	free(acked);
	free(seen);
}

/* A group that is on the disk and in nobody's floor is fine; a floor that names what is gone is not. */
static void a_database_that_was_put_back_is_refused(void **state)
{
	struct fixture *f = *state;
	struct job_at j = { .number = 1 };
	OWNED(buf) old = NULL;
	struct store *s;
	struct err e = { 0 };
	char wal[120];

	fresh(f, "old");
	s = reopen(f);
	assert_ok(store_write(s, write_one, &j, &e), &e);
	store_drop(&s);
	assert_ok(file_read(f->db, 16 * 1024 * 1024, &old, &e), &e);
	s = reopen(f);
	j.number = 2;
	assert_ok(store_write(s, write_one, &j, &e), &e);
	store_drop(&s);
	snprintf(wal, sizeof(wal), "%s-wal", f->db);
	unlink(wal);
	assert_ok(file_write(f->db, buf_bytes(old), 0600, &e), &e);
	assert_refused(store_open(f->db, f->floor, f->keys, &s, &e), &e, E_CONFLICT,
		       "database is older than record 2 of the audit floor");
	assert_ok(file_write(f->floor, BYTES_NONE, 0600, &e), &e);
	assert_refused(store_open(f->db, f->floor, f->keys, &s, &e), &e, E_CONFLICT,
		       "floor file is empty, the log ends at record 1: ");
}

/* ---- what is kept of IMA's list ---- */
static int run_sql(struct tx *tx, void *sql, struct err *e)
{
	return db_run(tx->db, sql, NULL, 0, NULL, NULL, NULL, e);
}

struct kept {
	u8 ueid[UEID_LEN], ak[AK_NAME_LEN];
	struct ima_state *state;
};

static int keep_state(struct tx *tx, void *arg, struct err *e)
{
	const struct kept *k = arg;

	return ima_state_keep(tx, k->ueid, k->state, e);
}

static int find_state(struct tx *tx, void *arg, struct err *e)
{
	struct kept *k = arg;

	return ima_state_find(tx, k->ueid, &k->state, e);
}

static int keep_pending(struct tx *tx, void *arg, struct err *e)
{
	const struct kept *k = arg;

	return ima_pending_keep(tx, k->ueid, BYTES(k->ak), k->state, e);
}

static int find_pending(struct tx *tx, void *arg, struct err *e)
{
	struct kept *k = arg;

	return ima_pending_find(tx, k->ueid, BYTES(k->ak), &k->state, e);
}

static int drop_pending(struct tx *tx, void *arg, struct err *e)
{
	const struct kept *k = arg;

	return ima_pending_drop(tx, k->ueid, e);
}

static const char add_host[] =
	"INSERT INTO hosts (ueid, name, grp, ek_pub, ek_trust, state, created, mac) VALUES"
	" (zeroblob(33), 'h', 'g', x'00', 'token', 'active', 0, x'00')";

static void the_state_of_a_list_is_kept_once_per_host_and_told_when_it_was_changed(void **state)
{
	struct fixture *f = *state;
	struct ima_state *s = calloc(1, sizeof(*s));
	struct kept in = { .state = s }, out = { 0 };
	struct store *store;
	struct err e = { 0 };

	fresh(f, "ima");
	store = reopen(f);
	/* a database of an earlier build has no such table: it is there when it is opened again */
	assert_ok(store_write(store, run_sql, "DROP TABLE ima_states", &e), &e);
	store_drop(&store);
	store = reopen(f);
	assert_ok(store_write(store, run_sql, (void *)add_host, &e), &e);
	assert_refused(store_read(store, find_state, &out, &e), &e, E_NOTFOUND, "nothing");
	s->place.next = 7;
	assert_ok(store_write(store, keep_state, &in, &e), &e);
	s->place.next = 8;
	assert_ok(store_write(store, keep_state, &in, &e), &e);
	e = (struct err){ 0 };
	assert_ok(store_read(store, find_state, &out, &e), &e);
	assert_int_equal(out.state->place.next, 8);
	free(out.state);
	assert_ok(store_write(store, run_sql,
			      "UPDATE ima_states SET state = replace(state, x'08', x'07')", &e),
		  &e);
	assert_refused(store_read(store, find_state, &out, &e), &e, E_SIGNATURE,
		       "row of the database was changed (ima_states)");
	store_drop(&store);
	free(s);
}

static void
the_place_behind_pieces_is_of_one_host_and_key_and_told_when_it_was_changed(void **state)
{
	struct fixture *f = *state;
	struct ima_state *s = calloc(1, sizeof(*s));
	struct kept in = { .ak = { 1 }, .state = s }, out = { .ak = { 1 } }, other = { 0 };
	struct store *store;
	struct err e = { 0 };

	fresh(f, "pieces");
	store = reopen(f);
	assert_ok(store_write(store, run_sql, (void *)add_host, &e), &e);
	s->place.next = 7;
	assert_ok(store_write(store, keep_pending, &in, &e), &e);
	s->place.next = 8;
	assert_ok(store_write(store, keep_pending, &in, &e), &e);
	assert_ok(store_read(store, find_pending, &out, &e), &e);
	assert_int_equal(out.state->place.next, 8);
	free(out.state);
	assert_refused(store_read(store, find_pending, &other, &e), &e, E_NOTFOUND, "no pieces");
	e = (struct err){ 0 };
	/* a place that was accepted is no pending one, nor the other way round */
	assert_refused(store_read(store, find_state, &out, &e), &e, E_NOTFOUND, "nothing");
	e = (struct err){ 0 };
	assert_ok(
		store_write(store, run_sql,
			    "INSERT INTO ima_states SELECT ueid, time, state, mac FROM ima_pending",
			    &e),
		&e);
	assert_refused(store_read(store, find_state, &out, &e), &e, E_SIGNATURE, "(ima_states)");
	e = (struct err){ 0 };
	assert_ok(store_write(store, run_sql, "UPDATE ima_pending SET ak_name = zeroblob(34)", &e),
		  &e);
	assert_refused(store_read(store, find_pending, &other, &e), &e, E_SIGNATURE,
		       "row of the database was changed (ima_pending)");
	e = (struct err){ 0 };
	assert_ok(store_write(store, drop_pending, &in, &e), &e);
	assert_refused(store_read(store, find_pending, &other, &e), &e, E_NOTFOUND, "no pieces");
	store_drop(&store);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_job_that_fails_leaves_nothing_and_spares_the_others_of_its_group),
		cmocka_unit_test(a_number_is_written_once),
		cmocka_unit_test(two_processes_write_one_chain),
		cmocka_unit_test(a_record_that_does_not_follow_ends_all_writing),
		cmocka_unit_test(a_reader_cannot_write_the_audit_log),
		cmocka_unit_test(
			what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_absent),
		cmocka_unit_test(a_database_that_was_put_back_is_refused),
		cmocka_unit_test(
			the_state_of_a_list_is_kept_once_per_host_and_told_when_it_was_changed),
		cmocka_unit_test(
			the_place_behind_pieces_is_of_one_host_and_key_and_told_when_it_was_changed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
