// SPDX-License-Identifier: Apache-2.0
#include "deposit.h"

#include "ak_said.h"
#include "tpm_disk.h"

static int certify_and_send(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
			    u32 counter, struct bytes body, struct err *e)
{
	OWNED(tpm_key) ak = NULL;
	OWNED(buf) attest = NULL;
	OWNED(buf) signature = NULL;
	struct proposal_request rq = { .body = body };
	u8 nonce[EVIDENCE_NONCE_LEN];
	struct digest bind;

	if (tpm_key_make(tpm, s->ak, &ak, e) || ak_said_nonce(t, nonce, e))
		return (int)e->code;
	bind = deposit_bind(nonce, body);
	if (tpm_counter_certify(tpm, ak, counter, &bind, &attest, &signature, e))
		return (int)e->code;
	rq.nonce = BYTES(nonce);
	rq.ak_name = BYTES(ak->name);
	rq.quote = buf_bytes(attest);
	rq.quote_sig = buf_bytes(signature);
	return ak_said_send(s, t, "deposits", &rq, NULL, e);
}

int deposit_run(const struct agent_settings *s, struct tpm *tpm, struct transport *t,
		const struct deposit *d, struct err *e)
{
	OWNED(secret) room = secret_new(DEPOSIT_LEN);
	struct writer w;

	if (!room)
		return err_set(e, E_MEMORY, "no locked memory for a share");
	w = writer_on(room->at, room->len);
	deposit_write(d, &w);
	return certify_and_send(s, tpm, t, d->counter, write_done(&w), e)
		       ? err_while(e, "deposit a share for the next boot")
		       : 0;
}
