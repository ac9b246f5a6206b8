/* SPDX-License-Identifier: Apache-2.0 */
/* The attestation result of one verdict. SPEC: draft-ietf-rats-ear-04, docs/RULES.md 12 */
#ifndef ASSAY_SERVER_RESULT_H
#define ASSAY_SERVER_RESULT_H

#include "proto/ear.h"
#include "verifier/appraise.h"

enum result_form { RESULT_JWT, RESULT_CWT };

/**
 * result_form_of - what ?result= asks for; absent (NULL): a JWT.
 * Return: false for another word.
 */
bool result_form_of(const char *word, enum result_form *out);
/**
 * result_make - @draft is filled but for its submodules: these, and up to EAR_REASONS_MAX sentences why
 * each is what it is, come from @a and @reasons.
 */
int result_make(const struct ear *draft, const struct appraisal *a, const struct reasons *reasons,
		enum result_form form, const struct keypair *key, struct buf **out, struct err *e);

#endif
