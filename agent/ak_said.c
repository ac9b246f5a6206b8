// SPDX-License-Identifier: Apache-2.0
#include "ak_said.h"

#include <jansson.h>
#include <stdio.h>

#include "common/text.h"

int ak_said_nonce(struct transport *t, u8 nonce[EVIDENCE_NONCE_LEN], struct err *e)
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

int ak_said_send(const struct agent_settings *s, struct transport *t, const char *what,
		 const struct proposal_request *rq, struct buf **json, struct err *e)
{
	OWNED(buf) b = NULL;
	struct reply reply;
	char path[400];
	int rc = 0;

	if (proposal_request_write(rq, &b, e))
		return (int)e->code;
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/%s", s->host_name, what);
	rc = transport_call_same(t, "POST", path, "application/cbor", buf_bytes(b), &reply, e);
	secret_wipe(b->w.at, b->w.len); /* a deposit is a secret */
	if (rc)
		return rc;
	if (reply.status != 201)
		rc = transport_problem(&reply, e);
	else if (json)
		*json = TAKE(reply.body);
	reply_clear(&reply);
	return rc;
}
