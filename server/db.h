/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database connection, as little of it as the store needs: run one statement with parameters and
 * see its rows. Statements are written in the SQL that SQLite and PostgreSQL share ($1, ON CONFLICT,
 * RETURNING), so that store.c exists once. db_sqlite.c is the only user of SQLite.
 */
#ifndef ASSAY_SERVER_DB_H
#define ASSAY_SERVER_DB_H

#include "common/bytes.h"
#include "common/buf.h"
#include "common/err.h"

struct db;

struct db_value {
	enum { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } kind;
	long long number;
	struct bytes bytes; /* text without NUL, or a blob; borrowed */
};
#define DB_I(v) ((struct db_value){ .kind = DB_INT, .number = (long long)(v) })
#define DB_T(s) ((struct db_value){ .kind = DB_TEXT, .bytes = bytes_text(s) })
#define DB_B(b) ((struct db_value){ .kind = DB_BLOB, .bytes = (b) })
#define DB_NONE ((struct db_value){ .kind = DB_NULL })

/** struct db_row - the columns of one row; views die with the callback. */
struct db_row {
	size_t n;
	const struct db_value *at;
};

/** db_open - @create: make the file and bring it to the schema of this build. */
int db_open(const char *path, bool create, struct db **out, struct err *e);
void db_drop(struct db **d);

/** db_copy - all of it as of one moment into the file @to, whoever writes meanwhile. */
int db_copy(struct db *from, const char *to, struct err *e);

/**
 * db_run - one statement. @sql must be a literal (prepared statements are cached by its address).
 * @params: $1, $2 ... in whatever order the text has them; one that it does not have is left out.
 * @row: called for each row, may be NULL; what it returns ends the statement with that error.
 * @changed: if not NULL, how many rows an INSERT, UPDATE or DELETE changed.
 * Return: 0; E_CONFLICT when a unique or foreign key refuses.
 */
int db_run(struct db *d, const char *sql, const struct db_value *params, size_t n,
	   int (*row)(void *user, const struct db_row *row, struct err *e), void *user,
	   long long *changed, struct err *e);

int db_begin(struct db *d, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d);
/** A savepoint inside a transaction: one job of a group that may fail alone. */
int db_savepoint(struct db *d, struct err *e);
int db_release(struct db *d, struct err *e);
void db_undo(struct db *d);

#endif
