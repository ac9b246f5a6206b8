/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The initrd that systemd's stub makes of a unified kernel image: section .initrd, and behind it files of its own in an
 * archive each. The kernel's stub measures all of it as one.
 * SPEC: systemd-stub(7); systemd src/boot/stub.c (generate_embedded_initrds), cpio.c (pack_cpio_literal)
 */
#ifndef ASSAY_UKI_INITRD_H
#define ASSAY_UKI_INITRD_H

#include "proto/pe_image.h"

/** enum uki_stub - which files a stub adds; of profiles and of what lies beside the image nothing is known. */
enum uki_stub {
	UKI_STUB_ALONE,	  /* none: the section as it is                     */
	UKI_STUB_KEYS,	  /* signature and public key of PCR 11: 252 to 256 */
	UKI_STUB_RELEASE, /* and the os-release: since 257                  */
	UKI_STUBS
};

/** struct uki_initrd - what is hashed, in order; views into the image and into @room. Not to be copied. */
struct uki_initrd {
	size_t n;
	struct range pieces[2 + 3 * 7]; /* a section with its padding, up to three archives */
	char room[1024];		/* heads of the archives */
	size_t used;
};

/** uki_initrd_of - of an image with these sections. Return: false when it has no .initrd, or two. */
bool uki_initrd_of(const struct pe_sections *s, enum uki_stub stub, struct uki_initrd *out);

#endif
