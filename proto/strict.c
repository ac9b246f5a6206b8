// SPDX-License-Identifier: Apache-2.0
#include "strict.h"

#include "cbor.h"

enum { VERSION = 1 };

/* ---- bytes ---- */
int approval_write(const struct approval *a, struct writer *out, struct err *e)
{
	struct approval back;

	cbor_put_array(out, 6);
	cbor_put_uint(out, VERSION);
	cbor_put_bytes(out, BYTES(a->uuid));
	cbor_put_uint(out, a->epoch);
	cbor_put_uint(out, a->pcrs);
	cbor_put_bytes(out, BYTES(a->pcr_digest));
	cbor_put_bytes(out, BYTES(a->signature));
	if (out->full)
		return err_set(e, E_LIMIT, "no room for an approval");
	return approval_parse(write_done(out), &back, e) ? err_while(e, "write") : 0;
}

static void take_fixed(struct cbor *c, u8 *out, size_t len, const char *name)
{
	struct bytes b = cbor_bytes(c, name);

	if (!c->r.why && b.len != len)
		cbor_fail(c, name);
	if (!c->r.why)
		memcpy(out, b.at, len);
}

int approval_parse(struct bytes b, struct approval *out, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_STRICT);
	u64 pcrs;

	*out = (struct approval){ 0 };
	if (b.len > APPROVAL_MAX)
		return err_set(e, E_LIMIT, "approval of %zu bytes", b.len);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "approval");
	if (cbor_array(&c, "approval") != 6)
		cbor_fail(&c, "not six members");
	if (cbor_uint(&c, "version") != VERSION)
		cbor_fail_with(&c, E_UNSUPPORTED, "version");
	take_fixed(&c, out->uuid, sizeof(out->uuid), "UUID");
	out->epoch = cbor_uint(&c, "epoch");
	if (!c.r.why && (!out->epoch || out->epoch >> 63))
		cbor_fail(&c, "epoch");
	pcrs = cbor_uint(&c, "PCRs");
	if (!c.r.why && (!pcrs || pcrs >> 16))
		cbor_fail(&c, "PCRs");
	out->pcrs = (u32)pcrs;
	take_fixed(&c, out->pcr_digest, sizeof(out->pcr_digest), "digest of PCRs");
	take_fixed(&c, out->signature, sizeof(out->signature), "signature");
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "approval: %s", c.r.why) : 0;
}

/* ---- what is signed ---- */
struct digest strict_ref(const u8 ueid[UEID_LEN], u64 epoch)
{
	u8 number[8];
	struct writer w = writer_on(number, sizeof(number));
	struct bytes parts[] = { { ueid, UEID_LEN }, BYTES(number) };

	write_be64(&w, epoch);
	return hash_labelled("assay/strict/1", parts, ARRAY_LEN(parts));
}

struct digest strict_approved(u32 pcrs, struct bytes pcr_digest)
{
	const struct tpm_selection set = { 1, { { TPM_ALG_SHA256, pcrs } } };
	struct tpm_policy p = tpm_policy_start();

	tpm_policy_pcr(&p, &set, pcr_digest);
	return p.digest;
}

struct digest strict_digest(const struct digest *approved, const struct digest *ref)
{
	struct bytes both[] = { digest_bytes(approved), digest_bytes(ref) };

	return digest_of(DIGEST_SHA256, both, 2);
}

int strict_sign(struct approval *a, const u8 ueid[UEID_LEN], const struct keypair *key,
		struct err *e)
{
	struct digest approved = strict_approved(a->pcrs, BYTES(a->pcr_digest)),
		      ref = strict_ref(ueid, a->epoch);
	struct bytes both[] = { digest_bytes(&approved), digest_bytes(&ref) };
	struct writer w = writer_on(a->signature, sizeof(a->signature));

	if (pubkey_kind(keypair_pub(key)) != KEY_P256)
		return err_set(e, E_UNSUPPORTED, "a policy key is a P-256 key");
	return keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, both, 2, &w, e);
}

/* ---- the key ---- */
static void write_2b(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

int strict_key_of(struct bytes spki, struct strict_key *out, struct err *e)
{
	OWNED(pubkey) key = NULL;
	u8 x[32], y[32];
	struct writer w = writer_on(out->public, sizeof(out->public)),
		      name = writer_on(out->name, sizeof(out->name));
	struct digest d;

	if (pubkey_from_spki(spki, &key, e))
		return err_while(e, "policy key");
	if (pubkey_kind(key) != KEY_P256)
		return err_set(e, E_UNSUPPORTED, "a policy key is a P-256 key");
	if (pubkey_xy(key, x, y, sizeof(x), e))
		return (int)e->code;
	write_be16(&w, TPM_ALG_ECC);
	write_be16(&w, TPM_ALG_SHA256);
	write_be32(&w, TPMA_SIGN | TPMA_USER_WITH_AUTH);
	write_be16(&w, 0);	      /* no policy */
	write_be16(&w, TPM_ALG_NULL); /* symmetric */
	write_be16(&w, TPM_ALG_NULL); /* scheme    */
	write_be16(&w, TPM_ECC_NIST_P256);
	write_be16(&w, TPM_ALG_NULL); /* KDF       */
	write_2b(&w, BYTES(x));
	write_2b(&w, BYTES(y));
	out->public_len = w.len;
	d = sha256_of(write_done(&w));
	write_be16(&name, TPM_ALG_SHA256);
	write_bytes(&name, digest_bytes(&d));
	return 0;
}

struct digest strict_half_policy(const struct strict_key *key, const struct digest *ref, u32 index,
				 u64 epoch)
{
	struct tpm_policy p = tpm_policy_start();

	tpm_policy_authorize(&p, BYTES(key->name), digest_bytes(ref));
	tpm_half_conditions(&p, index, epoch);
	return p.digest;
}
