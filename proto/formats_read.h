/* SPDX-License-Identifier: Apache-2.0 */
/* Between formats.c, formats_binary.c and formats_text.c. */
#ifndef ASSAY_FORMATS_READ_H
#define ASSAY_FORMATS_READ_H

#include "formats.h"

#define EAR_PROFILE_FAMILY "tag:ietf.org,2026:rats/ear"

bool format_starts_with(struct bytes b, const char *text);
int format_check_ear_claims(struct bytes b, struct err *e);
/**
 * format_check_binary, format_check_text - those formats that are told by their first bytes.
 * Return: true: it is one of them, @out->format says which, and @e why its grammar is not kept, if it is not.
 */
bool format_check_binary(struct bytes b, struct format_seen *out, struct err *e);
bool format_check_text(struct bytes b, struct format_seen *out, struct err *e);

#endif
