/* SPDX-License-Identifier: Apache-2.0 */
/* Boot logs of a test's own, event by event. */
#ifndef ASSAY_TEST_BOOT_SCRIPT_H
#define ASSAY_TEST_BOOT_SCRIPT_H

#include "common/buf.h"
#include "proto/boot_log.h"
#include "verifier/ect.h"

/** struct boot_script - a log under construction: banks SHA-256 and, if wished, SHA-1 before it. */
struct boot_script {
	struct buf *log;
	bool two_banks;
};
/** boot_script_new - with its header. Drop @log. */
struct boot_script boot_script_new(bool two_banks);
/** boot_script_event - an event whose digests are those of @measured. */
void boot_script_event(struct boot_script *s, u32 pcr, u32 type, struct bytes measured,
		       struct bytes data);
/** boot_script_text - its digest is of the text, which is its data. */
void boot_script_text(struct boot_script *s, u32 pcr, u32 type, const char *text);
void boot_script_separators(struct boot_script *s);
/** boot_script_variable - UEFI_VARIABLE_DATA in full, and measured so. */
void boot_script_variable(struct boot_script *s, u32 pcr, u32 type, const u8 guid[16],
			  const char *name, struct bytes value);
/** boot_script_image - UEFI_IMAGE_LOAD_EVENT of a file path; the digest is of @content. */
void boot_script_image(struct boot_script *s, u32 pcr, u32 type, const char *path,
		       const char *content);
/** boot_script_image_of - the same with bytes. */
void boot_script_image_of(struct boot_script *s, u32 pcr, u32 type, const char *path,
			  struct bytes measured);
/** boot_script_tag - EV_EVENT_TAG with @what as its data; the digest is of @measured. */
void boot_script_tag(struct boot_script *s, u32 pcr, u32 tag, const char *what,
		     struct bytes measured);
/** boot_script_grub - EV_IPL: @prefix and @text with a NUL; the digest is of @measured. */
void boot_script_grub(struct boot_script *s, u32 pcr, const char *prefix, const char *text,
		      const char *measured);
/** boot_script_wide - @text as UTF-16 with its NUL, to be dropped. */
struct buf *boot_script_wide(const char *text);
/** boot_script_claim - the digest of the claim @name; empty when there is none. */
struct bytes boot_script_claim(const struct ect *x, const char *name);

#endif
