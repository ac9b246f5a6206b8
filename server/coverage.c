// SPDX-License-Identifier: Apache-2.0
/*
 * /api/v1/coverage: which models of the fleet, as last attested, have reference values that count, which have
 * none, and which stand in an accepted inventory and gave no evidence at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "coverage.h"
#include "problem.h"
#include "proto/eat.h"
#include "refvals.h"
#include "rows.h"
#include "server.h"

static void count_one(json_t *models, const char *model)
{
	json_t *n = json_object_get(models, model);

	json_object_set_new(models, model, json_integer(json_integer_value(n) + 1));
}

/* A label is vvvv:dddd/serial number/ordinal. */
static void count_device(json_t *models, const json_t *device)
{
	const char *label = json_string_value(json_object_get(device, "label"));
	char model[32];

	if (!label || strcspn(label, "/") != 9)
		return;
	snprintf(model, sizeof(model), "pci:%.9s", label);
	count_one(models, model);
}

struct counting {
	struct tx *tx;
	const char *groups;
	json_t *models; /* with evidence: model -> how often seen */
	json_t *silent; /* without: the same */
};

static bool gave_evidence(const json_t *devices, struct bytes label)
{
	const json_t *d;
	size_t i;

	json_array_foreach(devices, i, d)
	{
		const char *text = json_string_value(json_object_get(d, "label"));

		if (label.len && text && bytes_equal(label, bytes_text(text)))
			return true;
	}
	return false;
}

/* Bridges are how the others are reached: who waits for evidence of each would look at nothing else. */
static int count_silent(struct counting *c, struct bytes inventory, const json_t *devices,
			struct err *e)
{
	enum { CLASS_BRIDGE = 0x06 };
	struct eat_function *functions = NULL;
	char model[32];
	size_t n;

	if (eat_inventory_parse(inventory, &functions, &n, e))
		return (int)e->code;
	for (size_t i = 0; i < n; i++) {
		if (functions[i].class_code >> 16 == CLASS_BRIDGE ||
		    gave_evidence(devices, functions[i].label))
			continue;
		snprintf(model, sizeof(model), "pci:%04x:%04x", functions[i].vendor,
			 functions[i].device);
		count_one(c->silent, model);
	}
	free(functions);
	return 0;
}

static int count_host(void *user, const struct db_row *row, struct err *e)
{
	struct counting *c = user;
	struct bytes fields[] = { row->at[1].bytes, row->at[2].bytes };
	json_t *devices =
		json_loadb((const char *)row->at[0].bytes.at, row->at[0].bytes.len, 0, NULL);
	const json_t *d;
	size_t i;
	int rc = 0;

	count_one(c->models, "tcg:boot-log");
	json_array_foreach(devices, i, d) count_device(c->models, d);
	if (row->at[2].kind == DB_BLOB)
		rc = row_mac_check(c->tx, "inventories", fields, 2, row->at[3].bytes, e) ||
				     count_silent(c, fields[1], devices, e)
			     ? (int)e->code
			     : 0;
	json_decref(devices);
	return rc;
}

static int count_hosts(struct tx *tx, void *arg, struct err *e)
{
	struct counting *c = arg;
	struct db_value groups = DB_T(c->groups);

	c->tx = tx;
	return db_run(tx->db,
		      "SELECT a.devices, h.ueid, i.bytes, i.mac FROM attestations a"
		      " JOIN hosts h ON h.ueid = a.ueid"
		      " LEFT JOIN inventories i ON i.ueid = a.ueid WHERE h.state = 'active'"
		      " AND " TOKEN_COVERS_SQL,
		      &groups, 1, count_host, c, NULL, e);
}

static json_t *silent_json(json_t *silent)
{
	json_t *list = json_array(), *n;
	const char *model;

	json_object_foreach(silent, model, n) json_array_append_new(
		list, json_pack("{s:s, s:I}", "model", model, "seen", json_integer_value(n)));
	return list;
}

int coverage_no_evidence(struct tx *tx, const char *groups, json_t **out, struct err *e)
{
	struct counting c = { .groups = groups, .models = json_object(), .silent = json_object() };
	int rc = count_hosts(tx, &c, e);

	if (!rc)
		*out = silent_json(c.silent);
	json_decref(c.models);
	json_decref(c.silent);
	return rc;
}

static bool count_reference(void *user, const struct ref *ref)
{
	(void)ref;
	++*(json_int_t *)user;
	return true;
}

/* How many states are acceptable for the model at this time. */
static json_int_t references_of(const struct refs *refs, const char *model)
{
	size_t vendor = strcmp(model, "tcg:boot-log") ? strlen("pci:vvvv") : strlen("tcg");
	const struct corim_env env = { .vendor = { (const u8 *)model, vendor },
				       .model = bytes_text(model) };
	json_int_t n = 0;

	refs_each(refs, &env, clock_now_s(), count_reference, &n);
	return n;
}

long long coverage_references(struct server *s, const char *model)
{
	struct refs *refs = refvals_take(s->refvals);
	json_int_t n = references_of(refs, model);

	refvals_give(s->refvals, refs);
	return n;
}

void get_coverage(struct call *c)
{
	struct counting counted = { .groups = "",
				    .models = json_object(),
				    .silent = json_object() };
	json_t *list, *silent, *n;
	struct err e = { 0 };
	const char *model;
	struct refs *refs;

	if (store_read(c->server->store, count_hosts, &counted, &e)) {
		json_decref(counted.models);
		json_decref(counted.silent);
		problem_of(c->out, &e);
		return;
	}
	silent = silent_json(counted.silent);
	list = json_array();
	refs = refvals_take(c->server->refvals);
	json_object_foreach(counted.models, model, n)
	{
		json_int_t references = references_of(refs, model);

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:b}", "model", model,
						      "seen", json_integer_value(n), "references",
						      references, "covered", references > 0));
	}
	refvals_give(c->server->refvals, refs);
	json_decref(counted.models);
	json_decref(counted.silent);
	answer_json(c->out, 200, json_pack("{s:o, s:o}", "models", list, "no_evidence", silent));
}
