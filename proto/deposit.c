// SPDX-License-Identifier: Apache-2.0
#include "deposit.h"

#include "tpm_half.h"

void deposit_write(const struct deposit *d, struct writer *w)
{
	write_u8(w, DEPOSIT_VERSION);
	write_bytes(w, BYTES(d->uuid));
	write_be32(w, d->counter);
	write_be64(w, d->epoch);
	write_bytes(w, BYTES(d->share));
}

int deposit_parse(struct bytes body, struct deposit *out, struct err *e)
{
	struct reader r = reader_on(body);
	struct bytes uuid, share;

	if (read_u8(&r, "version") != DEPOSIT_VERSION)
		reader_fail(&r, "version");
	uuid = read_bytes(&r, sizeof(out->uuid), "volume");
	out->counter = read_be32(&r, "counter");
	if (out->counter < COUNTER_FIRST || out->counter > COUNTER_LAST)
		reader_fail(&r, "counter");
	out->epoch = read_be64(&r, "epoch");
	if (!out->epoch)
		reader_fail(&r, "epoch");
	share = read_bytes(&r, sizeof(out->share), "share");
	if (read_done(&r))
		return err_set(e, E_FORMAT, "deposit: %s", r.why);
	memcpy(out->uuid, uuid.at, sizeof(out->uuid));
	memcpy(out->share, share.at, sizeof(out->share));
	return 0;
}

struct digest deposit_bind(const u8 nonce[EVIDENCE_NONCE_LEN], struct bytes body)
{
	struct digest d = sha256_of(body);
	struct bytes parts[] = { { nonce, EVIDENCE_NONCE_LEN }, digest_bytes(&d) };

	return hash_labelled("assay/deposit/1", parts, ARRAY_LEN(parts));
}
