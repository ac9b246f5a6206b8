// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "signature.h"

enum { DER_INTEGER = 0x02, DER_SEQUENCE = 0x30, P521_COORDINATE = 66 };

void spdm_signature_prefix(u8 version, const char *context, u8 out[SPDM_PREFIX_LEN])
{
	size_t len = strlen(context);

	memset(out, 0, SPDM_PREFIX_LEN);
	for (int i = 0; i < 4; i++) {
		memcpy(out + 16 * i, "dmtf-spdm-v1.x.*", 16);
		out[16 * i + 13] = (u8)('0' + (version & 0x0f));
	}
	memcpy(out + SPDM_PREFIX_LEN - len, context, len);
}

/* A DER integer is as short as it can be, but never looks negative. */
static struct bytes significant(struct bytes b)
{
	while (b.len > 1 && !b.at[0])
		b = bytes_slice(b, 1, b.len - 1);
	return b;
}

static size_t integer_len(struct bytes b)
{
	return 2 + b.len + (b.at[0] >> 7);
}

static void write_integer(struct writer *w, struct bytes b)
{
	write_u8(w, DER_INTEGER);
	write_u8(w, (u8)(integer_len(b) - 2));
	if (b.at[0] >> 7)
		write_u8(w, 0);
	write_bytes(w, b);
}

int spdm_ecdsa_der(struct bytes raw, struct writer *out)
{
	struct bytes r, s;
	size_t len;

	if (!raw.len || raw.len % 2 || raw.len > 2 * P521_COORDINATE)
		return -EBADMSG;
	r = significant(bytes_slice(raw, 0, raw.len / 2));
	s = significant(bytes_slice(raw, raw.len / 2, raw.len / 2));
	len = integer_len(r) + integer_len(s);
	write_u8(out, DER_SEQUENCE);
	if (len > 0x7f)
		write_u8(out, 0x81);
	write_u8(out, (u8)len);
	write_integer(out, r);
	write_integer(out, s);
	return out->full ? -ENOSPC : 0;
}
