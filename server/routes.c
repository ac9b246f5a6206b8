// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "hosts.h"
#include "problem.h"
#include "proto/deposit.h"
#include "refvals.h"

enum { STRAY_BODY_MAX = 65536, TOKEN_NAME_MAX = 64 };
enum right { ANYBODY, VIEWER, PROVISIONER, OPERATOR, ADMIN };

/* clang-format off */
static const struct {
	const char *method, *path;
	size_t body_max;
	enum right right;
	void (*handle)(struct call *c);
} routes[] = {
	/* method   path                                      body limit     who may call   handler */
	{ "POST",   "/challenge-response/v1/newSession",      1024,          ANYBODY,     post_new_session },
	{ "POST",   "/challenge-response/v1/session/{}",      EVIDENCE_MAX,  ANYBODY,     post_evidence },
	{ "GET",    "/challenge-response/v1/session/{}",      0,             ANYBODY,     get_session },
	{ "DELETE", "/challenge-response/v1/session/{}",      0,             ANYBODY,     delete_session },
	{ "GET",    "/.well-known/veraison/verification",     0,             ANYBODY,     get_well_known },
	{ "POST",   "/enroll/v1/hosts",                       65536,         ANYBODY,     post_enroll },
	{ "POST",   "/enroll/v1/hosts/{}/activate",           4096,          ANYBODY,     post_activate },
	{ "POST",   "/endorsement-provisioning/v1/submit",    2 * CORIM_MAX, OPERATOR,    post_corim },
	{ "GET",    "/api/v1/refvals",                        0,             VIEWER,      get_corims },
	{ "GET",    "/api/v1/refvals/{}",                     0,             VIEWER,      get_corim },
	{ "GET",    "/api/v1/refvals/{}/corim",               0,             VIEWER,      get_corim_bytes },
	{ "POST",   "/api/v1/refvals/{}/{}",                  0,             OPERATOR,    post_corim_action },
	{ "DELETE", "/api/v1/refvals/{}",                     0,             OPERATOR,    delete_corim },
	{ "GET",    "/api/v1/anchors",                        0,             VIEWER,      get_anchors },
	{ "POST",   "/api/v1/anchors",                        65536,         ADMIN,       post_anchor },
	{ "DELETE", "/api/v1/anchors/{}",                     0,             ADMIN,       delete_anchor },
	{ "GET",    "/api/v1/crls",                           0,             VIEWER,      get_crls },
	{ "POST",   "/api/v1/crls",                           CRL_BODY_MAX,  OPERATOR,    post_crl },
	{ "DELETE", "/api/v1/crls/{}",                        0,             ADMIN,       delete_crl },
	{ "GET",    "/api/v1/coverage",                       0,             VIEWER,      get_coverage },
	{ "GET",    "/api/v1/hosts",                          0,             VIEWER,      get_hosts },
	{ "GET",    "/api/v1/hosts/{}",                       0,             VIEWER,      get_host },
	{ "GET",    "/api/v1/hosts/{}/boot",                  0,             VIEWER,      get_boots },
	{ "POST",   "/api/v1/hosts/{}/proposals",             PROPOSAL_REQUEST_MAX, ANYBODY, post_proposal },
	{ "POST",   "/api/v1/hosts/{}/deposits",              DEPOSIT_REQUEST_MAX, ANYBODY,  post_deposit },
	{ "GET",    "/api/v1/proposals",                      0,             VIEWER,      get_proposals },
	{ "GET",    "/api/v1/proposals/{}",                   0,             VIEWER,      get_proposal },
	{ "POST",   "/api/v1/proposals/{}/signed",            JSON_BODY_MAX, OPERATOR,    post_proposal_signed },
	{ "DELETE", "/api/v1/proposals/{}",                   0,             OPERATOR,    delete_proposal },
	{ "POST",   "/api/v1/hosts",                          JSON_BODY_MAX, PROVISIONER, post_host },
	{ "POST",   "/api/v1/hosts/{}/{}",                    JSON_BODY_MAX, OPERATOR,    post_host_action },
	{ "POST",   "/api/v1/join-tokens",                    JSON_BODY_MAX, PROVISIONER, post_join_token },
	{ "GET",    "/api/v1/audit",                          0,             OPERATOR,    get_audit },
	{ "GET",    "/api/v1/audit/head",                     0,             OPERATOR,    get_audit_head },
	{ "GET",    "/api/v1/secrets",                        0,             OPERATOR,    get_secrets },
	{ "POST",   "/api/v1/secrets",                        JSON_BODY_MAX, OPERATOR,    post_secret },
	{ "POST",   "/api/v1/approvals",                      4096,          OPERATOR,    post_approval },
	{ "POST",   "/api/v1/secrets/{}/rotate",              0,             OPERATOR,    post_secret_rotate },
	{ "DELETE", "/api/v1/secrets/{}",                     0,             ADMIN,       delete_secret },
	{ "GET",    "/healthz",                               0,             ANYBODY,     get_health },
};
/* clang-format on */

/* Segment by segment; {} takes one that is not empty. */
static bool path_matches(const char *pattern, const char *path, char part[2][128])
{
	size_t n = 0;

	while (*pattern && *path) {
		if (!strncmp(pattern, "{}", 2)) {
			size_t len = strcspn(path, "/");

			if (!len || len >= 128 || n == 2)
				return false;
			if (part) {
				memcpy(part[n], path, len);
				part[n][len] = 0;
			}
			n++;
			path += len;
			pattern += 2;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*pattern && !*path;
}

static int find_route(const char *method, const char *path, char part[2][128], bool *other_method)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!path_matches(routes[i].path, path, part))
			continue;
		if (!strcmp(method, routes[i].method))
			return (int)i;
		*other_method = true;
	}
	return -1;
}

static size_t body_limit(void *user, const char *method, const char *path)
{
	bool ignored = false;
	int i = find_route(method, path, NULL, &ignored);

	(void)user;
	/* Where there is no route a body is read and thrown away, so that the answer can say just that. */
	return i < 0 ? STRAY_BODY_MAX : routes[i].body_max;
}

/* ---- rights ---- */
struct asking {
	u8 hash[32];
	enum right right;
	char name[64];
	bool found;
};

static enum right right_of(struct bytes role)
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

static int token_mac(struct tx *tx, struct bytes hash, struct bytes name, struct bytes role,
		     struct digest *out, struct err *e)
{
	struct bytes fields[] = { hash, name, role };

	return keys_row_mac(tx->keys, "admin_tokens", fields, ARRAY_LEN(fields), out, e);
}

struct asking_row {
	struct asking *a;
	struct tx *tx;
};

static int take_token(void *user, const struct db_row *row, struct err *e)
{
	struct asking_row *ar = user;
	struct digest mac;

	if (token_mac(ar->tx, BYTES(ar->a->hash), row->at[0].bytes, row->at[1].bytes, &mac, e))
		return (int)e->code;
	if (!digest_equals(&mac, row->at[2].bytes))
		return err_set(e, E_SIGNATURE, "token row was changed in the database");
	snprintf(ar->a->name, sizeof(ar->a->name), "%.*s",
		 (int)(row->at[0].bytes.len < 60 ? row->at[0].bytes.len : 60),
		 (const char *)row->at[0].bytes.at);
	ar->a->right = right_of(row->at[1].bytes);
	ar->a->found = true;
	return 0;
}

static int find_token(struct tx *tx, void *arg, struct err *e)
{
	struct asking *a = arg;
	struct asking_row ar = { a, tx };
	struct db_value v = DB_B(BYTES(a->hash));

	return db_run(
		tx->db,
		"SELECT name, role, mac FROM admin_tokens WHERE hash = $1 AND revoked IS NULL", &v,
		1, take_token, &ar, NULL, e);
}

static bool may_call(struct call *c, enum right needed)
{
	struct asking a = { .right = ANYBODY };
	struct err e = { 0 };
	struct digest d;

	snprintf(c->actor, sizeof(c->actor), "%s", c->rq->remote);
	if (needed == ANYBODY)
		return true;
	if (!c->rq->bearer) {
		problem(c->out, 401, "Unauthorized", "a bearer token is needed");
		return false;
	}
	d = sha256_of(bytes_text(c->rq->bearer));
	memcpy(a.hash, d.at, 32);
	if (store_read(c->server->store, find_token, &a, &e)) {
		problem_of(c->out, &e);
		return false;
	}
	if (!a.found) {
		problem(c->out, 401, "Unauthorized", "token is not known or was revoked");
		return false;
	}
	/* A provisioner provisions; a viewer only looks: provisioning includes no looking around. */
	if (a.right < needed || (a.right == PROVISIONER && needed == VIEWER)) {
		problem(c->out, 403, "Denied", "the token's role has no right to this");
		return false;
	}
	snprintf(c->actor, sizeof(c->actor), "token:%s", a.name);
	c->operator= a.right >= OPERATOR;
	return true;
}

static void handle(void *user, const struct http_request *rq, struct http_response *out)
{
	struct call c = { .server = user, .rq = rq, .out = out };
	bool other_method = false;
	int i = find_route(rq->method, rq->path, c.part, &other_method);

	if (i < 0) {
		problem(out, other_method ? 405 : 404,
			other_method ? "Method not allowed" : "Not found", "see docs/openapi.yaml");
		return;
	}
	if (!may_call(&c, routes[i].right))
		return;
	refvals_refresh(c.server->refvals);
	routes[i].handle(&c);
}

struct http_handler routes_handler(struct server *s)
{
	return (struct http_handler){ s, body_limit, handle };
}

/* ---- making tokens ---- */
struct making {
	const char *name, *role;
	u8 hash[32];
};

static int insert_token(struct tx *tx, void *arg, struct err *e)
{
	struct making *m = arg;
	struct digest mac;
	struct db_value v[5];
	char detail[200];

	if (token_mac(tx, BYTES(m->hash), bytes_text(m->name), bytes_text(m->role), &mac, e))
		return (int)e->code;
	v[0] = DB_B(BYTES(m->hash));
	v[1] = DB_T(m->name);
	v[2] = DB_T(m->role);
	v[3] = DB_I(clock_now_s());
	v[4] = DB_B(digest_bytes(&mac));
	if (db_run(tx->db,
		   "INSERT INTO admin_tokens (hash, name, role, created, mac) VALUES ($1, $2, $3, "
		   "$4, $5)",
		   v, 5, NULL, NULL, NULL, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"token\":\"%s\",\"role\":\"%s\"}", m->name, m->role);
	return audit_append(tx, "local", "token-made", detail, e);
}

int admin_token_make(struct store *store, const char *name, const char *role, char out[48],
		     struct err *e)
{
	struct making m = { name, role, { 0 } };
	struct digest d;
	u8 random[32];

	if (right_of(bytes_text(role)) == ANYBODY)
		return err_set(e, E_USAGE, "role is viewer, provisioner, operator or admin");
	if (!host_name_valid(name) ||
	    strlen(name) > TOKEN_NAME_MAX) /* it stands in the audit log */
		return err_set(e, E_USAGE,
			       "a token's name has letters, digits, '.', '-', '_', at most %d",
			       TOKEN_NAME_MAX);
	if (random_bytes(random, sizeof(random), e))
		return (int)e->code;
	base64url_write(BYTES(random), false, out);
	d = sha256_of(bytes_text(out));
	memcpy(m.hash, d.at, 32);
	secret_wipe(random, sizeof(random));
	return store_write(store, insert_token, &m, e);
}
