// SPDX-License-Identifier: Apache-2.0
#include "ima_sample.h"

#include "common/crypto.h"

static void put_field(struct writer *w, struct bytes b)
{
	write_le32(w, (u32)b.len);
	write_bytes(w, b);
}

void ima_sample_put(struct writer *w, const struct ima_sample *s)
{
	const char *template = s->template ? s->template : s->signature.len ? "ima-sig" : "ima-ng";
	struct digest d =
		s->digest ? *s->digest : sha256_of(bytes_text(s->content ? s->content : ""));
	OWNED(buf) digest = buf_new(200);
	OWNED(buf) data = buf_new(16384);
	struct digest sha1 = { .alg = DIGEST_SHA1 };
	struct bytes piece;

	if (strstr(template, "v2"))
		write_bytes(&digest->w, bytes_text("verity:"));
	write_bytes(&digest->w, bytes_text(digest_name(d.alg)));
	write_u8(&digest->w, ':');
	write_u8(&digest->w, 0);
	write_bytes(&digest->w, digest_bytes(&d));
	put_field(&data->w, buf_bytes(digest));
	put_field(&data->w, (struct bytes){ (const u8 *)s->path, strlen(s->path) + 1 });
	if (!strstr(template, "-ng"))
		put_field(&data->w, s->signature);
	piece = buf_bytes(data);
	if (!s->violation)
		sha1 = digest_of(DIGEST_SHA1, &piece, 1);
	write_le32(w, IMA_PCR);
	write_bytes(w, digest_bytes(&sha1));
	put_field(w, bytes_text(template));
	put_field(w, piece);
}

void ima_sample_extend(struct ima_banks *banks, struct bytes list)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	struct err e = { 0 };
	int rc;

	ima_cursor_on(c, list, IMA_BINARY);
	while ((rc = ima_next(c, &entry, &e)) > 0)
		ima_extend(banks, &entry);
	if (rc)
		fail_msg("%s", e.text);
	free(c);
}

struct ima_place ima_sample_place(struct bytes list, u32 reset_count)
{
	static const enum digest_alg alg = DIGEST_SHA256;
	struct ima_place p = { .reset_count = reset_count };
	size_t len;
	struct err e = { 0 };

	ima_banks_start(&p.pcr10, &alg, 1);
	ima_sample_extend(&p.pcr10, list);
	for (; list.len && ima_entry_len(list, &len, &e) == 1; p.next++)
		list = bytes_slice(list, len, list.len - len);
	return p;
}
