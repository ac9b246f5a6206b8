/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concise evidence: what an environment says of itself, in CoMID's terms. It comes bare (tag 571), as
 * an SPDM table of contents (tag 570), or in a CWT whose measurements hold it.
 * SPEC: TCG DICE Concise Evidence Binding for SPDM 1.0
 */
#ifndef ASSAY_COEV_H
#define ASSAY_COEV_H

#include "corim.h"

enum { COEV_MAX = 16 }; /* in one table of contents */

/** struct coev - each one's evidence triples stand in at[i]->references. */
struct coev {
	size_t n;
	struct corim *at[COEV_MAX];
};
/**
 * coev_parse - any of the three forms. A CWT's signature is not looked at: who carries the evidence
 * signed it, as SPDM does a measurement block.
 * @out: owns a copy of the bytes; untouched on failure.
 * Return: 0; E_FORMAT with the path of the fault; E_LIMIT; E_MEMORY.
 */
int coev_parse(struct bytes b, struct coev **out, struct err *e);
void coev_drop(struct coev **c);

/**
 * coev_indirect - the one measurement block that spdm-indirect (code point 12) of @m names.
 * Return: false when it names none or several.
 */
bool coev_indirect(const struct corim_mval *m, u8 *index);

#endif
