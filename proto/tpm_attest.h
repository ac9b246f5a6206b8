/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM structures from bytes, without a TPM library.
 * SPEC: TCG TPM 2.0 Part 2: 10.12 (TPMS_ATTEST), 11.3 (TPMT_SIGNATURE), 12.2 (TPMT_PUBLIC)
 */
#ifndef ASSAY_TPM_ATTEST_H
#define ASSAY_TPM_ATTEST_H

#include "common/crypto.h"
#include "common/limits.h"
#include "common/reader.h"

enum {
	TPM_ALG_RSA = 0x0001,
	TPM_ALG_SHA1 = 0x0004,
	TPM_ALG_AES = 0x0006,
	TPM_ALG_KEYEDHASH = 0x0008,
	TPM_ALG_SHA256 = 0x000b,
	TPM_ALG_SHA384 = 0x000c,
	TPM_ALG_SHA512 = 0x000d,
	TPM_ALG_NULL = 0x0010,
	TPM_ALG_RSASSA = 0x0014,
	TPM_ALG_RSAPSS = 0x0016,
	TPM_ALG_ECDSA = 0x0018,
	TPM_ALG_ECC = 0x0023,
	TPM_ALG_CFB = 0x0043,
	TPM_ECC_NIST_P256 = 0x0003,
	TPM_ECC_NIST_P384 = 0x0004,
	TPM_ECC_NIST_P521 = 0x0005,
};
#define TPM_GENERATED 0xff544347u
#define TPM_RH_OWNER  0x40000001u
#define TPM_RH_NULL   0x40000007u
enum { TPM_ST_ATTEST_NV = 0x8014, TPM_ST_ATTEST_CERTIFY = 0x8017, TPM_ST_ATTEST_QUOTE = 0x8018 };

/* TPMA_OBJECT bits */
enum {
	TPMA_FIXED_TPM = 1 << 1,
	TPMA_ST_CLEAR = 1 << 2,
	TPMA_FIXED_PARENT = 1 << 4,
	TPMA_SENSITIVE_DATA_ORIGIN = 1 << 5,
	TPMA_USER_WITH_AUTH = 1 << 6,
	TPMA_ADMIN_WITH_POLICY = 1 << 7,
	TPMA_NO_DA = 1 << 10,
	TPMA_ENCRYPTED_DUPLICATION = 1 << 11,
	TPMA_RESTRICTED = 1 << 16,
	TPMA_DECRYPT = 1 << 17,
	TPMA_SIGN = 1 << 18,
};

enum digest_alg tpm_digest_alg(u16 tpm_alg); /* DIGEST_NONE when not one of ours */
u16 tpm_alg_of(enum digest_alg alg);

/** struct tpm_selection - TPML_PCR_SELECTION: per bank a bitmap of PCRs. */
struct tpm_selection {
	size_t n;
	struct {
		u16 alg;
		u32 pcrs; /* bit i: PCR i */
	} bank[TPM_BANKS_MAX];
};
/** tpm_selection_write - TPML_PCR_SELECTION with three octets per bank. */
void tpm_selection_write(const struct tpm_selection *s, struct writer *w);

struct tpm_clock {
	u64 clock_ms;
	u32 reset_count, restart_count;
	bool safe;
};

/** struct tpm_attest - a TPMS_ATTEST; views point into the parsed bytes. */
struct tpm_attest {
	u16 type;
	struct bytes qualified_signer;
	struct bytes extra_data;
	struct tpm_clock clock;
	u64 firmware_version;
	/* quote */
	struct tpm_selection selection;
	struct bytes pcr_digest;
	/* certify; an NV index has no qualified name */
	struct bytes name, qualified_name;
	/* NV certify */
	u16 nv_offset;
	struct bytes nv_contents;
};
/**
 * tpm_attest_parse - refuses a magic that is not TPM_GENERATED, types other than quote, certify
 * and NV certify, and bytes after the end.
 */
int tpm_attest_parse(struct bytes attest, struct tpm_attest *out, struct err *e);

/** struct tpm_signature - TPMT_SIGNATURE in the raw form that pubkey_verify() takes. */
struct tpm_signature {
	enum sig_scheme scheme;
	enum digest_alg hash;
	u8 raw[SPDM_SIG_MAX];
	size_t len;
};
/** tpm_signature_parse - @key decides the padding of r and s. */
int tpm_signature_parse(struct bytes sig, const struct pubkey *key, struct tpm_signature *out,
			struct err *e);

/** struct tpm_public - a TPMT_PUBLIC; views point into the parsed bytes. */
struct tpm_public {
	struct bytes bytes; /* the TPMT_PUBLIC itself */
	u16 type, name_alg;
	u32 attributes;
	struct bytes auth_policy;
	u16 symmetric, symmetric_bits, symmetric_mode;
	u16 scheme, scheme_hash;
	u16 curve;
	u16 rsa_bits;
	u32 exponent;
	struct bytes unique_x, unique_y; /* RSA: modulus in x; keyed hash: digest in x */
};
/** tpm_public_parse - TPMT_PUBLIC (without the size of TPM2B_PUBLIC) of an ECC, RSA or keyed-hash object. */
int tpm_public_parse(struct bytes pub, struct tpm_public *out, struct err *e);
/** tpm_public_key - the key in it, for verification or wrapping. */
int tpm_public_key(const struct tpm_public *p, struct pubkey **out, struct err *e);
enum { TPM_NAME_MAX = 2 + DIGEST_MAX };
/** tpm_public_name - nameAlg ‖ H(TPMT_PUBLIC). Return: length, 0 when nameAlg is not one of ours. */
size_t tpm_public_name(const struct tpm_public *p, u8 out[TPM_NAME_MAX]);
enum { UEID_LEN = 33 };
/** tpm_ueid - 0x01 ‖ SHA-256(Name(EK)), the identity of a host; @ek_pub is its EK's TPMT_PUBLIC. */
int tpm_ueid(struct bytes ek_pub, u8 out[UEID_LEN], struct err *e);
/** tpm_qualified_name - of a primary under @hierarchy: nameAlg ‖ H(hierarchy ‖ name). */
size_t tpm_qualified_name(u32 hierarchy, struct bytes name, u8 out[TPM_NAME_MAX]);

#endif
