/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM objects that assay makes, as TPMT_PUBLIC bytes: the agent creates them, the server demands
 * them. docs/PROTOCOL.md prints each as hex.
 * SPEC: TCG EK Credential Profile 2.5 B.3 (EK templates L-1, L-2), B.4 (H-1, H-2, H-3); RULES 4, 15, 16
 */
#ifndef ASSAY_TPM_TEMPLATE_H
#define ASSAY_TPM_TEMPLATE_H

#include "tpm_attest.h"

enum tpm_template {
	TEMPLATE_EK_ECC_P256,	   /* endorsement hierarchy, TCG L-2                         */
	TEMPLATE_EK_RSA_2048,	   /* endorsement hierarchy, TCG L-1                         */
	TEMPLATE_EK_RSA_2048_HIGH, /* TCG H-1: the EK may be used by its authValue too      */
	TEMPLATE_EK_ECC_P256_HIGH, /* TCG H-2                                               */
	TEMPLATE_EK_ECC_P384_HIGH, /* TCG H-3: its name is SHA-384                           */
	TEMPLATE_AK_ECC_P256,	   /* endorsement hierarchy: counts in quotes are not hidden */
	TEMPLATE_AK_ECC_P384,
	TEMPLATE_AK_RSA_2048,
	TEMPLATE_SRK_ECC_P256, /* owner hierarchy, TCG                                   */
	TEMPLATE_K,	       /* NULL hierarchy: dead at the next reset                 */
	TEMPLATE_COUNT
};

/** tpm_template_write - TPMT_PUBLIC with the unique field a TPM2_CreatePrimary() takes. */
void tpm_template_write(enum tpm_template which, struct writer *w);
/**
 * tpm_template_check - @p is an object made from @which: every field but unique is the same.
 * Refused with the field that differs, in words.
 */
int tpm_template_check(enum tpm_template which, const struct tpm_public *p, struct err *e);
/**
 * tpm_template_of_ek, tpm_template_of_ak - the one among the EK (AK) templates that @p can only have been made from, judged by
 * type, size, curve and authPolicy. The caller checks the rest with tpm_template_check().
 * Return: 0, or E_POLICY with what is not accepted.
 */
int tpm_template_of_ek(const struct tpm_public *p, enum tpm_template *out, struct err *e);
int tpm_template_of_ak(const struct tpm_public *p, enum tpm_template *out, struct err *e);
/** tpm_template_name - "AK", "K (delivery key)", ... */
const char *tpm_template_name(enum tpm_template which);

#endif
