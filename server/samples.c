// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include "page.h"
#include "standings.h"

static int take_time(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

int samples_due(struct tx *tx, long long now_s, bool *due, struct err *e)
{
	long long last = 0;

	if (db_run(tx->db, "SELECT COALESCE(MAX(time), 0) FROM fleet_samples", NULL, 0, take_time,
		   &last, NULL, e))
		return (int)e->code;
	*due = now_s / SAMPLE_EACH_S != last / SAMPLE_EACH_S;
	return 0;
}

/* The day's first sample is its sample: what is there now under another status is one firmware all the same. */
static int take_firmware(struct tx *tx, long long now_s, struct err *e)
{
	struct db_value v[] = { DB_I(now_s / FIRMWARE_EACH_S * FIRMWARE_EACH_S),
				DB_I(now_s - FIRMWARE_KEPT_S) };

	return db_run(tx->db,
		      "INSERT INTO firmware_samples (time, model, firmware, n)"
		      " SELECT $1, model, firmware, SUM(n) FROM firmware WHERE n > 0"
		      " GROUP BY model, firmware ON CONFLICT (model, time, firmware) DO NOTHING",
		      v, 1, NULL, NULL, NULL, e) ||
			       db_run(tx->db, "DELETE FROM firmware_samples WHERE time < $1", &v[1],
				      1, NULL, NULL, NULL, e)
		       ? (int)e->code
		       : 0;
}

int samples_take(struct tx *tx, long long now_s, long long stale_after_s, struct err *e)
{
	struct db_value old = DB_I(now_s - SAMPLE_KEPT_S);
	struct fleet_count f;

	if (standings_count(tx, "", stale_after_s ? now_s - stale_after_s : 0, &f, e))
		return (int)e->code;
	struct db_value v[] = { DB_I(now_s),	 DB_I(f.affirming),
				DB_I(f.warning), DB_I(f.contraindicated),
				DB_I(f.stale),	 DB_I(f.never) };

	return db_run(tx->db,
		      "INSERT INTO fleet_samples (time, affirming, warning, contraindicated, stale,"
		      " never) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (time) DO NOTHING",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e) ||
			       db_run(tx->db, "DELETE FROM fleet_samples WHERE time < $1", &old, 1,
				      NULL, NULL, NULL, e) ||
			       take_firmware(tx, now_s, e)
		       ? (int)e->code
		       : 0;
}

static int take_sample(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	json_array_insert_new(
		user, 0,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "time", (json_int_t)row->at[0].number,
			  "affirming", (json_int_t)row->at[1].number, "warning",
			  (json_int_t)row->at[2].number, "contraindicated",
			  (json_int_t)row->at[3].number, "stale", (json_int_t)row->at[4].number,
			  "never", (json_int_t)row->at[5].number));
	return 0;
}

int samples_trend(struct tx *tx, json_t **out, struct err *e)
{
	struct db_value n = DB_I(SAMPLE_SHOWN);

	*out = json_array();
	return db_run(tx->db,
		      "SELECT time, affirming, warning, contraindicated, stale, never"
		      " FROM fleet_samples ORDER BY time DESC LIMIT $1",
		      &n, 1, take_sample, *out, NULL, e);
}

/* Rows of one time are one sample. */
static int take_spread(void *user, const struct db_row *row, struct err *e)
{
	json_t *list = user, *last = json_array_get(list, json_array_size(list) - 1);

	(void)e;
	if (!last || json_integer_value(json_object_get(last, "time")) != row->at[0].number) {
		last = json_pack("{s:I, s:{}}", "time", (json_int_t)row->at[0].number, "versions");
		json_array_append_new(list, last);
	}
	json_object_setn_new(json_object_get(last, "versions"), (const char *)row->at[1].bytes.at,
			     row->at[1].bytes.len, json_integer(row->at[2].number));
	return 0;
}

int samples_spread(struct tx *tx, const char *model, json_t **out, struct err *e)
{
	struct db_value v = DB_T(model);

	*out = json_array();
	return db_run(tx->db,
		      "SELECT time, firmware, n FROM firmware_samples WHERE model = $1"
		      " ORDER BY time, firmware",
		      &v, 1, take_spread, *out, NULL, e);
}
