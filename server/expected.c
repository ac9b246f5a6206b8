// SPDX-License-Identifier: Apache-2.0
#include "expected.h"

#include "common/clock.h"
#include "rows.h"

/* ---- by EK ---- */
int expected_host_add(struct tx *tx, const struct expected_host *x, bool change, struct err *e)
{
	struct expected_host was = { 0 };
	struct bytes fields[] = { BYTES(x->ek_hash), bytes_text(x->name), bytes_text(x->group) };
	struct digest mac;
	struct db_value v[5];

	if (!expected_host_find(tx, x->ek_hash, &was, e)) {
		if (!change && (strcmp(was.name, x->name) || strcmp(was.group, x->group)))
			return err_set(e, E_CONFLICT,
				       "this EK is registered already, for group %s and host name "
				       "\"%s\"; an operator may change that",
				       was.group, was.name);
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	if (keys_row_mac(tx->keys, "expected_hosts", fields, ARRAY_LEN(fields), &mac, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(x->ek_hash));
	v[1] = DB_T(x->name);
	v[2] = DB_T(x->group);
	v[3] = DB_I(clock_now_s());
	v[4] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO expected_hosts (ek_hash, name, grp, created, mac)"
		      " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ek_hash) DO UPDATE SET"
		      " name = excluded.name, grp = excluded.grp, mac = excluded.mac",
		      v, 5, NULL, NULL, NULL, e);
}

static int take_expected(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct expected_host *x = f->out;
	struct bytes fields[] = { row->at[0].bytes, row->at[1].bytes, row->at[2].bytes };

	if (row_mac_check(f->tx, "expected_hosts", fields, ARRAY_LEN(fields), row->at[3].bytes, e))
		return (int)e->code;
	memcpy(x->ek_hash, row->at[0].bytes.at, sizeof(x->ek_hash));
	row_text(x->name, sizeof(x->name), row->at[1].bytes);
	row_text(x->group, sizeof(x->group), row->at[2].bytes);
	f->found = true;
	return 0;
}

int expected_host_find(struct tx *tx, const u8 ek_hash[32], struct expected_host *out,
		       struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v = DB_B(((struct bytes){ ek_hash, 32 }));

	if (db_run(tx->db, "SELECT ek_hash, name, grp, mac FROM expected_hosts WHERE ek_hash = $1",
		   &v, 1, take_expected, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "EK hash is not registered");
}

/* ---- by token ---- */
static int token_mac(struct tx *tx, const struct join_token *t, struct digest *out, struct err *e)
{
	u8 until[8];
	struct writer w = writer_on(until, sizeof(until));
	struct bytes fields[] = { BYTES(t->hash), bytes_text(t->group), bytes_text(t->host_name),
				  t->has_ek_hash ? BYTES(t->ek_hash) : BYTES_NONE, BYTES(until) };

	write_be64(&w, (u64)t->not_after);
	return keys_row_mac(tx->keys, "join_tokens", fields, ARRAY_LEN(fields), out, e);
}

int join_token_add(struct tx *tx, const struct join_token *t, struct err *e)
{
	struct digest mac;
	struct db_value v[6];

	if (token_mac(tx, t, &mac, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(t->hash));
	v[1] = DB_T(t->group);
	v[2] = DB_T(t->host_name);
	v[3] = t->has_ek_hash ? DB_B(BYTES(t->ek_hash)) : DB_NONE;
	v[4] = DB_I(t->not_after);
	v[5] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO join_tokens (hash, grp, host_name, ek_hash, not_after, mac)"
		      " VALUES ($1, $2, $3, $4, $5, $6)",
		      v, 6, NULL, NULL, NULL, e);
}

static int take_token(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct join_token *t = f->out;
	struct digest mac;

	memcpy(t->hash, row->at[0].bytes.at, sizeof(t->hash));
	row_text(t->group, sizeof(t->group), row->at[1].bytes);
	row_text(t->host_name, sizeof(t->host_name), row->at[2].bytes);
	t->has_ek_hash = row->at[3].bytes.len == sizeof(t->ek_hash);
	if (t->has_ek_hash)
		memcpy(t->ek_hash, row->at[3].bytes.at, sizeof(t->ek_hash));
	t->not_after = row->at[4].number;
	t->used = row->at[5].kind != DB_NULL;
	if (token_mac(f->tx, t, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[6].bytes))
		return err_set(e, E_SIGNATURE, "join token row was changed in the database");
	f->found = true;
	return 0;
}

int join_token_find(struct tx *tx, const u8 hash[32], struct join_token *out, struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v = DB_B(((struct bytes){ hash, 32 }));

	*out = (struct join_token){ 0 };
	if (db_run(tx->db,
		   "SELECT hash, grp, host_name, ek_hash, not_after, used, mac FROM join_tokens"
		   " WHERE hash = $1",
		   &v, 1, take_token, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no such join token");
}

int join_token_use(struct tx *tx, const u8 hash[32], struct err *e)
{
	struct db_value v[] = { DB_I(clock_now_s()), DB_B(((struct bytes){ hash, 32 })) };
	long long changed = 0;

	if (db_run(tx->db,
		   "UPDATE join_tokens SET used = $1 WHERE hash = $2 AND used IS NULL"
		   " AND not_after >= $1",
		   v, 2, NULL, NULL, &changed, e))
		return (int)e->code;
	return changed == 1 ? 0
			    : err_set(e, E_DENIED, "join token was used before, or has expired");
}
