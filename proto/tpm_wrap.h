/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server makes for a TPM without having one: credentials (MakeCredential) and duplicates of
 * sealed objects.
 * SPEC: TCG TPM 2.0 Part 1: 22 (protected storage), 23.3 (duplication), 24 (credentials), C.6 (ECC secrets)
 */
#ifndef ASSAY_TPM_WRAP_H
#define ASSAY_TPM_WRAP_H

#include "tpm_attest.h"

/**
 * tpm_make_credential - wrap @secret so that TPM2_ActivateCredential yields it only where @ek and
 * the object named @ak_name live in one TPM.
 * @secret: at most 32 bytes. @id_object gets a TPM2B_ID_OBJECT, @encrypted_secret a
 * TPM2B_ENCRYPTED_SECRET.
 */
int tpm_make_credential(const struct tpm_public *ek, struct bytes ak_name, struct bytes secret,
			struct writer *id_object, struct writer *encrypted_secret, struct err *e);

/**
 * tpm_seal_for - a keyed-hash object that holds @data under @auth_policy, as a duplicate for the
 * storage key @parent. Attributes: noDA only; no userWithAuth, so only the policy opens it.
 * @public_2b, @private_2b, @secret_2b get TPM2B_PUBLIC, TPM2B_PRIVATE, TPM2B_ENCRYPTED_SECRET for
 * TPM2_Import with symmetricAlg NULL.
 */
int tpm_seal_for(const struct tpm_public *parent, struct bytes data,
		 const struct digest *auth_policy, struct writer *public_2b,
		 struct writer *private_2b, struct writer *secret_2b, struct err *e);

#endif
