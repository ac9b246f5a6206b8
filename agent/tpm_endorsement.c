// SPDX-License-Identifier: Apache-2.0
/* The EK: which one, what its vendor says of it, and the proof that an AK lives beside it. */
#include <tss2/tss2_mu.h>

#include "common/cert.h"
#include "tpm_tss.h"

/* ---- certificates in NV ---- */
static int nv_read(struct tpm *t, u32 index, size_t max, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(max);
	TPM2B_NV_PUBLIC *pub = NULL;
	TPM2B_NAME *name = NULL;
	ESYS_TR nv;
	u16 size, at = 0;
	TSS2_RC rc;

	if (!b)
		return err_set(e, E_MEMORY, "no memory for NV index 0x%08x", index);
	rc = Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv);
	if (rc)
		return err_set(e, E_NOTFOUND, "no NV index 0x%08x", index);
	rc = Esys_NV_ReadPublic(t->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub, &name);
	size = rc ? 0 : pub->nvPublic.dataSize;
	Esys_Free(pub);
	Esys_Free(name);
	while (!rc && at < size) {
		TPM2B_MAX_NV_BUFFER *part = NULL;
		u16 n = size - at > 512 ? 512 : (u16)(size - at);

		rc = Esys_NV_Read(t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, n,
				  at, &part);
		if (rc)
			break;
		write_bytes(&b->w, (struct bytes){ part->buffer, part->size });
		at = (u16)(at + n);
		Esys_Free(part);
	}
	Esys_TR_Close(t->esys, &nv);
	if (rc)
		return tpm_failed(e, "read a certificate from NV", rc);
	if (b->w.full)
		return err_set(e, E_LIMIT, "NV index 0x%08x is longer than %zu bytes", index, max);
	*out = TAKE(b);
	return 0;
}

/* Length of the certificate that begins here; 0: none does. None is shorter than 256 bytes. */
static size_t certificate_len(struct bytes b)
{
	size_t len = b.len >= 4 && b.at[0] == 0x30 && b.at[1] == 0x82
			     ? 4 + ((size_t)b.at[2] << 8 | b.at[3])
			     : 0;

	return len <= b.len ? len : 0;
}

static int ek_of_certificate(struct tpm *t, enum tpm_template template, struct buf *found,
			     struct tpm_key **ek, struct err *e)
{
	OWNED(cert) parsed = NULL;
	OWNED(tpm_key) key = NULL;
	OWNED(pubkey) pub = NULL;
	struct tpm_public area;

	found->w.len = certificate_len(buf_bytes(found)); /* NV may be larger than what is in it */
	if (!found->w.len || cert_parse(buf_bytes(found), &parsed, e))
		return err_set(e, E_NOTFOUND, "EK certificate in NV is not DER");
	if (tpm_key_make(t, template, &key, e) || tpm_public_parse(buf_bytes(key->pub), &area, e) ||
	    tpm_public_key(&area, &pub, e))
		return (int)e->code;
	if (!pubkey_equal(pub, cert_pubkey(parsed)))
		return err_set(e, E_NOTFOUND, "EK certificate in NV is of another template");
	*ek = TAKE(key);
	return 0;
}

int tpm_endorsement(struct tpm *t, int want, struct tpm_key **ek, struct buf **cert, struct err *e)
{
	static const struct {
		u32 nv;
		enum tpm_template template;
	} known[] = {
		{ 0x01c0000a, TEMPLATE_EK_ECC_P256 },
		{ 0x01c00014, TEMPLATE_EK_ECC_P256_HIGH },
		{ 0x01c00016, TEMPLATE_EK_ECC_P384_HIGH },
		{ 0x01c00002, TEMPLATE_EK_RSA_2048 },
		{ 0x01c00012, TEMPLATE_EK_RSA_2048_HIGH },
	};

	*cert = NULL;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		OWNED(buf) found = NULL;

		if (want != EK_BY_CERTIFICATE && want != (int)known[i].template)
			continue;
		if (!nv_read(t, known[i].nv, CERT_DER_MAX, &found, e) &&
		    !ek_of_certificate(t, known[i].template, found, ek, e)) {
			*cert = TAKE(found);
			return 0;
		}
		if (e->code != E_NOTFOUND)
			return (int)e->code;
	}
	return tpm_key_make(
		t, want == EK_BY_CERTIFICATE ? TEMPLATE_EK_ECC_P256 : (enum tpm_template)want, ek,
		e);
}

int tpm_endorsement_chain(struct tpm *t, struct buf **out, struct err *e)
{
	enum { FIRST = 0x01c00100, LAST = 0x01c001ff };
	OWNED(buf) all = buf_new(EK_CHAIN_MAX);
	size_t len = 0, one;

	*out = NULL;
	if (!all)
		return err_set(e, E_MEMORY, "no memory for EK certificates");
	/* one run of bytes, cut into indexes wherever it was convenient */
	for (u32 index = FIRST; index <= LAST; index++) {
		OWNED(buf) part = NULL;

		if (nv_read(t, index, EK_CHAIN_MAX, &part, e)) {
			if (e->code == E_NOTFOUND)
				break;
			return err_while(e, "chain of the EK certificate");
		}
		write_bytes(&all->w, buf_bytes(part));
	}
	if (all->w.full)
		return err_set(e, E_LIMIT, "chain of the EK certificate is longer than %d bytes",
			       EK_CHAIN_MAX);
	while ((one = certificate_len((struct bytes){ all->w.at + len, all->w.len - len })))
		len += one;
	all->w.len = len; /* what follows is padding */
	if (len)
		*out = TAKE(all);
	return 0;
}

/* ---- the proof ---- */
/* A session in which an EK of the low range, which has no authValue, may be used. */
static int endorsement_session(struct tpm *t, ESYS_TR *out, struct err *e)
{
	TSS2_RC rc;

	if (tpm_policy_session(t, ESYS_TR_NONE, out, e))
		return (int)e->code;
	rc = Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, *out, ESYS_TR_PASSWORD,
			       ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
	if (!rc)
		return 0;
	Esys_FlushContext(t->esys, *out);
	return tpm_failed(e, "TPM2_PolicySecret", rc);
}

/* Over a session salted to the EK: the answer is for who knows its key, and that is no bus. RULES 23 */
static int activate_credential(struct tpm *t, const struct tpm_key *ek, const struct tpm_key *ak,
			       const TPM2B_ID_OBJECT *blob, const TPM2B_ENCRYPTED_SECRET *seed,
			       TPM2B_DIGEST **secret, struct err *e)
{
	ESYS_TR session = ESYS_TR_PASSWORD, cipher;
	TSS2_RC rc = 0;
	int failed;

	if (tpm_cipher_session(t, ek->handle, &cipher, e))
		return (int)e->code;
	failed = ek->with_auth ? 0 : endorsement_session(t, &session, e);
	if (!failed)
		rc = Esys_ActivateCredential(t->esys, ak->handle, ek->handle, ESYS_TR_PASSWORD,
					     session, cipher, blob, seed, secret);
	if (!failed && session != ESYS_TR_PASSWORD)
		Esys_FlushContext(t->esys, session);
	Esys_FlushContext(t->esys, cipher);
	if (failed)
		return failed;
	return rc ? tpm_failed(e, "TPM2_ActivateCredential", rc) : 0;
}

int tpm_activate(struct tpm *t, const struct tpm_key *ek, const struct tpm_key *ak,
		 struct bytes id_object, struct bytes encrypted_secret, u8 *out, size_t *len,
		 struct err *e)
{
	TPM2B_ID_OBJECT blob = { 0 };
	TPM2B_ENCRYPTED_SECRET seed = { 0 };
	TPM2B_DIGEST *secret = NULL;
	size_t at = 0, at2 = 0;

	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.at, id_object.len, &at, &blob) ||
	    at != id_object.len ||
	    Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(encrypted_secret.at, encrypted_secret.len,
						     &at2, &seed) ||
	    at2 != encrypted_secret.len)
		return err_set(e, E_FORMAT, "credential from the server is not well-formed");
	if (activate_credential(t, ek, ak, &blob, &seed, &secret, e))
		return (int)e->code;
	if (secret->size > 32) {
		Esys_Free(secret);
		return err_set(e, E_FORMAT, "credential is longer than 32 bytes");
	}
	memcpy(out, secret->buffer, secret->size);
	*len = secret->size;
	secret_wipe(secret, sizeof(*secret));
	Esys_Free(secret);
	return 0;
}
