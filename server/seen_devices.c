// SPDX-License-Identifier: Apache-2.0
#include "seen_devices.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rows.h"

/* ---- how many of a firmware ---- */
/* What a device says of itself is without end; what nobody runs any more is forgotten; what somebody runs is as many as there are devices. */
static int make_room(struct tx *tx, const char *model, struct err *e)
{
	struct db_value v[] = { DB_T(model), DB_I(FIRMWARES_PER_MODEL_MAX) };

	return db_run(tx->db,
		      "DELETE FROM firmware WHERE model = $1 AND n = 0 AND (firmware, status) IN"
		      " (SELECT firmware, status FROM firmware WHERE model = $1 AND n = 0"
		      " ORDER BY last_seen LIMIT MAX(0, (SELECT COUNT(*) FROM firmware"
		      " WHERE model = $1) - $2))",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

static int count(struct tx *tx, const char *model, const char *firmware, enum ear_tier status,
		 int by, struct err *e)
{
	struct db_value v[] = { DB_T(model), DB_T(firmware), DB_I(status), DB_I(by),
				DB_I(clock_now_s()) };
	long long changed = 0;

	if (!*model)
		return 0;
	if (db_run(tx->db,
		   "UPDATE firmware SET n = n + $4, last_seen = $5"
		   " WHERE model = $1 AND firmware = $2 AND status = $3",
		   v, ARRAY_LEN(v), NULL, NULL, &changed, e))
		return (int)e->code;
	if (changed || by < 0)
		return 0;
	return db_run(tx->db,
		      "INSERT INTO firmware (model, firmware, status, n, first_seen, last_seen)"
		      " VALUES ($1, $2, $3, $4, $5, $5)",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e) ||
			       make_room(tx, model, e)
		       ? (int)e->code
		       : 0;
}

/* ---- what differs ---- */
struct was {
	char label[LABEL_MAX + 1], address[129];
	char model[MODEL_TEXT], firmware[FIRMWARE_TEXT];
	enum ear_tier status;
	u8 leaf_key[32];
	size_t leaf_len;
	bool kept;
};

struct all_was {
	size_t n, room;
	struct was *at;
};

static int take_was(void *user, const struct db_row *row, struct err *e)
{
	struct all_was *all = user;
	struct was *w;

	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 16;
		struct was *more = reallocarray(all->at, room, sizeof(*more));

		if (!more)
			return err_set(e, E_MEMORY, "no memory for devices");
		all->at = more;
		all->room = room;
	}
	w = &all->at[all->n++];
	*w = (struct was){ .status = (enum ear_tier)row->at[4].number };
	row_text(w->label, sizeof(w->label), row->at[0].bytes);
	row_text(w->address, sizeof(w->address), row->at[1].bytes);
	row_text(w->model, sizeof(w->model), row->at[2].bytes);
	row_text(w->firmware, sizeof(w->firmware), row->at[3].bytes);
	w->leaf_len = row->at[5].bytes.len == 32 ? 32 : 0;
	memcpy(w->leaf_key, row->at[5].bytes.len == 32 ? row->at[5].bytes.at : w->leaf_key, 32);
	return 0;
}

static int put(struct tx *tx, const struct host *h, const struct seen_device *d, struct err *e)
{
	struct db_value v[] = { DB_B(BYTES(h->ueid)), DB_T(d->label),	 DB_T(h->group),
				DB_T(d->address),     DB_T(d->model),	 DB_T(d->firmware),
				DB_I(d->status),      DB_B(d->leaf_key), DB_I(clock_now_s()) };

	return db_run(tx->db,
		      "INSERT INTO seen_devices (ueid, label, grp, address, model, firmware,"
		      " status, leaf_key, since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		      " ON CONFLICT (ueid, label) DO UPDATE SET grp = excluded.grp,"
		      " address = excluded.address, model = excluded.model,"
		      " firmware = excluded.firmware, status = excluded.status,"
		      " leaf_key = excluded.leaf_key, since = excluded.since",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

static int change(struct tx *tx, const struct host *h, struct all_was *all,
		  const struct seen_device *d, struct err *e)
{
	struct was *w = NULL;

	for (size_t i = 0; i < all->n && !w; i++)
		w = strcmp(all->at[i].label, d->label) ? NULL : &all->at[i];
	if (w)
		w->kept = true;
	if (w && w->status == d->status && !strcmp(w->address, d->address) &&
	    !strcmp(w->firmware, d->firmware) &&
	    bytes_equal((struct bytes){ w->leaf_key, w->leaf_len }, d->leaf_key))
		return 0;
	return put(tx, h, d, e) || (w && count(tx, w->model, w->firmware, w->status, -1, e)) ||
			       count(tx, d->model, d->firmware, d->status, 1, e)
		       ? (int)e->code
		       : 0;
}

static int gone(struct tx *tx, const struct host *h, const struct was *w, struct err *e)
{
	struct db_value v[] = { DB_B(BYTES(h->ueid)), DB_T(w->label) };

	return db_run(tx->db, "DELETE FROM seen_devices WHERE ueid = $1 AND label = $2", v, 2, NULL,
		      NULL, NULL, e) ||
			       count(tx, w->model, w->firmware, w->status, -1, e)
		       ? (int)e->code
		       : 0;
}

int seen_devices_set(struct tx *tx, const struct host *h, const struct seen_device *d, size_t n,
		     struct err *e)
{
	struct db_value ueid = DB_B(BYTES(h->ueid));
	struct all_was all = { 0 };
	int rc = db_run(tx->db,
			"SELECT label, address, model, firmware, status, leaf_key"
			" FROM seen_devices WHERE ueid = $1",
			&ueid, 1, take_was, &all, NULL, e);

	for (size_t i = 0; !rc && i < n; i++)
		rc = change(tx, h, &all, &d[i], e);
	for (size_t i = 0; !rc && i < all.n; i++)
		rc = all.at[i].kept ? 0 : gone(tx, h, &all.at[i], e);
	free(all.at);
	return rc;
}
