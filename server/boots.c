// SPDX-License-Identifier: Apache-2.0
#include "boots.h"

#include "common/clock.h"
#include "hosts.h"
#include "problem.h"
#include "server.h"
#include "verifier/boot_story.h"

int boot_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct tpm_clock *clock,
	      const struct eat_logs *logs, struct err *e)
{
	struct db_value v[] = {
		DB_B(((struct bytes){ ueid, UEID_LEN })),
		DB_I(clock->reset_count),
		DB_I(clock->restart_count),
		DB_I(clock_now_s()),
		DB_B(logs->boot_log),
		DB_B(logs->command_line),
	};
	long long changed = 0;

	if (db_run(tx->db,
		   "INSERT INTO boots (ueid, reset_count, restart_count, time, log, command_line)"
		   " VALUES ($1, $2, $3, $4, $5, $6)"
		   " ON CONFLICT (ueid, reset_count, restart_count) DO NOTHING",
		   v, ARRAY_LEN(v), NULL, NULL, &changed, e))
		return (int)e->code;
	if (!changed)
		return 0;
	return db_run(tx->db,
		      "DELETE FROM boots WHERE ueid = $1 AND (reset_count, restart_count) NOT IN"
		      " (SELECT reset_count, restart_count FROM boots WHERE ueid = $1"
		      " ORDER BY time DESC, reset_count DESC, restart_count DESC LIMIT 2)",
		      v, 1, NULL, NULL, NULL, e);
}

static int take_time(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

int boot_first_seen(struct tx *tx, const u8 ueid[UEID_LEN], const struct tpm_clock *clock,
		    long long *out, struct err *e)
{
	struct db_value v[] = {
		DB_B(((struct bytes){ ueid, UEID_LEN })),
		DB_I(clock->reset_count),
		DB_I(clock->restart_count),
	};

	return db_run(tx->db,
		      "SELECT time FROM boots WHERE ueid = $1 AND reset_count = $2"
		      " AND restart_count = $3",
		      v, ARRAY_LEN(v), take_time, out, NULL, e);
}

/* ---- showing them ---- */
struct asked {
	const char *name;
	json_t *boots;
};

static int take_boot(void *user, const struct db_row *row, struct err *e)
{
	struct asked *a = user;
	OWNED(boot_log) log = NULL;
	json_t *story;

	if (boot_log_parse(row->at[3].bytes, &log, e) ||
	    boot_story(log, row->at[4].bytes, &story, e))
		return (int)e->code;
	json_object_set_new(story, "reset_count", json_integer(row->at[0].number));
	json_object_set_new(story, "restart_count", json_integer(row->at[1].number));
	json_object_set_new(story, "time", json_integer(row->at[2].number));
	json_array_append_new(a->boots, story);
	return 0;
}

static int find_boots(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	OWNED(host) h = NULL;
	struct db_value v;

	if (host_find_by_name(tx, a->name, &h, e))
		return (int)e->code;
	v = DB_B(BYTES(h->ueid));
	return db_run(tx->db,
		      "SELECT reset_count, restart_count, time, log, command_line FROM boots"
		      " WHERE ueid = $1 ORDER BY time DESC, reset_count DESC, restart_count DESC",
		      &v, 1, take_boot, a, NULL, e);
}

void get_boots(struct call *c)
{
	struct asked a = { c->part[0], json_array() };
	struct err e = { 0 };

	if (store_read(c->server->store, find_boots, &a, &e)) {
		problem_of(c->out, &e);
	} else if (!json_array_size(a.boots)) {
		problem(c->out, 404, "Not found",
			"no boot log of this host has been confirmed by a quote yet");
	} else {
		answer_json(c->out, 200, json_pack("{s:s, s:O}", "host", a.name, "boots", a.boots));
	}
	json_decref(a.boots);
}
