/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values as people and CI write them, to be signed as a CoRIM. The form: docs/CORIM-TEXT.md */
#ifndef ASSAY_CORIM_TEXT_H
#define ASSAY_CORIM_TEXT_H

#include "corim.h"

enum { CORIM_TEXT_MAX = 1024 * 1024 };

/**
 * corim_text_parse - into a CoRIM without tags: id, signer, validity, references, endorsed and conditional.
 * Return: 0; E_FORMAT with "line N: ..."; E_LIMIT; E_MEMORY.
 */
int corim_text_parse(struct bytes text, struct corim **out, struct err *e);
/** corim_text_draft - what corim_write() takes; it points into @c. */
struct corim_draft corim_text_draft(const struct corim *c);

#endif
