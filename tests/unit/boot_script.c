// SPDX-License-Identifier: Apache-2.0
#include "boot_script.h"

#include <stdio.h>

#include "proto/tpm_attest.h"

enum { SCRIPT_MAX = 2 * 1024 * 1024, DATA_MAX = 512 * 1024 };

struct boot_script boot_script_new(bool two_banks)
{
	struct boot_script s = { buf_new(SCRIPT_MAX), two_banks };
	struct writer *w = &s.log->w;

	write_le32(w, 0);
	write_le32(w, EV_NO_ACTION);
	write_zeros(w, 20);
	write_le32(w, two_banks ? 37 : 33);
	write_bytes(w, (struct bytes){ (const u8 *)"Spec ID Event03", 16 });
	write_le32(w, 0);
	write_le32(w, 0x02000200);
	write_le32(w, two_banks ? 2 : 1);
	if (two_banks) {
		write_le16(w, TPM_ALG_SHA1);
		write_le16(w, 20);
	}
	write_le16(w, TPM_ALG_SHA256);
	write_le16(w, 32);
	write_u8(w, 0);
	return s;
}

void boot_script_event(struct boot_script *s, u32 pcr, u32 type, struct bytes measured,
		       struct bytes data)
{
	struct writer *w = &s->log->w;
	struct digest sha1 = digest_of(DIGEST_SHA1, &measured, 1), sha256 = sha256_of(measured);

	write_le32(w, pcr);
	write_le32(w, type);
	write_le32(w, s->two_banks ? 2 : 1);
	if (s->two_banks) {
		write_le16(w, TPM_ALG_SHA1);
		write_bytes(w, digest_bytes(&sha1));
	}
	write_le16(w, TPM_ALG_SHA256);
	write_bytes(w, digest_bytes(&sha256));
	write_le32(w, (u32)data.len);
	write_bytes(w, data);
}

void boot_script_text(struct boot_script *s, u32 pcr, u32 type, const char *text)
{
	boot_script_event(s, pcr, type, bytes_text(text), bytes_text(text));
}

void boot_script_separators(struct boot_script *s)
{
	static const u8 zeros[4];

	for (u32 pcr = 0; pcr < 8; pcr++)
		boot_script_event(s, pcr, EV_SEPARATOR, BYTES(zeros), BYTES(zeros));
}

static void put_wide(struct writer *w, const char *text)
{
	for (; *text; text++)
		write_le16(w, (u8)*text);
}

struct buf *boot_script_wide(const char *text)
{
	struct buf *b = buf_new(DATA_MAX);

	put_wide(&b->w, text);
	write_le16(&b->w, 0);
	return b;
}

void boot_script_variable(struct boot_script *s, u32 pcr, u32 type, const u8 guid[16],
			  const char *name, struct bytes value)
{
	OWNED(buf) b = buf_new(DATA_MAX);

	write_bytes(&b->w, (struct bytes){ guid, 16 });
	write_le64(&b->w, strlen(name));
	write_le64(&b->w, value.len);
	put_wide(&b->w, name);
	write_bytes(&b->w, value);
	boot_script_event(s, pcr, type, type == EV_EFI_VARIABLE_BOOT ? value : buf_bytes(b),
			  buf_bytes(b));
}

void boot_script_image_of(struct boot_script *s, u32 pcr, u32 type, const char *path,
			  struct bytes measured)
{
	OWNED(buf) b = buf_new(DATA_MAX);
	size_t node = 4 + 2 * (strlen(path) + 1);

	write_le64(&b->w, 0x7a000000);
	write_le64(&b->w, measured.len);
	write_le64(&b->w, 0);
	write_le64(&b->w, node + 4);
	write_le16(&b->w, 0x0404);
	write_le16(&b->w, (u16)node);
	put_wide(&b->w, path);
	write_le16(&b->w, 0);
	write_le32(&b->w, 0x0004ff7f);
	boot_script_event(s, pcr, type, measured, buf_bytes(b));
}

void boot_script_image(struct boot_script *s, u32 pcr, u32 type, const char *path,
		       const char *content)
{
	boot_script_image_of(s, pcr, type, path, bytes_text(content));
}

void boot_script_tag(struct boot_script *s, u32 pcr, u32 tag, const char *what,
		     struct bytes measured)
{
	OWNED(buf) b = buf_new(DATA_MAX);

	write_le32(&b->w, tag);
	write_le32(&b->w, (u32)strlen(what) + 1);
	write_bytes(&b->w, bytes_text(what));
	write_u8(&b->w, 0);
	boot_script_event(s, pcr, EV_EVENT_TAG, measured, buf_bytes(b));
}

void boot_script_grub(struct boot_script *s, u32 pcr, const char *prefix, const char *text,
		      const char *measured)
{
	OWNED(buf) b = buf_new(DATA_MAX);

	write_bytes(&b->w, bytes_text(prefix));
	write_bytes(&b->w, bytes_text(text));
	write_u8(&b->w, 0);
	boot_script_event(s, pcr, EV_IPL, bytes_text(measured), buf_bytes(b));
}

struct bytes boot_script_claim(const struct ect *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->info[i].name, name))
			return x->elements[i].mval.digests[0].bytes;
	return BYTES_NONE;
}
