// SPDX-License-Identifier: Apache-2.0
#include "propose.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "proto/proposal.h"

static int get_nonce(struct transport *t, u8 nonce[EVIDENCE_NONCE_LEN], struct err *e)
{
	struct reply reply;
	const char *text;
	json_t *j;
	int rc = 0;

	if (transport_call_first(t, "POST", "/challenge-response/v1/newSession?nonceSize=32",
				 &reply, e))
		return (int)e->code;
	if (reply.status != 201) {
		transport_problem(&reply, e);
		reply_clear(&reply);
		return (int)e->code;
	}
	j = json_loadb((const char *)reply.body->w.at, reply.body->w.len, 0, NULL);
	text = json_string_value(json_object_get(j, "nonce"));
	if (!text || base64_read(bytes_text(text), nonce, EVIDENCE_NONCE_LEN) != EVIDENCE_NONCE_LEN)
		rc = err_set(e, E_FORMAT, "server's session has no nonce of 32 bytes");
	json_decref(j);
	reply_clear(&reply);
	return rc;
}

static int send_request(const struct agent_settings *s, struct transport *t,
			const struct proposal_request *rq, struct buf **json, struct err *e)
{
	OWNED(buf) b = NULL;
	struct reply reply;
	char path[400];
	int rc = 0;

	if (proposal_request_write(rq, &b, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/proposals", s->host_name);
	if (transport_call_same(t, "POST", path, "application/cbor", buf_bytes(b), &reply, e))
		return (int)e->code;
	if (reply.status == 201)
		*json = TAKE(reply.body);
	else
		rc = transport_problem(&reply, e);
	reply_clear(&reply);
	return rc;
}

int propose_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		struct bytes body, struct buf **json, struct err *e)
{
	OWNED(tpm_key) ak = NULL;
	struct proposal_request rq = { .body = body };
	struct proposal *p = malloc(sizeof(*p));
	struct tpm_quoted quoted = { 0 };
	u8 nonce[EVIDENCE_NONCE_LEN];
	struct digest bind;
	int rc = p ? proposal_parse(body, p, e) : err_set(e, E_MEMORY, "no memory for a proposal");

	free(p);
	if (rc)
		return rc;
	if (tpm_key_make(tpm, s->ak, &ak, e) || get_nonce(t, nonce, e))
		return err_while(e, "propose the next boot");
	bind = proposal_bind(nonce, body);
	rc = tpm_quote(tpm, ak, &bind, &quoted, e);
	if (!rc) {
		rq.nonce = BYTES(nonce);
		rq.ak_name = BYTES(ak->name);
		rq.quote = buf_bytes(quoted.attest);
		rq.quote_sig = buf_bytes(quoted.signature);
		rc = send_request(s, t, &rq, json, e);
	}
	tpm_quoted_clear(&quoted);
	return rc ? err_while(e, "propose the next boot") : 0;
}
