/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Authenticode digest of a PE image: what firmware and shim extend into PCR 4 when they start one.
 * SPEC: Microsoft Windows Authenticode Portable Executable Signature Format 1.0 (Calculating the PE Image Hash);
 *       TCG PC Client Platform Firmware Profile 3.3.4.5 (PCR 4)
 */
#ifndef ASSAY_PE_IMAGE_H
#define ASSAY_PE_IMAGE_H

#include "common/crypto.h"
#include "common/limits.h"
#include "common/reader.h"

/** struct pe_image - the pieces of a file that are hashed, in their order; views into it. */
struct pe_image {
	size_t n;
	struct bytes pieces[4 + PE_SECTIONS_MAX];
};
/** pe_image_is - does it begin as a PE image does? */
bool pe_image_is(struct bytes file);
/**
 * pe_image_parse - everything but the checksum, the entry of the certificate table, and that table.
 * Return: 0; E_FORMAT with the field that does not fit; E_LIMIT for more than PE_SECTIONS_MAX sections.
 */
int pe_image_parse(struct bytes file, struct pe_image *out, struct err *e);
/** pe_image_digest - of an image that was parsed. */
struct digest pe_image_digest(const struct pe_image *p, enum digest_alg alg);

#endif
