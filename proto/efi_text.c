// SPDX-License-Identifier: Apache-2.0
#include "efi_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/reader.h"

const u8 efi_guid_global[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
				 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
const u8 efi_guid_security[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
				   0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const u8 guid_x509[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
				  0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
static const u8 guid_sha256[16] = { 0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
				    0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28 };

struct efi_text efi_text_on(char *out, size_t size)
{
	out[0] = 0;
	return (struct efi_text){ .at = out, .size = size };
}

void efi_text_add(struct efi_text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->len, t->size - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* A character goes in whole or not at all. */
static void add_char(struct efi_text *t, u32 c)
{
	char utf8[3];
	size_t n = 0;

	if (c == '\n' || c == '\t')
		c = ' ';
	if (c >= 0xa0 && c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(0x80 | (c & 63));
	} else if (c >= 0x800 && c < 0xfff0 && (c < 0xd800 || c > 0xf8ff) &&
		   !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069)) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 63));
		utf8[n++] = (char)(0x80 | (c & 63));
	} else {
		utf8[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	if (t->len + n >= t->size)
		return;
	memcpy(t->at + t->len, utf8, n);
	t->len += n;
	t->at[t->len] = 0;
}

void efi_text_ascii(struct efi_text *t, struct bytes b)
{
	for (size_t i = 0; i < b.len && t->len + 1 < t->size; i++)
		add_char(t, b.at[i] < 0x80 ? b.at[i] : '?');
}

void efi_text_wide(struct efi_text *t, struct bytes b)
{
	struct reader r = reader_on(b);

	while (r.left.len > 1 && t->len + 1 < t->size) {
		u16 c = read_le16(&r, "character");

		if (!c)
			return;
		add_char(t, c);
	}
}

void efi_text_guid(struct efi_text *t, struct bytes guid)
{
	struct reader r = reader_on(guid);
	u32 a = read_le32(&r, "guid");
	u16 b = read_le16(&r, "guid"), c = read_le16(&r, "guid"), d = read_be16(&r, "guid");
	u16 high = read_be16(&r, "guid");
	u32 low = read_be32(&r, "guid");

	efi_text_add(t, "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, high, low);
}

/* ---- device paths ---- */
static void add_acpi(struct efi_text *t, struct reader *r)
{
	u32 hid = read_le32(r, "HID"), uid = read_le32(r, "UID");

	if (hid == 0x0a0341d0)
		efi_text_add(t, "PciRoot(0x%x)", uid);
	else if (hid == 0x0a0841d0)
		efi_text_add(t, "PcieRoot(0x%x)", uid);
	else
		efi_text_add(t, "Acpi(0x%08x,0x%x)", hid, uid);
}

static void add_pci(struct efi_text *t, struct reader *r)
{
	u8 function = read_u8(r, "function");

	efi_text_add(t, "Pci(0x%x,0x%x)", read_u8(r, "device"), function);
}

static void add_disk(struct efi_text *t, struct reader *r)
{
	u32 number = read_le32(r, "partition");
	struct bytes signature;
	u8 format;

	read_bytes(r, 16, "start and size");
	signature = read_bytes(r, 16, "signature");
	format = read_u8(r, "format");
	efi_text_add(t, "HD(%u,%s,", number, format == 2 ? "GPT" : format == 1 ? "MBR" : "?");
	efi_text_guid(t, signature);
	efi_text_add(t, ")");
}

static void add_named(struct efi_text *t, const char *name, struct reader *r)
{
	efi_text_add(t, "%s(", name);
	efi_text_guid(t, read_bytes(r, 16, "guid"));
	efi_text_add(t, ")");
}

static void add_two(struct efi_text *t, const char *name, struct reader *r)
{
	u16 first = read_le16(r, "first");

	efi_text_add(t, "%s(0x%x,0x%x)", name, first, read_le16(r, "second"));
}

static void add_usb(struct efi_text *t, struct reader *r)
{
	u8 port = read_u8(r, "port");

	efi_text_add(t, "USB(0x%x,0x%x)", port, read_u8(r, "interface"));
}

static void add_mac(struct efi_text *t, struct reader *r)
{
	u32 high = read_be32(r, "address");

	efi_text_add(t, "MAC(%08x%04x)", high, read_be16(r, "address"));
}

static void add_range(struct efi_text *t, struct reader *r)
{
	u64 from;

	read_le32(r, "reserved");
	from = read_le64(r, "start");
	efi_text_add(t, "Offset(0x%llx,0x%llx)", (unsigned long long)from,
		     (unsigned long long)read_le64(r, "end"));
}

static void add_node(struct efi_text *t, u8 type, u8 subtype, struct reader *r)
{
	switch (type << 8 | subtype) {
	case 0x0101:
		return add_pci(t, r);
	case 0x0104:
		return add_named(t, "VenHw", r);
	case 0x0201:
		return add_acpi(t, r);
	case 0x0302:
		return add_two(t, "Scsi", r);
	case 0x0305:
		return add_usb(t, r);
	case 0x030a:
		return add_named(t, "VenMsg", r);
	case 0x030b:
		return add_mac(t, r);
	case 0x0312:
		return add_two(t, "Sata", r);
	case 0x0317:
		return efi_text_add(t, "NVMe(0x%x)", read_le32(r, "namespace"));
	case 0x0318:
		efi_text_add(t, "Uri(");
		efi_text_ascii(t, r->left);
		return efi_text_add(t, ")");
	case 0x0401:
		return add_disk(t, r);
	case 0x0403:
		return add_named(t, "VenMedia", r);
	case 0x0404:
		return efi_text_wide(t, r->left);
	case 0x0406:
		return add_named(t, "FvFile", r);
	case 0x0407:
		return add_named(t, "Fv", r);
	case 0x0408:
		return add_range(t, r);
	default:
		efi_text_add(t, "Path(%u,%u)", type, subtype);
	}
}

void efi_text_path(struct efi_text *t, struct bytes path)
{
	struct reader r = reader_on(path);
	bool first = true;

	while (r.left.len && t->len + 1 < t->size) {
		u8 type = read_u8(&r, "type"), subtype = read_u8(&r, "subtype");
		u16 len = read_le16(&r, "length");
		struct reader node = read_inner(&r, len < 4 ? SIZE_MAX : len - 4u, "node");

		if (!r.why && type == 0x7f && subtype == 0xff)
			return;
		if (!r.why && type == 0x7f) { /* another instance follows */
			efi_text_add(t, ",");
			first = true;
			continue;
		}
		if (!first)
			efi_text_add(t, "/");
		first = false;
		if (!r.why)
			add_node(t, type, subtype, &node);
		if (r.why || node.why) {
			efi_text_add(t, "(broken)");
			return;
		}
	}
}

void efi_text_option(struct efi_text *t, struct bytes option)
{
	struct reader r = reader_on(option);
	struct bytes name;
	u16 path_len;

	read_le32(&r, "Attributes");
	path_len = read_le16(&r, "FilePathListLength");
	name = r.left;
	while (r.left.len > 1 && read_le16(&r, "Description"))
		;
	efi_text_wide(t, name);
	efi_text_add(t, ": ");
	efi_text_path(t, read_bytes(&r, path_len, "FilePathList"));
	if (r.why)
		efi_text_add(t, "(broken)");
}

void efi_text_signatures(struct efi_text *t, struct bytes lists)
{
	struct reader r = reader_on(lists);
	size_t certificates = 0, hashes = 0, others = 0;

	while (r.left.len && !r.why) {
		struct bytes type = read_bytes(&r, 16, "SignatureType");
		u32 list = read_le32(&r, "SignatureListSize");
		u32 header = read_le32(&r, "SignatureHeaderSize");
		u32 size = read_le32(&r, "SignatureSize");
		size_t n;

		if (list < 28 || header > list - 28 || !size || (list - 28 - header) % size)
			reader_fail(&r, "SignatureListSize");
		read_bytes(&r, list - 28u, "signatures");
		if (r.why)
			break;
		n = (list - 28 - header) / size;
		if (bytes_equal(type, BYTES(guid_x509)))
			certificates += n;
		else if (bytes_equal(type, BYTES(guid_sha256)))
			hashes += n;
		else
			others += n;
	}
	efi_text_add(t, "%zu certificate%s, %zu hash%s", certificates, certificates == 1 ? "" : "s",
		     hashes, hashes == 1 ? "" : "es");
	if (others)
		efi_text_add(t, ", %zu of other kinds", others);
	if (r.why)
		efi_text_add(t, " (broken)");
}

/* ---- questions ---- */
bool efi_wide_is(struct bytes b, const char *text)
{
	size_t n = strlen(text);

	if (b.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (b.at[2 * i] != (u8)text[i] || b.at[2 * i + 1])
			return false;
	return true;
}

bool efi_printable(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] < 0x20 || b.at[i] > 0x7e)
			return false;
	return b.len > 0;
}
