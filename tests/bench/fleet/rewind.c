// SPDX-License-Identifier: Apache-2.0
/* Times in the database become older: for pages that show what was long ago. Nothing else in here goes past the API. */
#include "fleet.h"

#include <sqlite3.h>
#include <stdio.h>

/* What carries no MAC. The audit log is a chain, and nonces of now are not to be forgotten: those stay. */
static const struct {
	const char *table, *column;
} times[] = { { "attestations", "time" },  { "standings", "time" },
	      { "standings", "since" },	   { "verdict_changes", "time" },
	      { "fleet_samples", "time" }, { "firmware_samples", "time" } };

long long fleet_rewind(const char *database, long long since_s, long long by_s)
{
	sqlite3 *db = NULL;
	long long rows = 0;
	char sql[200];

	if (sqlite3_open_v2(database, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		die("%s: %s", database, sqlite3_errmsg(db));
	sqlite3_busy_timeout(db, 10000);
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		snprintf(sql, sizeof(sql),
			 "UPDATE OR IGNORE %s SET %s = %s - %lld WHERE %s >= %lld", times[i].table,
			 times[i].column, times[i].column, by_s, times[i].column, since_s);
		if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
			die("%s: %s", database, sqlite3_errmsg(db));
		rows += sqlite3_changes(db);
	}
	sqlite3_close(db);
	return rows;
}
