// SPDX-License-Identifier: Apache-2.0
/* Rows of proposals. What reference values say of them is in proposals_judge.c. */
#include "proposals.h"

#include "common/clock.h"
#include "rows.h"

static int row_mac(struct tx *tx, struct bytes ueid, struct bytes body, struct digest *out,
		   struct err *e)
{
	struct bytes fields[] = { ueid, body };

	return keys_row_mac(tx->keys, "proposals", fields, ARRAY_LEN(fields), out, e);
}

int proposal_put(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes body, const char *remote,
		 struct err *e)
{
	struct bytes host = { ueid, UEID_LEN };
	struct digest digest = sha256_of(body), mac;
	struct db_value v[6], keep[] = { DB_B(host), DB_I(PROPOSALS_PER_HOST_MAX) };

	if (row_mac(tx, host, body, &mac, e))
		return (int)e->code;
	v[0] = DB_B(host);
	v[1] = DB_B(digest_bytes(&digest));
	v[2] = DB_B(body);
	v[3] = DB_I(clock_now_s());
	v[4] = DB_T(remote);
	v[5] = DB_B(digest_bytes(&mac));
	if (db_run(tx->db,
		   "INSERT INTO proposals (ueid, digest, body, seq, time, remote, mac) VALUES"
		   " ($1, $2, $3, (SELECT coalesce(max(seq), 0) + 1 FROM proposals), $4, $5, $6)"
		   " ON CONFLICT (ueid, digest) DO UPDATE SET seq = excluded.seq,"
		   " time = excluded.time, remote = excluded.remote",
		   v, ARRAY_LEN(v), NULL, NULL, NULL, e))
		return (int)e->code;
	return db_run(tx->db,
		      "DELETE FROM proposals WHERE ueid = $1 AND seq NOT IN (SELECT seq FROM"
		      " proposals WHERE ueid = $1 ORDER BY seq DESC LIMIT $2)",
		      keep, ARRAY_LEN(keep), NULL, NULL, NULL, e);
}

struct taking {
	struct tx *tx;
	proposal_taker take;
	void *user;
};

static int take_row(void *user, const struct db_row *row, struct err *e)
{
	struct taking *t = user;
	struct proposal_row r = { .ueid = row->at[0].bytes,
				  .digest = row->at[1].bytes,
				  .body = row->at[2].bytes,
				  .time = row->at[3].number,
				  .remote = row->at[4].bytes,
				  .corim = row->at[5].bytes,
				  .signed_by = row->at[6].bytes,
				  .host = row->at[8].bytes };
	struct digest digest = sha256_of(r.body);
	struct bytes fields[] = { r.ueid, r.body };

	if (row_mac_check(t->tx, "proposals", fields, ARRAY_LEN(fields), row->at[7].bytes, e))
		return (int)e->code;
	if (!digest_equals(&digest, r.digest) || r.ueid.len != UEID_LEN)
		return err_set(e, E_SIGNATURE, "row of the database was changed (proposals)");
	return t->take(t->user, &r, e);
}

int proposal_rows(struct tx *tx, const char *groups, const u8 *digest, const char *host,
		  proposal_taker take, void *user, struct err *e)
{
	struct taking t = { tx, take, user };
	struct db_value v[] = { DB_T(groups),
				digest ? DB_B(((struct bytes){ digest, 32 })) : DB_NONE,
				host ? DB_T(host) : DB_NONE };

	return db_run(tx->db,
		      "SELECT p.ueid, p.digest, p.body, p.time, p.remote, p.corim, p.signed_by,"
		      " p.mac, h.name FROM proposals p JOIN hosts h ON h.ueid = p.ueid"
		      " WHERE " TOKEN_COVERS_SQL " AND ($2 IS NULL OR p.digest = $2)"
		      " AND ($3 IS NULL OR h.name = $3)"
		      " ORDER BY p.seq DESC LIMIT 10000",
		      v, ARRAY_LEN(v), take_row, &t, NULL, e);
}

int proposal_signed(struct tx *tx, const u8 digest[32], const u8 corim[32], const char *by,
		    long long *n, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ corim, 32 })), DB_T(by),
				DB_B(((struct bytes){ digest, 32 })) };

	return db_run(tx->db, "UPDATE proposals SET corim = $1, signed_by = $2 WHERE digest = $3",
		      v, ARRAY_LEN(v), NULL, NULL, n, e);
}

int proposal_drop(struct tx *tx, const u8 digest[32], long long *n, struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ digest, 32 }));

	return db_run(tx->db, "DELETE FROM proposals WHERE digest = $1", &v, 1, NULL, NULL, n, e);
}

static int take_count(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

/* A nonce that a proposal used is kept with no answer beside it. */
int proposals_recent(struct tx *tx, const u8 ueid[UEID_LEN], long long *n, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })),
				DB_I(clock_now_s() - NONCE_KEEP_S) };

	*n = 0;
	return db_run(tx->db,
		      "SELECT count(*) FROM sessions WHERE ueid = $1 AND time >= $2"
		      " AND length(answer) = 0",
		      v, ARRAY_LEN(v), take_count, n, NULL, e);
}
