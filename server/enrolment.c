// SPDX-License-Identifier: Apache-2.0
#include "enrolment.h"

#include "common/clock.h"
#include "proto/evidence.h"

void enrolment_clear(struct enrolment *x)
{
	buf_drop(&x->ek_pub);
	buf_drop(&x->ak_pub);
}

struct digest enrolment_bind(const struct enrolment *x, struct bytes challenge)
{
	struct bytes parts[] = { challenge, BYTES(x->request), buf_bytes(x->ek_pub),
				 buf_bytes(x->ak_pub), bytes_text(x->name) };

	return hash_labelled("assay/enrolment/1", parts, ARRAY_LEN(parts));
}

static int row_mac(struct tx *tx, const struct enrolment *x, struct digest *out, struct err *e)
{
	u8 until[8];
	struct writer w = writer_on(until, sizeof(until));
	struct bytes fields[] = { bytes_text(x->id),
				  BYTES(x->request),
				  BYTES(x->secret),
				  bytes_text(x->name),
				  bytes_text(x->group),
				  buf_bytes(x->ek_pub),
				  bytes_text(x->ek_trust),
				  buf_bytes(x->ak_pub),
				  x->has_token ? BYTES(x->token) : BYTES_NONE,
				  BYTES(until) };

	write_be64(&w, (u64)x->not_after);
	return keys_row_mac(tx->keys, "enrolments", fields, ARRAY_LEN(fields), out, e);
}

int enrolment_write(struct tx *tx, void *arg, struct err *e)
{
	struct enrolment *x = arg;
	struct db_value now = DB_I(clock_now_s());
	struct digest mac;
	struct db_value v[11];

	if (db_run(tx->db, "DELETE FROM enrolments WHERE not_after < $1", &now, 1, NULL, NULL, NULL,
		   e) ||
	    row_mac(tx, x, &mac, e))
		return (int)e->code;
	v[0] = DB_T(x->id);
	v[1] = DB_B(BYTES(x->request));
	v[2] = DB_B(BYTES(x->secret));
	v[3] = DB_T(x->name);
	v[4] = DB_T(x->group);
	v[5] = DB_B(buf_bytes(x->ek_pub));
	v[6] = DB_T(x->ek_trust);
	v[7] = DB_B(buf_bytes(x->ak_pub));
	v[8] = x->has_token ? DB_B(BYTES(x->token)) : DB_NONE;
	v[9] = DB_I(x->not_after);
	v[10] = DB_B(digest_bytes(&mac));
	if (db_run(tx->db,
		   "INSERT INTO enrolments (id, request, secret, name, grp, ek_pub, ek_trust, "
		   "ak_pub,"
		   " token, not_after, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		   v, 11, NULL, NULL, NULL, e))
		return (int)e->code;
	/* Who knows a registered EK's public half may ask for ever; only the newest few are kept. */
	return db_run(tx->db,
		      "DELETE FROM enrolments WHERE ek_pub = $1 AND id NOT IN (SELECT id FROM "
		      "enrolments WHERE ek_pub = $1 ORDER BY rowid DESC LIMIT 8)",
		      &v[5], 1, NULL, NULL, NULL, e);
}

static void text_into(char *out, size_t size, struct bytes b)
{
	size_t n = b.len < size ? b.len : size - 1;

	if (n)
		memcpy(out, b.at, n);
	out[n] = 0;
}

static int take_enrolment(void *user, const struct db_row *row, struct err *e)
{
	struct enrolment *x = user;

	if (row->at[0].bytes.len != 32 || row->at[1].bytes.len != 32)
		return err_set(e, E_SIGNATURE, "enrolment row was changed in the database");
	memcpy(x->request, row->at[0].bytes.at, 32);
	memcpy(x->secret, row->at[1].bytes.at, 32);
	text_into(x->name, sizeof(x->name), row->at[2].bytes);
	text_into(x->group, sizeof(x->group), row->at[3].bytes);
	x->ek_pub = buf_copy(row->at[4].bytes);
	text_into(x->ek_trust, sizeof(x->ek_trust), row->at[5].bytes);
	x->ak_pub = buf_copy(row->at[6].bytes);
	x->has_token = row->at[7].bytes.len == 32;
	if (x->has_token)
		memcpy(x->token, row->at[7].bytes.at, 32);
	x->not_after = row->at[8].number;
	x->done = row->at[9].number != 0;
	if (row->at[10].bytes.len == 32)
		memcpy(x->mac, row->at[10].bytes.at, 32);
	return 0;
}

int enrolment_find(struct tx *tx, struct enrolment *x, struct err *e)
{
	struct db_value id = DB_T(x->id);
	struct digest mac;

	if (db_run(tx->db,
		   "SELECT request, secret, name, grp, ek_pub, ek_trust, ak_pub, token, not_after, "
		   "done, mac FROM enrolments WHERE id = $1",
		   &id, 1, take_enrolment, x, NULL, e))
		return (int)e->code;
	if (!x->ek_pub)
		return err_set(e, E_NOTFOUND, "no such enrolment, or it was tried before");
	if (row_mac(tx, x, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, BYTES(x->mac)))
		return err_set(e, E_SIGNATURE, "enrolment row was changed in the database");
	if (clock_now_s() > x->not_after)
		return err_set(e, E_FRESHNESS, "enrolment has expired");
	return 0;
}

int enrolment_done(struct tx *tx, const struct enrolment *x, struct err *e)
{
	struct db_value id = DB_T(x->id);

	return db_run(tx->db, "UPDATE enrolments SET done = 1 WHERE id = $1", &id, 1, NULL, NULL,
		      NULL, e);
}

int enrolment_forget(struct tx *tx, const struct enrolment *x, struct err *e)
{
	struct db_value id = DB_T(x->id);

	return db_run(tx->db, "DELETE FROM enrolments WHERE id = $1", &id, 1, NULL, NULL, NULL, e);
}
