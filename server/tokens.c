// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <stdio.h>

#include "audit.h"
#include "common/clock.h"
#include "common/text.h"
#include "hosts.h"
#include "rows.h"

/* ---- rights ---- */
enum right right_of(struct bytes role)
{
	static const struct {
		const char *name;
		enum right right;
	} roles[] = { { "viewer", VIEWER },
		      { "provisioner", PROVISIONER },
		      { "operator", OPERATOR },
		      { "admin", ADMIN } };

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (bytes_equal(role, bytes_text(roles[i].name)))
			return roles[i].right;
	return ANYBODY;
}

bool right_covers(enum right has, enum right needed)
{
	return has >= needed && !(has == PROVISIONER && needed == VIEWER);
}

/* ---- groups ---- */
/* The next name of a list, whose rest *@at becomes. */
static struct bytes next_group(const char **at)
{
	size_t len = strcspn(*at, ",");
	struct bytes name = { (const u8 *)*at, len };

	*at += len + ((*at)[len] != 0);
	return name;
}

bool token_covers(const struct admin_token *t, const char *group)
{
	const char *at = t->groups;

	if (!*at)
		return true;
	while (*at)
		if (bytes_equal(next_group(&at), bytes_text(group)))
			return true;
	return false;
}

static bool has_group(const char *groups, const char *end, struct bytes name)
{
	while (groups < end)
		if (bytes_equal(next_group(&groups), name))
			return true;
	return false;
}

bool token_groups_valid(const char *groups)
{
	const char *at = groups;
	size_t n = 0;

	if (strlen(groups) >= TOKEN_GROUPS_SIZE)
		return false;
	while (*at) {
		const char *here = at;
		struct bytes name = next_group(&at);
		char text[GROUP_MAX_LEN + 1];

		if (name.len > GROUP_MAX_LEN || ++n > TOKEN_GROUPS_MAX)
			return false;
		row_text(text, sizeof(text), name);
		if (!host_name_valid(text) || has_group(groups, here, name))
			return false;
	}
	return !*groups || groups[strlen(groups) - 1] != ',';
}

/* ---- rows ---- */
static int mac_of(struct tx *tx, const struct admin_token *t, struct bytes hash, struct digest *out,
		  struct err *e)
{
	u8 numbers[8 + 1];
	struct writer w = writer_on(numbers, sizeof(numbers));
	struct bytes fields[] = { hash, bytes_text(t->name), bytes_text(t->role),
				  bytes_text(t->groups), BYTES(numbers) };

	write_be64(&w, (u64)t->not_after);
	write_u8(&w, t->revoked);
	return keys_row_mac(tx->keys, "admin_tokens", fields, ARRAY_LEN(fields), out, e);
}

/* columns: 0 hash, 1 name, 2 role, 3 groups, 4 created, 5 not_after, 6 revoked, 7 mac */
#define TOKEN_COLUMNS                                                                              \
	"SELECT hash, name, role, scope, created, not_after, revoked, mac FROM admin_tokens"

static int read_token(struct tx *tx, const struct db_row *row, struct admin_token *t, bool *genuine,
		      struct err *e)
{
	struct digest mac;

	*t = (struct admin_token){ .created = row->at[4].number,
				   .not_after = row->at[5].number,
				   .revoked = row->at[6].number != 0 };
	row_text(t->name, sizeof(t->name), row->at[1].bytes);
	row_text(t->role, sizeof(t->role), row->at[2].bytes);
	row_text(t->groups, sizeof(t->groups), row->at[3].bytes);
	if (mac_of(tx, t, row->at[0].bytes, &mac, e))
		return (int)e->code;
	*genuine = digest_equals(&mac, row->at[7].bytes);
	return 0;
}

static int take_one(void *user, const struct db_row *row, struct err *e)
{
	struct finding *f = user;
	bool genuine;

	f->found = true;
	if (read_token(f->tx, row, f->out, &genuine, e))
		return (int)e->code;
	return genuine ? 0 : err_set(e, E_SIGNATURE, "token row was changed in the database");
}

int token_find(struct tx *tx, struct bytes presented, struct admin_token *out, struct err *e)
{
	struct digest hash = sha256_of(presented);

	return token_find_hash(tx, hash.at, out, e);
}

int token_find_hash(struct tx *tx, const u8 hash[32], struct admin_token *out, struct err *e)
{
	struct db_value v = DB_B(((struct bytes){ hash, 32 }));
	struct finding f = { tx, out, false };

	*out = (struct admin_token){ .revoked = true };
	if (db_run(tx->db, TOKEN_COLUMNS " WHERE hash = $1", &v, 1, take_one, &f, NULL, e))
		return (int)e->code;
	if (!f.found || out->revoked || (out->not_after && out->not_after <= clock_now_s()))
		return err_set(e, E_NOTFOUND, "token is not known, was revoked or has expired");
	return 0;
}

static int find_named(struct tx *tx, const char *name, struct admin_token *out, struct err *e)
{
	struct db_value v = DB_T(name);
	struct finding f = { tx, out, false };

	if (db_run(tx->db, TOKEN_COLUMNS " WHERE name = $1", &v, 1, take_one, &f, NULL, e))
		return (int)e->code;
	return f.found ? 0 : err_set(e, E_NOTFOUND, "no token has the name %.80s", name);
}

static int put(struct tx *tx, const struct admin_token *t, const struct digest *hash, struct err *e)
{
	struct digest mac;
	struct db_value v[8];

	if (mac_of(tx, t, digest_bytes(hash), &mac, e))
		return (int)e->code;
	v[0] = DB_B(digest_bytes(hash));
	v[1] = DB_T(t->name);
	v[2] = DB_T(t->role);
	v[3] = DB_T(t->groups);
	v[4] = DB_I(t->created);
	v[5] = DB_I(t->not_after);
	v[6] = DB_I(t->revoked);
	v[7] = DB_B(digest_bytes(&mac));
	return db_run(tx->db,
		      "INSERT INTO admin_tokens (hash, name, role, scope, created, not_after,"
		      " revoked, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
		      " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash,"
		      " not_after = excluded.not_after, revoked = excluded.revoked,"
		      " mac = excluded.mac",
		      v, ARRAY_LEN(v), NULL, NULL, NULL, e);
}

/* ---- what is done to them ---- */
static int told(struct tx *tx, const char *actor, const char *event, const struct admin_token *t,
		struct err *e)
{
	char detail[TOKEN_GROUPS_SIZE + 200];

	snprintf(detail, sizeof(detail),
		 "{\"token\":\"%s\",\"role\":\"%s\",\"groups\":\"%s\",\"not_after\":%lld}", t->name,
		 t->role, t->groups, t->not_after);
	return audit_append(tx, actor, event, detail, e);
}

/* Names stand in the audit log. */
static int check(const struct admin_token *t, struct err *e)
{
	if (right_of(bytes_text(t->role)) == ANYBODY)
		return err_set(e, E_USAGE, "role is viewer, provisioner, operator or admin");
	if (!host_name_valid(t->name))
		return err_set(e, E_USAGE,
			       "a token's name has letters, digits, '.', '-', '_', at most %d",
			       TOKEN_NAME_MAX);
	if (!token_groups_valid(t->groups))
		return err_set(e, E_USAGE,
			       "groups are names with commas between, each once, at most %d",
			       TOKEN_GROUPS_MAX);
	if (t->not_after && t->not_after <= clock_now_s())
		return err_set(e, E_USAGE, "not_after is in the past");
	return 0;
}

static int new_text(char text[TOKEN_TEXT_SIZE], struct digest *hash, struct err *e)
{
	u8 random[32];

	if (random_bytes(random, sizeof(random), e))
		return (int)e->code;
	base64url_write(BYTES(random), false, text);
	secret_wipe(random, sizeof(random));
	*hash = sha256_of(bytes_text(text));
	return 0;
}

int token_make(struct tx *tx, const struct admin_token *t, const char *actor,
	       char text[TOKEN_TEXT_SIZE], struct err *e)
{
	struct admin_token new = *t, before;
	struct digest hash;
	int rc = check(t, e);

	if (rc)
		return rc;
	rc = find_named(tx, t->name, &before, e);
	if (!rc)
		return err_set(e, E_CONFLICT,
			       "there is a token of this name: `assay-server token reset` gives it "
			       "another text");
	if (rc != E_NOTFOUND)
		return rc;
	*e = (struct err){ 0 };
	new.created = clock_now_s();
	new.revoked = false;
	return new_text(text, &hash, e) || put(tx, &new, &hash, e) ||
			       told(tx, actor, "token-made", &new, e)
		       ? (int)e->code
		       : 0;
}

struct making {
	struct admin_token token;
	char *text;
};

static int make(struct tx *tx, void *arg, struct err *e)
{
	struct making *m = arg;

	return token_make(tx, &m->token, "local", m->text, e);
}

int admin_token_make(struct store *store, const char *name, const char *role,
		     char text[TOKEN_TEXT_SIZE], struct err *e)
{
	struct making m = { .text = text };

	snprintf(m.token.name, sizeof(m.token.name), "%s",
		 strlen(name) <= TOKEN_NAME_MAX ? name : "");
	snprintf(m.token.role, sizeof(m.token.role), "%s", role);
	return store_write(store, make, &m, e);
}

int token_reset(struct tx *tx, const char *name, const char *actor, char text[TOKEN_TEXT_SIZE],
		struct err *e)
{
	struct admin_token t;
	struct digest hash;

	if (find_named(tx, name, &t, e))
		return (int)e->code;
	t.revoked = false;
	if (t.not_after <= clock_now_s())
		t.not_after = 0;
	return new_text(text, &hash, e) || put(tx, &t, &hash, e) ||
			       told(tx, actor, "token-reset", &t, e)
		       ? (int)e->code
		       : 0;
}

int token_revoke(struct tx *tx, const char *name, const char *actor, struct err *e)
{
	struct admin_token t;
	struct digest nobody;
	u8 random[32];

	if (find_named(tx, name, &t, e) || random_bytes(random, sizeof(random), e))
		return (int)e->code;
	nobody = sha256_of(BYTES(random)); /* what was given out is the hash of nothing any more */
	t.revoked = true;
	return put(tx, &t, &nobody, e) || told(tx, actor, "token-revoked", &t, e) ? (int)e->code
										  : 0;
}

struct listing {
	struct tx *tx;
	token_taker take;
	void *user;
};

static int list_one(void *user, const struct db_row *row, struct err *e)
{
	struct listing *l = user;
	struct admin_token t;
	bool genuine;

	return read_token(l->tx, row, &t, &genuine, e) ? (int)e->code
						       : l->take(l->user, &t, genuine, e);
}

int tokens_all(struct tx *tx, token_taker take, void *user, struct err *e)
{
	struct listing l = { tx, take, user };

	return db_run(tx->db, TOKEN_COLUMNS " ORDER BY name", NULL, 0, list_one, &l, NULL, e);
}
