// SPDX-License-Identifier: Apache-2.0
/* Enrolment from the host's side. SPEC: docs/PROTOCOL.md, Enrolment */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "round.h"

static json_t *base64_json(struct bytes b)
{
	char *text = malloc(base64_len(b.len, true) + 1);
	json_t *j = text ? json_string(base64_write(b, text)) : NULL;

	free(text);
	return j;
}

static int add_join_token(const struct agent_settings *s, json_t *body, struct err *e)
{
	OWNED(buf) b = NULL;
	size_t len;

	if (!s->join_token_file[0])
		return 0;
	if (file_read(s->join_token_file, 256, &b, e))
		return err_while(e, "join token");
	len = b->w.len;
	while (len && (b->w.at[len - 1] == '\n' || b->w.at[len - 1] == ' '))
		len--;
	json_object_set_new(body, "join_token", json_stringn((const char *)b->w.at, len));
	return 0;
}

static struct buf *decode(json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));
	OWNED(buf) b = buf_new(TPM_STRUCT_MAX);
	u8 *p = b ? write_space(&b->w, TPM_STRUCT_MAX) : NULL;
	long n = text && p ? base64_read(bytes_text(text), p, TPM_STRUCT_MAX) : -1;

	if (n < 0)
		return NULL;
	b->w.len = (size_t)n;
	return TAKE(b);
}

/* POST a JSON body; @want is the status of success. @same: to the server that answered the last one. */
static int post_json(struct transport *t, bool same, const char *path, json_t *body, long want,
		     json_t **answer, struct err *e)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct reply reply;
	int rc;

	if (!text)
		return err_set(e, E_MEMORY, "no memory for a request");
	rc = same ? transport_call_same(t, "POST", path, "application/json", bytes_text(text),
					&reply, e)
		  : transport_call(t, "POST", path, "application/json", NULL, bytes_text(text),
				   &reply, e);
	free(text);
	if (rc)
		return rc;
	if (reply.status == want)
		*answer = json_loadb((const char *)reply.body->w.at, reply.body->w.len, 0, NULL);
	else
		rc = transport_problem(&reply, e);
	reply_clear(&reply);
	if (rc)
		return rc;
	return *answer ? 0 : err_set(e, E_FORMAT, "server's answer is not JSON");
}

static int answer_challenge(struct tpm *tpm, struct transport *t, const struct tpm_key *ek,
			    const struct tpm_key *ak, json_t *challenge, struct err *e)
{
	OWNED(buf) blob = decode(challenge, "credential_blob");
	OWNED(buf) seed = decode(challenge, "secret");
	const char *id = json_string_value(json_object_get(challenge, "id"));
	char path[256];
	u8 secret[32];
	size_t len;
	json_t *body, *answer = NULL;
	int rc;

	if (!blob || !seed || !id || strlen(id) > 64)
		return err_set(e, E_FORMAT, "server's challenge is not complete");
	if (tpm_activate(tpm, ek, ak, buf_bytes(blob), buf_bytes(seed), secret, &len, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/enroll/v1/hosts/%s/activate", id);
	body = json_pack("{s:o}", "secret", base64_json((struct bytes){ secret, len }));
	secret_wipe(secret, sizeof(secret));
	rc = post_json(t, true, path, body, 201, &answer, e);
	if (!rc)
		log_event(LOG_LEVEL_INFO, "enrolled",
			  LOG_T("host", json_string_value(json_object_get(answer, "name"))),
			  LOG_T("ueid", json_string_value(json_object_get(answer, "ueid"))));
	json_decref(body);
	json_decref(answer);
	return rc;
}

/* Making a key may take a TPM seconds; between two of them the service manager hears of us. */
static int make_key(struct tpm *tpm, enum tpm_template which, struct tpm_key **out, struct err *e)
{
	sd_notify(0, "STATUS=enrolling: keys\nWATCHDOG=1");
	return tpm_key_make(tpm, which, out, e);
}

static int add_endorsement(struct tpm *tpm, const struct tpm_key *ek, const struct buf *cert,
			   json_t *body, struct err *e)
{
	OWNED(buf) chain = NULL;

	json_object_set_new(body, "ek_pub", base64_json(buf_bytes(ek->pub)));
	if (!cert)
		return 0;
	json_object_set_new(body, "ek_cert", base64_json(buf_bytes(cert)));
	if (tpm_endorsement_chain(tpm, &chain, e))
		return (int)e->code;
	if (chain)
		json_object_set_new(body, "ek_chain", base64_json(buf_bytes(chain)));
	return 0;
}

int enroll_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t, struct err *e)
{
	OWNED(tpm_key) ek = NULL;
	OWNED(tpm_key) ak = NULL;
	OWNED(tpm_key) srk = NULL;
	OWNED(buf) cert = NULL;
	json_t *body, *challenge = NULL;
	int rc;

	if (make_key(tpm, TEMPLATE_SRK_ECC_P256, &srk, e))
		return (int)e->code;
	body = json_pack("{s:s, s:o}", "name", s->host_name, "srk_pub",
			 base64_json(buf_bytes(srk->pub)));
	tpm_key_drop(&srk); /* the TPM has room for three */
	rc = tpm_endorsement(tpm, s->ek, &ek, &cert, e) || make_key(tpm, s->ak, &ak, e) ||
			     add_endorsement(tpm, ek, cert, body, e) || add_join_token(s, body, e)
		     ? (int)e->code
		     : 0;
	if (!rc) {
		json_object_set_new(body, "ak_pub", base64_json(buf_bytes(ak->pub)));
		sd_notify(0, "STATUS=enrolling: challenge\nWATCHDOG=1");
		rc = post_json(t, false, "/enroll/v1/hosts", body, 202, &challenge, e);
	}
	if (!rc)
		rc = answer_challenge(tpm, t, ek, ak, challenge, e);
	json_decref(body);
	json_decref(challenge);
	return rc ? err_while(e, "enrol %s", s->host_name) : 0;
}

int ek_hash_run(const struct agent_settings *s, struct tpm *tpm, char out[65], struct err *e)
{
	OWNED(tpm_key) ek = NULL;
	OWNED(buf) cert = NULL;
	struct digest d;

	if (tpm_endorsement(tpm, s->ek, &ek, &cert, e))
		return (int)e->code;
	d = sha256_of(buf_bytes(ek->pub));
	hex_write(digest_bytes(&d), out);
	return 0;
}
