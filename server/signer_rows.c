// SPDX-License-Identifier: Apache-2.0
#include "signer_rows.h"

#include <stdio.h>

static const struct {
	const char *name, *mac, *all, *insert, *drop;
} kinds[SIGNER_KINDS] = {
	[SIGNER_ANCHOR] = { "trust anchor", "corim_anchors",
			    "SELECT der, added, added_by, mac FROM corim_anchors ORDER BY digest",
			    "INSERT INTO corim_anchors (digest, der, added, added_by, mac)"
			    " VALUES ($1, $2, $3, $4, $5)",
			    "DELETE FROM corim_anchors WHERE digest = $1" },
	[SIGNER_CRL] = { "revocation list", "corim_crls",
			 "SELECT bytes, added, added_by, mac FROM corim_crls ORDER BY digest",
			 "INSERT INTO corim_crls (digest, bytes, added, added_by, mac)"
			 " VALUES ($1, $2, $3, $4, $5)",
			 "DELETE FROM corim_crls WHERE digest = $1" },
};

const char *signer_kind_name(enum signer_kind kind)
{
	return kinds[kind].name;
}

static int row_mac(struct tx *tx, enum signer_kind kind, const struct signer_row *row,
		   struct digest *out, struct err *e)
{
	struct digest digest = sha256_of(row->bytes);
	char added[24];
	struct bytes fields[] = { digest_bytes(&digest), row->by, BYTES_NONE };

	snprintf(added, sizeof(added), "%lld", row->added);
	fields[2] = bytes_text(added);
	return keys_row_mac(tx->keys, kinds[kind].mac, fields, ARRAY_LEN(fields), out, e);
}

struct taking {
	struct tx *tx;
	enum signer_kind kind;
	signer_row_taker take;
	void *user;
};

static int take_row(void *user, const struct db_row *r, struct err *e)
{
	struct taking *t = user;
	struct signer_row row = { .bytes = r->at[0].bytes,
				  .added = r->at[1].number,
				  .by = r->at[2].bytes };
	struct digest mac;

	if (row_mac(t->tx, t->kind, &row, &mac, e))
		return (int)e->code;
	row.genuine = digest_equals(&mac, r->at[3].bytes);
	return t->take(t->user, &row, e);
}

int signer_rows_all(struct tx *tx, enum signer_kind kind, signer_row_taker take, void *user,
		    struct err *e)
{
	struct taking t = { tx, kind, take, user };

	return db_run(tx->db, kinds[kind].all, NULL, 0, take_row, &t, NULL, e);
}

int signer_row_insert(struct tx *tx, enum signer_kind kind, const struct signer_row *row,
		      struct err *e)
{
	struct digest digest = sha256_of(row->bytes), mac;
	struct db_value v[5];

	if (row_mac(tx, kind, row, &mac, e))
		return (int)e->code;
	v[0] = DB_B(digest_bytes(&digest));
	v[1] = DB_B(row->bytes);
	v[2] = DB_I(row->added);
	v[3] = (struct db_value){ .kind = DB_TEXT, .bytes = row->by };
	v[4] = DB_B(digest_bytes(&mac));
	return db_run(tx->db, kinds[kind].insert, v, 5, NULL, NULL, NULL, e);
}

int signer_row_delete(struct tx *tx, enum signer_kind kind, const u8 digest[32], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ digest, 32 }));
	long long changed = 0;

	if (db_run(tx->db, kinds[kind].drop, &v, 1, NULL, NULL, &changed, e))
		return (int)e->code;
	return changed ? 0 : err_set(e, E_NOTFOUND, "no such %s", kinds[kind].name);
}
