// SPDX-License-Identifier: Apache-2.0
/*
 * Enrolment: prove that AK and EK live in one TPM, and decide why that EK is acceptable.
 * SPEC: docs/RULES.md 16
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/der.h"
#include "common/log.h"
#include "common/text.h"
#include "ek_trust.h"
#include "enrolment.h"
#include "events.h"
#include "expected.h"
#include "problem.h"
#include "proto/tpm_template.h"
#include "proto/tpm_wrap.h"
#include "sign_in.h"

/* ---- reading the request ---- */
static int take_bytes(json_t *body, const char *key, size_t max, struct buf **out, struct err *e)
{
	const char *text = json_string_value(json_object_get(body, key));
	OWNED(buf) b = buf_new(max);
	u8 *p;
	long n;

	if (!text)
		return err_set(e, E_FORMAT, "%s is missing", key);
	if (!b || strlen(text) > max * 4 / 3)
		return err_set(e, E_LIMIT, "%s is too long", key);
	p = write_space(&b->w, strlen(text));
	n = p ? base64_read(bytes_text(text), p, b->w.len) : -1;
	if (n <= 0)
		return err_set(e, E_FORMAT, "%s is not base64", key);
	b->w.len = (size_t)n;
	*out = TAKE(b);
	return 0;
}

static int check_object(enum tpm_template which, struct bytes pub, struct tpm_public *out,
			struct err *e)
{
	OWNED(pubkey) key = NULL;

	if (tpm_public_parse(pub, out, e) || tpm_template_check(which, out, e) ||
	    tpm_public_key(out, &key, e))
		return err_while(e, "%s", tpm_template_name(which));
	return 0;
}

static int check_ek(struct bytes pub, struct tpm_public *out, struct err *e)
{
	enum tpm_template which;
	struct tpm_public peek;

	if (tpm_public_parse(pub, &peek, e))
		return err_while(e, "EK");
	return tpm_template_of_ek(&peek, &which, e) || check_object(which, pub, out, e)
		       ? (int)e->code
		       : 0;
}

static int check_ak(struct bytes pub, struct tpm_public *out, struct err *e)
{
	enum tpm_template which;
	struct tpm_public peek;

	if (tpm_public_parse(pub, &peek, e))
		return err_while(e, "AK");
	return tpm_template_of_ak(&peek, &which, e) || check_object(which, pub, out, e)
		       ? (int)e->code
		       : 0;
}

/* ---- why is this EK acceptable ---- */
struct deciding {
	struct enrolment *x;
	struct tpm_public ek;
	struct bytes ek_cert, ek_chain;
	const char *join_token;
	struct server *server;
};

/* Why the token that was found lets this host not in, or NULL. */
static const char *token_fault(const struct join_token *t, const char *name, const u8 ek_hash[32])
{
	if (t->used)
		return "was used before";
	if (clock_now_s() > t->not_after)
		return "has expired";
	if (t->host_name[0] && strcmp(t->host_name, name))
		return "is for another host name";
	return t->has_ek_hash && memcmp(t->ek_hash, ek_hash, 32) ? "is for another TPM" : NULL;
}

/* Which of these it is stands in the log: who guesses, or found one, is not told how near he came. */
static int decide_by_token(struct tx *tx, struct deciding *d, const u8 ek_hash[32], struct err *e)
{
	struct digest hash = sha256_of(bytes_text(d->join_token));
	struct join_token t;

	if (!join_token_find(tx, hash.at, &t, e))
		d->x->token_fault = token_fault(&t, d->x->name, ek_hash);
	else if (e->code == E_NOTFOUND)
		d->x->token_fault = "is not known";
	else
		return (int)e->code;
	if (d->x->token_fault)
		return err_set(e, E_DENIED,
			       "join token is not known, was used, has expired or is for another "
			       "host: the server's log says which");
	memcpy(d->x->token, hash.at, 32);
	d->x->has_token = true;
	snprintf(d->x->group, sizeof(d->x->group), "%s", t.group);
	host_trust(d->x->ek_trust, t.has_ek_hash ? "registered" : "token");
	return 0;
}

/* A TPM that is enrolled vouches for itself, with the AK it has; with another one somebody else has to. */
static int decide_by_record(struct tx *tx, struct deciding *d, struct err *e)
{
	struct enrolment *x = d->x;
	OWNED(host) known = NULL;
	u8 ueid[UEID_LEN];

	if (tpm_ueid(buf_bytes(x->ek_pub), ueid, e))
		return (int)e->code;
	if (host_find_by_ueid(tx, ueid, &known, e))
		return e->code == E_NOTFOUND ? 0 : (int)e->code;
	if (!known->active)
		return err_set(e, E_DENIED, "host %s is revoked", known->name);
	if (!bytes_equal(buf_bytes(known->ak_pub), buf_bytes(x->ak_pub)) && !x->has_token)
		return err_set(e, E_DENIED,
			       "host %s is enrolled with another AK: a join token is needed",
			       known->name);
	host_trust(x->ek_trust, known->ek_trust);
	snprintf(x->group, sizeof(x->group), "%s", known->group); /* no way to change groups */
	return 0;
}

static int decide_by_certificate(struct deciding *d, struct err *e)
{
	int rc = ek_trust_check(d->server, d->ek_cert, d->ek_chain, &d->ek, e);

	if (!rc) {
		host_trust(d->x->ek_trust, "certificate");
		if (!d->x->group[0])
			snprintf(d->x->group, sizeof(d->x->group), "default");
	}
	return rc;
}

static int decide_ek(struct tx *tx, void *arg, struct err *e)
{
	struct deciding *d = arg;
	struct digest ek_hash = host_ek_hash(buf_bytes(d->x->ek_pub));
	struct expected_host expected;
	struct err no_path = { 0 };

	if (!expected_host_find(tx, ek_hash.at, &expected, e)) {
		if (expected.name[0] && strcmp(expected.name, d->x->name))
			return err_set(e, E_DENIED, "this TPM is registered for another host name");
		snprintf(d->x->group, sizeof(d->x->group), "%s", expected.group);
		host_trust(d->x->ek_trust, "registered");
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	/* A certificate of a vendor whose root is not here says nothing; a wrong one says too much. */
	if (d->ek_cert.len && decide_by_certificate(d, &no_path) && no_path.code != E_SIGNATURE) {
		*e = no_path;
		return (int)e->code;
	}
	if ((d->join_token && decide_by_token(tx, d, ek_hash.at, e)) || decide_by_record(tx, d, e))
		return (int)e->code;
	if (d->x->ek_trust[0])
		return 0;
	if (no_path.code)
		return err_set(
			e, E_DENIED,
			"nothing vouches for this TPM: no registered EK hash, no join token; %s",
			no_path.text);
	return err_set(e, E_DENIED,
		       "nothing vouches for this TPM: no registered EK hash, no EK certificate "
		       "that leads to a root, no join token");
}

/* ---- handlers ---- */
static int begin_enrolment(struct call *c, json_t *body, struct enrolment *x, struct buf *id_object,
			   struct buf *encrypted, struct err *e)
{
	struct deciding d = { .x = x, .server = c->server };
	const char *name = json_string_value(json_object_get(body, "name"));
	OWNED(buf) srk = NULL;
	OWNED(buf) ek_cert = NULL;
	OWNED(buf) ek_chain = NULL;
	struct digest request = sha256_of(c->rq->body), secret_digest;
	struct tpm_public ak, srk_area;
	u8 ak_name[TPM_NAME_MAX], id[16], secret[CHALLENGE_LEN];
	size_t ak_name_len;
	int rc;

	if (!name || !host_name_valid(name))
		return err_set(e, E_FORMAT, "name is missing or not a host name");
	snprintf(x->name, sizeof(x->name), "%s", name);
	if (take_bytes(body, "ak_pub", TPM_STRUCT_MAX, &x->ak_pub, e) ||
	    take_bytes(body, "srk_pub", TPM_STRUCT_MAX, &srk, e) ||
	    take_bytes(body, "ek_pub", TPM_STRUCT_MAX, &x->ek_pub, e) ||
	    (json_object_get(body, "ek_cert") &&
	     take_bytes(body, "ek_cert", CERT_DER_MAX, &ek_cert, e)) ||
	    (json_object_get(body, "ek_chain") &&
	     take_bytes(body, "ek_chain", EK_CHAIN_MAX, &ek_chain, e)))
		return (int)e->code;
	if (check_ak(buf_bytes(x->ak_pub), &ak, e) ||
	    check_object(TEMPLATE_SRK_ECC_P256, buf_bytes(srk), &srk_area, e) ||
	    check_ek(buf_bytes(x->ek_pub), &d.ek, e))
		return (int)e->code;
	d.ek_cert = buf_bytes(ek_cert);
	d.ek_chain = buf_bytes(ek_chain);
	x->ek_oddity = d.ek_cert.len ? der_oddity(d.ek_cert) : NULL;
	d.join_token = json_string_value(json_object_get(body, "join_token"));
	if (store_read(c->server->store, decide_ek, &d, e))
		return (int)e->code;

	if (random_bytes(id, sizeof(id), e) || random_bytes(secret, sizeof(secret), e))
		return (int)e->code;
	hex_write(BYTES(id), x->id);
	memcpy(x->request, request.at, 32);
	secret_digest = enrolment_bind(x, BYTES(secret));
	memcpy(x->secret, secret_digest.at, 32);
	x->not_after = clock_now_s() + CHALLENGE_LIFE_S;
	ak_name_len = tpm_public_name(&ak, ak_name);
	rc = tpm_make_credential(&d.ek, (struct bytes){ ak_name, ak_name_len }, BYTES(secret),
				 &id_object->w, &encrypted->w, e);
	secret_wipe(secret, sizeof(secret));
	return rc ? rc : store_write(c->server->store, enrolment_write, x, e);
}

static json_t *base64_json(struct bytes b)
{
	char *text = malloc(base64_len(b.len, true) + 1);
	json_t *j = text ? json_string(base64_write(b, text)) : NULL;

	free(text);
	return j;
}

/* What was let through and is to be told. Not in the audit log: anybody who knows the certificate can ask again and again. */
static json_t *enrolment_notes(const struct enrolment *x)
{
	json_t *notes = json_array();

	if (!x->ek_oddity)
		return notes;
	log_event(LOG_LEVEL_WARN, "ek-certificate-odd", LOG_T("host", x->name),
		  LOG_T("why", x->ek_oddity));
	json_array_append_new(notes,
			      json_sprintf("EK certificate is not strictly DER: %s", x->ek_oddity));
	return notes;
}

void post_enroll(struct call *c)
{
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len, 0, NULL);
	OWNED(buf) id_object = buf_new(TPM_STRUCT_MAX);
	OWNED(buf) encrypted = buf_new(TPM_STRUCT_MAX);
	struct enrolment x = { .call = c };
	struct err e = { 0 };
	int rc;

	if (!json_is_object(body))
		rc = err_set(&e, E_FORMAT, "body is not a JSON object");
	else if (!id_object || !encrypted)
		rc = err_set(&e, E_MEMORY, "no memory for a challenge");
	else
		rc = begin_enrolment(c, body, &x, id_object, encrypted, &e);
	json_decref(body);
	if (rc) {
		log_event(LOG_LEVEL_WARN, "enrol-refused", LOG_T("host", x.name),
			  LOG_T("why", e.text), LOG_T("remote", c->rq->remote),
			  x.token_fault ? LOG_T("token", x.token_fault) : (struct log_field){ 0 });
		problem_of(c->out, &e);
		c->out->delay_ms = x.token_fault ? GUESS_DELAY_MS : 0;
	} else {
		answer_json(c->out, 202,
			    json_pack("{s:s, s:o, s:o, s:o}", "id", x.id, "credential_blob",
				      base64_json(buf_bytes(id_object)), "secret",
				      base64_json(buf_bytes(encrypted)), "notes",
				      enrolment_notes(&x)));
	}
	enrolment_clear(&x);
}

static int activate_host(struct tx *tx, struct enrolment *x, struct err *e)
{
	struct host h = { .active = true, .ak_active = true };
	OWNED(host) known = NULL;
	struct tpm_public ak;
	u8 name[TPM_NAME_MAX];
	char detail[700], ak_hex[2 * AK_NAME_LEN + 1], old_hex[2 * AK_NAME_LEN + 1];

	if (tpm_ueid(buf_bytes(x->ek_pub), h.ueid, e) ||
	    tpm_public_parse(buf_bytes(x->ak_pub), &ak, e))
		return (int)e->code;
	if (tpm_public_name(&ak, name) != AK_NAME_LEN)
		return err_set(e, E_FORMAT, "AK: name algorithm");
	memcpy(h.ak_name, name, AK_NAME_LEN);
	memcpy(x->ueid, h.ueid, UEID_LEN);
	snprintf(h.name, sizeof(h.name), "%s", x->name);
	snprintf(h.group, sizeof(h.group), "%s", x->group);
	snprintf(h.ek_trust, sizeof(h.ek_trust), "%s", x->ek_trust);
	h.ek_pub = x->ek_pub; /* borrowed for the call */
	h.ak_pub = x->ak_pub;
	/* decided at the beginning, and again now: another AK may have come in between */
	if (!host_find_by_ueid(tx, h.ueid, &known, e))
		x->new_ak = memcmp(known->ak_name, h.ak_name, AK_NAME_LEN) != 0;
	else if (e->code != E_NOTFOUND)
		return (int)e->code;
	if (x->new_ak && !x->has_token)
		return err_set(e, E_DENIED,
			       "host %s is enrolled with another AK: a join token is needed",
			       known->name);
	if (x->has_token && join_token_use(tx, x->token, e))
		return (int)e->code;
	if (host_enrol(tx, &h, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail),
		 "{\"host\":\"%s\",\"group\":\"%s\",\"ek_trust\":\"%s\",\"ak\":\"%s\","
		 "\"revokes_ak\":\"%s\"}",
		 h.name, h.group, h.ek_trust, hex_write(BYTES(h.ak_name), ak_hex),
		 x->new_ak ? hex_write(BYTES(known->ak_name), old_hex) : "");
	return audit_append(tx, x->call->actor, "host-enrolled", detail, e);
}

static int finish_enrolment(struct tx *tx, void *arg, struct err *e)
{
	struct enrolment *x = arg;
	struct digest answer;

	if (enrolment_find(tx, x, e))
		return (int)e->code;
	answer = enrolment_bind(x, x->answer);
	if (!secret_equal(BYTES(x->secret), digest_bytes(&answer)))
		return err_set(e, E_DENIED,
			       "challenge was not solved: AK and EK are not in one TPM");
	x->proven = true;
	if (x->done)
		return tpm_ueid(buf_bytes(x->ek_pub), x->ueid, e);
	return activate_host(tx, x, e) || enrolment_done(tx, x, e) ? (int)e->code : 0;
}

/*
 * A challenge has one try: a wrong answer takes the row with it. What is refused to a TPM that proved
 * itself stands in the audit; what strangers make up does not.
 */
struct refusal {
	const struct enrolment *x;
	const struct err *why;
};

static int record_refusal(struct tx *tx, void *arg, struct err *e)
{
	const struct refusal *r = arg;
	struct digest ek_hash = host_ek_hash(buf_bytes(r->x->ek_pub));
	char hex[65], *detail;
	json_t *j;
	int rc;

	if (enrolment_forget(tx, r->x, e) || !r->x->proven)
		return (int)e->code;
	j = json_pack("{s:s, s:s, s:s}", "host", r->x->name, "ek_hash",
		      hex_write(digest_bytes(&ek_hash), hex), "why", r->why->text);
	detail = json_dumps(j, JSON_COMPACT);
	rc = detail ? audit_append(tx, r->x->call->actor, "enrolment-refused", detail, e)
		    : err_set(e, E_MEMORY, "no memory for an audit record");
	json_decref(j);
	free(detail);
	return rc;
}

static void activation_refused(struct call *c, struct enrolment *x, const struct err *why)
{
	struct refusal r = { x, why };
	struct err e = { 0 };

	if (why->code != E_NOTFOUND && store_write(c->server->store, record_refusal, &r, &e))
		log_event(LOG_LEVEL_ERROR, "audit", LOG_T("error", e.text));
	log_event(LOG_LEVEL_WARN, "activate-refused", LOG_T("id", x->id), LOG_T("host", x->name),
		  LOG_T("why", why->text), LOG_T("remote", c->rq->remote));
	problem_of(c->out, why);
}

static void activated(struct call *c, const struct enrolment *x)
{
	char ueid[2 * UEID_LEN + 1];

	log_event(LOG_LEVEL_INFO, "host-enrolled", LOG_T("host", x->name),
		  LOG_T("remote", c->rq->remote));
	answer_json(
		c->out, 201,
		json_pack("{s:s, s:s}", "ueid", hex_write(BYTES(x->ueid), ueid), "name", x->name));
}

void post_activate(struct call *c)
{
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(body, "secret"));
	struct enrolment x = { .call = c };
	struct err e = { 0 };
	u8 secret[64];
	long n = text ? base64_read(bytes_text(text), secret, sizeof(secret)) : -1;

	json_decref(body);
	x.answer = (struct bytes){ secret, n > 0 ? (size_t)n : 0 };
	snprintf(x.id, sizeof(x.id), "%.32s", c->part[0]);
	if (n < 0)
		problem(c->out, 400, "Malformed", "secret is missing or not base64");
	else if (store_write(c->server->store, finish_enrolment, &x, &e))
		activation_refused(c, &x, &e);
	else {
		events_moved(c->server->events);
		activated(c, &x);
	}
	secret_wipe(secret, sizeof(secret));
	enrolment_clear(&x);
}
