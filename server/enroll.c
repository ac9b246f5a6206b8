// SPDX-License-Identifier: Apache-2.0
/*
 * Enrolment: prove that AK and EK live in one TPM, and decide why that EK is acceptable.
 * SPEC: docs/RULES.md 16
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "hosts.h"
#include "problem.h"
#include "proto/tpm_template.h"
#include "proto/tpm_wrap.h"
#include "server.h"

enum { CHALLENGE_LIFE_S = 300, CHALLENGE_LEN = 32 };
static const char eku_ek_certificate[] = "2.23.133.8.1";

struct enrolment {
	char id[33];
	u8 request[32]; /* SHA-256 of the body: the challenge answers this request only */
	u8 secret[32];	/* SHA-256 of the challenge */
	char name[HOST_NAME_MAX_LEN + 1];
	char group[GROUP_MAX_LEN + 1];
	char ek_trust[16];
	struct buf *ek_pub, *ak_pub;
	u8 token[32];
	bool has_token;
	long long not_after;
	bool done;
	u8 mac[32];
	u8 answer[32]; /* SHA-256 of what the host sent back */
	u8 ueid[UEID_LEN];
	struct call *call;
};

static void enrolment_clear(struct enrolment *x)
{
	buf_drop(&x->ek_pub);
	buf_drop(&x->ak_pub);
}

/* ---- reading the request ---- */
static int take_bytes(json_t *body, const char *key, struct buf **out, struct err *e)
{
	const char *text = json_string_value(json_object_get(body, key));
	OWNED(buf) b = buf_new(CERT_DER_MAX);
	u8 *p;
	long n;

	if (!text)
		return err_set(e, E_FORMAT, "%s is missing", key);
	if (!b || strlen(text) > CERT_DER_MAX * 4 / 3)
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
	struct tpm_public peek;

	if (tpm_public_parse(pub, &peek, e))
		return err_while(e, "EK");
	return check_object(peek.type == TPM_ALG_RSA ? TEMPLATE_EK_RSA_2048 : TEMPLATE_EK_ECC_P256,
			    pub, out, e);
}

/* A certificate makes an EK acceptable when it is one of an EK, of this EK, and leads to our roots. */
static int check_ek_certificate(struct server *s, struct bytes der, const struct tpm_public *ek,
				struct err *e)
{
	OWNED(cert) cert = NULL;
	OWNED(pubkey) key = NULL;

	if (cert_parse(der, &cert, e) || tpm_public_key(ek, &key, e))
		return err_while(e, "EK certificate");
	if (!pubkey_equal(key, cert_pubkey(cert)))
		return err_set(e, E_BINDING, "EK certificate is for another key");
	if (cert_is_ca(cert))
		return err_set(e, E_POLICY, "EK certificate is a CA certificate");
	if (!cert_has_eku(cert, eku_ek_certificate))
		return err_set(e, E_POLICY,
			       "EK certificate lacks the extended key usage tcg-kp-EKCertificate");
	if (!cert_has_tpm_san(cert))
		return err_set(e, E_POLICY, "EK certificate lacks the TPM's subjectAltName");
	return trust_store_verify(s->ek_roots, cert, NULL, clock_now_s(), NULL, e);
}

/* ---- why is this EK acceptable ---- */
struct deciding {
	struct enrolment *x;
	struct tpm_public ek;
	struct bytes ek_cert;
	const char *join_token;
	struct server *server;
};

static int decide_by_token(struct tx *tx, struct deciding *d, const u8 ek_hash[32], struct err *e)
{
	struct digest hash = sha256_of(bytes_text(d->join_token));
	struct join_token t;

	if (join_token_find(tx, hash.at, &t, e))
		return err_set(e, E_DENIED, "join token is not known");
	if (t.used)
		return err_set(e, E_DENIED, "join token was used before");
	if (clock_now_s() > t.not_after)
		return err_set(e, E_DENIED, "join token has expired");
	if (t.host_name[0] && strcmp(t.host_name, d->x->name))
		return err_set(e, E_DENIED, "join token is for another host name");
	if (t.has_ek_hash && memcmp(t.ek_hash, ek_hash, 32))
		return err_set(e, E_DENIED, "join token is for another TPM");
	memcpy(d->x->token, hash.at, 32);
	d->x->has_token = true;
	snprintf(d->x->group, sizeof(d->x->group), "%s", t.group);
	if (!d->x->ek_trust[0])
		snprintf(d->x->ek_trust, sizeof(d->x->ek_trust), "%s",
			 t.has_ek_hash ? "registered" : "token");
	return 0;
}

static int decide_ek(struct tx *tx, void *arg, struct err *e)
{
	struct deciding *d = arg;
	struct digest ek_hash = host_ek_hash(buf_bytes(d->x->ek_pub));
	struct expected_host expected;
	OWNED(host) known = NULL;
	u8 ueid[UEID_LEN];
	bool is_new_ak;

	if (!expected_host_find(tx, ek_hash.at, &expected, e)) {
		if (expected.name[0] && strcmp(expected.name, d->x->name))
			return err_set(e, E_DENIED, "this TPM is registered for another host name");
		snprintf(d->x->group, sizeof(d->x->group), "%s", expected.group);
		snprintf(d->x->ek_trust, sizeof(d->x->ek_trust), "registered");
	} else if (e->code != E_NOTFOUND) {
		return (int)e->code;
	}
	if (!d->x->ek_trust[0] && d->ek_cert.len) {
		if (check_ek_certificate(d->server, d->ek_cert, &d->ek, e))
			return (int)e->code;
		snprintf(d->x->ek_trust, sizeof(d->x->ek_trust), "certificate");
		snprintf(d->x->group, sizeof(d->x->group), "default");
	}
	if (d->join_token && decide_by_token(tx, d, ek_hash.at, e))
		return (int)e->code;
	if (!d->x->ek_trust[0])
		return err_set(
			e, E_DENIED,
			"nothing vouches for this TPM: no registered EK hash, no EK certificate "
			"that leads to a root, no join token");
	/* A new AK for a known EK needs more than the EK itself. */
	if (host_ueid(buf_bytes(d->x->ek_pub), ueid, e))
		return (int)e->code;
	if (host_find_by_ueid(tx, ueid, &known, e))
		return e->code == E_NOTFOUND ? 0 : (int)e->code;
	is_new_ak =
		known->ak_pub && !bytes_equal(buf_bytes(known->ak_pub), buf_bytes(d->x->ak_pub));
	if (is_new_ak && !d->x->has_token)
		return err_set(e, E_DENIED,
			       "host %s is enrolled with another AK: a join token is needed",
			       known->name);
	return 0;
}

/* ---- the challenge row ---- */
static int enrolment_mac(struct tx *tx, const struct enrolment *x, struct digest *out,
			 struct err *e)
{
	u8 until[8];
	struct writer w = writer_on(until, sizeof(until));
	struct bytes fields[] = { bytes_text(x->id),
				  BYTES(x->request),
				  BYTES(x->secret),
				  bytes_text(x->name),
				  bytes_text(x->group),
				  buf_bytes(x->ek_pub),
				  bytes_text(x->ek_trust),
				  buf_bytes(x->ak_pub),
				  x->has_token ? BYTES(x->token) : BYTES_NONE,
				  BYTES(until) };

	write_be64(&w, (u64)x->not_after);
	return keys_row_mac(tx->keys, "enrolments", fields, ARRAY_LEN(fields), out, e);
}

static int write_enrolment(struct tx *tx, void *arg, struct err *e)
{
	struct enrolment *x = arg;
	struct db_value now = DB_I(clock_now_s());
	struct digest mac;
	struct db_value v[11];

	if (db_run(tx->db, "DELETE FROM enrolments WHERE not_after < $1", &now, 1, NULL, NULL, NULL,
		   e) ||
	    enrolment_mac(tx, x, &mac, e))
		return (int)e->code;
	v[0] = DB_T(x->id);
	v[1] = DB_B(BYTES(x->request));
	v[2] = DB_B(BYTES(x->secret));
	v[3] = DB_T(x->name);
	v[4] = DB_T(x->group);
	v[5] = DB_B(buf_bytes(x->ek_pub));
	v[6] = DB_T(x->ek_trust);
	v[7] = DB_B(buf_bytes(x->ak_pub));
	v[8] = x->has_token ? DB_B(BYTES(x->token)) : DB_NONE;
	v[9] = DB_I(x->not_after);
	v[10] = DB_B(digest_bytes(&mac));
	if (db_run(tx->db,
		   "INSERT INTO enrolments (id, request, secret, name, grp, ek_pub, ek_trust, "
		   "ak_pub,"
		   " token, not_after, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		   v, 11, NULL, NULL, NULL, e))
		return (int)e->code;
	/* Who knows a registered EK's public half may ask for ever; only the newest few are kept. */
	return db_run(tx->db,
		      "DELETE FROM enrolments WHERE ek_pub = $1 AND id NOT IN (SELECT id FROM "
		      "enrolments WHERE ek_pub = $1 ORDER BY rowid DESC LIMIT 8)",
		      &v[5], 1, NULL, NULL, NULL, e);
}

static void text_into(char *out, size_t size, struct bytes b)
{
	size_t n = b.len < size ? b.len : size - 1;

	if (n)
		memcpy(out, b.at, n);
	out[n] = 0;
}

static int take_enrolment(void *user, const struct db_row *row, struct err *e)
{
	struct enrolment *x = user;

	(void)e;
	memcpy(x->request, row->at[0].bytes.at, 32);
	memcpy(x->secret, row->at[1].bytes.at, 32);
	text_into(x->name, sizeof(x->name), row->at[2].bytes);
	text_into(x->group, sizeof(x->group), row->at[3].bytes);
	x->ek_pub = buf_copy(row->at[4].bytes);
	text_into(x->ek_trust, sizeof(x->ek_trust), row->at[5].bytes);
	x->ak_pub = buf_copy(row->at[6].bytes);
	x->has_token = row->at[7].bytes.len == 32;
	if (x->has_token)
		memcpy(x->token, row->at[7].bytes.at, 32);
	x->not_after = row->at[8].number;
	x->done = row->at[9].number != 0;
	if (row->at[10].bytes.len == 32)
		memcpy(x->mac, row->at[10].bytes.at, 32);
	return 0;
}

/* ---- handlers ---- */
static int begin_enrolment(struct call *c, json_t *body, struct enrolment *x, struct buf *id_object,
			   struct buf *encrypted, struct err *e)
{
	struct deciding d = { .x = x, .server = c->server };
	const char *name = json_string_value(json_object_get(body, "name"));
	OWNED(buf) srk = NULL;
	OWNED(buf) ek_cert = NULL;
	struct digest request = sha256_of(c->rq->body), secret_digest;
	struct tpm_public ak, srk_area;
	u8 ak_name[TPM_NAME_MAX], id[16], secret[CHALLENGE_LEN];
	size_t ak_name_len;
	int rc;

	if (!name || !host_name_valid(name))
		return err_set(e, E_FORMAT, "name is missing or not a host name");
	snprintf(x->name, sizeof(x->name), "%s", name);
	if (take_bytes(body, "ak_pub", &x->ak_pub, e) || take_bytes(body, "srk_pub", &srk, e) ||
	    take_bytes(body, "ek_pub", &x->ek_pub, e))
		return (int)e->code;
	if (json_object_get(body, "ek_cert") && take_bytes(body, "ek_cert", &ek_cert, e))
		return (int)e->code;
	if (check_object(TEMPLATE_AK_ECC_P256, buf_bytes(x->ak_pub), &ak, e) ||
	    check_object(TEMPLATE_SRK_ECC_P256, buf_bytes(srk), &srk_area, e) ||
	    check_ek(buf_bytes(x->ek_pub), &d.ek, e))
		return (int)e->code;
	d.ek_cert = buf_bytes(ek_cert);
	d.join_token = json_string_value(json_object_get(body, "join_token"));
	if (store_read(c->server->store, decide_ek, &d, e))
		return (int)e->code;

	if (random_bytes(id, sizeof(id), e) || random_bytes(secret, sizeof(secret), e))
		return (int)e->code;
	hex_write(BYTES(id), x->id);
	memcpy(x->request, request.at, 32);
	secret_digest = sha256_of(BYTES(secret));
	memcpy(x->secret, secret_digest.at, 32);
	x->not_after = clock_now_s() + CHALLENGE_LIFE_S;
	ak_name_len = tpm_public_name(&ak, ak_name);
	rc = tpm_make_credential(&d.ek, (struct bytes){ ak_name, ak_name_len }, BYTES(secret),
				 &id_object->w, &encrypted->w, e);
	secret_wipe(secret, sizeof(secret));
	return rc ? rc : store_write(c->server->store, write_enrolment, x, e);
}

static json_t *base64_json(struct bytes b)
{
	char *text = malloc(base64_len(b.len, true) + 1);
	json_t *j = text ? json_string(base64_write(b, text)) : NULL;

	free(text);
	return j;
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
			  LOG_T("why", e.text), LOG_T("remote", c->rq->remote));
		problem_of(c->out, &e);
	} else {
		answer_json(c->out, 202,
			    json_pack("{s:s, s:o, s:o}", "id", x.id, "credential_blob",
				      base64_json(buf_bytes(id_object)), "secret",
				      base64_json(buf_bytes(encrypted))));
	}
	enrolment_clear(&x);
}

static int activate_host(struct tx *tx, struct enrolment *x, struct err *e)
{
	struct host h = { .active = true, .ak_active = true };
	struct tpm_public ak;
	u8 name[TPM_NAME_MAX];
	char detail[512];

	if (host_ueid(buf_bytes(x->ek_pub), h.ueid, e) ||
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
	if (x->has_token && join_token_use(tx, x->token, e))
		return (int)e->code;
	if (host_enrol(tx, &h, e))
		return (int)e->code;
	snprintf(detail, sizeof(detail), "{\"host\":\"%s\",\"group\":\"%s\",\"ek_trust\":\"%s\"}",
		 h.name, h.group, h.ek_trust);
	return audit_append(tx, x->call->actor, "host-enrolled", detail, e);
}

static int finish_enrolment(struct tx *tx, void *arg, struct err *e)
{
	struct enrolment *x = arg;
	struct db_value id = DB_T(x->id);
	struct enrolment row = { .call = x->call };
	struct digest mac;
	int rc;

	memcpy(row.id, x->id, sizeof(row.id));
	if (db_run(tx->db,
		   "SELECT request, secret, name, grp, ek_pub, ek_trust, ak_pub, token, not_after, "
		   "done, mac"
		   " FROM enrolments WHERE id = $1",
		   &id, 1, take_enrolment, &row, NULL, e))
		return (int)e->code;
	rc = !row.ek_pub ? err_set(e, E_NOTFOUND, "no such enrolment, or it was tried before")
			 : enrolment_mac(tx, &row, &mac, e);
	if (!rc && !digest_equals(&mac, BYTES(row.mac)))
		rc = err_set(e, E_SIGNATURE, "enrolment row was changed in the database");
	if (!rc && clock_now_s() > row.not_after)
		rc = err_set(e, E_FRESHNESS, "enrolment has expired");
	if (!rc && !secret_equal(BYTES(row.secret), BYTES(x->answer)))
		rc = err_set(e, E_DENIED, "challenge was not solved: AK and EK are not in one TPM");
	if (!rc && !row.done)
		rc = activate_host(tx, &row, e);
	else if (!rc)
		rc = host_ueid(buf_bytes(row.ek_pub), row.ueid, e);
	if (!rc)
		rc = db_run(tx->db, "UPDATE enrolments SET done = 1 WHERE id = $1", &id, 1, NULL,
			    NULL, NULL, e);
	memcpy(x->ueid, row.ueid, UEID_LEN);
	memcpy(x->name, row.name, sizeof(x->name));
	enrolment_clear(&row);
	return rc;
}

/* A challenge has one try: a wrong answer takes the row with it. */
static int forget_enrolment(struct tx *tx, void *arg, struct err *e)
{
	struct enrolment *x = arg;
	struct db_value id = DB_T(x->id);

	return db_run(tx->db, "DELETE FROM enrolments WHERE id = $1", &id, 1, NULL, NULL, NULL, e);
}

void post_activate(struct call *c)
{
	json_t *body = json_loadb((const char *)c->rq->body.at, c->rq->body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(body, "secret"));
	struct enrolment x = { .call = c };
	struct err e = { 0 };
	u8 secret[64];
	long n = text ? base64_read(bytes_text(text), secret, sizeof(secret)) : -1;
	struct digest answer = sha256_of((struct bytes){ secret, n > 0 ? (size_t)n : 0 });

	secret_wipe(secret, sizeof(secret));
	json_decref(body);
	memcpy(x.answer, answer.at, 32);
	snprintf(x.id, sizeof(x.id), "%.32s", c->part[0]);
	if (n < 0) {
		problem(c->out, 400, "Malformed", "secret is missing or not base64");
		return;
	}
	if (store_write(c->server->store, finish_enrolment, &x, &e)) {
		struct err ignored = { 0 };

		if (e.code != E_NOTFOUND)
			store_write(c->server->store, forget_enrolment, &x, &ignored);
		log_event(LOG_LEVEL_WARN, "activate-refused", LOG_T("id", x.id),
			  LOG_T("why", e.text), LOG_T("remote", c->rq->remote));
		problem_of(c->out, &e);
		return;
	}
	char ueid[2 * UEID_LEN + 1];

	log_event(LOG_LEVEL_INFO, "host-enrolled", LOG_T("host", x.name),
		  LOG_T("remote", c->rq->remote));
	answer_json(
		c->out, 201,
		json_pack("{s:s, s:s}", "ueid", hex_write(BYTES(x.ueid), ueid), "name", x.name));
}
