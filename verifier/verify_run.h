/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the verify stage share; nobody else includes this. */
#ifndef ASSAY_VERIFY_RUN_H
#define ASSAY_VERIFY_RUN_H

#include "verify.h"

/* What a run of checks works on. */
struct run {
	const struct eat *t;
	const struct verify_context *ctx;
	struct verified_view *v;
	struct reasons *reasons;
	struct pubkey *ak;
	enum digest_alg quote_hash; /* of the scheme the quote is signed by */
	struct digest bind;
	struct evidence_context context;
};

/* @d: the device, or NULL for the host. A check that failed once stays failed. */
void check_passed(struct checks *c, enum check_id id);
void check_failed(struct run *r, struct verified_device *d, enum check_id id, const char *found);
void check_judged(struct run *r, struct verified_device *d, enum check_id id, int rc,
		  const struct err *e);
/** printable - bytes of the token as text for a person, '?' for what is not ASCII. */
void printable(struct bytes b, char *out, size_t size);
/** token_bank - the claimed PCRs of a bank, or NULL. */
const struct eat_bank *token_bank(const struct eat *t, u16 alg);
/**
 * open_attest - a TPMS_ATTEST of the enrolled AK: signature first, parsing second. @hash: NULL, or gets
 * the hash of its scheme, which is also the one of a quote's PCR digest.
 */
int open_attest(struct run *r, struct bytes attest, struct bytes sig, struct tpm_attest *out,
		enum digest_alg *hash, struct err *e);

/* verify_device.c */
void check_device(struct run *r, struct verified_device *d, struct err *e);
void check_distinct(struct run *r);
/* verify_kernel.c */
void check_device_log(struct run *r, struct err *e);
void check_guard(struct run *r, struct verified_device *d);
/* verify_ima.c */
void check_ima_log(struct run *r, struct err *e);
/* verify_release.c */
void check_release(struct run *r, struct err *e);
/**
 * check_counted - TPM2_NV_Certify of the whole content of the counter @name, in the boot and about the evidence of the
 * quote. @index: for the message.
 */
int check_counted(struct run *r, struct bytes attest, struct bytes sig, struct bytes name,
		  u32 index, u64 *value, struct err *e);
/* verify_lease.c */
void check_lease(struct run *r, struct err *e);

#endif
