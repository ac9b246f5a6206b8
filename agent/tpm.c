// SPDX-License-Identifier: Apache-2.0
#include "tpm.h"

#include <stdlib.h>

#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "tpm_tss.h"

enum { QUOTE_TRIES = 8, QUOTED_PCRS = 0xffff }; /* PCR 16 to 23 can be reset: they prove nothing */

int tpm_failed(struct err *e, const char *what, TSS2_RC rc)
{
	return err_set(e, E_TPM, "%s: %s", what, Tss2_RC_Decode(rc));
}

int tpm_open(const char *tcti, struct tpm **out, struct err *e)
{
	OWNED(tpm) t = calloc(1, sizeof(*t));
	TSS2_RC rc;

	if (!t)
		return err_set(e, E_MEMORY, "no memory for the TPM");
	setenv("TSS2_LOG", "all+none", 0); /* our errors carry the TPM's reason */
	rc = Tss2_TctiLdr_Initialize(tcti, &t->tcti);
	if (rc)
		return err_set(e, E_TPM, "open TPM \"%s\": %s", tcti, Tss2_RC_Decode(rc));
	rc = Esys_Initialize(&t->esys, t->tcti, NULL);
	if (rc)
		return tpm_failed(e, "open TPM", rc);
	*out = TAKE(t);
	return 0;
}

void tpm_drop(struct tpm **t)
{
	if (!t || !*t)
		return;
	if ((*t)->esys)
		Esys_Finalize(&(*t)->esys);
	if ((*t)->tcti)
		Tss2_TctiLdr_Finalize(&(*t)->tcti);
	free(*t);
	*t = NULL;
}

/* ---- keys ---- */
static ESYS_TR hierarchy_of(enum tpm_template which)
{
	switch (which) {
	case TEMPLATE_K:
		return ESYS_TR_RH_NULL;
	case TEMPLATE_SRK_ECC_P256:
		return ESYS_TR_RH_OWNER;
	default:
		return ESYS_TR_RH_ENDORSEMENT;
	}
}

static int template_public(enum tpm_template which, TPM2B_PUBLIC *out, struct err *e)
{
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	size_t offset = 0;
	TSS2_RC rc;

	tpm_template_write(which, &w);
	*out = (TPM2B_PUBLIC){ .size = 0 };
	rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(room, w.len, &offset, &out->publicArea);
	return rc || offset != w.len ? tpm_failed(e, "key template", rc) : 0;
}

static int key_take(struct tpm *t, ESYS_TR handle, const TPM2B_PUBLIC *pub, struct tpm_key **out,
		    struct err *e)
{
	OWNED(tpm_key) k = calloc(1, sizeof(*k));
	u8 room[sizeof(TPMT_PUBLIC)];
	struct tpm_public parsed;
	u8 name[TPM_NAME_MAX];
	size_t len = 0, name_len;

	if (!k) {
		Esys_FlushContext(t->esys, handle);
		return err_set(e, E_MEMORY, "no memory for a TPM key");
	}
	k->tpm = t;
	k->handle = handle;
	if (Tss2_MU_TPMT_PUBLIC_Marshal(&pub->publicArea, room, sizeof(room), &len))
		return err_set(e, E_TPM, "TPM key: public area is not well-formed");
	k->pub = buf_copy((struct bytes){ room, len });
	if (!k->pub)
		return err_set(e, E_MEMORY, "no memory for a TPM key");
	if (tpm_public_parse(buf_bytes(k->pub), &parsed, e))
		return err_while(e, "TPM key");
	name_len = tpm_public_name(&parsed, name);
	if (!name_len)
		return err_set(e, E_TPM, "TPM key: its name algorithm is unknown here");
	if (name_len == sizeof(k->name))
		memcpy(k->name, name, sizeof(k->name));
	k->with_auth = parsed.attributes & TPMA_USER_WITH_AUTH;
	k->hash = tpm_digest_alg(parsed.scheme_hash);
	*out = TAKE(k);
	return 0;
}

int tpm_key_make(struct tpm *t, enum tpm_template which, struct tpm_key **out, struct err *e)
{
	static const TPM2B_SENSITIVE_CREATE no_secret;
	static const TPM2B_DATA no_info;
	static const TPML_PCR_SELECTION no_pcrs;
	TPM2B_PUBLIC want, *made = NULL;
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	ESYS_TR handle;
	TSS2_RC rc;
	int result;

	if (template_public(which, &want, e))
		return (int)e->code;
	rc = Esys_CreatePrimary(t->esys, hierarchy_of(which), ESYS_TR_PASSWORD, ESYS_TR_NONE,
				ESYS_TR_NONE, &no_secret, &want, &no_info, &no_pcrs, &handle, &made,
				&data, &hash, &ticket);
	if (rc) {
		tpm_failed(e, "TPM2_CreatePrimary", rc);
		return err_while(e, "make %s", tpm_template_name(which));
	}
	result = key_take(t, handle, made, out, e);
	Esys_Free(made);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return result;
}

void tpm_key_drop(struct tpm_key **k)
{
	if (!k || !*k)
		return;
	if ((*k)->tpm)
		Esys_FlushContext((*k)->tpm->esys, (*k)->handle);
	buf_drop(&(*k)->pub);
	free(*k);
	*k = NULL;
}

/* ---- sessions ---- */
static const TPMT_SYM_DEF session_cipher = { .algorithm = TPM2_ALG_AES,
					     .keyBits.aes = 128,
					     .mode.aes = TPM2_ALG_CFB };

static int start_session(struct tpm *t, ESYS_TR salt_key, TPM2_SE type, TPMA_SESSION attributes,
			 ESYS_TR *out, struct err *e)
{
	TSS2_RC rc = Esys_StartAuthSession(t->esys, salt_key, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, &session_cipher,
					   TPM2_ALG_SHA256, out);

	if (rc)
		return tpm_failed(e, "TPM2_StartAuthSession", rc);
	attributes |= TPMA_SESSION_CONTINUESESSION;
	rc = salt_key == ESYS_TR_NONE
		     ? 0
		     : Esys_TRSess_SetAttributes(t->esys, *out, attributes, attributes);
	if (!rc)
		return 0;
	Esys_FlushContext(t->esys, *out);
	return tpm_failed(e, "session attributes", rc);
}

int tpm_policy_session(struct tpm *t, ESYS_TR salt_key, ESYS_TR *out, struct err *e)
{
	return start_session(t, salt_key, TPM2_SE_POLICY, TPMA_SESSION_ENCRYPT, out, e);
}

int tpm_cipher_session(struct tpm *t, ESYS_TR salt_key, ESYS_TR *out, struct err *e)
{
	return start_session(t, salt_key, TPM2_SE_HMAC, TPMA_SESSION_ENCRYPT | TPMA_SESSION_DECRYPT,
			     out, e);
}

/* ---- quotes ---- */
int tpm_active_banks(struct tpm *t, struct tpm_selection *out, struct err *e)
{
	TPMS_CAPABILITY_DATA *cap = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_CAP_PCRS, 0, 1, &more, &cap);

	if (rc)
		return tpm_failed(e, "list PCR banks", rc);
	out->n = 0;
	for (u32 i = 0; i < cap->data.assignedPCR.count && out->n < TPM_BANKS_MAX; i++) {
		const TPMS_PCR_SELECTION *s = &cap->data.assignedPCR.pcrSelections[i];

		if (s->sizeofSelect < 2 || !(s->pcrSelect[0] | s->pcrSelect[1]))
			continue; /* a bank that is not allocated */
		if (tpm_digest_alg(s->hash) == DIGEST_NONE) {
			err_set(e, E_UNSUPPORTED,
				"PCR bank 0x%04x is active, and its hash is unknown here", s->hash);
			Esys_Free(cap);
			return (int)e->code;
		}
		out->bank[out->n].alg = s->hash;
		out->bank[out->n].pcrs = QUOTED_PCRS;
		out->n++;
	}
	Esys_Free(cap);
	return out->n ? 0 : err_set(e, E_TPM, "TPM has no active PCR bank");
}

TPML_PCR_SELECTION tpm_selection_tss(const struct tpm_selection *s)
{
	TPML_PCR_SELECTION out = { .count = (u32)s->n };

	for (size_t i = 0; i < s->n; i++) {
		out.pcrSelections[i].hash = s->bank[i].alg;
		out.pcrSelections[i].sizeofSelect = 3;
		for (int k = 0; k < 3; k++)
			out.pcrSelections[i].pcrSelect[k] = (u8)(s->bank[i].pcrs >> (8 * k));
	}
	return out;
}

/* A TPM answers with at most eight values; ask for the rest until all are there. */
static int read_bank(struct tpm *t, u16 alg, u32 pcrs, struct digest out[TPM_PCRS], struct err *e)
{
	while (pcrs) {
		struct tpm_selection want = { .n = 1, .bank = { { alg, pcrs } } };
		TPML_PCR_SELECTION in = tpm_selection_tss(&want), *got = NULL;
		TPML_DIGEST *values = NULL;
		u32 counter, n = 0, had = pcrs;
		TSS2_RC rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &in,
					   &counter, &got, &values);

		if (rc)
			return tpm_failed(e, "TPM2_PCR_Read", rc);
		for (u32 i = 0; i < TPM_PCRS && got->count == 1; i++) {
			if (!(got->pcrSelections[0].pcrSelect[i / 8] & 1u << (i % 8)) ||
			    n >= values->count ||
			    values->digests[n].size != digest_len(tpm_digest_alg(alg)))
				continue;
			out[i].alg = tpm_digest_alg(alg);
			memcpy(out[i].at, values->digests[n].buffer, values->digests[n].size);
			pcrs &= ~(1u << i);
			n++;
		}
		Esys_Free(got);
		Esys_Free(values);
		if (pcrs == had)
			return err_set(e, E_TPM, "TPM2_PCR_Read gives no values");
	}
	return 0;
}

int tpm_read_pcrs(struct tpm *t, struct tpm_quoted *q, struct err *e)
{
	for (size_t i = 0; i < q->selection.n; i++)
		if (read_bank(t, q->selection.bank[i].alg, q->selection.bank[i].pcrs, q->pcrs[i],
			      e))
			return (int)e->code;
	return 0;
}

int tpm_pcrs_now(struct tpm *t, u32 pcrs, struct digest *out, struct err *e)
{
	struct tpm_quoted *q = calloc(1, sizeof(*q));
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);
	int rc;

	if (!q || !h) {
		free(q);
		return err_set(e, E_MEMORY, "no memory for PCRs");
	}
	q->selection = (struct tpm_selection){ 1, { { TPM_ALG_SHA256, pcrs } } };
	rc = tpm_read_pcrs(t, q, e);
	for (u32 p = 0; !rc && p < TPM_PCRS; p++)
		if (pcrs & 1u << p)
			hasher_add(h, digest_bytes(&q->pcrs[0][p]));
	*out = hasher_end(h);
	free(q);
	return rc;
}

/* The digest a quote by @alg must show for these values. */
static struct digest pcr_digest(const struct tpm_quoted *q, enum digest_alg alg)
{
	OWNED(hasher) h = hasher_new(alg);

	if (!h)
		abort();
	for (size_t i = 0; i < q->selection.n; i++)
		for (u32 k = 0; k < TPM_PCRS; k++)
			if (q->selection.bank[i].pcrs & 1u << k)
				hasher_add(h, digest_bytes(&q->pcrs[i][k]));
	return hasher_end(h);
}

static struct buf *signature_bytes(const TPMT_SIGNATURE *s)
{
	u8 room[sizeof(TPMT_SIGNATURE)];
	size_t len = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Marshal(s, room, sizeof(room), &len))
		return NULL;
	return buf_copy((struct bytes){ room, len });
}

int tpm_attest_take(TPM2B_ATTEST *attest, TPMT_SIGNATURE *sig, struct buf **a, struct buf **s,
		    struct err *e)
{
	*a = buf_copy((struct bytes){ attest->attestationData, attest->size });
	*s = signature_bytes(sig);
	Esys_Free(attest);
	Esys_Free(sig);
	return *a && *s ? 0 : err_set(e, E_MEMORY, "no memory for a quote");
}

void tpm_quoted_clear(struct tpm_quoted *q)
{
	buf_drop(&q->attest);
	buf_drop(&q->signature);
}

static const TPMT_SIG_SCHEME key_scheme = { .scheme = TPM2_ALG_NULL };

int tpm_quote(struct tpm *t, const struct tpm_key *ak, const struct digest *extra,
	      struct tpm_quoted *out, struct err *e)
{
	TPM2B_DATA data = { .size = 32 };
	TPML_PCR_SELECTION select;

	memcpy(data.buffer, extra->at, 32);
	if (tpm_active_banks(t, &out->selection, e))
		return (int)e->code;
	select = tpm_selection_tss(&out->selection);
	for (int i = 0; i < QUOTE_TRIES; i++) {
		TPM2B_ATTEST *attest = NULL;
		TPMT_SIGNATURE *sig = NULL;
		struct tpm_attest parsed;
		struct digest now;
		TSS2_RC rc;

		if (tpm_read_pcrs(t, out, e))
			return (int)e->code;
		rc = Esys_Quote(t->esys, ak->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				&data, &key_scheme, &select, &attest, &sig);
		if (rc)
			return tpm_failed(e, "TPM2_Quote", rc);
		tpm_quoted_clear(out);
		if (tpm_attest_take(attest, sig, &out->attest, &out->signature, e) ||
		    tpm_attest_parse(buf_bytes(out->attest), &parsed, e))
			return (int)e->code;
		now = pcr_digest(out, ak->hash);
		if (digest_equals(&now, parsed.pcr_digest))
			return 0;
	}
	return err_set(e, E_AGAIN, "PCRs changed between reading and quoting, %d times",
		       QUOTE_TRIES);
}

int tpm_certify(struct tpm *t, const struct tpm_key *ak, const struct tpm_key *object,
		const struct digest *extra, struct buf **attest, struct buf **signature,
		struct err *e)
{
	TPM2B_DATA data = { .size = 32 };
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *s = NULL;
	TSS2_RC rc;

	memcpy(data.buffer, extra->at, 32);
	rc = Esys_Certify(t->esys, object->handle, ak->handle, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
			  ESYS_TR_NONE, &data, &key_scheme, &a, &s);
	if (rc)
		return tpm_failed(e, "TPM2_Certify", rc);
	return tpm_attest_take(a, s, attest, signature, e);
}

/* ---- shares ---- */
int tpm_import(struct tpm *t, const struct tpm_key *parent, struct bytes public_2b,
	       struct bytes private_2b, struct bytes secret_2b, TPM2B_PUBLIC *pub,
	       TPM2B_PRIVATE **private, struct err *e)
{
	static const TPMT_SYM_DEF_OBJECT no_inner = { .algorithm = TPM2_ALG_NULL };
	TPM2B_PRIVATE duplicate = { 0 };
	TPM2B_ENCRYPTED_SECRET seed = { 0 };
	size_t a = 0, b = 0, c = 0;
	TSS2_RC rc;

	pub->size = 0; /* the library refuses to unmarshal onto another */
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(public_2b.at, public_2b.len, &a, pub) ||
	    a != public_2b.len ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_2b.at, private_2b.len, &b, &duplicate) ||
	    b != private_2b.len ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret_2b.at, secret_2b.len, &c, &seed) ||
	    c != secret_2b.len)
		return err_set(e, E_FORMAT, "share from the server is not well-formed");
	rc = Esys_Import(t->esys, parent->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			 NULL, pub, &duplicate, &seed, &no_inner, private);
	return rc ? tpm_failed(e, "TPM2_Import", rc) : 0;
}

static int import_share(struct tpm *t, const struct tpm_key *k, struct bytes public_2b,
			struct bytes private_2b, struct bytes secret_2b, ESYS_TR *out,
			struct err *e)
{
	TPM2B_PRIVATE *private = NULL;
	TPM2B_PUBLIC pub;
	TSS2_RC rc;

	if (tpm_import(t, k, public_2b, private_2b, secret_2b, &pub, &private, e))
		return (int)e->code;
	rc = Esys_Load(t->esys, k->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private,
		       &pub, out);
	Esys_Free(private);
	return rc ? tpm_failed(e, "TPM2_Load", rc) : 0;
}

static TSS2_RC satisfy_release_policy(struct tpm *t, ESYS_TR session, u32 pcrs,
				      const struct tpm_clock *clock)
{
	struct tpm_selection selection = { .n = 1, .bank = { { TPM_ALG_SHA256, pcrs } } };
	TPML_PCR_SELECTION select = tpm_selection_tss(&selection);
	TPM2B_DIGEST current = { .size = 0 };
	TPM2B_OPERAND counts = { .size = 8 };
	struct writer w = writer_on(counts.buffer, 8);
	TSS2_RC rc;

	write_be32(&w, clock->reset_count);
	write_be32(&w, clock->restart_count);
	rc = Esys_PolicyPCR(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &current,
			    &select);
	if (!rc)
		rc = Esys_PolicyCounterTimer(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
					     ESYS_TR_NONE, &counts, 16, TPM2_EO_EQ);
	if (!rc)
		rc = Esys_PolicyCommandCode(t->esys, session, ESYS_TR_NONE, ESYS_TR_NONE,
					    ESYS_TR_NONE, TPM2_CC_Unseal);
	return rc;
}

static int unseal(struct tpm *t, const struct tpm_key *k, ESYS_TR object, u32 pcrs,
		  const struct tpm_clock *clock, struct secret **out, struct err *e)
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	ESYS_TR session;
	TSS2_RC rc = TPM2_RC_PCR_CHANGED;

	for (int i = 0; i < QUOTE_TRIES && (rc & 0xfff) == TPM2_RC_PCR_CHANGED; i++) {
		if (tpm_policy_session(t, k->handle, &session, e))
			return (int)e->code;
		rc = satisfy_release_policy(t, session, pcrs, clock);
		if (!rc)
			rc = Esys_Unseal(t->esys, object, session, ESYS_TR_NONE, ESYS_TR_NONE,
					 &data);
		Esys_FlushContext(t->esys, session);
	}
	if (rc) {
		tpm_failed(e, "TPM2_Unseal", rc);
		e->code = E_POLICY;
		return (int)e->code;
	}
	return tpm_take_unsealed(data, out, e);
}

int tpm_open_share(struct tpm *t, const struct tpm_key *k, struct bytes public_2b,
		   struct bytes private_2b, struct bytes secret_2b, u32 pcrs,
		   const struct tpm_clock *clock, struct secret **out, struct err *e)
{
	ESYS_TR object;
	int rc;

	if (import_share(t, k, public_2b, private_2b, secret_2b, &object, e))
		return err_while(e, "open the share");
	rc = unseal(t, k, object, pcrs, clock, out, e);
	Esys_FlushContext(t->esys, object);
	return rc ? err_while(e, "open the share") : 0;
}
