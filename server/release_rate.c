// SPDX-License-Identifier: Apache-2.0
#include "release_rate.h"

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

int release_rate_reached(struct tx *tx, const u8 ueid[UEID_LEN], long long max, long long now_s,
			 bool *reached, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })),
				DB_I(now_s - RELEASE_WINDOW_S) };
	long long n = 0;

	*reached = false;
	if (!max)
		return 0;
	if (db_run(tx->db, "SELECT COUNT(*) FROM releases WHERE ueid = $1 AND time > $2", v, 2,
		   take_number, &n, NULL, e))
		return (int)e->code;
	*reached = n >= max;
	return 0;
}

int release_rate_note(struct tx *tx, const u8 ueid[UEID_LEN], long long now_s, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_I(now_s) };
	struct db_value old[] = { v[0], DB_I(now_s - RELEASE_WINDOW_S) };

	if (db_run(tx->db, "DELETE FROM releases WHERE ueid = $1 AND time <= $2", old, 2, NULL,
		   NULL, NULL, e))
		return (int)e->code;
	return db_run(tx->db, "INSERT INTO releases (ueid, time) VALUES ($1, $2)", v, 2, NULL, NULL,
		      NULL, e);
}
