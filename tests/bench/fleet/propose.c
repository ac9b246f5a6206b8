// SPDX-License-Identifier: Apache-2.0
/* What a host would boot next, as its agent says it: the claims of that boot's log, bound by a quote of its AK. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/proposal.h"
#include "verifier/boot_claims.h"

/* What shim, GRUB and their menu are stays as it is with an update of the kernel, and nobody proposes it. */
static bool is_proposed(struct bytes name)
{
	static const char *const others[] = { "boot-loader/", "grub/file/" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (name.len > strlen(others[i]) && !memcmp(name.at, others[i], strlen(others[i])))
			return false;
	return proposal_name_valid(name);
}

/* An agent foretells these from the files; here the log that they would leave is known. */
static void elements_of(struct ect *claims, struct proposal *p)
{
	for (size_t i = 0; i < claims->n; i++) {
		const struct corim_mval *mval = &claims->elements[i].mval;
		struct proposal_element el = { .name = bytes_text(claims->info[i].name),
					       .n_digests = mval->n_digests };

		if (!is_proposed(el.name) || p->n == ARRAY_LEN(p->elements) ||
		    el.n_digests > PROPOSAL_DIGESTS_MAX)
			continue;
		for (size_t k = 0; k < el.n_digests; k++)
			el.digests[k] = mval->digests[k];
		if (claims->info[i].text)
			el.text = bytes_text(claims->info[i].text);
		p->elements[p->n++] = el;
	}
}

static struct buf *body_of(const struct fleet *f, int boot)
{
	struct proposal *p = calloc(1, sizeof(*p));
	OWNED(boot_log) log = NULL;
	OWNED(ect) claims = NULL;
	struct err e = { 0 };
	struct buf *body = NULL;

	if (!p)
		die("no memory");
	need(boot_log_parse(buf_bytes(f->boots[boot].log), &log, &e), &e);
	need(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &claims, &e), &e);
	p->release = bytes_text(f->boots[boot].release);
	elements_of(claims, p);
	need(proposal_write(p, &body, &e), &e);
	free(p);
	return body;
}

static void send(struct fleet *f, struct transport *t, struct fleet_host *h, struct bytes body)
{
	OWNED(buf) quote = NULL;
	OWNED(buf) signature = NULL;
	OWNED(buf) whole = NULL;
	struct proposal_request rq = { .ak_name = BYTES(h->ak_name), .body = body };
	u8 nonce[EVIDENCE_NONCE_LEN];
	struct digest bind;
	struct err e = { 0 };
	char path[160];
	json_t *answer;
	long status;

	json_decref(fleet_session(f, t, nonce));
	bind = proposal_bind(nonce, body);
	fleet_quote(f, h, &f->boots[h->boot], &bind, ++h->last_ms, &quote, &signature);
	rq.nonce = BYTES(nonce);
	rq.quote = buf_bytes(quote);
	rq.quote_sig = buf_bytes(signature);
	need(proposal_request_write(&rq, &whole, &e), &e);
	snprintf(path, sizeof(path), "/api/v1/hosts/%s/proposals", h->name);
	answer = fleet_call(f, t, "POST", path, "application/cbor", false, buf_bytes(whole),
			    &status);
	if (status != 201)
		fleet_refused(h->name, status, answer);
	json_decref(answer);
}

void fleet_host_propose(struct fleet *f, struct transport *t, struct fleet_host *h)
{
	OWNED(buf) body = NULL;

	if (h->next_boot < 0 || h->boot < 0)
		return;
	body = body_of(f, h->next_boot);
	send(f, t, h, buf_bytes(body));
}
