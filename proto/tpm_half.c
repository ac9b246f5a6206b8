// SPDX-License-Identifier: Apache-2.0
#include "tpm_half.h"

enum {
	TPMA_NV_POLICYWRITE = 1 << 3,
	TPMA_NV_COUNTER = 1 << 4,
	TPMA_NV_AUTHREAD = 1 << 18,
	TPMA_NV_NO_DA = 1 << 25,
	TPMA_NV_WRITTEN = 1 << 29,
};

static void add_cap_is_zero(struct tpm_policy *p)
{
	static const u8 zero[32];
	const struct tpm_selection cap = { 1, { { TPM_ALG_SHA256, 1u << CAP_PCR } } };
	struct digest value = sha256_of(BYTES(zero));

	tpm_policy_pcr(p, &cap, digest_bytes(&value));
}

struct digest tpm_counter_policy_uncapped(void)
{
	struct tpm_policy p = tpm_policy_start();

	add_cap_is_zero(&p);
	return p.digest;
}

struct digest tpm_counter_policy_new(void)
{
	struct tpm_policy p = tpm_policy_start();

	tpm_policy_nv_written(&p, false);
	return p.digest;
}

struct digest tpm_counter_policy(void)
{
	struct tpm_policy p = tpm_policy_start();
	struct digest uncapped = tpm_counter_policy_uncapped(), new = tpm_counter_policy_new();

	tpm_policy_or(&p, &uncapped, &new);
	return p.digest;
}

void tpm_counter_public(u32 index, bool written, struct writer *w)
{
	struct digest policy = tpm_counter_policy();

	write_be32(w, index);
	write_be16(w, TPM_ALG_SHA256);
	write_be32(w, TPMA_NV_POLICYWRITE | TPMA_NV_COUNTER | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA |
			      (written ? TPMA_NV_WRITTEN : 0));
	write_be16(w, 32);
	write_bytes(w, digest_bytes(&policy));
	write_be16(w, COUNTER_LEN);
}

void tpm_nv_name(struct bytes public, u8 out[COUNTER_NAME_LEN])
{
	struct writer name = writer_on(out, COUNTER_NAME_LEN);
	struct digest d = sha256_of(public);

	write_be16(&name, TPM_ALG_SHA256);
	write_bytes(&name, digest_bytes(&d));
}

void tpm_counter_name(u32 index, u8 out[COUNTER_NAME_LEN])
{
	u8 room[NV_PUBLIC_MAX];
	struct writer w = writer_on(room, sizeof(room));

	tpm_counter_public(index, true, &w);
	tpm_nv_name(write_done(&w), out);
}

void tpm_half_conditions(struct tpm_policy *p, u32 index, u64 epoch)
{
	u8 name[COUNTER_NAME_LEN], operand[COUNTER_LEN];
	struct writer w = writer_on(operand, sizeof(operand));

	tpm_counter_name(index, name);
	write_be64(&w, epoch);
	add_cap_is_zero(p);
	tpm_policy_nv(p, BYTES(name), BYTES(operand), 0, TPM_EO_UNSIGNED_LE);
}

struct digest tpm_half_policy(u32 index, u64 epoch)
{
	struct tpm_policy p = tpm_policy_start();

	tpm_half_conditions(&p, index, epoch);
	return p.digest;
}

int tpm_counter_attested(const struct tpm_attest *a, struct bytes name, u32 index, u64 *value,
			 struct err *e)
{
	struct reader content = reader_on(a->nv_contents);

	if (a->type != TPM_ST_ATTEST_NV)
		return err_set(e, E_POLICY,
			       "the attestation of a counter is not an NV certification");
	if (!bytes_equal(a->name, name))
		return err_set(e, E_BINDING,
			       "what stands at NV index 0x%08x is not a counter as it has to be",
			       index);
	*value = read_be64(&content, "nvContents");
	if (read_done(&content) || a->nv_offset)
		return err_set(e, E_FORMAT, "a counter's certification is of a part of it");
	return 0;
}
