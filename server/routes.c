// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "hosts.h"
#include "metrics.h"
#include "problem.h"
#include "proto/deposit.h"
#include "refvals.h"
#include "rows.h"
#include "sign_in.h"
#include "tokens.h"

enum { STRAY_BODY_MAX = 65536 };
/*
 * What a token of some groups only may do: with a route of its hosts or volumes the one in the path is looked at here; a
 * list, and a body that names a host or group, by the handler; what concerns all hosts, it may not.
 */
enum scope { NO_TOKEN, READS, OF_HOST, OF_VOLUME, BY_HANDLER, WHOLE };

/* clang-format off */
static const struct {
	const char *method, *path;
	size_t body_max;
	enum right right;
	enum scope scope;
	void (*handle)(struct call *c);
} routes[] = {
	/* method   path                                      body limit     who may call   which hosts  handler */
	{ "POST",   "/challenge-response/v1/newSession",    1024,          ANYBODY,     NO_TOKEN,    post_new_session },
	{ "POST",   "/challenge-response/v1/session/{}",    EVIDENCE_MAX,  ANYBODY,     NO_TOKEN,    post_evidence },
	{ "GET",    "/challenge-response/v1/session/{}",    0,             ANYBODY,     NO_TOKEN,    get_session },
	{ "DELETE", "/challenge-response/v1/session/{}",    0,             ANYBODY,     NO_TOKEN,    delete_session },
	{ "GET",    "/.well-known/veraison/verification",   0,             ANYBODY,     NO_TOKEN,    get_well_known },
	{ "POST",   "/enroll/v1/hosts",                     65536,         ANYBODY,     NO_TOKEN,    post_enroll },
	{ "POST",   "/enroll/v1/hosts/{}/activate",         4096,          ANYBODY,     NO_TOKEN,    post_activate },
	{ "POST",   "/endorsement-provisioning/v1/submit",  2 * CORIM_MAX, OPERATOR,    WHOLE,       post_corim },
	{ "GET",    "/api/v1/refvals",                      0,             VIEWER,      READS,       get_corims },
	{ "GET",    "/api/v1/refvals/{}",                   0,             VIEWER,      READS,       get_corim },
	{ "GET",    "/api/v1/refvals/{}/corim",             0,             VIEWER,      READS,       get_corim_bytes },
	{ "POST",   "/api/v1/refvals/{}/{}",                0,             OPERATOR,    WHOLE,       post_corim_action },
	{ "DELETE", "/api/v1/refvals/{}",                   0,             OPERATOR,    WHOLE,       delete_corim },
	{ "GET",    "/api/v1/anchors",                      0,             VIEWER,      READS,       get_anchors },
	{ "POST",   "/api/v1/anchors",                      65536,         ADMIN,       WHOLE,       post_anchor },
	{ "DELETE", "/api/v1/anchors/{}",                   0,             ADMIN,       WHOLE,       delete_anchor },
	{ "GET",    "/api/v1/crls",                         0,             VIEWER,      READS,       get_crls },
	{ "POST",   "/api/v1/crls",                         CRL_BODY_MAX,  OPERATOR,    WHOLE,       post_crl },
	{ "DELETE", "/api/v1/crls/{}",                      0,             ADMIN,       WHOLE,       delete_crl },
	{ "GET",    "/api/v1/policy",                       0,             VIEWER,      READS,       get_policy },
	{ "GET",    "/api/v1/coverage",                     0,             VIEWER,      READS,       get_coverage },
	{ "GET",    "/api/v1/hosts",                        0,             VIEWER,      BY_HANDLER,  get_hosts },
	{ "GET",    "/api/v1/hosts/{}",                     0,             VIEWER,      OF_HOST,     get_host },
	{ "GET",    "/api/v1/hosts/{}/inventory",           0,             VIEWER,      OF_HOST,     get_inventory },
	{ "GET",    "/api/v1/hosts/{}/evidence",            0,             VIEWER,      OF_HOST,     get_evidence },
	{ "GET",    "/api/v1/hosts/{}/boot",                0,             VIEWER,      OF_HOST,     get_boots },
	{ "POST",   "/api/v1/hosts/{}/proposals",           PROPOSAL_REQUEST_MAX, ANYBODY,     NO_TOKEN,    post_proposal },
	{ "POST",   "/api/v1/hosts/{}/deposits",            DEPOSIT_REQUEST_MAX, ANYBODY,     NO_TOKEN,    post_deposit },
	{ "GET",    "/api/v1/proposals",                    0,             VIEWER,      BY_HANDLER,  get_proposals },
	{ "GET",    "/api/v1/proposals/{}",                 0,             VIEWER,      BY_HANDLER,  get_proposal },
	{ "POST",   "/api/v1/proposals/{}/signed",          JSON_BODY_MAX, OPERATOR,    WHOLE,       post_proposal_signed },
	{ "DELETE", "/api/v1/proposals/{}",                 0,             OPERATOR,    WHOLE,       delete_proposal },
	{ "POST",   "/api/v1/hosts",                        JSON_BODY_MAX, PROVISIONER, BY_HANDLER,  post_host },
	{ "POST",   "/api/v1/hosts/{}/{}",                  JSON_BODY_MAX, OPERATOR,    OF_HOST,     post_host_action },
	{ "POST",   "/api/v1/join-tokens",                  JSON_BODY_MAX, PROVISIONER, BY_HANDLER,  post_join_token },
	{ "GET",    "/api/v1/audit",                        0,             OPERATOR,    WHOLE,       get_audit },
	{ "GET",    "/api/v1/audit/head",                   0,             OPERATOR,    WHOLE,       get_audit_head },
	{ "GET",    "/api/v1/secrets",                      0,             OPERATOR,    BY_HANDLER,  get_secrets },
	{ "POST",   "/api/v1/secrets",                      JSON_BODY_MAX, OPERATOR,    BY_HANDLER,  post_secret },
	{ "POST",   "/api/v1/approvals",                    4096,          OPERATOR,    WHOLE,       post_approval },
	{ "POST",   "/api/v1/secrets/{}/rotate",            0,             OPERATOR,    OF_VOLUME,   post_secret_rotate },
	{ "DELETE", "/api/v1/secrets/{}",                   0,             ADMIN,       OF_VOLUME,   delete_secret },
	{ "GET",    "/api/v1/tokens",                       0,             ADMIN,       WHOLE,       get_tokens },
	{ "POST",   "/api/v1/tokens",                       JSON_BODY_MAX, ADMIN,       WHOLE,       post_token },
	{ "GET",    "/api/v1/tokens/self",                  0,             VIEWER,      READS,       get_own_token },
	{ "DELETE", "/api/v1/tokens/{}",                    0,             ADMIN,       WHOLE,       delete_token },
	{ "GET",    "/",                                    0,             ANYBODY,     NO_TOKEN,    get_index },
	{ "GET",    "/assets/{}/{}",                        0,             ANYBODY,     NO_TOKEN,    get_asset },
	{ "POST",   "/api/v1/sign-in",                      1024,          ANYBODY,     NO_TOKEN,    post_sign_in },
	{ "DELETE", "/api/v1/sign-in",                      0,             ANYBODY,     NO_TOKEN,    delete_sign_in },
	{ "GET",    "/api/v1/overview",                     0,             VIEWER,      BY_HANDLER,  get_overview },
	{ "GET",    "/api/v1/changes",                      0,             VIEWER,      BY_HANDLER,  get_changes },
	{ "GET",    "/api/v1/groups",                       0,             VIEWER,      BY_HANDLER,  get_groups },
	{ "GET",    "/api/v1/firmware",                     0,             VIEWER,      BY_HANDLER,  get_firmware },
	{ "GET",    "/api/v1/firmware/{}/spread",           0,             VIEWER,      WHOLE,       get_spread },
	{ "GET",    "/api/v1/devices",                      0,             VIEWER,      BY_HANDLER,  get_devices },
	{ "GET",    "/api/v1/devices/{}",                   0,             VIEWER,      BY_HANDLER,  get_device },
	{ "GET",    "/api/v1/events",                       0,             VIEWER,      BY_HANDLER,  get_events },
	{ "GET",    "/metrics",                             0,             VIEWER,      WHOLE,       get_metrics },
	{ "GET",    "/healthz",                             0,             ANYBODY,     NO_TOKEN,    get_health },
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
	const struct call *call;
	enum scope scope;
	struct admin_token token;
};

static int find_token(struct tx *tx, void *arg, struct err *e)
{
	struct asking *a = arg;

	return token_find_hash(tx, a->call->token_hash, &a->token, e);
}

/* Whoever guesses waits for each guess; the wait is no thread's, and a right token's caller has none. */
static void refuse_caller(struct call *c, const struct err *why)
{
	if (why->code != E_NOTFOUND) {
		problem_of(c->out, why);
		return;
	}
	c->out->delay_ms = GUESS_DELAY_MS;
	problem(c->out, 401, "Unauthorized", why->text);
}

/* Another origin's page can make a browser ask, with its cookie, but not with a header that it chooses. */
static bool is_own_page(const struct http_request *rq)
{
	const char *asked = http_header(rq, SIGN_IN_HEADER);

	return !strcmp(rq->method, "GET") || (asked && !strcmp(asked, "1"));
}

/* Whom the caller says to be, by a bearer token or by the cookie of one. Return: false: answered. */
static bool read_caller(struct call *c)
{
	const char *cookie = http_cookie(c->rq, SIGN_IN_COOKIE);
	struct err e = { 0 };
	struct digest hash;

	if (c->rq->bearer) {
		hash = sha256_of(bytes_text(c->rq->bearer));
		memcpy(c->token_hash, hash.at, sizeof(c->token_hash));
		return true;
	}
	if (!cookie || !*cookie)
		problem(c->out, 401, "Unauthorized", "a bearer token is needed");
	else if (!is_own_page(c->rq))
		problem(c->out, 403, "Denied", "a change by cookie needs " SIGN_IN_HEADER ": 1");
	else if (sign_in_read(c->server->keys, cookie, clock_now_s(), c->token_hash, &e))
		refuse_caller(c, &e);
	else
		return true;
	return false;
}

struct of_groups {
	const struct admin_token *token;
	bool found, covered;
};

static int take_group(void *user, const struct db_row *row, struct err *e)
{
	struct of_groups *g = user;
	char group[GROUP_MAX_LEN + 1];

	(void)e;
	row_text(group, sizeof(group), row->at[0].bytes);
	g->covered = (!g->found || g->covered) && token_covers(g->token, group);
	g->found = true;
	return 0;
}

/* What is not there is as little one's business as what is another's: neither is told apart. */
static int look_at_group(struct tx *tx, void *arg, struct err *e)
{
	const struct asking *a = arg;
	struct of_groups g = { .token = &a->token };
	u8 uuid[16] = { 0 };
	struct db_value name = DB_T(a->call->part[0]), volume = DB_B(BYTES(uuid));
	int rc;

	if (a->scope == OF_HOST)
		rc = db_run(tx->db, "SELECT grp FROM hosts WHERE name = $1", &name, 1, take_group,
			    &g, NULL, e);
	else if (!uuid_read(a->call->part[0], uuid))
		return err_set(e, E_USAGE, "not the UUID of a volume");
	else
		rc = db_run(tx->db,
			    "SELECT h.grp FROM secrets s JOIN hosts h ON h.ueid = s.ueid"
			    " WHERE s.uuid = $1 UNION SELECT h.grp FROM volumes v"
			    " JOIN hosts h ON h.ueid = v.ueid WHERE v.uuid = $1",
			    &volume, 1, take_group, &g, NULL, e);
	return rc || g.covered ? rc
			       : err_set(e, E_NOTFOUND, "no such %s in the token's groups",
					 a->scope == OF_HOST ? "host" : "volume");
}

static bool may_reach(struct call *c, struct asking *a)
{
	struct err e = { 0 };

	if (!*a->token.groups || a->scope == READS || a->scope == BY_HANDLER)
		return true;
	if (a->scope == WHOLE) {
		problem(c->out, 403, "Denied",
			"this concerns all hosts, and the token is for those of some groups");
		return false;
	}
	if (!store_read(c->server->store, look_at_group, a, &e))
		return true;
	problem_of(c->out, &e);
	return false;
}

static bool may_call(struct call *c, enum right needed, enum scope scope)
{
	struct asking a = { .call = c, .scope = scope };
	struct err e = { 0 };
	enum right has;

	snprintf(c->actor, sizeof(c->actor), "%s", c->rq->remote);
	if (needed == ANYBODY)
		return true;
	if (!read_caller(c))
		return false;
	if (store_read(c->server->store, find_token, &a, &e)) {
		refuse_caller(c, &e);
		return false;
	}
	has = right_of(bytes_text(a.token.role));
	if (!right_covers(has, needed)) {
		problem(c->out, 403, "Denied", "the token's role has no right to this");
		return false;
	}
	snprintf(c->actor, sizeof(c->actor), "token:%s", a.token.name);
	c->token = a.token;
	c->operator= has >= OPERATOR;
	return may_reach(c, &a);
}

bool call_covers(const struct call *c, struct bytes group)
{
	char text[GROUP_MAX_LEN + 1];

	row_text(text, sizeof(text), group);
	return token_covers(&c->token, text);
}

static void handle(void *user, const struct http_request *rq, struct http_response *out)
{
	struct call c = { .server = user, .rq = rq, .out = out };
	bool other_method = false;
	int i = find_route(rq->method, rq->path, c.part, &other_method);

	if (i < 0) {
		problem(out, other_method ? 405 : 404,
			other_method ? "Method not allowed" : "Not found", "see docs/openapi.yaml");
	} else if (may_call(&c, routes[i].right, routes[i].scope)) {
		refvals_refresh(c.server->refvals);
		routes[i].handle(&c);
	}
	metrics_request(c.server->metrics, i < 0 ? METRIC_ROUTES_MAX - 1 : (size_t)i, out->status);
}

_Static_assert(ARRAY_LEN(routes) < METRIC_ROUTES_MAX, "each route has its counters");

void get_metrics(struct call *c)
{
	struct metrics_route names[ARRAY_LEN(routes)];
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		names[i] = (struct metrics_route){ routes[i].method, routes[i].path };
	if (metrics_write(c->server->metrics, c->server->store, names, ARRAY_LEN(names),
			  c->server->settings->stale_after_s, &c->out->body, &e)) {
		problem_of(c->out, &e);
		return;
	}
	c->out->status = 200;
	c->out->content_type = "text/plain; version=0.0.4; charset=utf-8";
}

struct http_handler routes_handler(struct server *s)
{
	return (struct http_handler){ s, body_limit, handle };
}
