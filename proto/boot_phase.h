/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd extends into PCR 11 after the boot log has ended: a word as each phase of the boot is reached, in
 * this order. A host may leave phases out (an initrd without systemd has no first two), and repeats none.
 * SPEC: systemd-pcrphase.service(8)
 */
#ifndef ASSAY_BOOT_PHASE_H
#define ASSAY_BOOT_PHASE_H

#include "common/crypto.h"

enum { BOOT_PHASE_PCR = 11 };

/**
 * boot_phase_reached - is @quoted what @after_log becomes by some of the words?
 * Return: the last of them; "" when there is none yet; NULL when no words make that value.
 */
const char *boot_phase_reached(const struct digest *after_log, struct bytes quoted);

#endif
