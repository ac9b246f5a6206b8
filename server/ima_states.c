// SPDX-License-Identifier: Apache-2.0
#include "ima_states.h"

#include <stdlib.h>

#include "common/clock.h"
#include "rows.h"

/* Columns: what the MAC covers, the state last of it, and the MAC. */
static int take_state(struct finding *f, const char *label, const struct db_row *row, size_t n,
		      struct err *e)
{
	struct bytes fields[3];
	struct ima_state *s;

	for (size_t i = 0; i < n; i++)
		fields[i] = row->at[i].bytes;
	if (row_mac_check(f->tx, label, fields, n, row->at[n].bytes, e))
		return (int)e->code;
	s = malloc(sizeof(*s));
	if (!s)
		return err_set(e, E_MEMORY, "no memory for the state of an IMA list");
	if (ima_state_parse(fields[n - 1], s, e)) {
		free(s);
		return (int)e->code;
	}
	*(struct ima_state **)f->out = s;
	f->found = true;
	return 0;
}

static int take_accepted(void *user, const struct db_row *row, struct err *e)
{
	return take_state(user, "ima_states", row, 2, e);
}

static int take_pending(void *user, const struct db_row *row, struct err *e)
{
	return take_state(user, "ima_pending", row, 3, e);
}

static struct buf *state_bytes(const struct ima_state *s)
{
	struct buf *b = buf_new(IMA_STATE_MAX);

	if (b)
		ima_state_write(s, &b->w);
	if (b && b->w.full)
		buf_drop(&b);
	return b;
}

int ima_state_find(struct tx *tx, const u8 ueid[UEID_LEN], struct ima_state **out, struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));

	*out = NULL;
	if (db_run(tx->db, "SELECT ueid, state, mac FROM ima_states WHERE ueid = $1", &v, 1,
		   take_accepted, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "nothing of an IMA list was judged yet");
}

int ima_state_keep(struct tx *tx, const u8 ueid[UEID_LEN], const struct ima_state *s, struct err *e)
{
	OWNED(buf) b = state_bytes(s);
	struct bytes fields[] = { { ueid, UEID_LEN }, buf_bytes(b) };
	struct digest mac;
	struct db_value v[4];

	if (!b)
		return err_set(e, E_MEMORY, "no memory for the state of an IMA list");
	if (keys_row_mac(tx->keys, "ima_states", fields, 2, &mac, e))
		return (int)e->code;
	v[0] = DB_B(fields[0]);
	v[1] = DB_I(clock_now_s());
	v[2] = DB_B(fields[1]);
	v[3] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO ima_states (ueid, time, state, mac) VALUES ($1, $2, $3, $4)"
		      " ON CONFLICT (ueid) DO UPDATE SET time = excluded.time,"
		      " state = excluded.state, mac = excluded.mac",
		      v, 4, NULL, NULL, NULL, e);
}

/* ---- pieces ---- */
int ima_pending_find(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes ak_name,
		     struct ima_state **out, struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_B(ak_name) };

	*out = NULL;
	if (db_run(tx->db,
		   "SELECT ueid, ak_name, state, mac FROM ima_pending"
		   " WHERE ueid = $1 AND ak_name = $2",
		   v, 2, take_pending, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no pieces of an IMA list were sent");
}

int ima_pending_keep(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes ak_name,
		     const struct ima_state *s, struct err *e)
{
	OWNED(buf) b = state_bytes(s);
	struct bytes fields[] = { { ueid, UEID_LEN }, ak_name, buf_bytes(b) };
	struct digest mac;
	struct db_value v[5];

	if (!b)
		return err_set(e, E_MEMORY, "no memory for the state of an IMA list");
	if (keys_row_mac(tx->keys, "ima_pending", fields, 3, &mac, e))
		return (int)e->code;
	v[0] = DB_B(fields[0]);
	v[1] = DB_I(clock_now_s());
	v[2] = DB_B(fields[1]);
	v[3] = DB_B(fields[2]);
	v[4] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO ima_pending (ueid, time, ak_name, state, mac)"
		      " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ueid) DO UPDATE SET"
		      " time = excluded.time, ak_name = excluded.ak_name,"
		      " state = excluded.state, mac = excluded.mac",
		      v, 5, NULL, NULL, NULL, e);
}

int ima_pending_drop(struct tx *tx, const u8 ueid[UEID_LEN], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));

	return db_run(tx->db, "DELETE FROM ima_pending WHERE ueid = $1", &v, 1, NULL, NULL, NULL,
		      e);
}
