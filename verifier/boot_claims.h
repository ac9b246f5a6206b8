/* SPDX-License-Identifier: Apache-2.0 */
/* What a boot log claims, for appraisal and for learning, and whether its data are what was measured. */
#ifndef ASSAY_BOOT_CLAIMS_H
#define ASSAY_BOOT_CLAIMS_H

#include "boot_names.h"

/**
 * boot_claims_check - do the data say what was measured? Refuses what contradicts its digest in bank
 * @tpm_alg (E_BINDING) and a firmware that tells of an error (E_POLICY), and names the event.
 */
int boot_claims_check(const struct boot_log *log, u16 tpm_alg, struct err *e);

/**
 * boot_claims - the environment of the boot log, for appraisal and for learning. The digest is that of
 * bank @tpm_alg; banks in log->quoted stand beside it. info.text is there where a digest vouches for it.
 * @command_line: what the running kernel says of it; it is believed only if it is what was measured.
 * Return: E_NOTFOUND when the log has no such bank.
 */
int boot_claims(const struct boot_log *log, u16 tpm_alg, struct bytes command_line,
		struct ect **out, struct err *e);

/** boot_claims_command_line - is @text what the Linux stub measured as its options with @ev? */
bool boot_claims_command_line(const struct boot_log *log, const struct boot_event *ev, size_t bank,
			      struct bytes text);

#endif
