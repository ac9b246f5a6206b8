// SPDX-License-Identifier: Apache-2.0
#include "enrol_rig.h"

#include <stdio.h>

#include "common/file.h"
#include "common/text.h"
#include "server/routes.h"

int enrol_rig_start(void **state)
{
	struct enrol_rig *r = calloc(1, sizeof(*r));
	struct err e = { 0 };

	*state = r;
	forge_server_start(&r->s);
	enrol_use(r, 0);
	snprintf(r->pki, sizeof(r->pki), "%s/vendor", r->s.folder);
	assert_ok(folder_make(r->pki, 0700, &e), &e);
	enrol_pki(r, (const char *const[]){ "init", NULL });
	return 0;
}

void enrol_use(struct enrol_rig *r, int which)
{
	struct err e = { 0 };
	char path[300];

	tpm_drop(&r->tpm);
	r->which = which;
	snprintf(path, sizeof(path), "%.250s/tpm%d", r->s.folder, which);
	if (!r->sw[which].pid) {
		assert_ok(folder_make(path, 0700, &e), &e);
		rig_tpm_start(&r->sw[which], path);
	}
	assert_ok(tpm_open(r->sw[which].tcti, &r->tpm, &e), &e);
}

int enrol_rig_stop(void **state)
{
	struct enrol_rig *r = *state;

	tpm_drop(&r->tpm);
	for (int i = 0; i < ENROL_TPMS; i++)
		rig_tpm_stop(&r->sw[i]);
	forge_server_stop(&r->s);
	free(r);
	return 0;
}

void applicant_make(struct enrol_rig *r, struct applicant *a, const char *name,
		    enum tpm_template ek, enum tpm_template ak)
{
	OWNED(tpm_key) srk = NULL;
	struct err e = { 0 };

	*a = (struct applicant){ .name = name };
	assert_ok(tpm_key_make(r->tpm, TEMPLATE_SRK_ECC_P256, &srk, &e), &e);
	a->srk_pub = buf_copy(buf_bytes(srk->pub));
	tpm_key_drop(&srk);
	assert_ok(tpm_key_make(r->tpm, ek, &a->ek, &e), &e);
	assert_ok(tpm_key_make(r->tpm, ak, &a->ak, &e), &e);
}

void applicant_clear(struct applicant *a)
{
	tpm_key_drop(&a->ek);
	tpm_key_drop(&a->ak);
	buf_drop(&a->srk_pub);
}

const char *applicant_ek_hash(const struct applicant *a, char out[65])
{
	struct digest d = host_ek_hash(buf_bytes(a->ek->pub));

	return hex_write(digest_bytes(&d), out);
}

static void add(json_t *body, const char *key, struct bytes b)
{
	char *text = malloc(base64_len(b.len, true) + 1);

	if (b.len)
		json_object_set_new(body, key, json_string(base64_write(b, text)));
	free(text);
}

static json_t *expect(json_t *answer, const char *what, long status, long want, const char *words)
{
	const char *detail = json_string_value(json_object_get(answer, "detail"));

	if (status != want || (words && (!detail || !strstr(detail, words))))
		fail_msg("%s: %ld \"%s\", expected %ld \"%s\"", what, status, detail ? detail : "",
			 want, words ? words : "");
	return answer;
}

json_t *enrol_ask(struct enrol_rig *r, const struct applicant *a, long want, const char *words)
{
	json_t *body = json_pack("{s:s}", "name", a->name), *answer;
	long status;
	char *text;

	add(body, "ek_pub", buf_bytes(a->ek->pub));
	add(body, "ak_pub", buf_bytes(a->ak->pub));
	add(body, "srk_pub", buf_bytes(a->srk_pub));
	add(body, "ek_cert", a->ek_cert);
	add(body, "ek_chain", a->ek_chain);
	if (a->join_token)
		json_object_set_new(body, "join_token", json_string(a->join_token));
	text = json_dumps(body, JSON_COMPACT);
	answer = forge_call(&r->s, "POST", "/enroll/v1/hosts", "application/json", false,
			    bytes_text(text), &status);
	free(text);
	json_decref(body);
	return expect(answer, a->name, status, want, words);
}

json_t *enrol_send(struct enrol_rig *r, const char *id, struct bytes secret, long want,
		   const char *words)
{
	json_t *body = json_object(), *answer;
	char path[200], *text;
	long status;

	add(body, "secret", secret);
	text = json_dumps(body, JSON_COMPACT);
	snprintf(path, sizeof(path), "/enroll/v1/hosts/%s/activate", id);
	answer = forge_call(&r->s, "POST", path, "application/json", false, bytes_text(text),
			    &status);
	free(text);
	json_decref(body);
	return expect(answer, "activate", status, want, words);
}

static struct buf *member(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));
	struct buf *b = buf_new(TPM_STRUCT_MAX);
	long n = base64_read(bytes_text(text), write_space(&b->w, TPM_STRUCT_MAX), TPM_STRUCT_MAX);

	assert_true(n > 0);
	b->w.len = (size_t)n;
	return b;
}

json_t *enrol_answer(struct enrol_rig *r, const struct applicant *a, const json_t *challenge,
		     long want, const char *words)
{
	OWNED(buf) blob = member(challenge, "credential_blob");
	OWNED(buf) seed = member(challenge, "secret");
	struct err e = { 0 };
	u8 secret[32];
	size_t len;

	assert_ok(tpm_activate(r->tpm, a->ek, a->ak, buf_bytes(blob), buf_bytes(seed), secret, &len,
			       &e),
		  &e);
	assert_int_equal(len, 32);
	return enrol_send(r, json_string_value(json_object_get(challenge, "id")), BYTES(secret),
			  want, words);
}

void enrol(struct enrol_rig *r, const struct applicant *a)
{
	json_t *challenge = enrol_ask(r, a, 202, NULL);

	json_decref(enrol_answer(r, a, challenge, 201, NULL));
	json_decref(challenge);
}

json_t *enrol_admin(struct enrol_rig *r, const char *role, const char *method, const char *path,
		    const char *body, long want, const char *words)
{
	static int n;
	char token[48], name[64], what[200];
	struct reply reply;
	struct err e = { 0 };
	json_t *j;

	snprintf(name, sizeof(name), "%s-%d", role, n++);
	assert_ok(admin_token_make(r->s.server->store, name, role, token, &e), &e);
	assert_ok(transport_call(r->s.transport, method, path, body ? "application/json" : NULL,
				 token, body ? bytes_text(body) : BYTES_NONE, &reply, &e),
		  &e);
	j = json_loadb((const char *)reply.body->w.at, reply.body->w.len, 0, NULL);
	forge_record(&r->s, method, path, &reply);
	snprintf(what, sizeof(what), "%s: %s %s", role, method, path);
	expect(j, what, reply.status, want, words);
	reply_clear(&reply);
	return j;
}

void enrol_token(struct enrol_rig *r, const char *body, char out[64])
{
	json_t *j = enrol_admin(r, "admin", "POST", "/api/v1/join-tokens", body, 201, NULL);

	snprintf(out, 64, "%s", json_string_value(json_object_get(j, "join_token")));
	json_decref(j);
}

void enrol_trust(struct enrol_rig *r, const char *name, char out[32])
{
	char path[200];
	json_t *j;

	snprintf(path, sizeof(path), "/api/v1/hosts/%s", name);
	j = enrol_admin(r, "viewer", "GET", path, NULL, 200, NULL);
	snprintf(out, 32, "%s", json_string_value(json_object_get(j, "ek_trust")));
	json_decref(j);
}

struct counting {
	const char *event, *words;
	int n;
};

static int count_record(void *user, const struct db_row *row, struct err *e)
{
	struct counting *c = user;
	char *detail = strndup((const char *)row->at[0].bytes.at, row->at[0].bytes.len);

	(void)e;
	c->n += strstr(detail, c->words) != NULL;
	free(detail);
	return 0;
}

static int count_records(struct tx *tx, void *arg, struct err *e)
{
	struct counting *c = arg;
	struct db_value event = DB_T(c->event);

	return db_run(tx->db, "SELECT detail FROM audit WHERE event = $1", &event, 1, count_record,
		      c, NULL, e);
}

int enrol_audit(struct enrol_rig *r, const char *event, const char *words)
{
	struct counting c = { event, words, 0 };
	struct err e = { 0 };

	assert_ok(store_read(r->s.server->store, count_records, &c, &e), &e);
	return c.n;
}

void enrol_pki(struct enrol_rig *r, const char *const arguments[])
{
	const char *argv[10] = { SOURCE_FOLDER "/tests/integration/ek-pki.sh", r->pki };

	for (size_t i = 0; arguments[i]; i++)
		argv[2 + i] = arguments[i];
	assert_int_equal(rig_run(NULL, argv), 0);
}

struct buf *enrol_cert(struct enrol_rig *r, const struct tpm_key *ek, const char *kind)
{
	OWNED(pubkey) key = NULL;
	OWNED(buf) pem = buf_new(4096);
	struct tpm_public area;
	struct err e = { 0 };
	char path[400];
	struct buf *der;

	assert_ok(tpm_public_parse(buf_bytes(ek->pub), &area, &e), &e);
	assert_ok(tpm_public_key(&area, &key, &e), &e);
	assert_ok(pubkey_pem(key, &pem->w, &e), &e);
	snprintf(path, sizeof(path), "%s/ek.pem", r->pki);
	assert_ok(file_write(path, buf_bytes(pem), 0600, &e), &e);
	enrol_pki(r, (const char *const[]){ "cert", kind, "ek.pem", NULL });
	snprintf(path, sizeof(path), "%s/%s.der", r->pki, kind);
	der = file_bytes(path);
	assert_non_null(der);
	return der;
}

void enrol_roots(struct enrol_rig *r, const char *root, const char *between)
{
	struct trust_store *s = trust_store_new();
	struct err e = { 0 };
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", r->pki, root ? root : "");
	if (root)
		assert_ok(trust_store_add_file(s, path, &e), &e);
	snprintf(path, sizeof(path), "%s/%s", r->pki, between ? between : "");
	if (between)
		assert_ok(trust_store_add_intermediate_file(s, path, &e), &e);
	trust_store_drop(&r->s.server->ek_roots);
	r->s.server->ek_roots = s;
}
