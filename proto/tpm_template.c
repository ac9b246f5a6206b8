// SPDX-License-Identifier: Apache-2.0
#include "tpm_template.h"

/* PolicySecret(TPM_RH_ENDORSEMENT): TCG EK Credential Profile, PolicyA_SHA256 */
static const u8 policy_a_sha256[32] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
	0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
	0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
/* PolicyOR(PolicyA, PolicyAuthorizeNV): PolicyB_SHA256 and PolicyB_SHA384 */
static const u8 policy_b_sha256[32] = {
	0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34,
	0x24, 0x14, 0xef, 0xcf, 0xb3, 0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd,
	0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0,
};
static const u8 policy_b_sha384[48] = {
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc,
	0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4,
	0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb, 0x47, 0xba, 0x09,
	0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
};

enum {
	FIXED = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN,
	STORAGE = FIXED | TPMA_USER_WITH_AUTH | TPMA_NO_DA | TPMA_RESTRICTED | TPMA_DECRYPT,
	EK_LOW = FIXED | TPMA_ADMIN_WITH_POLICY | TPMA_RESTRICTED | TPMA_DECRYPT,
	EK_HIGH = EK_LOW | TPMA_USER_WITH_AUTH,
	AK = FIXED | TPMA_USER_WITH_AUTH | TPMA_NO_DA | TPMA_RESTRICTED | TPMA_SIGN,
};

static const struct row {
	const char *name;
	u16 type, name_alg;
	u16 size; /* curve, or bits of an RSA key */
	u32 attributes;
	u16 aes; /* key bits of AES-CFB for its children; 0: NULL */
	u16 scheme, scheme_hash;
	u16 unique; /* size of the zeros in unique (each coordinate) */
	struct bytes policy;
} rows[TEMPLATE_COUNT] = {
	[TEMPLATE_EK_ECC_P256] = { "EK", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P256, EK_LOW,
				   128, TPM_ALG_NULL, 0, 32, BYTES(policy_a_sha256) },
	[TEMPLATE_EK_RSA_2048] = { "EK", TPM_ALG_RSA, TPM_ALG_SHA256, 2048, EK_LOW, 128,
				   TPM_ALG_NULL, 0, 256, BYTES(policy_a_sha256) },
	[TEMPLATE_EK_RSA_2048_HIGH] = { "EK", TPM_ALG_RSA, TPM_ALG_SHA256, 2048, EK_HIGH, 128,
					TPM_ALG_NULL, 0, 0, BYTES(policy_b_sha256) },
	[TEMPLATE_EK_ECC_P256_HIGH] = { "EK", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P256,
					EK_HIGH, 128, TPM_ALG_NULL, 0, 0, BYTES(policy_b_sha256) },
	[TEMPLATE_EK_ECC_P384_HIGH] = { "EK", TPM_ALG_ECC, TPM_ALG_SHA384, TPM_ECC_NIST_P384,
					EK_HIGH, 256, TPM_ALG_NULL, 0, 0, BYTES(policy_b_sha384) },
	[TEMPLATE_AK_ECC_P256] = { "AK", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P256, AK, 0,
				   TPM_ALG_ECDSA, TPM_ALG_SHA256, 32, BYTES_NONE },
	[TEMPLATE_AK_ECC_P384] = { "AK", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P384, AK, 0,
				   TPM_ALG_ECDSA, TPM_ALG_SHA384, 48, BYTES_NONE },
	[TEMPLATE_AK_RSA_2048] = { "AK", TPM_ALG_RSA, TPM_ALG_SHA256, 2048, AK, 0, TPM_ALG_RSASSA,
				   TPM_ALG_SHA256, 256, BYTES_NONE },
	[TEMPLATE_SRK_ECC_P256] = { "SRK", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P256, STORAGE,
				    128, TPM_ALG_NULL, 0, 32, BYTES_NONE },
	[TEMPLATE_K] = { "K", TPM_ALG_ECC, TPM_ALG_SHA256, TPM_ECC_NIST_P256, STORAGE, 128,
			 TPM_ALG_NULL, 0, 0, BYTES_NONE },
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
	write_be16(w, t->name_alg);
	write_be32(w, t->attributes);
	write_2b(w, t->policy);
	write_be16(w, t->aes ? TPM_ALG_AES : TPM_ALG_NULL);
	if (t->aes) {
		write_be16(w, t->aes);
		write_be16(w, TPM_ALG_CFB);
	}
	write_be16(w, t->scheme);
	if (t->scheme != TPM_ALG_NULL)
		write_be16(w, t->scheme_hash);
	if (t->type == TPM_ALG_RSA) {
		write_be16(w, t->size);
		write_be32(w, 0); /* 65537 */
	} else {
		write_be16(w, t->size);
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

static const char *curve_name(u16 curve)
{
	return curve == TPM_ECC_NIST_P384 ? "P-384" : "P-256";
}

static int check_sizes(const struct row *t, const struct tpm_public *p, struct err *e)
{
	if (t->type == TPM_ALG_ECC && p->curve != t->size)
		return err_set(e, E_POLICY, "%s: curve is not %s", t->name, curve_name(t->size));
	if (t->type == TPM_ALG_RSA &&
	    (p->rsa_bits != t->size || (p->exponent && p->exponent != 65537)))
		return err_set(e, E_POLICY, "%s: not RSA %d with exponent 65537", t->name, t->size);
	return 0;
}

int tpm_template_check(enum tpm_template which, const struct tpm_public *p, struct err *e)
{
	const struct row *t = &rows[which];

	if (p->type != t->type)
		return err_set(e, E_POLICY, "%s: another kind of key", t->name);
	if (p->name_alg != t->name_alg)
		return err_set(e, E_POLICY, "%s: name algorithm is not %s", t->name,
			       t->name_alg == TPM_ALG_SHA384 ? "SHA-384" : "SHA-256");
	if (check_attributes(t, p->attributes, e))
		return (int)e->code;
	if (!bytes_equal(p->auth_policy, t->policy))
		return err_set(e, E_POLICY, "%s: another authPolicy", t->name);
	if (p->symmetric != (t->aes ? TPM_ALG_AES : TPM_ALG_NULL) ||
	    (t->aes && (p->symmetric_bits != t->aes || p->symmetric_mode != TPM_ALG_CFB)))
		return err_set(e, E_POLICY, "%s: symmetric algorithm is not %s", t->name,
			       !t->aes	       ? "NULL"
			       : t->aes == 256 ? "AES-256-CFB"
					       : "AES-128-CFB");
	if (p->scheme != t->scheme || p->scheme_hash != t->scheme_hash)
		return err_set(e, E_POLICY, "%s: another signing scheme", t->name);
	return check_sizes(t, p, e);
}

/* ---- which template a key can be of ---- */
int tpm_template_of_ek(const struct tpm_public *p, enum tpm_template *out, struct err *e)
{
	bool high = bytes_equal(p->auth_policy, BYTES(policy_b_sha256));

	if (p->type == TPM_ALG_RSA)
		*out = high ? TEMPLATE_EK_RSA_2048_HIGH : TEMPLATE_EK_RSA_2048;
	else if (p->type == TPM_ALG_ECC && p->curve == TPM_ECC_NIST_P384)
		*out = TEMPLATE_EK_ECC_P384_HIGH;
	else if (p->type == TPM_ALG_ECC)
		*out = high ? TEMPLATE_EK_ECC_P256_HIGH : TEMPLATE_EK_ECC_P256;
	else
		return err_set(e, E_POLICY, "EK: neither RSA nor elliptic curve");
	return 0;
}

int tpm_template_of_ak(const struct tpm_public *p, enum tpm_template *out, struct err *e)
{
	if (p->type == TPM_ALG_RSA)
		*out = TEMPLATE_AK_RSA_2048;
	else if (p->type == TPM_ALG_ECC)
		*out = p->curve == TPM_ECC_NIST_P384 ? TEMPLATE_AK_ECC_P384 : TEMPLATE_AK_ECC_P256;
	else
		return err_set(e, E_POLICY, "AK: neither RSA nor elliptic curve");
	return 0;
}
