// SPDX-License-Identifier: Apache-2.0
#include "leases.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/text.h"
#include "rows.h"

enum { HOUR_MS = 3600000 };

/* ---- rows ---- */
struct lease_row {
	u8 uuid[16], ueid[UEID_LEN];
	u64 epoch, value, clock_max;
	u32 counter, reset_max;
	long long granted;
};

static int lease_mac(struct tx *tx, const struct lease_row *l, struct digest *out, struct err *e)
{
	u8 numbers[8 + 8 + 8 + 4 + 4 + 8];
	struct writer w = writer_on(numbers, sizeof(numbers));
	struct bytes fields[] = { BYTES(l->uuid), BYTES(l->ueid), BYTES(numbers) };

	write_be64(&w, l->epoch);
	write_be64(&w, l->value);
	write_be64(&w, l->clock_max);
	write_be32(&w, l->counter);
	write_be32(&w, l->reset_max);
	write_be64(&w, (u64)l->granted);
	return keys_row_mac(tx->keys, "leases", fields, ARRAY_LEN(fields), out, e);
}

static int host_mac(struct tx *tx, const u8 ueid[UEID_LEN], const struct lease_host *h,
		    struct digest *out, struct err *e)
{
	u8 numbers[1 + 8 + 4];
	struct writer w = writer_on(numbers, sizeof(numbers));
	struct bytes fields[] = { { ueid, UEID_LEN }, BYTES(numbers) };

	write_u8(&w, h->denied);
	write_be64(&w, (u64)h->used);
	write_be32(&w, h->used_reset);
	return keys_row_mac(tx->keys, "lease_hosts", fields, ARRAY_LEN(fields), out, e);
}

/* columns: 0 uuid, 1 ueid, 2 epoch, 3 counter, 4 value, 5 reset_max, 6 clock_max, 7 granted, 8 mac */
#define LEASE_COLUMNS                                                                              \
	"SELECT uuid, ueid, epoch, counter, value, reset_max, clock_max, granted, mac FROM leases"

static int read_lease(struct tx *tx, const struct db_row *row, struct lease_row *l, struct err *e)
{
	struct digest mac;

	if (row->at[0].bytes.len != 16 || row->at[1].bytes.len != UEID_LEN)
		return err_set(e, E_SIGNATURE, "lease row was changed in the database");
	*l = (struct lease_row){ .epoch = (u64)row->at[2].number,
				 .counter = (u32)row->at[3].number,
				 .value = (u64)row->at[4].number,
				 .reset_max = (u32)row->at[5].number,
				 .clock_max = (u64)row->at[6].number,
				 .granted = row->at[7].number };
	memcpy(l->uuid, row->at[0].bytes.at, 16);
	memcpy(l->ueid, row->at[1].bytes.at, UEID_LEN);
	if (lease_mac(tx, l, &mac, e))
		return (int)e->code;
	return digest_equals(&mac, row->at[8].bytes)
		       ? 0
		       : err_set(e, E_SIGNATURE, "lease row was changed in the database");
}

static int take_lease(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	struct lease_host *h = f->out;
	struct lease_row l;

	if (read_lease(f->tx, row, &l, e))
		return (int)e->code;
	h->n++;
	h->counter = l.counter;
	if (l.value > h->value)
		h->value = l.value;
	return 0;
}

struct host_finding {
	struct finding f;
	const u8 *ueid;
};

static int take_host(void *user, const struct db_row *row, struct err *e)
{
	struct host_finding *f = user;
	struct lease_host *h = f->f.out;
	struct digest mac;

	h->denied = row->at[0].number != 0;
	h->used = row->at[1].number;
	h->used_reset = (u32)row->at[2].number;
	if (host_mac(f->f.tx, f->ueid, h, &mac, e))
		return (int)e->code;
	return digest_equals(&mac, row->at[3].bytes)
		       ? 0
		       : err_set(e, E_SIGNATURE,
				 "row of a host's leases was changed in the database");
}

int lease_host_find(struct tx *tx, const u8 ueid[UEID_LEN], struct lease_host *out, struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));
	struct host_finding f = { { tx, out, false }, ueid };

	*out = (struct lease_host){ 0 };
	return db_run(tx->db,
		      "SELECT denied, used, used_reset, mac FROM lease_hosts WHERE ueid = $1", &v,
		      1, take_host, &f, NULL, e) ||
			       db_run(tx->db, LEASE_COLUMNS " WHERE ueid = $1", &v, 1, take_lease,
				      &f.f, NULL, e)
		       ? (int)e->code
		       : 0;
}

static int host_put(struct tx *tx, const u8 ueid[UEID_LEN], const struct lease_host *h,
		    struct err *e)
{
	struct digest mac;
	struct db_value p[5];

	if (host_mac(tx, ueid, h, &mac, e))
		return (int)e->code;
	p[0] = DB_B(((struct bytes){ ueid, UEID_LEN }));
	p[1] = DB_I(h->denied);
	p[2] = DB_I(h->used);
	p[3] = DB_I(h->used_reset);
	p[4] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO lease_hosts (ueid, denied, used, used_reset, mac)"
		      " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (ueid) DO UPDATE SET"
		      " denied = excluded.denied, used = excluded.used,"
		      " used_reset = excluded.used_reset, mac = excluded.mac",
		      p, ARRAY_LEN(p), NULL, NULL, NULL, e);
}

int lease_deny(struct tx *tx, const u8 ueid[UEID_LEN], bool denied, struct err *e)
{
	struct lease_host h;

	if (lease_host_find(tx, ueid, &h, e))
		return (int)e->code;
	h.denied = denied;
	return host_put(tx, ueid, &h, e);
}

static int deny_owner(void *user, const struct db_row *row, struct err *e)
{
	struct lease_row l;

	return read_lease(user, row, &l, e) || lease_deny(user, l.ueid, true, e) ? (int)e->code : 0;
}

int lease_end_volume(struct tx *tx, const u8 uuid[16], struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ uuid, 16 }));

	return db_run(tx->db, LEASE_COLUMNS " WHERE uuid = $1", &v, 1, deny_owner, tx, NULL, e);
}

static int lease_put(struct tx *tx, const struct lease_row *l, struct err *e)
{
	struct digest mac;
	struct db_value p[9];

	if (lease_mac(tx, l, &mac, e))
		return (int)e->code;
	p[0] = DB_B(BYTES(l->uuid));
	p[1] = DB_B(BYTES(l->ueid));
	p[2] = DB_I(l->epoch);
	p[3] = DB_I(l->counter);
	p[4] = DB_I(l->value);
	p[5] = DB_I(l->reset_max);
	p[6] = DB_I(l->clock_max);
	p[7] = DB_I(l->granted);
	p[8] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO leases (uuid, ueid, epoch, counter, value, reset_max, clock_max,"
		      " granted, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		      " ON CONFLICT (uuid) DO UPDATE SET ueid = excluded.ueid,"
		      " epoch = excluded.epoch, counter = excluded.counter, value = excluded.value,"
		      " reset_max = excluded.reset_max, clock_max = excluded.clock_max,"
		      " granted = excluded.granted, mac = excluded.mac",
		      p, ARRAY_LEN(p), NULL, NULL, NULL, e);
}

/* ---- policy ---- */
bool lease_to_revoke(const struct lease_host *h, bool active, const struct verified_lease *said,
		     u64 *value)
{
	*value = h->value;
	if (active && !h->denied)
		return false;
	return h->n && !(said->counted && said->counter == h->counter && said->value > h->value);
}

static bool group_has_leases(const struct settings *s, const char *group)
{
	for (size_t i = 0; i < s->n_lease_groups; i++)
		if (!strcmp(s->lease_groups[i], group))
			return true;
	return !s->n_lease_groups;
}

/* A host that changed its counter would have leases that the one it has now does not end. */
static bool counter_is_the_one(const struct lease_host *h, const struct verified_lease *said)
{
	return !h->n || h->counter == said->counter;
}

bool lease_terms_of(const struct settings *s, const char *group, const struct lease_host *h,
		    const struct verified_view *v, struct lease_terms *out)
{
	const struct tpm_clock *now = &v->quote.clock;

	if (!s->lease_reboots || !v->lease.asked || h->denied || !group_has_leases(s, group) ||
	    !counter_is_the_one(h, &v->lease) || now->restart_count ||
	    now->reset_count > 0xffffffffu - (u32)s->lease_reboots)
		return false;
	*out = (struct lease_terms){ .counter = v->lease.counter,
				     .value = v->lease.value,
				     .reset_max = now->reset_count + (u32)s->lease_reboots,
				     .clock_max = now->clock_ms + (u64)s->lease_hours * HOUR_MS,
				     .pcrs = s->release_pcrs };
	return true;
}

/* ---- what a verdict changes ---- */
static int told(struct tx *tx, const char *actor, const char *host, const char *event,
		const char *more, struct err *e)
{
	char detail[600];

	snprintf(detail, sizeof(detail), "{\"host\":\"%s\"%s}", host, more);
	return audit_append(tx, actor, event, detail, e);
}

/* Over by themselves; and the TPM shows that its counter is beyond them. */
static int ended(struct tx *tx, const struct verified_view *v, long long *n, struct err *e)
{
	struct db_value p[] = { DB_B(BYTES(v->token->ueid)), DB_I(v->lease.counter),
				DB_I(v->lease.value) };
	struct db_value over[] = { p[0], DB_I(v->quote.clock.reset_count),
				   DB_I(v->quote.clock.clock_ms) };

	*n = 0;
	if (db_run(tx->db,
		   "DELETE FROM leases WHERE ueid = $1 AND (reset_max < $2 OR clock_max < $3)",
		   over, ARRAY_LEN(over), NULL, NULL, NULL, e))
		return (int)e->code;
	return v->lease.counted ? db_run(tx->db,
					 "DELETE FROM leases WHERE ueid = $1 AND counter = $2 AND "
					 "value < $3",
					 p, ARRAY_LEN(p), NULL, NULL, n, e)
				: 0;
}

static int used(struct tx *tx, const struct verified_view *v, const char *host, const char *actor,
		struct err *e)
{
	struct lease_host h;
	char more[60];

	if (!v->boot_end_known || !v->leased)
		return 0;
	if (lease_host_find(tx, v->token->ueid, &h, e))
		return (int)e->code;
	if (h.used && h.used_reset == v->quote.clock.reset_count)
		return 0;
	h.used = clock_now_s();
	h.used_reset = v->quote.clock.reset_count;
	snprintf(more, sizeof(more), ",\"reset_count\":%u", h.used_reset);
	return host_put(tx, v->token->ueid, &h, e) || told(tx, actor, host, "lease-used", more, e)
		       ? (int)e->code
		       : 0;
}

static int give(struct tx *tx, const struct verified_view *v, const struct lease_terms *t,
		const char *host, const char *actor, struct err *e)
{
	char more[200], uuid[UUID_TEXT_LEN + 1];
	struct lease_host h;

	/* the verdict was reached on a snapshot */
	if (lease_host_find(tx, v->token->ueid, &h, e))
		return (int)e->code;
	if (h.denied)
		return err_set(e, E_AGAIN,
			       "this host's leases were revoked meanwhile: attest again");
	for (size_t i = 0; i < v->token->n_volumes; i++) {
		const struct eat_volume *claim = &v->token->volumes[i];
		struct lease_row l = { .epoch = claim->epoch,
				       .counter = t->counter,
				       .value = t->value,
				       .reset_max = t->reset_max,
				       .clock_max = t->clock_max,
				       .granted = clock_now_s() };

		if (!claim->counter || claim->act == VOLUME_NEW)
			continue;
		memcpy(l.uuid, claim->uuid.at, sizeof(l.uuid));
		memcpy(l.ueid, v->token->ueid, UEID_LEN);
		snprintf(more, sizeof(more),
			 ",\"volume\":\"%s\",\"epoch\":%llu,\"reset_max\":%u,\"clock_max\":%llu",
			 uuid_write(l.uuid, uuid), (unsigned long long)l.epoch, l.reset_max,
			 (unsigned long long)l.clock_max);
		if (lease_put(tx, &l, e) || told(tx, actor, host, "lease-granted", more, e))
			return (int)e->code;
	}
	return 0;
}

int leases_settle(struct tx *tx, const struct verified_view *v, const struct lease_terms *given,
		  const char *host, const char *actor, struct err *e)
{
	long long n;
	char more[40];

	if (ended(tx, v, &n, e))
		return (int)e->code;
	snprintf(more, sizeof(more), ",\"leases\":%lld", n);
	if ((n && told(tx, actor, host, "lease-ended", more, e)) || used(tx, v, host, actor, e))
		return (int)e->code;
	return given ? give(tx, v, given, host, actor, e) : 0;
}

/* ---- for people ---- */
struct listing {
	struct tx *tx;
	json_t *rows;
};

static int list_lease(void *user, const struct db_row *row, struct err *e)
{
	struct listing *l = user;
	char uuid[UUID_TEXT_LEN + 1];
	struct lease_row lease;
	long long reboots, left_ms;

	if (read_lease(l->tx, row, &lease, e))
		return (int)e->code;
	/* columns 9 and 10: resetCount and clock of the last attestation */
	reboots = (long long)lease.reset_max - row->at[9].number;
	left_ms = (long long)lease.clock_max - row->at[10].number;
	json_array_append_new(
		l->rows,
		json_pack("{s:s, s:I, s:I, s:I, s:I}", "volume", uuid_write(lease.uuid, uuid),
			  "epoch", (json_int_t)lease.epoch, "granted", (json_int_t)lease.granted,
			  "reboots_left", (json_int_t)(reboots > 0 && left_ms > 0 ? reboots : 0),
			  "hours_left", (json_int_t)(left_ms > 0 ? left_ms / HOUR_MS : 0)));
	return 0;
}

int leases_add_json(struct tx *tx, const u8 ueid[UEID_LEN], json_t *host, struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ ueid, UEID_LEN }));
	struct listing l = { tx, json_array() };
	struct lease_host h;
	json_t *j;

	if (lease_host_find(tx, ueid, &h, e) ||
	    db_run(tx->db,
		   "SELECT l.uuid, l.ueid, l.epoch, l.counter, l.value, l.reset_max, l.clock_max,"
		   " l.granted, l.mac, a.reset_count, a.clock_ms FROM leases l"
		   " LEFT JOIN attestations a ON a.ueid = l.ueid WHERE l.ueid = $1 ORDER BY l.uuid",
		   &v, 1, list_lease, &l, NULL, e)) {
		json_decref(l.rows);
		return (int)e->code;
	}
	if (!h.n && !h.used && !h.denied) {
		json_decref(l.rows);
		return 0;
	}
	j = json_pack("{s:o, s:b, s:s}", "volumes", l.rows, "denied", h.denied, "state",
		      h.denied ? h.n ? "revoking" : "revoked"
		      : h.n    ? "granted"
			       : "none");
	if (h.used)
		json_object_set_new(j, "used", json_integer(h.used));
	json_object_set_new(host, "lease", j);
	return 0;
}
