// SPDX-License-Identifier: Apache-2.0
/* /api/v1/coverage: which models of the fleet, as last attested, have reference values that count, and which have none. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "problem.h"
#include "refvals.h"
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

static int count_host(void *user, const struct db_row *row, struct err *e)
{
	json_t *devices =
		json_loadb((const char *)row->at[0].bytes.at, row->at[0].bytes.len, 0, NULL);
	const json_t *d;
	size_t i;

	(void)e;
	count_one(user, "tcg:boot-log");
	json_array_foreach(devices, i, d) count_device(user, d);
	json_decref(devices);
	return 0;
}

static int count_hosts(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db,
		      "SELECT a.devices FROM attestations a JOIN hosts h ON h.ueid = a.ueid"
		      " WHERE h.state = 'active'",
		      NULL, 0, count_host, arg, NULL, e);
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

void get_coverage(struct call *c)
{
	json_t *models = json_object(), *list, *n;
	struct err e = { 0 };
	const char *model;
	struct refs *refs;

	if (store_read(c->server->store, count_hosts, models, &e)) {
		json_decref(models);
		problem_of(c->out, &e);
		return;
	}
	list = json_array();
	refs = refvals_take(c->server->refvals);
	json_object_foreach(models, model, n)
	{
		json_int_t references = references_of(refs, model);

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:b}", "model", model,
						      "seen", json_integer_value(n), "references",
						      references, "covered", references > 0));
	}
	refvals_give(c->server->refvals, refs);
	json_decref(models);
	answer_json(c->out, 200, json_pack("{s:o}", "models", list));
}
