// SPDX-License-Identifier: Apache-2.0
#include "host_pins.h"

#include "common/clock.h"
#include "hosts.h"
#include "proto/tpm_half.h"
#include "rows.h"

static bool before_the_cap(const struct eat *t)
{
	static const u8 zero[32];

	for (size_t i = 0; i < t->n_banks; i++)
		if (t->banks[i].alg == TPM_ALG_SHA256 && t->banks[i].pcrs & 1u << CAP_PCR)
			return bytes_equal(t->banks[i].value[CAP_PCR], BYTES(zero));
	return false;
}

int host_pins_keep(struct tx *tx, const u8 ueid[UEID_LEN], const struct eat *t, struct err *e)
{
	u8 pins[PINS_MAX * EAT_PIN_LEN];
	struct writer w = writer_on(pins, sizeof(pins));
	struct db_value v[] = { DB_B(((struct bytes){ ueid, UEID_LEN })), DB_I(before_the_cap(t)),
				DB_NONE, DB_I(clock_now_s()) };

	for (size_t i = 0; i < t->n_pins; i++)
		write_bytes(&w, t->pins[i]);
	v[2] = DB_B(write_done(&w));
	if (!t->n_pins)
		return db_run(tx->db, "DELETE FROM host_pins WHERE ueid = $1 AND boot = $2", v, 2,
			      NULL, NULL, NULL, e);
	return db_run(tx->db,
		      "INSERT INTO host_pins (ueid, boot, pins, time) VALUES ($1, $2, $3, $4)"
		      " ON CONFLICT (ueid, boot) DO UPDATE SET pins = excluded.pins,"
		      " time = excluded.time",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

struct looking {
	const u8 *pin;
	struct pins_lacking *count;
	host_pins_taker take;
	void *user;
};

static bool knows(const struct looking *l, struct bytes pins)
{
	for (size_t at = 0; at + EAT_PIN_LEN <= pins.len; at += EAT_PIN_LEN)
		if (!memcmp(pins.at + at, l->pin, EAT_PIN_LEN))
			return true;
	return false;
}

/* columns: 0 name, 1 pins of the initramfs, 2 of the running system; NULL: nothing was told */
static int look(void *user, const struct db_row *row, struct err *e)
{
	const struct looking *l = user;
	bool initramfs = row->at[1].kind == DB_BLOB && !knows(l, row->at[1].bytes);
	bool system = row->at[2].kind == DB_BLOB && !knows(l, row->at[2].bytes);
	char name[HOST_NAME_MAX_LEN + 1];

	if (l->count) {
		l->count->hosts++;
		l->count->initramfs += initramfs;
		l->count->system += system;
		l->count->silent += row->at[1].kind == DB_NULL && row->at[2].kind == DB_NULL;
	}
	if (!l->take || (!initramfs && !system))
		return 0;
	row_text(name, sizeof(name), row->at[0].bytes);
	return l->take(l->user, name, initramfs, e);
}

static int each(struct tx *tx, struct looking *l, struct err *e)
{
	return db_run(tx->db,
		      "SELECT h.name, b.pins, s.pins FROM hosts h"
		      " LEFT JOIN host_pins b ON b.ueid = h.ueid AND b.boot = 1"
		      " LEFT JOIN host_pins s ON s.ueid = h.ueid AND s.boot = 0"
		      " WHERE h.state = 'active' ORDER BY h.name",
		      NULL, 0, look, l, NULL, e);
}

int host_pins_lacking(struct tx *tx, const u8 pin[EAT_PIN_LEN], struct pins_lacking *out,
		      struct err *e)
{
	struct looking l = { .pin = pin, .count = out };

	*out = (struct pins_lacking){ 0 };
	return each(tx, &l, e);
}

int host_pins_each(struct tx *tx, const u8 pin[EAT_PIN_LEN], host_pins_taker take, void *user,
		   struct err *e)
{
	struct looking l = { .pin = pin, .take = take, .user = user };

	return each(tx, &l, e);
}
