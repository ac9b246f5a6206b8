/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASSAY_CLI_UKI_FIND_H
#define ASSAY_CLI_UKI_FIND_H

#include "common/range.h"

/**
 * uki_find - the unified kernel image of a version in an ESP: of the files .efi in EFI/Linux the only one whose section .uname says it.
 * @esp: where the ESP is mounted; NULL: looked for where Debian and systemd mount it.
 * Return: 0 with the file, open; E_NOTFOUND for none, E_CONFLICT for two, both naming --uki.
 * SPEC: Boot Loader Specification (Type #2 EFI Unified Kernel Images)
 */
int uki_find(const char *esp, const char *release, struct range_file **out, struct err *e);

#endif
