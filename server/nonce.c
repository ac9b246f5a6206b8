// SPDX-License-Identifier: Apache-2.0
#include "nonce.h"

#include "common/limits.h"
#include "common/reader.h"

enum { AUTHENTICATED = 16, MAC_LEN = 16, RETIRED_KEY_S = NONCE_AGE_MAX_S + 10 };

static int nonce_mac(const struct server_keys *k, const u8 key[NONCE_KEY_LEN], const u8 *nonce,
		     struct bytes bound, u8 out[MAC_LEN], struct err *e)
{
	struct bytes pieces[] = {
		bytes_text("assay/nonce/1"), digest_bytes(&k->a), { nonce, AUTHENTICATED }, bound
	};
	struct digest d;

	if (hmac(DIGEST_SHA256, (struct bytes){ key, NONCE_KEY_LEN }, pieces, ARRAY_LEN(pieces), &d,
		 e))
		return (int)e->code;
	memcpy(out, d.at, MAC_LEN);
	return 0;
}

int nonce_make(const struct server_keys *k, enum nonce_purpose purpose, struct bytes bound,
	       long long now_s, u8 out[32], struct err *e)
{
	struct writer w = writer_on(out, 6);

	write_u8(&w, k->nonce_keys[0].kid);
	write_u8(&w, (u8)purpose);
	write_be32(&w, (u32)now_s);
	if (random_bytes(out + 6, 10, e))
		return (int)e->code;
	return nonce_mac(k, k->nonce_keys[0].key, out, bound, out + AUTHENTICATED, e);
}

static long long issued_s(const u8 nonce[32])
{
	struct reader r = reader_on((struct bytes){ nonce + 2, 4 });

	return read_be32(&r, "time");
}

long long nonce_expiry(const u8 nonce[32])
{
	return issued_s(nonce) + NONCE_AGE_MAX_S;
}

int nonce_check(const struct server_keys *k, enum nonce_purpose purpose, struct bytes bound,
		long long now_s, const u8 nonce[32], struct err *e)
{
	const struct nonce_key *key = NULL;
	long long age = now_s - issued_s(nonce);
	u8 mac[MAC_LEN];

	for (size_t i = 0; i < k->n_nonce_keys; i++)
		if (k->nonce_keys[i].kid == nonce[0])
			key = &k->nonce_keys[i];
	if (!key || (key->retired_s && now_s - key->retired_s > RETIRED_KEY_S))
		return err_set(e, E_FRESHNESS,
			       "nonce is foreign: no server of this deployment issued it");
	if (nonce_mac(k, key->key, nonce, bound, mac, e))
		return (int)e->code;
	if (!secret_equal(BYTES(mac), (struct bytes){ nonce + AUTHENTICATED, MAC_LEN }) ||
	    nonce[1] != purpose)
		return err_set(e, E_FRESHNESS,
			       "nonce is foreign: no server of this deployment issued it");
	if (age > NONCE_AGE_MAX_S)
		return err_set(e, E_FRESHNESS, "nonce is stale: issued %lld s ago, good for %d s",
			       age, NONCE_AGE_MAX_S);
	if (age < -NONCE_FUTURE_MAX_S)
		return err_set(e, E_FRESHNESS, "nonce is from the future by %lld s", -age);
	return 0;
}
