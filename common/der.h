/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it DER, or BER that most readers take? Certificates with such slips were signed and sold, and a verifier that
 * refuses them refuses the hardware; one that says nothing hides that two readers may read them differently.
 * SPEC: ITU-T X.690 8, 10, 11; RFC 5280 4.1 (default values), 4.2
 */
#ifndef ASSAY_DER_H
#define ASSAY_DER_H

#include "bytes.h"

enum { DER_DEPTH_MAX = 24 };

/**
 * der_oddity - the first thing in @ber, whole values one behind the other, that DER has another form for.
 * Return: NULL when there is none; words for people, which name no byte of it.
 */
const char *der_oddity(struct bytes ber);

#endif
