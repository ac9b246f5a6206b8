/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Authenticode digest of a PE image: what firmware and shim extend into PCR 4 when they start one.
 * SPEC: Microsoft Windows Authenticode Portable Executable Signature Format 1.0 (Calculating the PE Image Hash);
 *       TCG PC Client Platform Firmware Profile 3.3.4.5 (PCR 4)
 */
#ifndef ASSAY_PE_IMAGE_H
#define ASSAY_PE_IMAGE_H

#include "common/limits.h"
#include "common/range.h"

/** struct pe_image - the pieces of a file that are hashed, in their order; parts of it. */
struct pe_image {
	size_t n;
	struct range pieces[4 + PE_SECTIONS_MAX];
};
/** pe_image_is - does it begin as a PE image does? */
bool pe_image_is(struct range file);
/**
 * pe_image_parse - everything but the checksum, the entry of the certificate table, and that table.
 * Of the file its headers are read, each once, a few KiB.
 * Return: 0; E_FORMAT with the field that does not fit; E_LIMIT for more than PE_SECTIONS_MAX sections; E_IO.
 */
int pe_image_parse(struct range file, struct pe_image *out, struct err *e);
/** struct pe_section - of the section table; a part of the file. */
struct pe_section {
	char name[9];
	struct range content; /* as it is in memory; empty where the file has less than that */
};
struct pe_sections {
	size_t n;
	struct pe_section sections[PE_SECTIONS_MAX];
};
/**
 * pe_image_sections - all that have content, in the order of the table. The name is what the table has, up to its NUL.
 * Return: as pe_image_parse().
 */
int pe_image_sections(struct range file, struct pe_sections *out, struct err *e);
/** pe_section_find - the only one with this name; NULL when there is none, or a second. */
const struct pe_section *pe_section_find(const struct pe_sections *s, const char *name);
/** pe_image_digest - of an image that was parsed. Return: as range_digests(). */
int pe_image_digest(const struct pe_image *p, enum digest_alg alg, struct digest *out,
		    struct err *e);

#endif
