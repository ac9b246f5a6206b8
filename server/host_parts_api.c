// SPDX-License-Identifier: Apache-2.0
/* /api/v1/hosts/{}/inventory and evidence: what a host is made of, as accepted, and what it said last. */
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "page.h"
#include "problem.h"
#include "proto/eat.h"
#include "rows.h"

struct asked {
	struct tx *tx;
	const char *name;
	json_t *answer;
	struct buf *token;
};

/* ---- inventory ---- */
static json_t *function_json(const struct eat_function *f)
{
	char serial[17] = "", class[9], vendor[5], device[5];

	if (f->serial.len == 8)
		hex_write(f->serial, serial);
	snprintf(class, sizeof(class), "%06x", f->class_code & 0xffffff);
	snprintf(vendor, sizeof(vendor), "%04x", f->vendor);
	snprintf(device, sizeof(device), "%04x", f->device);
	return json_pack("{s:o, s:s, s:s, s:s, s:i, s:s, s:o, s:o, s:o, s:b, s:o}", "address",
			 text_json(f->address), "vendor", vendor, "device", device, "class", class,
			 "revision", f->revision, "serial", serial, "parent", text_json(f->parent),
			 "driver", text_json(f->driver), "iommu", text_json(f->domain), "cma",
			 f->cma, "label", text_json(f->label));
}

static int take_inventory(void *user, const struct db_row *row, struct err *e)
{
	struct asked *a = user;
	struct bytes fields[] = { row->at[0].bytes, row->at[1].bytes };
	struct eat_function *functions = NULL;
	json_t *list;
	size_t n;

	if (row_mac_check(a->tx, "inventories", fields, 2, row->at[2].bytes, e) ||
	    eat_inventory_parse(fields[1], &functions, &n, e))
		return (int)e->code;
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, function_json(&functions[i]));
	free(functions);
	a->answer = json_pack("{s:s, s:I, s:o, s:o}", "host", a->name, "set_at",
			      (json_int_t)row->at[3].number, "set_by", text_json(row->at[4].bytes),
			      "functions", list);
	return 0;
}

static int find_inventory(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	struct db_value v = DB_T(a->name);

	a->tx = tx;
	if (db_run(tx->db,
		   "SELECT i.ueid, i.bytes, i.mac, i.set_at, i.set_by FROM inventories i"
		   " JOIN hosts h ON h.ueid = i.ueid WHERE h.name = $1",
		   &v, 1, take_inventory, a, NULL, e))
		return (int)e->code;
	return a->answer ? 0 : err_set(e, E_NOTFOUND, "no inventory of this host was accepted yet");
}

void get_inventory(struct call *c)
{
	struct asked a = { .name = c->part[0] };
	struct err e = { 0 };

	if (store_read(c->server->store, find_inventory, &a, &e)) {
		json_decref(a.answer);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, a.answer);
}

/* ---- evidence ---- */
static int take_token(void *user, const struct db_row *row, struct err *e)
{
	struct asked *a = user;

	a->token = buf_copy(row->at[0].bytes);
	return a->token ? 0 : err_set(e, E_MEMORY, "no memory for a token");
}

static int find_token(struct tx *tx, void *arg, struct err *e)
{
	struct asked *a = arg;
	struct db_value v = DB_T(a->name);

	if (db_run(tx->db,
		   "SELECT a.token FROM attestations a JOIN hosts h ON h.ueid = a.ueid"
		   " WHERE h.name = $1",
		   &v, 1, take_token, a, NULL, e))
		return (int)e->code;
	return a->token ? 0 : err_set(e, E_NOTFOUND, "this host has not attested yet");
}

void get_evidence(struct call *c)
{
	struct asked a = { .name = c->part[0] };
	struct err e = { 0 };

	if (store_read(c->server->store, find_token, &a, &e)) {
		buf_drop(&a.token);
		problem_of(c->out, &e);
		return;
	}
	c->out->status = 200;
	c->out->content_type = EAT_MEDIA_TYPE;
	c->out->body = a.token;
	snprintf(c->out->attachment, sizeof(c->out->attachment), "%.120s.eat", a.name);
}
