// SPDX-License-Identifier: Apache-2.0
/* /api/v1/firmware and devices: what the devices of the fleet run, and where each has been. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"
#include "coverage.h"
#include "kept.h"
#include "page.h"
#include "pci_names.h"
#include "problem.h"
#include "rows.h"
#include "samples.h"
#include "seen_devices.h"

enum { NAME_SHOWN = 160 };

/* ---- firmware ---- */
struct firmwares {
	const char *groups;
	json_t *models; /* model -> {"versions": {firmware: {...}}} */
	json_t *slow; /* what every host has to be looked at for: {"hosts": {model: n}, "no_evidence": [...]} */
};

static void add_to(json_t *object, const char *key, long long n)
{
	json_object_set_new(object, key,
			    json_integer(json_integer_value(json_object_get(object, key)) + n));
}

static json_t *version_of(json_t *model, const char *firmware)
{
	json_t *versions = json_object_get(model, "versions"), *v;

	v = json_object_get(versions, firmware);
	if (!v) {
		v = json_pack("{s:s, s:i, s:i, s:i, s:i}", "firmware", firmware, "devices", 0,
			      "affirming", 0, "warning", 0, "contraindicated", 0);
		json_object_set_new(versions, firmware, v);
	}
	return v;
}

/* columns: 0 model, 1 firmware, 2 status, 3 n, 4 first_seen, 5 last_seen */
static int take_firmware(void *user, const struct db_row *row, struct err *e)
{
	struct firmwares *f = user;
	char model[MODEL_TEXT], firmware[FIRMWARE_TEXT];
	json_t *m, *v, *first;

	(void)e;
	row_text(model, sizeof(model), row->at[0].bytes);
	row_text(firmware, sizeof(firmware), row->at[1].bytes);
	m = json_object_get(f->models, model);
	if (!m) {
		m = json_pack("{s:i, s:{}}", "devices", 0, "versions");
		json_object_set_new(f->models, model, m);
	}
	v = version_of(m, firmware);
	if (!v)
		return 0; /* no UTF-8: such are never written */
	add_to(m, "devices", row->at[3].number);
	add_to(v, "devices", row->at[3].number);
	add_to(v, tier_name((enum ear_tier)row->at[2].number), row->at[3].number);
	first = json_object_get(v, "first_seen");
	if (!first || json_integer_value(first) > row->at[4].number)
		json_object_set_new(v, "first_seen", json_integer(row->at[4].number));
	if (json_integer_value(json_object_get(v, "last_seen")) < row->at[5].number)
		json_object_set_new(v, "last_seen", json_integer(row->at[5].number));
	return 0;
}

static int list_firmware(struct tx *tx, void *arg, struct err *e)
{
	struct firmwares *f = arg;
	struct db_value v = DB_T(f->groups);

	/* of all, from what is counted already */
	return db_run(tx->db,
		      *f->groups ? "SELECT h.model, h.firmware, h.status, COUNT(*), MIN(h.since),"
				   " MAX(h.since) FROM seen_devices h WHERE h.model <> ''"
				   " AND " TOKEN_COVERS_SQL " GROUP BY h.model, h.firmware,"
				   " h.status"
				 : "SELECT model, firmware, status, n, first_seen, last_seen"
				   " FROM firmware WHERE n > 0",
		      &v, 1, take_firmware, f, NULL, e);
}

static int take_hosts(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	json_object_setn_new(user, (const char *)row->at[0].bytes.at, row->at[0].bytes.len,
			     json_integer(row->at[1].number));
	return 0;
}

static int look_at_hosts(struct tx *tx, void *arg, struct err *e)
{
	struct firmwares *f = arg;
	struct db_value v = DB_T(f->groups);
	json_t *hosts = json_object(), *silent = NULL;

	if (db_run(tx->db,
		   "SELECT h.model, COUNT(DISTINCT h.ueid) FROM seen_devices h"
		   " WHERE h.model <> '' AND " TOKEN_COVERS_SQL " GROUP BY h.model",
		   &v, 1, take_hosts, hosts, NULL, e) ||
	    coverage_no_evidence(tx, f->groups, &silent, e)) {
		json_decref(hosts);
		return (int)e->code;
	}
	f->slow = json_pack("{s:o, s:o}", "hosts", hosts, "no_evidence", silent);
	return f->slow ? 0 : err_set(e, E_MEMORY, "no memory for models");
}

/* A model that came since has hosts, too. */
static bool has_each_model(const struct firmwares *f)
{
	const json_t *hosts = json_object_get(f->slow, "hosts");
	const char *model;
	json_t *m;

	json_object_foreach(f->models, model, m)
	{
		if (!json_object_get(hosts, model))
			return false;
	}
	return f->slow != NULL;
}

/* Of all groups once for many; of some it is less to look at. */
static int add_slow(struct server *s, struct firmwares *f, struct err *e)
{
	struct kept *kept = *f->groups ? NULL : s->models;
	unsigned long long since = 0;
	OWNED(buf) b = kept ? kept_get(kept, &since) : NULL;
	char *text;

	if (b) {
		f->slow = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);
		if (has_each_model(f))
			return 0;
		json_decref(f->slow);
		f->slow = NULL;
	}
	if (store_read(s->store, look_at_hosts, f, e))
		return (int)e->code;
	text = kept ? json_dumps(f->slow, JSON_COMPACT) : NULL;
	if (text)
		kept_put(kept, since, bytes_text(text));
	free(text);
	return 0;
}

static json_t *values_of(const json_t *object)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)object, key, value) json_array_append(list, value);
	return list;
}

static json_t *models_json(struct server *s, json_t *models, const json_t *hosts)
{
	json_t *list = json_array(), *m;
	const char *model;

	json_object_foreach(models, model, m)
	{
		long long references = coverage_references(s, model);
		char name[NAME_SHOWN];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:O, s:I, s:I, s:b, s:o}", "model", model, "name",
				  pci_model_name(model, name, sizeof(name)), "devices",
				  json_object_get(m, "devices"), "hosts",
				  json_integer_value(json_object_get(hosts, model)), "references",
				  (json_int_t)references, "covered", references > 0, "versions",
				  values_of(json_object_get(m, "versions"))));
	}
	return list;
}

void get_firmware(struct call *c)
{
	struct firmwares f = { c->token.groups, json_object(), NULL };
	struct err e = { 0 };

	if (store_read(c->server->store, list_firmware, &f, &e) || add_slow(c->server, &f, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200,
			    json_pack("{s:o, s:O}", "models",
				      models_json(c->server, f.models,
						  json_object_get(f.slow, "hosts")),
				      "no_evidence", json_object_get(f.slow, "no_evidence")));
	json_decref(f.models);
	json_decref(f.slow);
}

struct spread {
	const char *model;
	json_t *samples;
};

static int load_spread(struct tx *tx, void *arg, struct err *e)
{
	struct spread *s = arg;

	return samples_spread(tx, s->model, &s->samples, e);
}

void get_spread(struct call *c)
{
	struct spread s = { .model = c->part[0] };
	struct err e = { 0 };

	if (store_read(c->server->store, load_spread, &s, &e)) {
		json_decref(s.samples);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:s, s:o}", "model", s.model, "samples", s.samples));
}

/* ---- devices ---- */
#define DEVICE_COLUMNS                                                                             \
	"h.name, h.grp, d.label, d.address, d.model, d.firmware, d.status, d.leaf_key, d.since"

static json_t *device_json(const struct db_row *row)
{
	char leaf[65] = "";

	if (row->at[7].bytes.len == 32)
		hex_write(row->at[7].bytes, leaf);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I}", "host",
			 text_json(row->at[0].bytes), "group", text_json(row->at[1].bytes), "label",
			 text_json(row->at[2].bytes), "address", text_json(row->at[3].bytes),
			 "model", text_json(row->at[4].bytes), "firmware",
			 text_json(row->at[5].bytes), "status",
			 tier_name((enum ear_tier)row->at[6].number), "leaf_key", leaf, "since",
			 (json_int_t)row->at[8].number);
}

struct device_list {
	const char *groups;
	struct page page; /* after: "host label" */
	char model[MODEL_TEXT], firmware[FIRMWARE_TEXT], status[20], part[HOST_NAME_MAX_LEN + 1];
	char after_host[HOST_NAME_MAX_LEN + 1], after_label[LABEL_MAX + 1];
	long long tier;
	bool any_firmware;
	json_t *rows;
};

static int take_device(void *user, const struct db_row *row, struct err *e)
{
	struct device_list *l = user;

	(void)e;
	json_array_append_new(l->rows, device_json(row));
	return 0;
}

#define FROM_DEVICES                                                                               \
	"SELECT " DEVICE_COLUMNS " FROM standings h JOIN seen_devices d ON d.ueid = h.ueid"        \
	" WHERE h.name >= $2 AND (h.name, d.label) > ($2, $3) AND " TOKEN_COVERS_SQL               \
	" AND ($5 = 0 OR d.status = $5)"                                                           \
	" AND ($6 = '' OR instr(lower(d.label), $6) > 0 OR instr(lower(h.name), $6) > 0)"
#define DEVICES_IN_ORDER " ORDER BY h.name, d.label LIMIT $4"

static int list_devices(struct tx *tx, void *arg, struct err *e)
{
	struct device_list *l = arg;
	struct db_value v[] = {
		DB_T(l->groups),	 DB_T(l->after_host), DB_T(l->after_label),
		DB_I(l->page.limit + 1), DB_I(l->tier),	      DB_T(l->part),
		DB_T(l->model),		 DB_T(l->firmware),   DB_I(l->any_firmware)
	};

	return db_run(tx->db,
		      *l->model ? FROM_DEVICES
			      " AND h.ueid IN (SELECT ueid FROM seen_devices WHERE model ="
			      " $7 AND ($9 OR firmware = $8)) AND d.model = $7 AND ($9 OR"
			      " d.firmware = $8)" DEVICES_IN_ORDER
				: FROM_DEVICES DEVICES_IN_ORDER,
		      v, ARRAY_LEN(v), take_device, l, NULL, e);
}

static int split_cursor(struct device_list *l, struct err *e)
{
	size_t host = strcspn(l->page.after, " ");
	const char *label = l->page.after + host + (l->page.after[host] == ' ');

	if (host >= sizeof(l->after_host) || strlen(label) >= sizeof(l->after_label))
		return err_set(e, E_USAGE, "cursor is not one of this server's");
	memcpy(l->after_host, l->page.after, host);
	l->after_host[host] = 0;
	memcpy(l->after_label, label, strlen(label) + 1);
	return 0;
}

static int read_questions(struct call *c, struct device_list *l, struct err *e)
{
	static const char *const known[] = { "model", "firmware", "status", "q",
					     "limit", "cursor",	  NULL };

	if (query_known(c, known, e) || page_of(c, &l->page, e) || split_cursor(l, e) ||
	    query_text(c, "model", l->model, sizeof(l->model), e) ||
	    query_text(c, "firmware", l->firmware, sizeof(l->firmware), e) ||
	    query_text(c, "status", l->status, sizeof(l->status), e) ||
	    query_text(c, "q", l->part, sizeof(l->part), e) || tier_of_name(l->status, &l->tier, e))
		return (int)e->code;
	l->any_firmware = !http_query(c->rq, "firmware"); /* "" are those that were not verified */
	if (!l->any_firmware && !*l->model)
		return err_set(e, E_USAGE, "firmware is of a model");
	for (char *p = l->part; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return 0;
}

static void cut_devices(json_t *answer, const struct device_list *l)
{
	char last[HOST_NAME_MAX_LEN + LABEL_MAX + 2];
	const json_t *row;

	if ((long long)json_array_size(l->rows) <= l->page.limit)
		return;
	json_array_remove(l->rows, (size_t)l->page.limit);
	row = json_array_get(l->rows, (size_t)l->page.limit - 1);
	snprintf(last, sizeof(last), "%s %s", json_string_value(json_object_get(row, "host")),
		 json_string_value(json_object_get(row, "label")));
	page_more(answer, last);
}

void get_devices(struct call *c)
{
	struct device_list l = { .groups = c->token.groups, .rows = json_array() };
	struct err e = { 0 };
	json_t *answer;

	if (read_questions(c, &l, &e) || store_read(c->server->store, list_devices, &l, &e)) {
		json_decref(l.rows);
		problem_of(c->out, &e);
		return;
	}
	answer = json_pack("{s:o}", "devices", l.rows);
	cut_devices(answer, &l);
	answer_json(c->out, 200, answer);
}

/* ---- one device, by its key, wherever it was ---- */
struct sightings {
	const char *groups;
	u8 leaf_key[32];
	json_t *rows;
};

/* columns: 0 host, 1 group, 2 label, 3 version, 4 first, 5 last, then of what is there now: 6 address, 7 model, 8 firmware, 9 status */
static int take_sighting(void *user, const struct db_row *row, struct err *e)
{
	json_t *j = json_pack(
		"{s:o, s:o, s:o, s:i, s:I, s:I, s:b}", "host", text_json(row->at[0].bytes), "group",
		text_json(row->at[1].bytes), "label", text_json(row->at[2].bytes), "spdm_version",
		(int)(row->at[3].number & 15), "first_seen", (json_int_t)row->at[4].number,
		"last_seen", (json_int_t)row->at[5].number, "now", row->at[6].kind == DB_TEXT);

	(void)e;
	if (row->at[6].kind == DB_TEXT) {
		json_object_set_new(j, "address", text_json(row->at[6].bytes));
		json_object_set_new(j, "model", text_json(row->at[7].bytes));
		json_object_set_new(j, "firmware", text_json(row->at[8].bytes));
		json_object_set_new(j, "status",
				    json_string(tier_name((enum ear_tier)row->at[9].number)));
	}
	json_array_append_new(user, j);
	return 0;
}

static int list_sightings(struct tx *tx, void *arg, struct err *e)
{
	struct sightings *s = arg;
	struct db_value v[] = { DB_T(s->groups), DB_B(BYTES(s->leaf_key)) };

	return db_run(tx->db,
		      "SELECT h.name, h.grp, k.label, k.version, k.first_seen, k.last_seen,"
		      " d.address, d.model, d.firmware, d.status FROM devices k"
		      " JOIN standings h ON h.ueid = k.ueid LEFT JOIN seen_devices d"
		      " ON d.ueid = k.ueid AND d.label = k.label AND d.leaf_key = k.leaf_key"
		      " WHERE k.leaf_key = $2 AND " TOKEN_COVERS_SQL
		      " ORDER BY k.last_seen DESC LIMIT 500",
		      v, ARRAY_LEN(v), take_sighting, s->rows, NULL, e);
}

void get_device(struct call *c)
{
	struct sightings s = { .groups = c->token.groups, .rows = json_array() };
	struct err e = { 0 };

	if (!hex_read(c->part[0], s.leaf_key, 32))
		err_set(&e, E_USAGE,
			"a device is named by the SHA-256 of its leaf key: 64 hex digits");
	else if (!store_read(c->server->store, list_sightings, &s, &e) && !json_array_size(s.rows))
		err_set(&e, E_NOTFOUND, "no device with this key was seen");
	if (e.code) {
		json_decref(s.rows);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200,
		    json_pack("{s:s, s:o}", "leaf_key", c->part[0], "sightings", s.rows));
}
