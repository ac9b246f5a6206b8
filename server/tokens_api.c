// SPDX-License-Identifier: Apache-2.0
/* /api/v1/tokens: who may call this API. */
#include <stdio.h>

#include "common/clock.h"
#include "problem.h"
#include "server.h"
#include "until.h"

static json_t *token_json(const struct admin_token *t)
{
	json_t *groups = json_array();

	for (const char *at = t->groups; *at;) {
		size_t len = strcspn(at, ",");

		json_array_append_new(groups, json_stringn(at, len));
		at += len + (at[len] != 0);
	}
	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:s}", "name", t->name, "role", t->role,
			 "groups", groups, "created", (json_int_t)t->created, "not_after",
			 (json_int_t)t->not_after, "state",
			 t->revoked					 ? "revoked"
			 : t->not_after && t->not_after <= clock_now_s() ? "expired"
									 : "active");
}

static int list_one(void *user, const struct admin_token *t, bool genuine, struct err *e)
{
	json_t *j = token_json(t);

	(void)e;
	if (!genuine)
		json_object_set_new(j, "state", json_string("changed"));
	json_array_append_new(user, j);
	return 0;
}

static int list_all(struct tx *tx, void *arg, struct err *e)
{
	return tokens_all(tx, list_one, arg, e);
}

void get_tokens(struct call *c)
{
	json_t *list = json_array();
	struct err e = { 0 };

	if (store_read(c->server->store, list_all, list, &e)) {
		json_decref(list);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200, json_pack("{s:o}", "tokens", list));
}

void get_own_token(struct call *c)
{
	answer_json(c->out, 200, token_json(&c->token));
}

/* ---- changes ---- */
struct change {
	struct call *call;
	struct admin_token token;
	char text[TOKEN_TEXT_SIZE];
};

static int make(struct tx *tx, void *arg, struct err *e)
{
	struct change *ch = arg;

	return token_make(tx, &ch->token, ch->call->actor, ch->text, e);
}

static int add_group(struct admin_token *t, const char *group, struct err *e)
{
	size_t len = strlen(t->groups);

	if (!group || !*group || strchr(group, ',') || len + strlen(group) + 2 > sizeof(t->groups))
		return err_set(e, E_USAGE, "groups: each is a name");
	snprintf(t->groups + len, sizeof(t->groups) - len, "%s%s", len ? "," : "", group);
	return 0;
}

static int read_token(const json_t *body, struct admin_token *t, struct err *e)
{
	const char *name = json_string_value(json_object_get(body, "name"));
	const char *role = json_string_value(json_object_get(body, "role"));
	const json_t *groups = json_object_get(body, "groups"), *g;
	const json_t *until = json_object_get(body, "until");
	size_t i;

	if (!json_is_object(body))
		return err_set(e, E_USAGE, "body is not a JSON object");
	if ((groups && !json_is_array(groups)) || (until && !json_is_string(until)))
		return err_set(e, E_USAGE, "groups is an array of names, until a time");
	if (!name || strlen(name) > TOKEN_NAME_MAX || !role || strlen(role) >= sizeof(t->role))
		return err_set(e, E_USAGE, "name or role is missing, or too long");
	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->role, sizeof(t->role), "%s", role);
	json_array_foreach(groups, i, g)
	{
		if (add_group(t, json_string_value(g), e))
			return (int)e->code;
	}
	return until_read(json_string_value(until), &t->not_after, e);
}

void post_token(struct call *c)
{
	struct change ch = { .call = c };
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
				  JSON_REJECT_DUPLICATES, NULL),
	       *j;
	struct err e = { 0 };

	if (!read_token(body, &ch.token, &e))
		store_write(c->server->store, make, &ch, &e);
	json_decref(body);
	if (e.code) {
		problem_of(c->out, &e);
		return;
	}
	j = token_json(&ch.token);
	json_object_set_new(j, "token", json_string(ch.text));
	json_object_del(j, "created");
	answer_json(c->out, 201, j);
	secret_wipe(ch.text, sizeof(ch.text));
}

static int revoke(struct tx *tx, void *arg, struct err *e)
{
	const struct change *ch = arg;

	return token_revoke(tx, ch->call->part[0], ch->call->actor, e);
}

void delete_token(struct call *c)
{
	struct change ch = { .call = c };
	struct err e = { 0 };

	if (store_write(c->server->store, revoke, &ch, &e))
		problem_of(c->out, &e);
	else
		answer_json(c->out, 200, json_pack("{s:s}", "status", "revoked"));
}
