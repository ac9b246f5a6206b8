// SPDX-License-Identifier: Apache-2.0
/* /api/v1: what operators and CI ask and change. */
#include <stdio.h>
#include <stdlib.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "common/text.h"
#include "events.h"
#include "expected.h"
#include "leases.h"
#include "problem.h"
#include "proto/eat.h"
#include "server.h"

static json_t *body_of(struct call *c)
{
	json_t *j = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
			       JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(j))
		return j;
	json_decref(j);
	problem(c->out, 400, "Malformed", "body is not a JSON object");
	return NULL;
}

static const char *text_member(json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "";
}

static bool group_valid(const char *group)
{
	return strlen(group) <= GROUP_MAX_LEN && host_name_valid(group);
}

/* ---- changes: a job and its audit record in one transaction ---- */
struct change {
	struct call *call;
	struct expected_host expected;
	struct join_token token;
	const char *verb;
	long long n_shares; /* that were shredded */
	u8 hash[32];
	char argument[128];
};

static int check_group(const struct call *c, const char *group, struct err *e)
{
	return call_covers(c, bytes_text(group))
		       ? 0
		       : err_set(e, E_DENIED, "the token is not for group %.100s", group);
}

/* A registration for another group's host is changed by whom that group concerns, too; others are not told of it. */
static int check_reach(struct tx *tx, const struct change *ch, struct err *e)
{
	struct expected_host was = { 0 };
	struct err none = { 0 };

	if (expected_host_find(tx, ch->expected.ek_hash, &was, &none) ||
	    call_covers(ch->call, bytes_text(was.group)))
		return 0;
	return err_set(e, E_CONFLICT,
		       "this EK is registered already, where the token does not reach");
}

static int add_expected(struct tx *tx, void *arg, struct err *e)
{
	struct change *ch = arg;
	char detail[500], hex[65];

	if (check_reach(tx, ch, e) || expected_host_add(tx, &ch->expected, ch->call->operator, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"ek_hash\":\"%s\",\"group\":\"%s\",\"name\":\"%s\"}",
		 hex_write(BYTES(ch->expected.ek_hash), hex), ch->expected.group,
		 ch->expected.name);
	return audit_append(tx, ch->call->actor, "host-expected", detail, e);
}

void post_host(struct call *c)
{
	struct change ch = { .call = c };
	json_t *body = body_of(c);
	struct err e = { 0 };

	if (!body)
		return;
	snprintf(ch.expected.name, sizeof(ch.expected.name), "%s", text_member(body, "name"));
	snprintf(ch.expected.group, sizeof(ch.expected.group), "%s",
		 *text_member(body, "group") ? text_member(body, "group") : "default");
	if (!hex_read(text_member(body, "ek_hash"), ch.expected.ek_hash, 32))
		problem(c->out, 400, "Malformed", "ek_hash is not 64 hex digits");
	else if (!group_valid(ch.expected.group) ||
		 (*ch.expected.name && !host_name_valid(ch.expected.name)))
		problem(c->out, 400, "Malformed",
			"name or group has characters that names may not have");
	else if (check_group(c, ch.expected.group, &e) ||
		 store_write(c->server->store, add_expected, &ch, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 201, json_pack("{s:s}", "status", "registered"));
	json_decref(body);
}

static int take_inventory_of_token(void *user, const struct db_row *row, struct err *e)
{
	return eat_parse(row->at[0].bytes, user, e);
}

static int accept_inventory(struct tx *tx, const struct host *h, const char *by, struct err *e)
{
	OWNED(eat) last = NULL;
	struct db_value v = DB_B(BYTES(h->ueid));

	if (db_run(tx->db, "SELECT token FROM attestations WHERE ueid = $1", &v, 1,
		   take_inventory_of_token, &last, NULL, e))
		return (int)e->code;
	if (!last)
		return err_set(e, E_NOTFOUND, "host has not attested yet");
	return inventory_set(tx, h->ueid, last->inventory, by, e);
}

/* The name may be given to another host later: the audit says which one this was. */
static int remove_host(struct tx *tx, struct change *ch, const struct host *h, struct err *e)
{
	struct digest ek_hash = host_ek_hash(buf_bytes(h->ek_pub));
	char detail[700], hash[65], ueid[2 * UEID_LEN + 1];

	if (host_remove(tx, h, &ch->n_shares, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail),
		 "{\"host\":\"%s\",\"ueid\":\"%s\",\"ek_hash\":\"%s\",\"shares_shredded\":%lld}",
		 h->name, hex_write(BYTES(h->ueid), ueid), hex_write(digest_bytes(&ek_hash), hash),
		 ch->n_shares);
	return audit_append(tx, ch->call->actor, "host-removed", detail, e);
}

static int act_on_host(struct tx *tx, void *arg, struct err *e)
{
	struct change *ch = arg;
	const char *name = ch->call->part[0];
	OWNED(host) h = NULL;
	char detail[500];
	int rc;

	if (host_find_by_name(tx, name, &h, e))
		return (int)e->code;
	if (!strcmp(ch->verb, "remove"))
		return remove_host(tx, ch, h, e);
	if (!strcmp(ch->verb, "revoke"))
		rc = host_set_state(tx, name, false, e);
	else if (!strcmp(ch->verb, "restore"))
		rc = host_set_state(tx, name, true, e);
	else if (!strcmp(ch->verb, "revoke-lease") || !strcmp(ch->verb, "allow-lease"))
		rc = lease_deny(tx, h->ueid, !strcmp(ch->verb, "revoke-lease"), e);
	else if (!strcmp(ch->verb, "confirm"))
		rc = host_confirm_ek(tx, name, ch->hash, e);
	else if (!strcmp(ch->verb, "accept-inventory"))
		rc = accept_inventory(tx, h, ch->call->actor, e);
	else if (!strcmp(ch->verb, "forget-device"))
		rc = device_forget(tx, h->ueid, ch->argument, e);
	else
		rc = err_set(e, E_NOTFOUND, "no such action");
	if (rc)
		return rc;
	snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"device\":\"%s\"}", h->name,
		 ch->argument);
	return audit_append(tx, ch->call->actor, ch->verb, detail, e);
}

void post_host_action(struct call *c)
{
	struct change ch = { .call = c, .verb = c->part[1] };
	json_t *body = body_of(c);
	const char *label;
	struct err e = { 0 };

	if (!body)
		return;
	label = text_member(body, "device");
	if (!strcmp(ch.verb, "forget-device") && !evidence_label_valid(bytes_text(label)))
		problem(c->out, 400, "Malformed", "device is not a device label");
	else if (!strcmp(ch.verb, "confirm") &&
		 !hex_read(text_member(body, "ek_hash"), ch.hash, 32))
		problem(c->out, 400, "Malformed", "ek_hash is not 64 hex digits");
	else {
		snprintf(ch.argument, sizeof(ch.argument), "%.127s", label);
		if (store_write(c->server->store, act_on_host, &ch, &e)) {
			problem_of(c->out, &e);
		} else {
			events_moved(c->server->events);
			answer_json(c->out, 200,
				    json_pack("{s:s, s:I}", "status", "done", "shares_shredded",
					      (json_int_t)ch.n_shares));
		}
	}
	json_decref(body);
}

/* ---- join tokens ---- */
static int add_token(struct tx *tx, void *arg, struct err *e)
{
	struct change *ch = arg;
	char detail[500];

	if (join_token_add(tx, &ch->token, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"group\":\"%s\",\"name\":\"%s\",\"not_after\":%lld}",
		 ch->token.group, ch->token.host_name, ch->token.not_after);
	return audit_append(tx, ch->call->actor, "join-token-made", detail, e);
}

void post_join_token(struct call *c)
{
	struct change ch = { .call = c };
	json_t *body = body_of(c);
	struct err e = { 0 };
	u8 random[24];
	char text[40];
	struct digest hash;
	json_int_t life;

	if (!body)
		return;
	life = json_integer_value(json_object_get(body, "valid_s"));
	snprintf(ch.token.group, sizeof(ch.token.group), "%s",
		 *text_member(body, "group") ? text_member(body, "group") : "default");
	snprintf(ch.token.host_name, sizeof(ch.token.host_name), "%s", text_member(body, "name"));
	ch.token.has_ek_hash = hex_read(text_member(body, "ek_hash"), ch.token.ek_hash, 32);
	if (!ch.token.has_ek_hash && *text_member(body, "ek_hash"))
		err_set(&e, E_USAGE, "ek_hash is not 64 hex digits");
	else if (!group_valid(ch.token.group) ||
		 (*ch.token.host_name && !host_name_valid(ch.token.host_name)))
		err_set(&e, E_USAGE, "name or group has characters that names may not have");
	else if (life < 0 || life > 30 * 86400)
		err_set(&e, E_USAGE, "valid_s is more than 30 days");
	else
		check_group(c, ch.token.group, &e);
	json_decref(body);
	ch.token.not_after = clock_now_s() + (life ? life : 3600);
	if (!e.code && !random_bytes(random, sizeof(random), &e)) {
		base64url_write(BYTES(random), false, text);
		hash = sha256_of(bytes_text(text));
		memcpy(ch.token.hash, hash.at, 32);
		store_write(c->server->store, add_token, &ch, &e);
	}
	if (e.code)
		problem_of(c->out, &e);
	else
		answer_json(c->out, 201,
			    json_pack("{s:s, s:I}", "join_token", text, "not_after",
				      (json_int_t)ch.token.not_after));
}

void get_health(struct call *c)
{
	answer_json(
		c->out, 200,
		json_pack("{s:s, s:s}", "status", "ok", "version", ASSAY_VERSION "+" ASSAY_COMMIT));
}
