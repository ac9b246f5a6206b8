// SPDX-License-Identifier: Apache-2.0
#include "passphrase.h"

#include "common/text.h"

static const char label[] = "assay/luks/1";

static void write_lp(struct writer *w, struct bytes b)
{
	write_be32(w, (u32)b.len);
	write_bytes(w, b);
}

int passphrase_make(const u8 l[HALF_LEN], const u8 s[HALF_LEN], const u8 luks_uuid[16],
		    const u8 ueid[UEID_LEN], u64 epoch, struct secret **out, struct err *e)
{
	OWNED(secret) halves = secret_new(2 * HALF_LEN);
	OWNED(secret) key = secret_new(32);
	OWNED(secret) text = secret_new(PASSPHRASE_LEN + 1);
	u8 room[128];
	struct writer info = writer_on(room, sizeof(room));

	if (!halves || !key || !text)
		return err_set(e, E_MEMORY, "no locked memory for a passphrase");
	memcpy(halves->at, l, HALF_LEN);
	memcpy(halves->at + HALF_LEN, s, HALF_LEN);
	write_lp(&info, bytes_text(label));
	write_lp(&info, (struct bytes){ ueid, UEID_LEN });
	write_be64(&info, epoch);
	if (hkdf_sha256(secret_bytes(halves), (struct bytes){ luks_uuid, 16 }, write_done(&info),
			key->at, key->len, e))
		return (int)e->code;
	base64url_write(secret_bytes(key), false, (char *)text->at);
	text->len = PASSPHRASE_LEN; /* the NUL behind stays inside the locked page */
	*out = TAKE(text);
	return 0;
}
