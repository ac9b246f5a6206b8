// SPDX-License-Identifier: Apache-2.0
#include "db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char schema_sql[]; /* schema/schema.sql, embedded at build time */

enum { STATEMENTS_MAX = 256, COLUMNS_MAX = 32, BUSY_MS = 10000, SCHEMA_VERSION = 2 };

struct db {
	sqlite3 *sqlite;
	struct {
		const char *sql;
		sqlite3_stmt *stmt;
	} cache[STATEMENTS_MAX];
	size_t n_cached;
};

static int db_failed(struct db *d, struct err *e, const char *what)
{
	int code = sqlite3_errcode(d->sqlite);

	return err_set(e, code == SQLITE_CONSTRAINT ? E_CONFLICT : E_IO, "database: %s: %s", what,
		       sqlite3_errmsg(d->sqlite));
}

static int exec(struct db *d, const char *sql, struct err *e)
{
	return sqlite3_exec(d->sqlite, sql, NULL, NULL, NULL) ? db_failed(d, e, sql) : 0;
}

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

/* A database of an earlier build gets the tables that schema 2 has got since. */
static int bring_to_schema(struct db *d, bool create, struct err *e)
{
	long long version = 0;

	if (db_run(d, "PRAGMA user_version", NULL, 0, take_number, &version, NULL, e))
		return (int)e->code;
	if (version == SCHEMA_VERSION)
		return exec(d, schema_sql, e);
	if (version != 0)
		return err_set(e, E_CONFIG, "database has schema %lld, this build knows %d",
			       version, SCHEMA_VERSION);
	if (!create)
		return err_set(e, E_CONFIG, "database is empty: run assay-server init");
	return exec(d, schema_sql, e);
}

int db_open(const char *path, bool create, struct db **out, struct err *e)
{
	OWNED(db) d = calloc(1, sizeof(*d));
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);

	if (!d)
		return err_set(e, E_MEMORY, "no memory for the database");
	if (sqlite3_open_v2(path, &d->sqlite, flags, NULL)) {
		err_set(e, E_IO, "open database %s: %s", path,
			d->sqlite ? sqlite3_errmsg(d->sqlite) : "out of memory");
		return (int)e->code;
	}
	sqlite3_busy_timeout(d->sqlite, BUSY_MS);
	/* FULL: an acknowledged verdict survives a power cut. */
	if (exec(d,
		 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
		 "PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;",
		 e) ||
	    bring_to_schema(d, create, e))
		return (int)e->code;
	*out = TAKE(d);
	return 0;
}

void db_drop(struct db **d)
{
	if (!d || !*d)
		return;
	for (size_t i = 0; i < (*d)->n_cached; i++)
		sqlite3_finalize((*d)->cache[i].stmt);
	sqlite3_close((*d)->sqlite);
	free(*d);
	*d = NULL;
}

static int statement(struct db *d, const char *sql, sqlite3_stmt **out, struct err *e)
{
	for (size_t i = 0; i < d->n_cached; i++) {
		if (d->cache[i].sql == sql) {
			*out = d->cache[i].stmt;
			return 0;
		}
	}
	if (d->n_cached == STATEMENTS_MAX)
		return err_set(e, E_INTERNAL, "database: more than %d statements", STATEMENTS_MAX);
	if (sqlite3_prepare_v3(d->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL))
		return db_failed(d, e, "prepare");
	d->cache[d->n_cached].sql = sql;
	d->cache[d->n_cached++].stmt = *out;
	return 0;
}

/* SQLite counts $N by where it stands first, not by N; 0: it stands nowhere. */
static int place_of(sqlite3_stmt *stmt, size_t n)
{
	char name[24];

	snprintf(name, sizeof(name), "$%zu", n);
	return sqlite3_bind_parameter_index(stmt, name);
}

static int bind(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
	switch (v->kind) {
	case DB_INT:
		return sqlite3_bind_int64(stmt, at, v->number);
	case DB_TEXT:
		return sqlite3_bind_text64(stmt, at, v->bytes.len ? (const char *)v->bytes.at : "",
					   v->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
	case DB_BLOB:
		return v->bytes.len ? sqlite3_bind_blob64(stmt, at, v->bytes.at, v->bytes.len,
							  SQLITE_STATIC)
				    : sqlite3_bind_zeroblob(stmt, at, 0);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

static void take_row(sqlite3_stmt *stmt, struct db_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int column = (int)i;

		switch (sqlite3_column_type(stmt, column)) {
		case SQLITE_INTEGER:
			values[i] = DB_I(sqlite3_column_int64(stmt, column));
			break;
		case SQLITE_TEXT:
			values[i].kind = DB_TEXT;
			values[i].bytes.at = sqlite3_column_text(stmt, column);
			values[i].bytes.len = (size_t)sqlite3_column_bytes(stmt, column);
			break;
		case SQLITE_BLOB:
			values[i].kind = DB_BLOB;
			values[i].bytes.at = sqlite3_column_blob(stmt, column);
			values[i].bytes.len = (size_t)sqlite3_column_bytes(stmt, column);
			break;
		default:
			values[i] = DB_NONE;
		}
	}
}

int db_run(struct db *d, const char *sql, const struct db_value *params, size_t n,
	   int (*row)(void *user, const struct db_row *row, struct err *e), void *user,
	   long long *changed, struct err *e)
{
	struct db_value values[COLUMNS_MAX];
	sqlite3_stmt *stmt = NULL;
	int rc, result = 0;

	if (statement(d, sql, &stmt, e))
		return (int)e->code;
	for (size_t i = 0; i < n; i++) {
		int place = place_of(stmt, i + 1);

		if (place && bind(stmt, place, &params[i]))
			result = db_failed(d, e, "bind");
	}
	while (!result && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
		struct db_row r = { (size_t)sqlite3_column_count(stmt), values };

		if (rc != SQLITE_ROW) {
			result = db_failed(d, e, "run");
		} else if (row && r.n <= COLUMNS_MAX) {
			take_row(stmt, values, r.n);
			result = row(user, &r, e);
		}
	}
	if (!result && changed)
		*changed = sqlite3_changes64(d->sqlite);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return result;
}

int db_copy(struct db *from, const char *to, struct err *e)
{
	OWNED(db) d = calloc(1, sizeof(*d));
	sqlite3_backup *b;
	int rc;

	if (!d)
		return err_set(e, E_MEMORY, "no memory for the database");
	if (sqlite3_open_v2(to, &d->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return db_failed(d, e, "open the copy");
	b = sqlite3_backup_init(d->sqlite, "main", from->sqlite, "main");
	if (!b)
		return db_failed(d, e, "copy");
	rc = sqlite3_backup_step(b, -1);
	if (sqlite3_backup_finish(b) || rc != SQLITE_DONE)
		return db_failed(d, e, "copy");
	return 0;
}

/* Prepared once, as each of them runs with every write. */
static int run_word(struct db *d, const char *sql, struct err *e)
{
	return db_run(d, sql, NULL, 0, NULL, NULL, NULL, e);
}

int db_begin(struct db *d, struct err *e)
{
	return run_word(d, "BEGIN IMMEDIATE", e);
}

int db_commit(struct db *d, struct err *e)
{
	if (!run_word(d, "COMMIT", e))
		return 0;
	db_rollback(d);
	return (int)e->code;
}

void db_rollback(struct db *d)
{
	sqlite3_exec(d->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int db_savepoint(struct db *d, struct err *e)
{
	return run_word(d, "SAVEPOINT job", e);
}

int db_release(struct db *d, struct err *e)
{
	return run_word(d, "RELEASE job", e);
}

void db_undo(struct db *d)
{
	sqlite3_exec(d->sqlite, "ROLLBACK TO job; RELEASE job", NULL, NULL, NULL);
}
