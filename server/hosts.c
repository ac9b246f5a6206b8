// SPDX-License-Identifier: Apache-2.0
#include "hosts.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/clock.h"
#include "proto/tpm_attest.h"
#include "rows.h"
#include "seen_devices.h"
#include "standings.h"

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

/* ---- rows and their MACs: the fields that decide trust, in the order of the SELECT ---- */
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
	row_text(h->name, sizeof(h->name), row->at[1].bytes);
	row_text(h->group, sizeof(h->group), row->at[2].bytes);
	h->ek_pub = buf_copy(row->at[3].bytes);
	row_text(h->ek_trust, sizeof(h->ek_trust), row->at[4].bytes);
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
void host_trust(char trust[16], const char *to)
{
	static const char *const order[] = { "", "token", "certificate", "registered", "operator" };
	size_t now = 0, then = 0;

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		now = strcmp(trust, order[i]) ? now : i;
		then = strcmp(to, order[i]) ? then : i;
	}
	if (then > now)
		row_text(trust, 16, bytes_text(to));
}

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
		      v, 8, NULL, NULL, NULL, e)
		       ? (int)e->code
		       : standing_enrolled(tx, h, e);
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
		row_text(h->ek_trust, sizeof(h->ek_trust), bytes_text("operator"));
	return write_host(tx, h, e);
}

int host_remove(struct tx *tx, const struct host *h, long long *n_shares, struct err *e)
{
	static const char *const rows[] = { "DELETE FROM proposals WHERE ueid = $1",
					    "DELETE FROM volumes WHERE ueid = $1",
					    "DELETE FROM releases WHERE ueid = $1",
					    "DELETE FROM host_pins WHERE ueid = $1",
					    "DELETE FROM leases WHERE ueid = $1",
					    "DELETE FROM approvals WHERE ueid = $1",
					    "DELETE FROM lease_hosts WHERE ueid = $1",
					    "DELETE FROM inventories WHERE ueid = $1",
					    "DELETE FROM devices WHERE ueid = $1",
					    "DELETE FROM boots WHERE ueid = $1",
					    "DELETE FROM ima_states WHERE ueid = $1",
					    "DELETE FROM ima_pending WHERE ueid = $1",
					    "DELETE FROM verdict_changes WHERE ueid = $1",
					    "DELETE FROM standings WHERE ueid = $1",
					    "DELETE FROM attestations WHERE ueid = $1",
					    "DELETE FROM aks WHERE ueid = $1",
					    "DELETE FROM hosts WHERE ueid = $1" };
	struct digest ek_hash = host_ek_hash(buf_bytes(h->ek_pub));
	struct db_value ueid = DB_B(BYTES(h->ueid)), ek_pub = DB_B(buf_bytes(h->ek_pub));
	struct db_value hash = DB_B(digest_bytes(&ek_hash));

	/* secure_delete overwrites what is deleted; the sealed keys are overwritten first all the same */
	if (db_run(tx->db,
		   "UPDATE secrets SET row_key = zeroblob(length(row_key)),"
		   " sealed = zeroblob(length(sealed)) WHERE ueid = $1",
		   &ueid, 1, NULL, NULL, n_shares, e) ||
	    db_run(tx->db, "DELETE FROM secrets WHERE ueid = $1", &ueid, 1, NULL, NULL, NULL, e) ||
	    db_run(tx->db, "DELETE FROM expected_hosts WHERE ek_hash = $1", &hash, 1, NULL, NULL,
		   NULL, e) ||
	    db_run(tx->db, "DELETE FROM enrolments WHERE ek_pub = $1", &ek_pub, 1, NULL, NULL, NULL,
		   e))
		return (int)e->code;
	if (seen_devices_set(tx, h, NULL, 0, e))
		return (int)e->code;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (db_run(tx->db, rows[i], &ueid, 1, NULL, NULL, NULL, e))
			return (int)e->code;
	return 0;
}

/* ---- inventory ---- */
static int take_inventory(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct bytes fields[] = { row->at[0].bytes, row->at[1].bytes };

	if (row_mac_check(f->tx, "inventories", fields, 2, row->at[2].bytes, e))
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

	row_text(d->label, sizeof(d->label), row->at[0].bytes);
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

int device_find_key(struct tx *tx, const u8 ueid[UEID_LEN], const char *label,
		    const u8 leaf_key[32], struct known_device *out, struct err *e)
{
	struct device_finding f = { { tx, out, false }, ueid };
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_T(label),
				DB_B(((struct bytes){ leaf_key, 32 })) };

	if (db_run(tx->db,
		   "SELECT label, leaf_key, version, mac FROM devices WHERE ueid = $1 AND label <> "
		   "$2 AND leaf_key = $3 ORDER BY label LIMIT 1",
		   v, 3, take_device, &f, NULL, e))
		return (int)e->code;
	return f.f.found ? 0 : err_set(e, E_NOTFOUND, "no other device of this host has that key");
}

static int take_name(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	row_text(user, HOST_NAME_MAX_LEN + 1, row->at[0].bytes);
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
