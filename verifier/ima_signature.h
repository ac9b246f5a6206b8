/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of files as security.ima has them, in IMA's list. That the kernel checked one is its own word, so
 * each is checked here, over the digest that was measured.
 * SPEC: Linux security/integrity/integrity.h (struct signature_v2_hdr, struct ima_file_id), evmctl(1)
 */
#ifndef ASSAY_IMA_SIGNATURE_H
#define ASSAY_IMA_SIGNATURE_H

#include "common/cert.h"
#include "proto/ima_log.h"

enum { IMA_SIGNERS_MAX = 16 };

/** struct ima_signers - keys that may sign files. */
struct ima_signers {
	size_t n;
	struct ima_signer {
		struct pubkey *key;
		u8 key_hash[32]; /* SHA-256 of the SubjectPublicKeyInfo */
		bool has_id;	 /* the certificate names its key */
		u8 id[4];	 /* the end of that name, which signatures carry */
	} at[IMA_SIGNERS_MAX];
};
/**
 * ima_signers_add - the keys of the certificates in @path, PEM or DER. An operator names them, so neither a
 * path nor a validity is asked of them. E_LIMIT past IMA_SIGNERS_MAX.
 */
int ima_signers_add(struct ima_signers *s, const char *path, struct err *e);
void ima_signers_clear(struct ima_signers *s);

enum ima_signed {
	IMA_NOT_SIGNED,
	IMA_SIGNED, /* by one of the keys, over this digest */
	IMA_SIGNED_BY_OTHERS,
	IMA_SIGNATURE_WRONG, /* not of that form, of another digest, or not made by the key it names */
};
enum ima_signed ima_signature_check(const struct ima_signers *s, const struct ima_entry *entry);

#endif
