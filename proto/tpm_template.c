// SPDX-License-Identifier: Apache-2.0
#include "tpm_template.h"

/* PolicySecret(TPM_RH_ENDORSEMENT): TCG EK Credential Profile, PolicyA_SHA256 */
static const u8 ek_policy[32] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
	0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
	0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};

enum {
	FIXED = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN,
	STORAGE = FIXED | TPMA_USER_WITH_AUTH | TPMA_NO_DA | TPMA_RESTRICTED | TPMA_DECRYPT,
};

static const struct row {
	const char *name;
	u16 type;
	u32 attributes;
	bool ek_policy;
	bool aes; /* AES-128-CFB for its children, else NULL */
	u16 scheme, scheme_hash;
	u16 unique; /* size of the zeros in unique (each coordinate) */
} rows[TEMPLATE_COUNT] = {
	[TEMPLATE_EK_ECC_P256] = { "EK", TPM_ALG_ECC,
				   FIXED | TPMA_ADMIN_WITH_POLICY | TPMA_RESTRICTED | TPMA_DECRYPT,
				   true, true, TPM_ALG_NULL, 0, 32 },
	[TEMPLATE_EK_RSA_2048] = { "EK", TPM_ALG_RSA,
				   FIXED | TPMA_ADMIN_WITH_POLICY | TPMA_RESTRICTED | TPMA_DECRYPT,
				   true, true, TPM_ALG_NULL, 0, 256 },
	[TEMPLATE_AK_ECC_P256] = { "AK", TPM_ALG_ECC,
				   FIXED | TPMA_USER_WITH_AUTH | TPMA_NO_DA | TPMA_RESTRICTED |
					   TPMA_SIGN,
				   false, false, TPM_ALG_ECDSA, TPM_ALG_SHA256, 32 },
	[TEMPLATE_SRK_ECC_P256] = { "SRK", TPM_ALG_ECC, STORAGE, false, true, TPM_ALG_NULL, 0, 32 },
	[TEMPLATE_K] = { "K", TPM_ALG_ECC, STORAGE, false, true, TPM_ALG_NULL, 0, 0 },
};

const char *tpm_template_name(enum tpm_template which)
{
	return rows[which].name;
}

static void write_2b(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

static void write_unique(const struct row *t, struct writer *w)
{
	write_be16(w, t->unique);
	write_zeros(w, t->unique);
}

void tpm_template_write(enum tpm_template which, struct writer *w)
{
	const struct row *t = &rows[which];

	write_be16(w, t->type);
	write_be16(w, TPM_ALG_SHA256);
	write_be32(w, t->attributes);
	write_2b(w, t->ek_policy ? BYTES(ek_policy) : BYTES_NONE);
	write_be16(w, t->aes ? TPM_ALG_AES : TPM_ALG_NULL);
	if (t->aes) {
		write_be16(w, 128);
		write_be16(w, TPM_ALG_CFB);
	}
	write_be16(w, t->scheme);
	if (t->scheme != TPM_ALG_NULL)
		write_be16(w, t->scheme_hash);
	if (t->type == TPM_ALG_RSA) {
		write_be16(w, 2048);
		write_be32(w, 0); /* 65537 */
	} else {
		write_be16(w, TPM_ECC_NIST_P256);
		write_be16(w, TPM_ALG_NULL); /* kdf */
		write_unique(t, w);
	}
	write_unique(t, w);
}

static const struct {
	u32 bit;
	const char *name;
} attribute_names[] = {
	{ TPMA_FIXED_TPM, "fixedTPM" },
	{ TPMA_ST_CLEAR, "stClear" },
	{ TPMA_FIXED_PARENT, "fixedParent" },
	{ TPMA_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin" },
	{ TPMA_USER_WITH_AUTH, "userWithAuth" },
	{ TPMA_ADMIN_WITH_POLICY, "adminWithPolicy" },
	{ TPMA_NO_DA, "noDA" },
	{ TPMA_ENCRYPTED_DUPLICATION, "encryptedDuplication" },
	{ TPMA_RESTRICTED, "restricted" },
	{ TPMA_DECRYPT, "decrypt" },
	{ TPMA_SIGN, "sign" },
};

static int check_attributes(const struct row *t, u32 got, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(attribute_names); i++)
		if ((got ^ t->attributes) & attribute_names[i].bit)
			return err_set(e, E_POLICY, "%s: attribute %s is %s", t->name,
				       attribute_names[i].name,
				       got & attribute_names[i].bit ? "set and must not be"
								    : "missing");
	if (got != t->attributes)
		return err_set(e, E_POLICY, "%s: attributes 0x%08x, wanted 0x%08x", t->name, got,
			       t->attributes);
	return 0;
}

int tpm_template_check(enum tpm_template which, const struct tpm_public *p, struct err *e)
{
	const struct row *t = &rows[which];
	struct bytes policy = t->ek_policy ? BYTES(ek_policy) : BYTES_NONE;

	if (p->type != t->type)
		return err_set(e, E_POLICY, "%s: another kind of key", t->name);
	if (p->name_alg != TPM_ALG_SHA256)
		return err_set(e, E_POLICY, "%s: name algorithm is not SHA-256", t->name);
	if (check_attributes(t, p->attributes, e))
		return (int)e->code;
	if (!bytes_equal(p->auth_policy, policy))
		return err_set(e, E_POLICY, "%s: another authPolicy", t->name);
	if (p->symmetric != (t->aes ? TPM_ALG_AES : TPM_ALG_NULL) ||
	    (t->aes && (p->symmetric_bits != 128 || p->symmetric_mode != TPM_ALG_CFB)))
		return err_set(e, E_POLICY, "%s: symmetric algorithm is not %s", t->name,
			       t->aes ? "AES-128-CFB" : "NULL");
	if (p->scheme != t->scheme || p->scheme_hash != t->scheme_hash)
		return err_set(e, E_POLICY, "%s: another signing scheme", t->name);
	if (t->type == TPM_ALG_ECC && p->curve != TPM_ECC_NIST_P256)
		return err_set(e, E_POLICY, "%s: curve is not P-256", t->name);
	if (t->type == TPM_ALG_RSA &&
	    (p->rsa_bits != 2048 || (p->exponent && p->exponent != 65537)))
		return err_set(e, E_POLICY, "%s: not RSA 2048 with exponent 65537", t->name);
	return 0;
}
