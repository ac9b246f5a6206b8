/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI's GUIDs, UTF-16 and device paths as text for a person: always printable UTF-8, always ended, cut
 * where @size ends. Bytes that mean nothing become '?'. Nothing here decides anything.
 * SPEC: UEFI 2.10 10.6.1.6 (text of device nodes), 3.1.3 (EFI_LOAD_OPTION), 32.4.1 (EFI_SIGNATURE_LIST)
 */
#ifndef ASSAY_EFI_TEXT_H
#define ASSAY_EFI_TEXT_H

#include "common/bytes.h"

extern const u8 efi_guid_global[16];   /* EFI_GLOBAL_VARIABLE         */
extern const u8 efi_guid_security[16]; /* EFI_IMAGE_SECURITY_DATABASE */

/** struct efi_text - text under construction; what does not fit is left away. */
struct efi_text {
	char *at;
	size_t size, len;
};
/** efi_text_on - an empty text in @out of @size bytes (at least 1). */
struct efi_text efi_text_on(char *out, size_t size);
__attribute__((format(printf, 2, 3))) void efi_text_add(struct efi_text *t, const char *format,
							...);
void efi_text_ascii(struct efi_text *t, struct bytes b); /* 8 bit */
void efi_text_wide(struct efi_text *t, struct bytes b);	 /* UTF-16, little endian, up to its NUL */
void efi_text_guid(struct efi_text *t, struct bytes guid);
/** efi_text_path - "PciRoot(0x0)/Pci(0x1,0x1)/\EFI\debian\grubx64.efi"; "(broken)" where it does not parse. */
void efi_text_path(struct efi_text *t, struct bytes path);
/** efi_text_option - EFI_LOAD_OPTION: "fedora: HD(1,...)/\EFI\fedora\shimx64.efi". */
void efi_text_option(struct efi_text *t, struct bytes option);
/** efi_text_signatures - EFI_SIGNATURE_LISTs, counted: "2 certificates, 77 hashes". */
void efi_text_signatures(struct efi_text *t, struct bytes lists);

/** efi_wide_is - is the UTF-16 text @b exactly the ASCII @text? */
bool efi_wide_is(struct bytes b, const char *text);
/** efi_printable - 8-bit text without control characters, not empty. */
bool efi_printable(struct bytes b);

#endif
