// SPDX-License-Identifier: Apache-2.0
#include "pe_image.h"

#include <stdlib.h>

#include "common/reader.h"

enum {
	PE32 = 0x10b,
	PE32_PLUS = 0x20b,
	PE_OFFSET_AT = 0x3c,
	COFF_LEN = 24,	  /* signature included */
	CHECKSUM_AT = 64, /* in the optional header */
	DIRECTORIES_AT_MAX = 112,
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

bool pe_image_is(struct range file)
{
	struct err ignored = { 0 };
	u8 dos[2];

	return file.len >= sizeof(dos) && !range_read(file, dos, sizeof(dos), &ignored) &&
	       dos[0] == 'M' && dos[1] == 'Z';
}

/* Up to @size bytes from @at on, as many as there are: a reader fails where the file ends, whatever is behind the window. */
static int read_at(struct range file, size_t at, void *window, size_t size, const char *field,
		   struct reader *r, struct err *e)
{
	size_t n;

	if (at > file.len)
		return err_set(e, E_FORMAT, "PE image: %s", field);
	n = file.len - at < size ? file.len - at : size;
	*r = reader_on((struct bytes){ window, n });
	return range_read(range_slice(file, at, n), window, n, e);
}

static int refuse(const struct reader *r, struct err *e)
{
	return err_set(e, E_FORMAT, "PE image: %s", r->why);
}

static int read_coff(struct range file, struct headers *h, struct err *e)
{
	u8 window[COFF_LEN];
	struct reader r;
	u32 at;

	if (read_at(file, PE_OFFSET_AT, window, 4, "e_lfanew", &r, e))
		return (int)e->code;
	at = read_le32(&r, "e_lfanew");
	if (r.why)
		return refuse(&r, e);
	if (read_at(file, at, window, COFF_LEN, "PE signature", &r, e))
		return (int)e->code;
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
static void take_optional(struct reader *r, struct headers *h)
{
	u16 magic = read_le16(r, "Magic");
	size_t directories_at = magic == PE32 ? 96 : DIRECTORIES_AT_MAX;
	u32 n;

	if (magic != PE32 && magic != PE32_PLUS)
		reader_fail(r, "Magic");
	read_bytes(r, 58, "optional header");
	h->headers_len = read_le32(r, "SizeOfHeaders");
	h->checksum_at = h->optional_at + CHECKSUM_AT;
	read_le32(r, "CheckSum");
	read_bytes(r, directories_at - 4 - CHECKSUM_AT - 4, "optional header");
	n = read_le32(r, "NumberOfRvaAndSizes");
	if (!r->why && n > CERTIFICATE_ENTRY) {
		read_bytes(r, 8 * CERTIFICATE_ENTRY, "data directories");
		h->entry_at = h->optional_at + directories_at + 8 * CERTIFICATE_ENTRY;
		h->certificates_at = read_le32(r, "certificate table");
		h->certificates_len = read_le32(r, "certificate table");
	}
}

static int read_optional(struct range file, struct headers *h, struct err *e)
{
	u8 window[DIRECTORIES_AT_MAX + 8 * (CERTIFICATE_ENTRY + 1)];
	struct reader whole, r;

	if (h->optional_len > file.len || h->optional_at > file.len - h->optional_len)
		return err_set(e, E_FORMAT, "PE image: SizeOfOptionalHeader");
	if (read_at(file, h->optional_at, window, sizeof(window), "optional header", &whole, e))
		return (int)e->code;
	/* all that is taken lies in the window: what it says of itself only makes that less */
	r = h->optional_len < sizeof(window)
		    ? read_inner(&whole, h->optional_len, "SizeOfOptionalHeader")
		    : whole;
	take_optional(&r, h);
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

static int read_sections(struct range file, const struct headers *h, struct section *out,
			 size_t *n_out, struct err *e)
{
	u8 table[PE_SECTIONS_MAX * SECTION_LEN];
	struct reader r;
	size_t n = 0;

	if (h->n_sections > PE_SECTIONS_MAX)
		return err_set(e, E_LIMIT, "PE image: more than %d sections", PE_SECTIONS_MAX);
	if (read_at(file, h->optional_at + h->optional_len, table,
		    (size_t)h->n_sections * SECTION_LEN, "section table", &r, e))
		return (int)e->code;
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

static void add(struct pe_image *p, struct range file, size_t from, size_t to)
{
	if (to > from)
		p->pieces[p->n++] = range_slice(file, from, to - from);
}

/* Sections by their place, then what stands behind them, as firmware does: by how much was hashed. */
int pe_image_parse(struct range file, struct pe_image *out, struct err *e)
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

int pe_image_sections(struct range file, struct pe_sections *out, struct err *e)
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
				     ? (struct range){ 0 }
				     : range_slice(file, sections[i].at, sections[i].in_memory);
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

int pe_image_digest(const struct pe_image *p, enum digest_alg alg, struct digest *out,
		    struct err *e)
{
	return range_digests(&alg, 1, p->pieces, p->n, out, e);
}
