// SPDX-License-Identifier: Apache-2.0
#include "ima_states.h"

#include <stdlib.h>

#include "common/clock.h"
#include "rows.h"

static int take_state(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct bytes fields[] = { row->at[0].bytes, row->at[1].bytes };
	struct ima_state *s;

	if (row_mac_check(f->tx, "ima_states", fields, 2, row->at[2].bytes, e))
		return (int)e->code;
	s = malloc(sizeof(*s));
	if (!s)
		return err_set(e, E_MEMORY, "no memory for the state of an IMA list");
	if (ima_state_parse(row->at[1].bytes, s, e)) {
		free(s);
		return (int)e->code;
	}
	*(struct ima_state **)f->out = s;
	f->found = true;
	return 0;
}

int ima_state_find(struct tx *tx, const u8 ueid[UEID_LEN], struct ima_state **out, struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));

	*out = NULL;
	if (db_run(tx->db, "SELECT ueid, state, mac FROM ima_states WHERE ueid = $1", &v, 1,
		   take_state, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "nothing of an IMA list was judged yet");
}

int ima_state_keep(struct tx *tx, const u8 ueid[UEID_LEN], const struct ima_state *s, struct err *e)
{
	OWNED(buf) b = buf_new(IMA_STATE_MAX);
	struct bytes fields[] = { { ueid, UEID_LEN }, BYTES_NONE };
	struct digest mac;
	struct db_value v[4];

	if (b)
		ima_state_write(s, &b->w);
	fields[1] = buf_bytes(b);
	if (!fields[1].len)
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
