// SPDX-License-Identifier: Apache-2.0
#include "secrets.h"

#include <inttypes.h>

#include "common/clock.h"

void share_check_value(struct bytes share, u8 out[SHARE_CHECK_LEN])
{
	struct digest d = hash_labelled("assay/share-check/1", &share, 1);

	memcpy(out, d.at, SHARE_CHECK_LEN);
}

/* What a share is bound to: moved to another row it does not open. */
static struct digest share_aad(const struct server_keys *k, const u8 ueid[UEID_LEN],
			       const u8 uuid[16], u64 epoch)
{
	u8 number[8];
	struct writer w = writer_on(number, sizeof(number));
	struct bytes parts[] = {
		{ ueid, UEID_LEN }, { uuid, 16 }, BYTES(number), BYTES(k->kek_id)
	};

	write_be64(&w, epoch);
	return hash_labelled("assay/secret/1", parts, ARRAY_LEN(parts));
}

static int refuse_known(void *user, const struct db_row *row, struct err *e)
{
	const u8 *ueid = user;

	if (bytes_equal(row->at[0].bytes, (struct bytes){ ueid, UEID_LEN }))
		return err_set(e, E_CONFLICT, "this volume has a share already");
	return err_set(e, E_CONFLICT, "this volume belongs to another host");
}

enum { SEALED_KEY_LEN = AEAD_KEY_LEN + 28, SEALED_LEN = SHARE_LEN + 28 };

/* @share under a fresh key of its row, that key under the root key's. */
static int seal(const struct server_keys *k, const struct digest *aad, const struct secret *share,
		u8 sealed_key[SEALED_KEY_LEN], u8 sealed[SEALED_LEN], struct err *e)
{
	OWNED(secret) row_key = secret_new(AEAD_KEY_LEN);
	struct writer kw = writer_on(sealed_key, SEALED_KEY_LEN),
		      sw = writer_on(sealed, SEALED_LEN);

	if (!row_key)
		return err_set(e, E_MEMORY, "no locked memory");
	return random_bytes(row_key->at, row_key->len, e) ||
			       aead_seal(secret_bytes(k->secret_seal), digest_bytes(aad),
					 secret_bytes(row_key), &kw, e) ||
			       aead_seal(secret_bytes(row_key), digest_bytes(aad),
					 secret_bytes(share), &sw, e)
		       ? (int)e->code
		       : 0;
}

static int insert(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
		  const char *state, const struct secret *share, struct err *e)
{
	struct digest aad = share_aad(tx->keys, ueid, uuid, epoch);
	u8 sealed_key[SEALED_KEY_LEN], sealed[SEALED_LEN], check[SHARE_CHECK_LEN];
	struct db_value v[8];

	if (seal(tx->keys, &aad, share, sealed_key, sealed, e))
		return (int)e->code;
	share_check_value(secret_bytes(share), check);
	v[0] = DB_B(((struct bytes){ ueid, UEID_LEN }));
	v[1] = DB_B(((struct bytes){ uuid, 16 }));
	v[2] = DB_I(epoch);
	v[3] = DB_T(state);
	v[4] = DB_B(BYTES(sealed_key));
	v[5] = DB_B(BYTES(sealed));
	v[6] = DB_B(BYTES(check));
	v[7] = DB_I(clock_now_s());
	return db_run(tx->db,
		      "INSERT INTO secrets (ueid, uuid, epoch, state, row_key, sealed, "
		      "check_value, created)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		      v, 8, NULL, NULL, NULL, e);
}

int share_create(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16],
		 u8 check[SHARE_CHECK_LEN], struct err *e)
{
	OWNED(secret) share = secret_new(SHARE_LEN);
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));

	if (!share)
		return err_set(e, E_MEMORY, "no locked memory");
	if (db_run(tx->db, "SELECT ueid FROM secrets WHERE uuid = $1 LIMIT 1", &v, 1, refuse_known,
		   (void *)ueid, NULL, e) ||
	    random_bytes(share->at, share->len, e) ||
	    insert(tx, ueid, uuid, 1, "current", share, e))
		return (int)e->code;
	share_check_value(secret_bytes(share), check);
	return 0;
}

/* ---- epochs ---- */
#define OF_HOST " WHERE ueid = $1 AND uuid = $2"
static void key_of(struct db_value v[3], const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch)
{
	v[0] = DB_B(((struct bytes){ ueid, UEID_LEN }));
	v[1] = DB_B(((struct bytes){ uuid, 16 }));
	v[2] = DB_I(epoch);
}

static int take_there(void *user, const struct db_row *row, struct err *e)
{
	(void)row;
	(void)e;
	*(bool *)user = true;
	return 0;
}

int share_there(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, bool *there,
		struct err *e)
{
	struct db_value v[3];

	key_of(v, ueid, uuid, epoch);
	*there = false;
	return db_run(tx->db, "SELECT 1 FROM secrets" OF_HOST " AND epoch = $3", v, 3, take_there,
		      there, NULL, e);
}

/* Pending ones go, but for @but; E_CONFLICT when one that is in use stands in the way. */
static int make_way(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, u64 but,
		    struct err *e)
{
	struct db_value v[3];
	bool later = false;

	key_of(v, ueid, uuid, but);
	if (db_run(tx->db, "DELETE FROM secrets" OF_HOST " AND state = 'pending' AND epoch != $3",
		   v, 3, NULL, NULL, NULL, e))
		return (int)e->code;
	v[2] = DB_I(epoch);
	if (db_run(tx->db,
		   "SELECT 1 FROM secrets" OF_HOST " AND epoch >= $3 AND state != 'pending'", v, 3,
		   take_there, &later, NULL, e))
		return (int)e->code;
	return later ? err_set(e, E_CONFLICT, "a share of epoch %" PRIu64 " or later is in use",
			       epoch)
		     : 0;
}

int share_add(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, struct err *e)
{
	OWNED(secret) share = secret_new(SHARE_LEN);
	bool there;

	if (!share)
		return err_set(e, E_MEMORY, "no locked memory");
	if (make_way(tx, ueid, uuid, epoch, epoch, e) ||
	    share_there(tx, ueid, uuid, epoch, &there, e))
		return (int)e->code;
	if (there)
		return 0;
	return random_bytes(share->at, share->len, e)
		       ? (int)e->code
		       : insert(tx, ueid, uuid, epoch, "pending", share, e);
}

int share_deposit(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
		  const struct secret *share, struct err *e)
{
	if (share->len != SHARE_LEN)
		return err_set(e, E_FORMAT, "a share is of %d bytes", SHARE_LEN);
	/* no epoch is 0 */
	return make_way(tx, ueid, uuid, epoch, 0, e) ||
			       insert(tx, ueid, uuid, epoch, "pending", share, e)
		       ? (int)e->code
		       : 0;
}

int share_stored(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
		 struct err *e)
{
	struct db_value v[3];
	bool there;

	key_of(v, ueid, uuid, epoch);
	if (share_there(tx, ueid, uuid, epoch, &there, e))
		return (int)e->code;
	if (!there)
		return err_set(e, E_NOTFOUND, "this host has no share of that volume and epoch");
	if (db_run(tx->db,
		   "UPDATE secrets SET state = 'retiring'" OF_HOST
		   " AND epoch < $3 AND state = 'current'",
		   v, 3, NULL, NULL, NULL, e))
		return (int)e->code;
	return db_run(tx->db, "UPDATE secrets SET state = 'current'" OF_HOST " AND epoch = $3", v,
		      3, NULL, NULL, NULL, e);
}

int share_shred(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch, long long *n,
		struct err *e)
{
	struct db_value v[3];

	key_of(v, ueid, uuid, epoch);
	return db_run(tx->db,
		      "DELETE FROM secrets" OF_HOST
		      " AND epoch < $3 AND EXISTS (SELECT 1 FROM secrets" OF_HOST
		      " AND epoch >= $3 AND state = 'current')",
		      v, 3, NULL, NULL, n, e);
}

/* ---- opening ---- */
struct opening {
	struct tx *tx;
	struct digest aad;
	struct secret **out;
	bool *pending;
};

static int take_share(void *user, const struct db_row *row, struct err *e)
{
	struct opening *o = user;
	OWNED(secret) row_key = secret_new(AEAD_KEY_LEN);
	OWNED(secret) share = secret_new(SHARE_LEN);

	if (!row_key || !share)
		return err_set(e, E_MEMORY, "no locked memory");
	if (aead_open(secret_bytes(o->tx->keys->secret_seal), digest_bytes(&o->aad),
		      row->at[0].bytes, row_key->at, row_key->len, e) ||
	    aead_open(secret_bytes(row_key), digest_bytes(&o->aad), row->at[1].bytes, share->at,
		      share->len, e))
		return err_while(e, "share in the database");
	*o->pending = bytes_equal(row->at[2].bytes, bytes_text("pending"));
	secret_drop(o->out);
	*o->out = TAKE(share);
	return 0;
}

int share_open(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16], u64 epoch,
	       struct secret **out, bool *pending, struct err *e)
{
	struct opening o = { tx, share_aad(tx->keys, ueid, uuid, epoch), out, pending };
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })),
				DB_B(((struct bytes){ uuid, 16 })), DB_I(epoch) };

	*out = NULL;
	if (db_run(tx->db,
		   "SELECT row_key, sealed, state FROM secrets WHERE ueid = $1 AND uuid = $2 AND "
		   "epoch = $3",
		   v, 3, take_share, &o, NULL, e))
		return (int)e->code;
	return *out ? 0 : err_set(e, E_NOTFOUND, "this host has no share of that volume and epoch");
}

/* ---- another root key ---- */
struct reseal {
	struct tx *from, *to;
	long long *n;
};

/* columns: 0 rowid, 1 ueid, 2 uuid, 3 epoch */
static int reseal(void *user, const struct db_row *row, struct err *e)
{
	struct reseal *r = user;
	const u8 *ueid = row->at[1].bytes.at, *uuid = row->at[2].bytes.at;
	u64 epoch = (u64)row->at[3].number;
	u8 sealed_key[SEALED_KEY_LEN], sealed[SEALED_LEN];
	OWNED(secret) share = NULL;
	struct digest aad;
	struct db_value v[3];
	bool pending;

	if (row->at[1].bytes.len != UEID_LEN || row->at[2].bytes.len != 16)
		return err_set(e, E_SIGNATURE, "row %lld of secrets was changed in the database",
			       row->at[0].number);
	if (share_open(r->from, ueid, uuid, epoch, &share, &pending, e))
		return err_while(e, "row %lld of secrets", row->at[0].number);
	aad = share_aad(r->to->keys, ueid, uuid, epoch);
	if (seal(r->to->keys, &aad, share, sealed_key, sealed, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(sealed_key));
	v[1] = DB_B(BYTES(sealed));
	v[2] = DB_I(row->at[0].number);
	++*r->n;
	return db_run(r->to->db, "UPDATE secrets SET row_key = $1, sealed = $2 WHERE rowid = $3", v,
		      3, NULL, NULL, NULL, e);
}

int shares_rekey(struct tx *from, struct tx *to, long long *n, struct err *e)
{
	struct reseal r = { from, to, n };

	return db_run(from->db, "SELECT rowid, ueid, uuid, epoch FROM secrets", NULL, 0, reseal, &r,
		      NULL, e);
}
