// SPDX-License-Identifier: Apache-2.0
#include "corim_rows.h"

#include <stdio.h>

#include "common/log.h"

struct digest corim_row_digest(struct bytes bytes)
{
	return sha256_of(bytes);
}

/* @digest, @beside: of the row's bytes. */
static int corim_mac_by(struct tx *tx, const struct corim_row *row, struct bytes digest,
			struct bytes beside, struct digest *out, struct err *e)
{
	char until[24], changed[24];
	struct bytes fields[] = { digest,
				  beside,
				  bytes_text(row->is_signed ? "signed" : "unsigned"),
				  bytes_text(row->active ? "active" : "inactive"),
				  BYTES_NONE,
				  BYTES_NONE,
				  row->by };

	snprintf(until, sizeof(until), "%lld", row->until);
	snprintf(changed, sizeof(changed), "%lld", row->changed);
	fields[4] = bytes_text(until);
	fields[5] = bytes_text(changed);
	return keys_row_mac(tx->keys, "corims", fields, ARRAY_LEN(fields), out, e);
}

static int corim_mac(struct tx *tx, const struct corim_row *row, struct digest *out, struct err *e)
{
	struct digest digest = sha256_of(row->bytes), beside = sha256_of(row->beside);

	return corim_mac_by(tx, row, digest_bytes(&digest), digest_bytes(&beside), out, e);
}

struct taking {
	struct tx *tx;
	corim_row_taker take;
	void *user;
	size_t n;
};

static int take_row(void *user, const struct db_row *r, struct err *e)
{
	struct taking *t = user;
	struct corim_row row = { .bytes = r->at[0].bytes,
				 .beside = r->at[1].bytes,
				 .is_signed = r->at[2].number != 0,
				 .active = r->at[3].number != 0,
				 .until = r->at[4].number,
				 .changed = r->at[5].number,
				 .by = r->at[6].bytes };
	struct digest mac;

	if (corim_mac(t->tx, &row, &mac, e))
		return (int)e->code;
	row.genuine = digest_equals(&mac, r->at[7].bytes);
	t->n++;
	return t->take(t->user, &row, e);
}

#define COLUMNS "bytes, beside, is_signed, active, until, changed, changed_by, mac"

/* ---- rows whose bytes somebody has already ---- */
struct heads {
	struct tx *tx;
	corim_head_taker take;
	void *user;
};

static int take_head(void *user, const struct db_row *r, struct err *e)
{
	struct heads *h = user;
	struct corim_head head = { .tx = h->tx,
				   .digest = r->at[0].bytes,
				   .row = { .is_signed = r->at[1].number != 0,
					    .active = true,
					    .until = r->at[2].number,
					    .changed = r->at[3].number,
					    .by = r->at[4].bytes },
				   .mac = r->at[5].bytes };

	if (r->at[0].kind == DB_BLOB && head.digest.len == 32)
		return h->take(h->user, &head, e);
	log_event(LOG_LEVEL_ERROR, "corim-left-out", LOG_T("corim", "?"),
		  LOG_T("why", "its row's digest was changed in the database"));
	return 0;
}

int corim_heads_active(struct tx *tx, corim_head_taker take, void *user, struct err *e)
{
	struct heads h = { tx, take, user };

	return db_run(tx->db,
		      "SELECT digest, is_signed, until, changed, changed_by, mac FROM corims"
		      " WHERE active = 1 ORDER BY digest",
		      NULL, 0, take_head, &h, NULL, e);
}

bool corim_head_genuine(const struct corim_head *h, const u8 digest[32], const u8 beside[32])
{
	struct digest mac;
	struct err e = { 0 };

	return !corim_mac_by(h->tx, &h->row, (struct bytes){ digest, 32 },
			     (struct bytes){ beside, 32 }, &mac, &e) &&
	       digest_equals(&mac, h->mac);
}

int corim_head_row(const struct corim_head *h, corim_row_taker take, void *user, struct err *e)
{
	struct taking t = { .tx = h->tx, .take = take, .user = user };
	struct db_value v = DB_B(h->digest);

	return db_run(h->tx->db, "SELECT " COLUMNS " FROM corims WHERE digest = $1", &v, 1,
		      take_row, &t, NULL, e);
}

int corim_rows_all(struct tx *tx, corim_row_taker take, void *user, struct err *e)
{
	struct taking t = { .tx = tx, .take = take, .user = user };

	return db_run(tx->db, "SELECT " COLUMNS " FROM corims ORDER BY digest", NULL, 0, take_row,
		      &t, NULL, e);
}

struct finding {
	corim_row_taker take;
	void *user;
};

static int take_genuine(void *user, const struct corim_row *row, struct err *e)
{
	struct finding *f = user;

	if (!row->genuine)
		return err_set(e, E_SIGNATURE, "row of this CoRIM was changed in the database");
	return f->take ? f->take(f->user, row, e) : 0;
}

int corim_row_find(struct tx *tx, const u8 digest[32], corim_row_taker take, void *user,
		   struct err *e)
{
	struct finding f = { take, user };
	struct taking t = { .tx = tx, .take = take_genuine, .user = &f };
	struct db_value v = DB_B(((struct bytes){ digest, 32 }));

	if (db_run(tx->db, "SELECT " COLUMNS " FROM corims WHERE digest = $1", &v, 1, take_row, &t,
		   NULL, e))
		return (int)e->code;
	return t.n ? 0 : err_set(e, E_NOTFOUND, "no such CoRIM");
}

int corim_row_insert(struct tx *tx, const struct corim_row *row, struct err *e)
{
	struct digest digest = corim_row_digest(row->bytes), mac;
	struct db_value v[9];

	if (corim_mac(tx, row, &mac, e))
		return (int)e->code;
	v[0] = DB_B(digest_bytes(&digest));
	v[1] = DB_B(row->bytes);
	v[2] = DB_B(row->beside);
	v[3] = DB_I(row->is_signed);
	v[4] = DB_I(row->active);
	v[5] = DB_I(row->until);
	v[6] = DB_I(row->changed);
	v[7] = (struct db_value){ .kind = DB_TEXT, .bytes = row->by };
	v[8] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO corims (digest, " COLUMNS ")"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		      v, 9, NULL, NULL, NULL, e);
}

struct setting {
	struct tx *tx;
	struct corim_row next;
	struct digest mac;
};

static int next_mac(void *user, const struct corim_row *row, struct err *e)
{
	struct setting *s = user;

	s->next.bytes = row->bytes;
	s->next.beside = row->beside;
	s->next.is_signed = row->is_signed;
	return corim_mac(s->tx, &s->next, &s->mac, e);
}

int corim_row_set(struct tx *tx, const u8 digest[32], bool active, long long until, const char *by,
		  long long now_s, struct err *e)
{
	struct setting s = {
		.tx = tx,
		.next = { .active = active, .until = until, .changed = now_s, .by = bytes_text(by) }
	};
	struct db_value v[6];

	if (corim_row_find(tx, digest, next_mac, &s, e))
		return (int)e->code;
	v[0] = DB_I(active);
	v[1] = DB_I(until);
	v[2] = DB_I(now_s);
	v[3] = DB_T(by);
	v[4] = DB_B(digest_bytes(&s.mac));
	v[5] = DB_B(((struct bytes){ digest, 32 }));
	return db_run(tx->db,
		      "UPDATE corims SET active = $1, until = $2, changed = $3, changed_by = $4, "
		      "mac = $5 WHERE digest = $6",
		      v, 6, NULL, NULL, NULL, e);
}

int corim_row_delete(struct tx *tx, const u8 digest[32], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ digest, 32 }));
	long long changed = 0;

	if (db_run(tx->db, "DELETE FROM corims WHERE digest = $1", &v, 1, NULL, NULL, &changed, e))
		return (int)e->code;
	return changed ? 0 : err_set(e, E_NOTFOUND, "no such CoRIM");
}
