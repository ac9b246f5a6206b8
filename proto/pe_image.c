// SPDX-License-Identifier: Apache-2.0
#include "pe_image.h"

#include <stdlib.h>

enum {
	PE32 = 0x10b,
	PE32_PLUS = 0x20b,
	PE_OFFSET_AT = 0x3c,
	COFF_LEN = 24,	  /* signature included */
	CHECKSUM_AT = 64, /* in the optional header */
	CERTIFICATE_ENTRY = 4,
	SECTION_LEN = 40
};

struct section {
	u32 at, len, in_memory;
	char name[9];
};

/* What the headers say, with offsets into the file. */
struct headers {
	size_t optional_at, checksum_at,
		entry_at; /* entry_at 0: the directory is too short for one */
	u32 headers_len, certificates_at, certificates_len;
	u16 n_sections, optional_len;
};

bool pe_image_is(struct bytes file)
{
	return file.len >= 2 && file.at[0] == 'M' && file.at[1] == 'Z';
}

static struct reader reader_at(struct bytes file, size_t at, const char *field)
{
	struct reader r = reader_on(file);

	read_bytes(&r, at, field);
	return r;
}

static int refuse(const struct reader *r, struct err *e)
{
	return err_set(e, E_FORMAT, "PE image: %s", r->why);
}

static int read_coff(struct bytes file, struct headers *h, struct err *e)
{
	struct reader r = reader_at(file, PE_OFFSET_AT, "e_lfanew");
	u32 at = read_le32(&r, "e_lfanew");

	if (!r.why)
		r = reader_at(file, at, "PE signature");
	if (read_le32(&r, "PE signature") != 0x00004550)
		reader_fail(&r, "PE signature");
	read_le16(&r, "Machine");
	h->n_sections = read_le16(&r, "NumberOfSections");
	read_bytes(&r, 12, "COFF header");
	h->optional_len = read_le16(&r, "SizeOfOptionalHeader");
	read_le16(&r, "Characteristics");
	h->optional_at = (size_t)at + COFF_LEN;
	return r.why ? refuse(&r, e) : 0;
}

/* PE32 and PE32+ differ in where the directories are. */
static int read_optional(struct bytes file, struct headers *h, struct err *e)
{
	struct reader whole = reader_at(file, h->optional_at, "optional header");
	struct reader r = read_inner(&whole, h->optional_len, "SizeOfOptionalHeader");
	u16 magic = read_le16(&r, "Magic");
	size_t directories_at = magic == PE32 ? 96 : 112;
	u32 n;

	if (magic != PE32 && magic != PE32_PLUS)
		reader_fail(&r, "Magic");
	read_bytes(&r, 58, "optional header");
	h->headers_len = read_le32(&r, "SizeOfHeaders");
	h->checksum_at = h->optional_at + CHECKSUM_AT;
	read_le32(&r, "CheckSum");
	read_bytes(&r, directories_at - 4 - CHECKSUM_AT - 4, "optional header");
	n = read_le32(&r, "NumberOfRvaAndSizes");
	if (!r.why && n > CERTIFICATE_ENTRY) {
		read_bytes(&r, 8 * CERTIFICATE_ENTRY, "data directories");
		h->entry_at = h->optional_at + directories_at + 8 * CERTIFICATE_ENTRY;
		h->certificates_at = read_le32(&r, "certificate table");
		h->certificates_len = read_le32(&r, "certificate table");
	}
	if (!r.why &&
	    (h->headers_len > file.len || h->headers_len < h->optional_at + h->optional_len))
		reader_fail(&r, "SizeOfHeaders");
	if (!r.why && h->certificates_len &&
	    (h->certificates_at > file.len || h->certificates_len != file.len - h->certificates_at))
		reader_fail(&r, "certificate table is not the end of the file");
	return r.why ? refuse(&r, e) : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int read_sections(struct bytes file, const struct headers *h, struct section *out,
			 size_t *n_out, struct err *e)
{
	struct reader r = reader_at(file, h->optional_at + h->optional_len, "section table");
	size_t n = 0;

	if (h->n_sections > PE_SECTIONS_MAX)
		return err_set(e, E_LIMIT, "PE image: more than %d sections", PE_SECTIONS_MAX);
	for (size_t i = 0; i < h->n_sections; i++) {
		struct section s;

		struct bytes name = read_bytes(&r, 8, "section table");

		s = (struct section){ .in_memory = read_le32(&r, "VirtualSize") };
		read_le32(&r, "VirtualAddress");
		if (name.len)
			memcpy(s.name, name.at, name.len);
		s.len = read_le32(&r, "SizeOfRawData");
		s.at = read_le32(&r, "PointerToRawData");
		read_bytes(&r, SECTION_LEN - 24, "section table");
		if (!r.why && s.len && (s.at > file.len || s.len > file.len - s.at))
			reader_fail(&r, "section is not in the file");
		if (!r.why && s.len)
			out[n++] = s;
	}
	if (r.why)
		return refuse(&r, e);
	*n_out = n;
	return 0;
}

static void add(struct pe_image *p, struct bytes file, size_t from, size_t to)
{
	if (to > from)
		p->pieces[p->n++] = bytes_slice(file, from, to - from);
}

/* Sections by their place, then what stands behind them, as firmware does: by how much was hashed. */
int pe_image_parse(struct bytes file, struct pe_image *out, struct err *e)
{
	struct section sections[PE_SECTIONS_MAX];
	struct headers h = { 0 };
	size_t n = 0, hashed, end;

	if (!pe_image_is(file))
		return err_set(e, E_FORMAT, "PE image: DOS signature");
	if (read_coff(file, &h, e) || read_optional(file, &h, e) ||
	    read_sections(file, &h, sections, &n, e))
		return (int)e->code;
	qsort(sections, n, sizeof(*sections), by_place);
	*out = (struct pe_image){ 0 };
	add(out, file, 0, h.checksum_at);
	add(out, file, h.checksum_at + 4, h.entry_at ? h.entry_at : h.headers_len);
	if (h.entry_at)
		add(out, file, h.entry_at + 8, h.headers_len);
	hashed = h.headers_len;
	for (size_t i = 0; i < n; i++) {
		add(out, file, sections[i].at, (size_t)sections[i].at + sections[i].len);
		hashed += sections[i].len;
	}
	end = file.len - h.certificates_len;
	add(out, file, hashed, end);
	return 0;
}

int pe_image_sections(struct bytes file, struct pe_sections *out, struct err *e)
{
	struct section sections[PE_SECTIONS_MAX];
	struct headers h = { 0 };
	size_t n = 0;

	if (!pe_image_is(file))
		return err_set(e, E_FORMAT, "PE image: DOS signature");
	if (read_coff(file, &h, e) || read_optional(file, &h, e) ||
	    read_sections(file, &h, sections, &n, e))
		return (int)e->code;
	out->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct pe_section *s = &out->sections[out->n++];

		memcpy(s->name, sections[i].name, sizeof(s->name));
		s->content = sections[i].in_memory > sections[i].len
				     ? BYTES_NONE
				     : bytes_slice(file, sections[i].at, sections[i].in_memory);
	}
	return 0;
}

const struct pe_section *pe_section_find(const struct pe_sections *s, const char *name)
{
	const struct pe_section *found = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->sections[i].name, name))
			continue;
		if (found)
			return NULL;
		found = &s->sections[i];
	}
	return found;
}

struct digest pe_image_digest(const struct pe_image *p, enum digest_alg alg)
{
	return digest_of(alg, p->pieces, p->n);
}
