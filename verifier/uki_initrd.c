// SPDX-License-Identifier: Apache-2.0
#include "uki_initrd.h"

#include <stdio.h>

#define FOLDER ".extra"

static const char zeros[4];

/* The last byte of it is the NUL of this literal. */
static const char trailer[] = "070701"
			      "00000000000000000000000000000000000000010000000000000000"
			      "00000000000000000000000000000000"
			      "0000000B00000000"
			      "TRAILER!!!\0\0\0";

static void put(struct uki_initrd *i, struct range piece)
{
	if (piece.len)
		i->pieces[i->n++] = piece;
}

/* To a multiple of four, which all that was put before it has. */
static void put_padded(struct uki_initrd *i, struct range piece)
{
	put(i, piece);
	put(i, range_of((struct bytes){ (const u8 *)zeros, (4 - piece.len % 4) % 4 }));
}

/* Head of an inode with its name; the kernel's initramfs buffer format, "newc". */
static struct range head(struct uki_initrd *i, unsigned int inode, unsigned int mode, size_t size,
			 const char *name)
{
	char *at = i->room + i->used;
	size_t len = strlen(name) + 1,
	       n = (size_t)snprintf(
			   at, sizeof(i->room) - i->used,
			   "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x%s", inode,
			   mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len, 0, name) +
		   1;

	i->used += n;
	return range_of((struct bytes){ (const u8 *)at, n });
}

static void put_archive(struct uki_initrd *i, const struct pe_sections *s, const char *section,
			const char *file)
{
	const struct pe_section *from = pe_section_find(s, section);

	if (!from || !from->content.len)
		return;
	put_padded(i, head(i, 1, 0040555, 0, FOLDER));
	put_padded(i, head(i, 2, 0100444, from->content.len, file));
	put_padded(i, from->content);
	put(i, range_of((struct bytes){ (const u8 *)trailer, sizeof(trailer) }));
}

bool uki_initrd_of(const struct pe_sections *s, enum uki_stub stub, struct uki_initrd *out)
{
	const struct pe_section *initrd = pe_section_find(s, ".initrd");

	out->n = out->used = 0;
	if (!initrd || !initrd->content.len)
		return false;
	if (stub == UKI_STUB_ALONE) {
		put(out, initrd->content);
		return true;
	}
	put_padded(out, initrd->content);
	put_archive(out, s, ".pcrsig", FOLDER "/tpm2-pcr-signature.json");
	put_archive(out, s, ".pcrpkey", FOLDER "/tpm2-pcr-public-key.pem");
	if (stub == UKI_STUB_RELEASE)
		put_archive(out, s, ".osrel", FOLDER "/os-release");
	return true;
}
