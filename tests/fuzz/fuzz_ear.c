// SPDX-License-Identifier: Apache-2.0
/*
 * Results as a relying party gets them. Bytes as they are seldom get past the signature: what starts
 * like an object, or like a map, is also taken as the claims of a result that is well signed.
 */
#include "fuzz.h"

#include "common/text.h"
#include "proto/cose.h"
#include "proto/ear.h"

static struct keypair *key;

static void put_part(struct writer *w, struct bytes part)
{
	char *text = malloc(base64_len(part.len, false) + 1);

	if (!text)
		abort();
	write_bytes(w, bytes_text(base64url_write(part, false, text)));
	free(text);
}

static void read_signed(struct bytes claims)
{
	OWNED(buf) jwt = buf_new(EAR_MAX);
	u8 raw[64];
	struct writer w = writer_on(raw, sizeof(raw));
	struct ear_seen seen;
	struct err e = { 0 };
	struct bytes part;

	if (!jwt)
		abort();
	put_part(&jwt->w, bytes_text("{\"alg\":\"ES256\",\"typ\":\"JWT\"}"));
	write_u8(&jwt->w, '.');
	put_part(&jwt->w, claims);
	part = buf_bytes(jwt);
	if (keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, &part, 1, &w, &e))
		abort();
	write_u8(&jwt->w, '.');
	put_part(&jwt->w, BYTES(raw));
	if (ear_read(buf_bytes(jwt), keypair_pub(key), NULL, 0, &seen, &e) && e.code == E_SIGNATURE)
		abort(); /* it was well signed */
	ear_seen_clear(&seen);
}

/* The same of a map in CBOR, as a CWT's claims. */
static void read_signed_cwt(struct bytes claims)
{
	OWNED(buf) cwt = buf_new(EAR_MAX);
	struct ear_seen seen;
	struct err e = { 0 };

	if (!cwt)
		abort();
	if (cose_sign1_write(bytes_text("\xa1\x01\x26"), claims, key, &cwt->w, &e))
		abort();
	if (ear_read(buf_bytes(cwt), keypair_pub(key), NULL, 0, &seen, &e) && e.code == E_SIGNATURE)
		abort();
	ear_seen_clear(&seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct bytes b = { copy, size };
	struct ear_seen seen;
	struct err e = { 0 };
	u8 raw[64];

	if (!key && keypair_new(KEY_P256, 0, &key, &e))
		abort();
	ear_read(b, keypair_pub(key), NULL, 0, &seen, &e);
	ear_seen_clear(&seen);
	/* a well-formed JWS with a good header gets as far as its signature */
	planted_bug(b, e.code == E_SIGNATURE);
	if (size && size < 65536 && data[0] == '{')
		read_signed(b);
	else if (size && size < 65536 && data[0] >> 5 == 5)
		read_signed_cwt(b);
	base64_read(b, raw, sizeof(raw));
	free(copy);
	return 0;
}
