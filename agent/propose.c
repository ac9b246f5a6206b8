// SPDX-License-Identifier: Apache-2.0
#include "propose.h"

#include <stdlib.h>

#include "ak_said.h"
#include "proto/proposal.h"

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
	if (tpm_key_make(tpm, s->ak, &ak, e) || ak_said_nonce(t, nonce, e))
		return err_while(e, "propose the next boot");
	bind = proposal_bind(nonce, body);
	rc = tpm_quote(tpm, ak, &bind, &quoted, e);
	if (!rc) {
		rq.nonce = BYTES(nonce);
		rq.ak_name = BYTES(ak->name);
		rq.quote = buf_bytes(quoted.attest);
		rq.quote_sig = buf_bytes(quoted.signature);
		rc = ak_said_send(s, t, "proposals", &rq, json, e);
	}
	tpm_quoted_clear(&quoted);
	return rc ? err_while(e, "propose the next boot") : 0;
}
