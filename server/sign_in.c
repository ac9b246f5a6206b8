// SPDX-License-Identifier: Apache-2.0
/* /api/v1/sign-in, and the cookie that it gives. */
#include "sign_in.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "problem.h"
#include "server.h"

enum { HASH_LEN = 32, MAC_LEN = 32, COOKIE_LEN = HASH_LEN + 8 + MAC_LEN };

int sign_in_write(const struct server_keys *k, const u8 hash[32], long long until_s,
		  char out[SIGN_IN_TEXT], struct err *e)
{
	u8 raw[COOKIE_LEN];
	struct writer w = writer_on(raw, sizeof(raw));
	struct bytes said;
	struct digest mac;

	write_bytes(&w, (struct bytes){ hash, HASH_LEN });
	write_be64(&w, (u64)until_s);
	said = write_done(&w);
	if (keys_row_mac(k, "sign-in", &said, 1, &mac, e))
		return (int)e->code;
	write_bytes(&w, digest_bytes(&mac));
	base64url_write(write_done(&w), false, out);
	return 0;
}

int sign_in_read(const struct server_keys *k, const char *cookie, long long now_s, u8 hash[32],
		 struct err *e)
{
	u8 raw[COOKIE_LEN];
	struct bytes said = { raw, HASH_LEN + 8 };
	struct reader r = reader_on(BYTES(raw));
	struct digest mac;
	u64 until;

	if (strlen(cookie) != SIGN_IN_TEXT - 1 ||
	    base64_read(bytes_text(cookie), raw, sizeof(raw)) != COOKIE_LEN)
		return err_set(e, E_NOTFOUND, "the cookie is not one of this server's");
	if (keys_row_mac(k, "sign-in", &said, 1, &mac, e))
		return (int)e->code;
	read_bytes(&r, HASH_LEN, "hash");
	until = read_be64(&r, "end");
	if (!digest_equals(&mac, read_bytes(&r, MAC_LEN, "MAC")) || until > (u64)INT64_MAX ||
	    (long long)until <= now_s)
		return err_set(e, E_NOTFOUND, "signed in too long ago, or not here");
	memcpy(hash, raw, HASH_LEN);
	return 0;
}

/* ---- signing in ---- */
struct signing {
	struct call *call;
	struct bytes text;
	struct admin_token token;
	u8 hash[32];
};

/* Who guesses takes no turn of those who write. */
static int find_token(struct tx *tx, void *arg, struct err *e)
{
	struct signing *s = arg;
	struct digest hash = sha256_of(s->text);

	memcpy(s->hash, hash.at, sizeof(s->hash));
	return token_find_hash(tx, s->hash, &s->token, e);
}

static int sign_in(struct tx *tx, void *arg, struct err *e)
{
	struct signing *s = arg;
	char detail[200];

	if (token_find_hash(tx, s->hash, &s->token, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"token\":\"%s\",\"remote\":\"%s\"}", s->token.name,
		 s->call->rq->remote);
	return audit_append(tx, s->call->actor, "signed-in", detail, e);
}

static void refuse(struct call *c, const struct err *why)
{
	log_event(LOG_LEVEL_WARN, "sign-in-refused", LOG_T("remote", c->rq->remote));
	if (why->code != E_NOTFOUND) {
		problem_of(c->out, why);
		return;
	}
	c->out->delay_ms = GUESS_DELAY_MS;
	problem(c->out, 401, "Unauthorized", why->text);
}

static void set_cookie(struct http_response *out, const char *value, int age_s)
{
	snprintf(out->cookie, sizeof(out->cookie),
		 SIGN_IN_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%d", value,
		 age_s);
	out->status = 204;
}

void post_sign_in(struct call *c)
{
	struct signing s = { .call = c };
	struct err e = { 0 };
	char cookie[SIGN_IN_TEXT];
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(body, "token"));
	const char *asked = http_header(c->rq, SIGN_IN_HEADER);

	s.text = bytes_text(text ? text : "");
	if (!asked || strcmp(asked, "1"))
		problem(c->out, 403, "Denied", "a page of another origin may not sign in");
	else if (!text)
		problem(c->out, 400, "Malformed", "body is not an object with a token");
	else if (store_read(c->server->store, find_token, &s, &e) ||
		 store_write(c->server->store, sign_in, &s, &e))
		refuse(c, &e);
	else if (sign_in_write(c->server->keys, s.hash, clock_now_s() + SIGN_IN_S, cookie, &e))
		problem_of(c->out, &e);
	else
		set_cookie(c->out, cookie, SIGN_IN_S);
	json_decref(body);
}

void delete_sign_in(struct call *c)
{
	set_cookie(c->out, "", 0);
}
