// SPDX-License-Identifier: Apache-2.0
#include "volumes.h"

#include <stdio.h>

#include "approvals.h"
#include "audit.h"
#include "common/clock.h"
#include "common/text.h"
#include "hosts.h"
#include "rows.h"
#include "secrets.h"

/* ---- rows ---- */
static int volume_mac(struct tx *tx, const struct volume *v, struct digest *out, struct err *e)
{
	u8 numbers[4 + 8 + 2];
	struct writer w = writer_on(numbers, sizeof(numbers));
	static const u8 none[CAP_PROOF_LEN]; /* whatever a proof that counts no more has left */
	struct bytes fields[] = { BYTES(v->uuid), BYTES(v->ueid), BYTES(numbers),
				  v->has_proof ? BYTES(v->proof) : BYTES(none) };

	write_be32(&w, v->counter);
	write_be64(&w, v->counted);
	write_u8(&w, v->has_proof);
	write_u8(&w, v->rotate);
	return keys_row_mac(tx->keys, "volumes", fields, ARRAY_LEN(fields), out, e);
}

struct taking {
	struct tx *tx;
	struct volume *at;
	size_t n;
};

/* columns: 0 uuid, 1 ueid, 2 counter, 3 counted, 4 proof, 5 rotate, 6 mac */
#define VOLUME_COLUMNS "SELECT uuid, ueid, counter, counted, proof, rotate, mac FROM volumes"
static int take_volume(void *user, const struct db_row *row, struct err *e)
{
	struct taking *t = user;
	struct volume v = { .counter = (u32)row->at[2].number,
			    .counted = (u64)row->at[3].number,
			    .has_proof = row->at[4].bytes.len == CAP_PROOF_LEN,
			    .rotate = row->at[5].number != 0 };
	struct digest mac;

	if (t->n == VOLUMES_MAX)
		return err_set(e, E_LIMIT, "a host has more than %d volumes", VOLUMES_MAX);
	if (row->at[0].bytes.len != 16 || row->at[1].bytes.len != UEID_LEN)
		return err_set(e, E_SIGNATURE, "volume row was changed in the database");
	memcpy(v.uuid, row->at[0].bytes.at, 16);
	memcpy(v.ueid, row->at[1].bytes.at, UEID_LEN);
	if (v.has_proof)
		memcpy(v.proof, row->at[4].bytes.at, CAP_PROOF_LEN);
	if (volume_mac(t->tx, &v, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[6].bytes))
		return err_set(e, E_SIGNATURE, "volume row was changed in the database");
	t->at[t->n++] = v;
	return 0;
}

int volume_find(struct tx *tx, const u8 uuid[16], struct volume *out, struct err *e)
{
	struct taking t = { tx, out, 0 };
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));

	if (db_run(tx->db, VOLUME_COLUMNS " WHERE uuid = $1", &v, 1, take_volume, &t, NULL, e))
		return (int)e->code;
	return t.n ? 0 : err_set(e, E_NOTFOUND, "no such volume");
}

int volumes_of(struct tx *tx, const u8 ueid[UEID_LEN], struct volume out[VOLUMES_MAX], size_t *n,
	       struct err *e)
{
	struct taking t = { tx, out, 0 };
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));
	int rc = db_run(tx->db, VOLUME_COLUMNS " WHERE ueid = $1 ORDER BY uuid", &v, 1, take_volume,
			&t, NULL, e);

	*n = rc ? 0 : t.n;
	return rc;
}

int volume_put(struct tx *tx, const struct volume *v, struct err *e)
{
	struct digest mac;
	struct db_value p[] = {
		DB_B(BYTES(v->uuid)),
		DB_B(BYTES(v->ueid)),
		DB_I(v->counter),
		DB_I(v->counted),
		DB_B(v->has_proof ? BYTES(v->proof) : BYTES_NONE),
		DB_I(v->rotate),
		DB_I(clock_now_s()),
		DB_NONE,
	};

	if (volume_mac(tx, v, &mac, e))
		return (int)e->code;
	p[7] = DB_B(digest_bytes(&mac));
	return db_run(
		tx->db,
		"INSERT INTO volumes (uuid, ueid, counter, counted, proof, rotate, changed, mac)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (uuid) DO UPDATE SET"
		" ueid = excluded.ueid, counter = excluded.counter, counted = excluded.counted,"
		" proof = excluded.proof, rotate = excluded.rotate, changed = excluded.changed,"
		" mac = excluded.mac",
		p, ARRAY_LEN(p), NULL, NULL, NULL, e);
}

/* ---- whose it is ---- */
struct owner {
	const u8 *ueid;
	bool ours, others;
	u8 other[UEID_LEN];
};

static int take_owner(void *user, const struct db_row *row, struct err *e)
{
	struct owner *o = user;

	(void)e;
	if (bytes_equal(row->at[0].bytes, (struct bytes){ o->ueid, UEID_LEN })) {
		o->ours = true;
	} else {
		o->others = true;
		if (row->at[0].bytes.len == UEID_LEN)
			memcpy(o->other, row->at[0].bytes.at, UEID_LEN);
	}
	return 0;
}

int volume_known(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16],
		 struct known_volume *out, struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));
	struct owner o = { .ueid = ueid };
	OWNED(host) other = NULL;
	struct volume volume;

	*out = (struct known_volume){ 0 };
	if (db_run(tx->db, "SELECT DISTINCT ueid FROM secrets WHERE uuid = $1", &v, 1, take_owner,
		   &o, NULL, e))
		return (int)e->code;
	if (o.others) {
		if (host_find_by_ueid(tx, o.other, &other, e) && e->code != E_NOTFOUND)
			return (int)e->code;
		snprintf(out->other_host, sizeof(out->other_host), "%s",
			 other ? other->name : "of another name");
		return 0;
	}
	out->known = o.ours;
	if (!volume_find(tx, uuid, &volume, e))
		out->counter = volume.counter;
	else if (e->code != E_NOTFOUND)
		return (int)e->code;
	return 0;
}

/* ---- what a granted claim changes ---- */
struct settling {
	struct tx *tx;
	const u8 *ueid;
	const char *host, *actor;
	const struct eat_volume *claim;
	struct volume volume;
};

static int told(struct settling *s, const char *event, u64 epoch, struct err *e)
{
	char detail[500], uuid[UUID_TEXT_LEN + 1];

	snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"volume\":\"%s\",\"epoch\":%llu}",
		 s->host, uuid_write(s->volume.uuid, uuid), (unsigned long long)epoch);
	return audit_append(s->tx, s->actor, event, detail, e);
}

static int add(struct settling *s, u64 epoch, struct err *e)
{
	bool there;

	if (share_there(s->tx, s->ueid, s->volume.uuid, epoch, &there, e))
		return (int)e->code;
	if (there && s->claim->act != VOLUME_NEW)
		return 0; /* on its way already */
	return share_add(s->tx, s->ueid, s->volume.uuid, epoch, e) ||
			       (!there && told(s, "secret-created", epoch, e))
		       ? (int)e->code
		       : 0;
}

static int stored(struct settling *s, u64 counted, struct err *e)
{
	if (share_stored(s->tx, s->ueid, s->volume.uuid, s->claim->epoch, e))
		return (int)e->code;
	/* the first keyslot of a deposited share is none of a change that was wanted */
	s->volume.rotate &= s->claim->epoch <= counted;
	s->volume.has_proof = true;
	memcpy(s->volume.proof, s->claim->proof.at, CAP_PROOF_LEN);
	return told(s, "secret-current", s->claim->epoch, e);
}

/* The counter has gone on: the keyslot of its epoch is on the disk, whether we were told or not. */
static int overtaken(struct settling *s, u64 counted, struct err *e)
{
	bool there;

	if (counted <= s->volume.counted || !s->volume.counted || s->claim->epoch != counted)
		return 0;
	if (share_there(s->tx, s->ueid, s->volume.uuid, counted, &there, e))
		return (int)e->code;
	return there ? share_stored(s->tx, s->ueid, s->volume.uuid, counted, e) : 0;
}

static int settle(struct settling *s, u64 counted, struct err *e)
{
	long long shredded = 0;

	if (s->claim->act == VOLUME_GET && overtaken(s, counted, e))
		return (int)e->code;
	if (s->claim->act == VOLUME_NEW && add(s, s->claim->epoch, e))
		return (int)e->code;
	if (s->claim->act == VOLUME_STORED && stored(s, counted, e))
		return (int)e->code;
	if (s->claim->act == VOLUME_GET && s->volume.rotate && s->volume.has_proof &&
	    s->claim->epoch == counted && add(s, counted + 1, e))
		return (int)e->code;
	if (counted > s->volume.counted)
		s->volume.counted = counted;
	if (share_shred(s->tx, s->ueid, s->volume.uuid, counted, &shredded, e) ||
	    (shredded && (told(s, "secret-shredded", counted - 1, e) ||
			  approvals_forget(s->tx, s->volume.uuid, counted, e))))
		return (int)e->code;
	return volume_put(s->tx, &s->volume, e);
}

/* One more of a host that has as many as it may have is refused: a reader of its rows takes no more. */
static int room_for_one(struct tx *tx, const u8 ueid[UEID_LEN], struct err *e)
{
	struct volume all[VOLUMES_MAX];
	size_t n;

	if (volumes_of(tx, ueid, all, &n, e))
		return (int)e->code;
	return n < VOLUMES_MAX
		       ? 0
		       : err_set(e, E_LIMIT, "this host has %d volumes, and may have no more",
				 VOLUMES_MAX);
}

int volumes_settle(struct tx *tx, const struct verified_view *v, const char *host,
		   const char *actor, struct err *e)
{
	for (size_t i = 0; i < v->token->n_volumes; i++) {
		struct settling s = { .tx = tx,
				      .ueid = v->token->ueid,
				      .host = host,
				      .actor = actor,
				      .claim = &v->token->volumes[i] };

		struct known_volume now;

		if (!s.claim->counter)
			continue;
		/* the verdict was reached on a snapshot */
		if (volume_known(tx, s.ueid, s.claim->uuid.at, &now, e))
			return (int)e->code;
		if (now.other_host[0] || (now.counter && now.counter != s.claim->counter))
			return err_set(
				e, E_AGAIN,
				"a volume's owner or counter changed meanwhile: attest again");
		if (volume_find(tx, s.claim->uuid.at, &s.volume, e)) {
			if (e->code != E_NOTFOUND || room_for_one(tx, s.ueid, e))
				return (int)e->code;
			memcpy(s.volume.uuid, s.claim->uuid.at, 16);
			memcpy(s.volume.ueid, v->token->ueid, UEID_LEN);
			s.volume.counter = s.claim->counter;
		}
		if (settle(&s, v->counted[i], e))
			return (int)e->code;
	}
	return 0;
}

/* ---- a share of the host's own making ---- */
static int put_deposit(struct settling *s, const struct deposit *d, struct err *e)
{
	OWNED(secret) share = secret_new(DEPOSIT_SHARE_LEN);

	if (!share)
		return err_set(e, E_MEMORY, "no locked memory for a share");
	memcpy(share->at, d->share, sizeof(d->share));
	s->volume.counted = d->epoch;
	s->volume.has_proof = false;
	s->volume.rotate = true; /* the running system has seen this one */
	return share_deposit(s->tx, s->ueid, d->uuid, d->epoch, share, e) ||
			       volume_put(s->tx, &s->volume, e) ||
			       told(s, "secret-deposited", d->epoch, e)
		       ? (int)e->code
		       : 0;
}

int volume_deposit(struct tx *tx, const u8 ueid[UEID_LEN], const struct deposit *d,
		   const char *host, const char *actor, struct err *e)
{
	struct settling s = { .tx = tx, .ueid = ueid, .host = host, .actor = actor };
	struct known_volume now;

	if (volume_known(tx, ueid, d->uuid, &now, e))
		return (int)e->code;
	if (now.other_host[0])
		return err_set(e, E_CONFLICT, "the volume belongs to host %.200s", now.other_host);
	if (now.counter && now.counter != d->counter)
		return err_set(e, E_BINDING,
			       "its counter is at NV index 0x%08x, not at 0x%08x as before",
			       d->counter, now.counter);
	if (volume_find(tx, d->uuid, &s.volume, e)) {
		if (e->code != E_NOTFOUND || room_for_one(tx, ueid, e))
			return (int)e->code;
		*e = (struct err){ 0 };
		memcpy(s.volume.uuid, d->uuid, sizeof(s.volume.uuid));
		memcpy(s.volume.ueid, ueid, UEID_LEN);
		s.volume.counter = d->counter;
	}
	return put_deposit(&s, d, e);
}

int volume_deposit_refused(struct tx *tx, const struct deposit *d, const char *host,
			   const char *actor, struct err *e)
{
	struct settling s = { .tx = tx, .host = host, .actor = actor };

	memcpy(s.volume.uuid, d->uuid, sizeof(s.volume.uuid));
	return told(&s, "secret-deposit-refused", d->epoch, e);
}
