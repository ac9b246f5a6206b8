// SPDX-License-Identifier: Apache-2.0
#include "hosts.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/clock.h"
#include "proto/tpm_attest.h"

void host_drop(struct host **h)
{
	if (!h || !*h)
		return;
	buf_drop(&(*h)->ek_pub);
	buf_drop(&(*h)->ak_pub);
	free(*h);
	*h = NULL;
}

bool host_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 1 || len > HOST_NAME_MAX_LEN || name[0] == '.' || name[0] == '-')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr(".-_", *name))
			return false;
	return true;
}

struct digest host_ek_hash(struct bytes ek_pub)
{
	return sha256_of(ek_pub);
}

int host_ueid(struct bytes ek_pub, u8 out[UEID_LEN], struct err *e)
{
	struct tpm_public ek;
	u8 name[TPM_NAME_MAX];
	struct digest d;
	size_t len;

	if (tpm_public_parse(ek_pub, &ek, e))
		return err_while(e, "EK");
	len = tpm_public_name(&ek, name);
	if (!len)
		return err_set(e, E_UNSUPPORTED, "EK: name algorithm");
	d = sha256_of((struct bytes){ name, len });
	out[0] = 0x01;
	memcpy(out + 1, d.at, 32);
	return 0;
}

/* ---- rows and their MACs: the fields that decide trust, in the order of the SELECT ---- */
static int check_mac(struct tx *tx, const char *label, const struct bytes *fields, size_t n,
		     struct bytes mac, struct err *e)
{
	struct digest want;

	if (keys_row_mac(tx->keys, label, fields, n, &want, e))
		return (int)e->code;
	return digest_equals(&want, mac)
		       ? 0
		       : err_set(e, E_SIGNATURE, "row of the database was changed (%s)", label);
}

static struct bytes copy_text(char *out, size_t size, struct bytes text)
{
	size_t n = text.len < size ? text.len : size - 1;

	if (n)
		memcpy(out, text.at, n);
	out[n] = 0;
	return text;
}

struct finding {
	struct tx *tx;
	void *out;
	bool found;
};

static int host_mac(struct tx *tx, const struct host *h, struct digest *out, struct err *e)
{
	struct bytes fields[] = {
		BYTES(h->ueid),		 bytes_text(h->name),
		bytes_text(h->group),	 buf_bytes(h->ek_pub),
		bytes_text(h->ek_trust), bytes_text(h->active ? "active" : "revoked")
	};

	return keys_row_mac(tx->keys, "hosts", fields, ARRAY_LEN(fields), out, e);
}

static int ak_mac(struct tx *tx, const struct host *h, struct digest *out, struct err *e)
{
	struct bytes fields[] = { BYTES(h->ak_name), BYTES(h->ueid), buf_bytes(h->ak_pub),
				  bytes_text(h->ak_active ? "active" : "revoked") };

	return keys_row_mac(tx->keys, "aks", fields, ARRAY_LEN(fields), out, e);
}

/* columns: 0 ueid, 1 name, 2 grp, 3 ek_pub, 4 ek_trust, 5 state, 6 mac, 7 ak name, 8 ak pub, 9 ak state, 10 ak mac */
static int take_host(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	OWNED(host) h = calloc(1, sizeof(*h));
	struct digest mac;

	if (!h || row->at[0].bytes.len != UEID_LEN)
		return err_set(e, E_MEMORY, "no memory for a host");
	memcpy(h->ueid, row->at[0].bytes.at, UEID_LEN);
	copy_text(h->name, sizeof(h->name), row->at[1].bytes);
	copy_text(h->group, sizeof(h->group), row->at[2].bytes);
	h->ek_pub = buf_copy(row->at[3].bytes);
	copy_text(h->ek_trust, sizeof(h->ek_trust), row->at[4].bytes);
	h->active = bytes_equal(row->at[5].bytes, bytes_text("active"));
	if (host_mac(f->tx, h, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[6].bytes))
		return err_set(e, E_SIGNATURE, "host row %s was changed in the database", h->name);
	if (row->at[7].kind == DB_BLOB && row->at[7].bytes.len == AK_NAME_LEN) {
		memcpy(h->ak_name, row->at[7].bytes.at, AK_NAME_LEN);
		h->ak_pub = buf_copy(row->at[8].bytes);
		h->ak_active = bytes_equal(row->at[9].bytes, bytes_text("active"));
		if (ak_mac(f->tx, h, &mac, e))
			return (int)e->code;
		if (!digest_equals(&mac, row->at[10].bytes))
			return err_set(e, E_SIGNATURE, "AK row of %s was changed in the database",
				       h->name);
	}
	host_drop(f->out);
	*(struct host **)f->out = TAKE(h);
	f->found = true;
	return 0;
}

static int find_host(struct tx *tx, const char *sql, struct db_value key, struct host **out,
		     struct err *e)
{
	struct finding f = { tx, out, false };

	*out = NULL;
	if (db_run(tx->db, sql, &key, 1, take_host, &f, NULL, e)) {
		host_drop(out);
		return (int)e->code;
	}
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no such host");
}

int host_find_by_ak(struct tx *tx, struct bytes ak_name, struct host **out, struct err *e)
{
	return find_host(tx,
			 "SELECT h.ueid, h.name, h.grp, h.ek_pub, h.ek_trust, h.state, h.mac,"
			 " a.name, a.pub, a.state, a.mac"
			 " FROM aks a JOIN hosts h ON h.ueid = a.ueid WHERE a.name = $1",
			 DB_B(ak_name), out, e);
}

int host_find_by_name(struct tx *tx, const char *name, struct host **out, struct err *e)
{
	return find_host(
		tx,
		"SELECT h.ueid, h.name, h.grp, h.ek_pub, h.ek_trust, h.state, h.mac,"
		" a.name, a.pub, a.state, a.mac FROM hosts h"
		" LEFT JOIN aks a ON a.ueid = h.ueid AND a.state = 'active' WHERE h.name = $1",
		DB_T(name), out, e);
}

int host_find_by_ueid(struct tx *tx, const u8 ueid[UEID_LEN], struct host **out, struct err *e)
{
	return find_host(
		tx,
		"SELECT h.ueid, h.name, h.grp, h.ek_pub, h.ek_trust, h.state, h.mac,"
		" a.name, a.pub, a.state, a.mac FROM hosts h"
		" LEFT JOIN aks a ON a.ueid = h.ueid AND a.state = 'active' WHERE h.ueid = $1",
		DB_B(((struct bytes){ ueid, UEID_LEN })), out, e);
}

/* ---- enrolment ---- */
static int write_host(struct tx *tx, const struct host *h, struct err *e)
{
	struct digest mac;
	struct db_value v[8];

	if (host_mac(tx, h, &mac, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(h->ueid));
	v[1] = DB_T(h->name);
	v[2] = DB_T(h->group);
	v[3] = DB_B(buf_bytes(h->ek_pub));
	v[4] = DB_T(h->ek_trust);
	v[5] = DB_T(h->active ? "active" : "revoked");
	v[6] = DB_I(clock_now_s());
	v[7] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO hosts (ueid, name, grp, ek_pub, ek_trust, state, created, mac)"
		      " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (ueid) DO UPDATE SET"
		      " name = excluded.name, grp = excluded.grp, ek_pub = excluded.ek_pub,"
		      " ek_trust = excluded.ek_trust, state = excluded.state, mac = excluded.mac",
		      v, 8, NULL, NULL, NULL, e);
}

static int write_ak(struct tx *tx, const struct host *h, struct err *e)
{
	struct digest mac;
	struct db_value v[6];

	if (ak_mac(tx, h, &mac, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(h->ak_name));
	v[1] = DB_B(BYTES(h->ueid));
	v[2] = DB_B(buf_bytes(h->ak_pub));
	v[3] = DB_T(h->ak_active ? "active" : "revoked");
	v[4] = DB_I(clock_now_s());
	v[5] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO aks (name, ueid, pub, state, created, mac)"
		      " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO UPDATE SET"
		      " ueid = excluded.ueid, pub = excluded.pub, state = excluded.state, mac = "
		      "excluded.mac",
		      v, 6, NULL, NULL, NULL, e);
}

int host_enrol(struct tx *tx, const struct host *h, struct err *e)
{
	OWNED(host) same_name = NULL;
	OWNED(host) known = NULL;
	OWNED(host) ak_owner = NULL;

	if (!host_find_by_name(tx, h->name, &same_name, e)) {
		if (memcmp(same_name->ueid, h->ueid, UEID_LEN))
			return err_set(e, E_CONFLICT, "host %s is enrolled with another TPM",
				       h->name);
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	if (!host_find_by_ak(tx, BYTES(h->ak_name), &ak_owner, e)) {
		if (memcmp(ak_owner->ueid, h->ueid, UEID_LEN))
			return err_set(e, E_CONFLICT, "AK belongs to host %s", ak_owner->name);
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	if (!host_find_by_ueid(tx, h->ueid, &known, e)) {
		if (strcmp(known->name, h->name))
			return err_set(e, E_CONFLICT, "this TPM is enrolled as host %s",
				       known->name);
		if (!known->active)
			return err_set(e, E_DENIED, "host %s is revoked", h->name);
		if (known->ak_pub && memcmp(known->ak_name, h->ak_name, AK_NAME_LEN)) {
			known->ak_active = false; /* the old AK is revoked, its row stays */
			if (write_ak(tx, known, e))
				return (int)e->code;
		}
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	return write_host(tx, h, e) || write_ak(tx, h, e) ? (int)e->code : 0;
}

int host_set_state(struct tx *tx, const char *name, bool active, struct err *e)
{
	OWNED(host) h = NULL;

	if (host_find_by_name(tx, name, &h, e))
		return (int)e->code;
	h->active = active;
	return write_host(tx, h, e);
}

int host_confirm_ek(struct tx *tx, const char *name, const u8 ek_hash[32], struct err *e)
{
	OWNED(host) h = NULL;
	struct digest d;

	if (host_find_by_name(tx, name, &h, e))
		return (int)e->code;
	d = host_ek_hash(buf_bytes(h->ek_pub));
	if (!digest_equals(&d, (struct bytes){ ek_hash, 32 }))
		return err_set(e, E_CONFLICT, "host %s has another EK", name);
	if (!strcmp(h->ek_trust, "token"))
		copy_text(h->ek_trust, sizeof(h->ek_trust), bytes_text("operator"));
	return write_host(tx, h, e);
}

/* ---- expected beforehand ---- */
int expected_host_add(struct tx *tx, const struct expected_host *x, struct err *e)
{
	struct bytes fields[] = { BYTES(x->ek_hash), bytes_text(x->name), bytes_text(x->group) };
	struct digest mac;
	struct db_value v[5];

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

	if (check_mac(f->tx, "expected_hosts", fields, ARRAY_LEN(fields), row->at[3].bytes, e))
		return (int)e->code;
	memcpy(x->ek_hash, row->at[0].bytes.at, sizeof(x->ek_hash));
	copy_text(x->name, sizeof(x->name), row->at[1].bytes);
	copy_text(x->group, sizeof(x->group), row->at[2].bytes);
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

/* ---- join tokens ---- */
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
	copy_text(t->group, sizeof(t->group), row->at[1].bytes);
	copy_text(t->host_name, sizeof(t->host_name), row->at[2].bytes);
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

	if (db_run(tx->db, "UPDATE join_tokens SET used = $1 WHERE hash = $2 AND used IS NULL", v,
		   2, NULL, NULL, &changed, e))
		return (int)e->code;
	return changed == 1 ? 0 : err_set(e, E_DENIED, "join token was used before");
}

/* ---- inventory ---- */
static int take_inventory(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct bytes fields[] = { row->at[0].bytes, row->at[1].bytes };

	if (check_mac(f->tx, "inventories", fields, 2, row->at[2].bytes, e))
		return (int)e->code;
	*(struct buf **)f->out = buf_copy(row->at[1].bytes);
	f->found = *(struct buf **)f->out != NULL;
	return 0;
}

int inventory_find(struct tx *tx, const u8 ueid[UEID_LEN], struct buf **out, struct err *e)
{
	struct finding f = { tx, out, false };
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));

	*out = NULL;
	if (db_run(tx->db, "SELECT ueid, bytes, mac FROM inventories WHERE ueid = $1", &v, 1,
		   take_inventory, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no inventory is accepted for this host yet");
}

int inventory_set(struct tx *tx, const u8 ueid[UEID_LEN], struct bytes inventory, const char *by,
		  struct err *e)
{
	struct bytes fields[] = { { ueid, UEID_LEN }, inventory };
	struct digest mac;
	struct db_value v[5];

	if (keys_row_mac(tx->keys, "inventories", fields, 2, &mac, e))
		return (int)e->code;
	v[0] = DB_B(fields[0]);
	v[1] = DB_I(clock_now_s());
	v[2] = DB_T(by);
	v[3] = DB_B(inventory);
	v[4] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO inventories (ueid, set_at, set_by, bytes, mac)"
		      " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ueid) DO UPDATE SET"
		      " set_at = excluded.set_at, set_by = excluded.set_by, bytes = excluded.bytes,"
		      " mac = excluded.mac",
		      v, 5, NULL, NULL, NULL, e);
}

/* ---- devices ---- */
static int device_mac(struct tx *tx, const u8 ueid[UEID_LEN], const struct known_device *d,
		      struct digest *out, struct err *e)
{
	struct bytes fields[] = {
		{ ueid, UEID_LEN }, bytes_text(d->label), BYTES(d->leaf_key), { &d->version, 1 }
	};

	return keys_row_mac(tx->keys, "devices", fields, ARRAY_LEN(fields), out, e);
}

struct device_finding {
	struct finding f;
	const u8 *ueid;
};

static int take_device(void *user, const struct db_row *row, struct err *e)
{
	struct device_finding *f = user;
	struct known_device *d = f->f.out;
	struct digest mac;

	copy_text(d->label, sizeof(d->label), row->at[0].bytes);
	if (row->at[1].bytes.len != sizeof(d->leaf_key))
		return err_set(e, E_SIGNATURE, "device row was changed in the database");
	memcpy(d->leaf_key, row->at[1].bytes.at, sizeof(d->leaf_key));
	d->version = (u8)row->at[2].number;
	if (device_mac(f->f.tx, f->ueid, d, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[3].bytes))
		return err_set(e, E_SIGNATURE, "device row %s was changed in the database",
			       d->label);
	f->f.found = true;
	return 0;
}

int device_find(struct tx *tx, const u8 ueid[UEID_LEN], const char *label, struct known_device *out,
		struct err *e)
{
	struct device_finding f = { { tx, out, false }, ueid };
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_T(label) };

	if (db_run(tx->db,
		   "SELECT label, leaf_key, version, mac FROM devices WHERE ueid = $1 AND label = "
		   "$2",
		   v, 2, take_device, &f, NULL, e))
		return (int)e->code;
	return f.f.found ? 0
			 : err_set(e, E_NOTFOUND, "device %s was never seen on this host", label);
}

static int take_name(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	copy_text(user, HOST_NAME_MAX_LEN + 1, row->at[0].bytes);
	return 0;
}

int device_other_host(struct tx *tx, const u8 ueid[UEID_LEN], const u8 leaf_key[32],
		      long long since_s, char out[HOST_NAME_MAX_LEN + 1], struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ leaf_key, 32 })),
				DB_B(((struct bytes){ ueid, UEID_LEN })), DB_I(since_s) };

	out[0] = 0;
	return db_run(tx->db,
		      "SELECT h.name FROM devices d JOIN hosts h ON h.ueid = d.ueid"
		      " WHERE d.leaf_key = $1 AND d.ueid <> $2 AND d.last_seen >= $3 LIMIT 1",
		      v, 3, take_name, out, NULL, e);
}

int device_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct known_device *d, struct err *e)
{
	struct digest mac;
	struct db_value v[6];

	if (device_mac(tx, ueid, d, &mac, e))
		return (int)e->code;
	v[0] = DB_B(((struct bytes){ ueid, UEID_LEN }));
	v[1] = DB_T(d->label);
	v[2] = DB_B(BYTES(d->leaf_key));
	v[3] = DB_I(d->version);
	v[4] = DB_I(clock_now_s());
	v[5] = DB_B(digest_bytes(&mac));
	return db_run(
		tx->db,
		"INSERT INTO devices (ueid, label, leaf_key, version, first_seen, last_seen, mac)"
		" VALUES ($1, $2, $3, $4, $5, $5, $6) ON CONFLICT (ueid, label) DO UPDATE SET"
		" leaf_key = excluded.leaf_key, version = excluded.version,"
		" last_seen = excluded.last_seen, mac = excluded.mac",
		v, 6, NULL, NULL, NULL, e);
}

int device_forget(struct tx *tx, const u8 ueid[UEID_LEN], const char *label, struct err *e)
{
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_T(label) };

	return db_run(tx->db, "DELETE FROM devices WHERE ueid = $1 AND label = $2", v, 2, NULL,
		      NULL, NULL, e);
}
