// SPDX-License-Identifier: Apache-2.0
/* Counters in the TPM's NV memory, whatever their attributes: what tpm_disk.c and tpm_lease.c share. */
#include <tss2/tss2_mu.h>

#include "proto/tpm_half.h"
#include "tpm_tss.h"

int tpm_refused(struct err *e, const char *what, TSS2_RC rc)
{
	tpm_failed(e, what, rc);
	e->code = E_POLICY;
	return (int)e->code;
}

bool tpm_pcr_changed(TSS2_RC rc)
{
	return (rc & 0xfff) == TPM2_RC_PCR_CHANGED;
}

int tpm_take_unsealed(TPM2B_SENSITIVE_DATA *data, struct secret **out, struct err *e)
{
	*out = secret_new(data->size);
	if (*out)
		memcpy((*out)->at, data->buffer, data->size);
	secret_wipe(data, sizeof(*data));
	Esys_Free(data);
	return *out ? 0 : err_set(e, E_MEMORY, "no locked memory for what was sealed");
}

int tpm_nv_open(struct tpm *t, u32 index, ESYS_TR *out, struct err *e)
{
	TSS2_RC rc;

	if (index < COUNTER_FIRST || index > COUNTER_LAST)
		return err_set(e, E_USAGE, "NV index 0x%08x is not of the range 0x%08x to 0x%08x",
			       index, COUNTER_FIRST, COUNTER_LAST);
	rc = Esys_TR_FromTPMPublic(t->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out);
	return rc ? err_set(e, E_NOTFOUND, "the TPM has no counter at NV index 0x%08x", index) : 0;
}

int tpm_nv_is(struct tpm *t, ESYS_TR nv, u32 index, struct bytes want, struct err *e)
{
	TPM2B_NV_PUBLIC *pub = NULL;
	TPM2B_NAME *name = NULL;
	u8 got[sizeof(TPMS_NV_PUBLIC)];
	size_t len = 0;
	TSS2_RC rc = Esys_NV_ReadPublic(t->esys, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub,
					&name);

	if (!rc)
		rc = Tss2_MU_TPMS_NV_PUBLIC_Marshal(&pub->nvPublic, got, sizeof(got), &len);
	Esys_Free(pub);
	Esys_Free(name);
	if (rc)
		return tpm_failed(e, "read the counter's attributes", rc);
	if (!bytes_equal((struct bytes){ got, len }, want))
		return err_set(
			e, E_POLICY,
			"NV index 0x%08x is not a counter of ours: other attributes or policy",
			index);
	return 0;
}

int tpm_nv_counter(struct tpm *t, ESYS_TR nv, u64 *value, struct err *e)
{
	TPM2B_MAX_NV_BUFFER *content = NULL;
	struct reader r;
	TSS2_RC rc = Esys_NV_Read(t->esys, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				  COUNTER_LEN, 0, &content);

	if (rc)
		return tpm_failed(e, "read the counter", rc);
	r = reader_on((struct bytes){ content->buffer, content->size });
	*value = read_be64(&r, "counter");
	Esys_Free(content);
	return r.why || r.left.len ? err_set(e, E_TPM, "the counter is not of 8 bytes") : 0;
}

int tpm_nv_define(struct tpm *t, struct bytes public, ESYS_TR *nv, struct err *e)
{
	static const TPM2B_AUTH no_auth;
	TPM2B_NV_PUBLIC pub = { .size = 0 };
	size_t at = 0;
	TSS2_RC rc = Tss2_MU_TPMS_NV_PUBLIC_Unmarshal(public.at, public.len, &at, &pub.nvPublic);

	if (!rc)
		rc = Esys_NV_DefineSpace(t->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					 ESYS_TR_NONE, &no_auth, &pub, nv);
	return rc ? tpm_failed(e, "TPM2_NV_DefineSpace", rc) : 0;
}

int tpm_nv_certify(struct tpm *t, const struct tpm_key *ak, ESYS_TR nv, const struct digest *extra,
		   struct buf **attest, struct buf **signature, struct err *e)
{
	static const TPMT_SIG_SCHEME key_scheme = { .scheme = TPM2_ALG_NULL };
	TPM2B_DATA data = { .size = 32 };
	TPM2B_ATTEST *a = NULL;
	TPMT_SIGNATURE *s = NULL;
	TSS2_RC rc;

	memcpy(data.buffer, extra->at, 32);
	rc = Esys_NV_Certify(t->esys, ak->handle, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
			     ESYS_TR_NONE, &data, &key_scheme, COUNTER_LEN, 0, &a, &s);
	return rc ? tpm_failed(e, "TPM2_NV_Certify", rc)
		  : tpm_attest_take(a, s, attest, signature, e);
}
