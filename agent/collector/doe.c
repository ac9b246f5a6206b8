// SPDX-License-Identifier: Apache-2.0
#include "doe.h"

enum { HEADER_WORDS = 2, LENGTH_MASK = 0x3ffff };

void doe_write(struct writer *w, u8 type, struct bytes payload)
{
	size_t words = HEADER_WORDS + (payload.len + 3) / 4;

	write_le16(w, DOE_VENDOR_PCI_SIG);
	write_u8(w, type);
	write_u8(w, 0);
	write_le32(w, (u32)words & LENGTH_MASK);
	write_bytes(w, payload);
	write_zeros(w, (4 - payload.len % 4) % 4);
}

int doe_read(struct bytes object, u8 type, struct bytes *payload, const char **why)
{
	struct reader r = reader_on(object);
	u32 words;

	if (read_le16(&r, "DOE vendor") != DOE_VENDOR_PCI_SIG)
		reader_fail(&r, "DOE vendor is not PCI-SIG");
	if (read_u8(&r, "DOE type") != type)
		reader_fail(&r, "DOE type is not the one asked");
	read_u8(&r, "DOE reserved");
	words = read_le32(&r, "DOE length") & LENGTH_MASK;
	if (!r.why && (words < HEADER_WORDS || (size_t)words * 4 != object.len))
		reader_fail(&r, "DOE length is not the size of the object");
	*why = r.why;
	*payload = r.left;
	return r.why ? -EBADMSG : 0;
}
