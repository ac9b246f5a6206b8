// SPDX-License-Identifier: Apache-2.0
#include "spdm_evidence.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char oid_pci_cma[] = "2.23.147";
static const char oid_spdm_responder[] = "1.3.6.1.4.1.412.274.3";

/* ---- algorithms ---- */
static const struct {
	u32 bit;
	enum sig_scheme scheme;
	enum key_kind kind;
	unsigned int bits;
} asyms[] = {
	{ SPDM_RSASSA_2048, SIG_RSASSA, KEY_RSA, 2048 },
	{ SPDM_RSAPSS_2048, SIG_RSAPSS, KEY_RSA, 2048 },
	{ SPDM_RSASSA_3072, SIG_RSASSA, KEY_RSA, 3072 },
	{ SPDM_RSAPSS_3072, SIG_RSAPSS, KEY_RSA, 3072 },
	{ SPDM_RSASSA_4096, SIG_RSASSA, KEY_RSA, 4096 },
	{ SPDM_RSAPSS_4096, SIG_RSAPSS, KEY_RSA, 4096 },
	{ SPDM_ECDSA_P256, SIG_ECDSA, KEY_P256, 256 },
	{ SPDM_ECDSA_P384, SIG_ECDSA, KEY_P384, 384 },
	{ SPDM_ECDSA_P521, SIG_ECDSA, KEY_P521, 521 },
};

static int asym_row(u32 base_asym, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(asyms); i++)
		if (asyms[i].bit == base_asym)
			return (int)i;
	err_set(e, E_UNSUPPORTED, "unsupported algorithm: BaseAsymSel 0x%x", base_asym);
	return -1;
}

enum digest_alg spdm_digest_alg(u32 base_hash)
{
	switch (base_hash) {
	case SPDM_SHA_256:
		return DIGEST_SHA256;
	case SPDM_SHA_384:
		return DIGEST_SHA384;
	case SPDM_SHA_512:
		return DIGEST_SHA512;
	default:
		return DIGEST_NONE;
	}
}

/* ---- signatures ---- */
int spdm_verify_transcript(u8 version, u32 base_asym, u32 base_hash, const char *context,
			   const struct pubkey *key, const struct bytes *pieces, size_t n,
			   struct bytes sig, struct err *e)
{
	int row = asym_row(base_asym, e);
	enum digest_alg alg = spdm_digest_alg(base_hash);
	u8 prefix[SPDM_PREFIX_LEN];
	struct digest transcript;
	struct bytes message[2];

	if (row < 0)
		return (int)e->code;
	if (alg == DIGEST_NONE)
		return err_set(e, E_UNSUPPORTED, "unsupported algorithm: BaseHashSel 0x%x",
			       base_hash);
	if (pubkey_kind(key) != asyms[row].kind || pubkey_bits(key) != asyms[row].bits)
		return err_set(e, E_SIGNATURE, "leaf key is not of the negotiated BaseAsymSel");
	if (version < SPDM_12)
		return pubkey_verify(key, asyms[row].scheme, alg, pieces, n, sig, e);
	spdm_signature_prefix(version, context, prefix);
	transcript = digest_of(alg, pieces, n);
	message[0] = BYTES(prefix);
	message[1] = digest_bytes(&transcript);
	return pubkey_verify(key, asyms[row].scheme, alg, message, 2, sig, e);
}

/* ---- grammar ---- */
/* GET_DIGESTS, DIGESTS, (GET_CERTIFICATE, CERTIFICATE)+, [CHALLENGE, CHALLENGE_AUTH]: part B and C of M1/M2. */
static void read_challenge_part(struct reader *r, struct spdm_evidence *ev)
{
	struct spdm_digests d;
	size_t at = 0;

	spdm_read_get_digests(r, ev->nego.version);
	spdm_read_digests(r, &ev->nego, &d);
	if (!r->why) {
		ev->has_digest = true;
		ev->slot_digest = d.digest[ev->slot];
		if (!ev->slot_digest.len)
			reader_fail(r, "DIGESTS: the slot of the evidence is not provisioned");
	}
	while (!r->why && r->left.len >= 2 && r->left.at[1] == SPDM_GET_CERTIFICATE) {
		struct spdm_get_certificate asked;
		struct spdm_portion p;

		spdm_read_get_certificate(r, ev->nego.version, &asked);
		if (!r->why && asked.slot != ev->slot)
			reader_fail(r, "GET_CERTIFICATE is for another slot than the evidence");
		spdm_read_certificate(r, ev->nego.version, &asked, &p);
		if (r->why)
			return;
		if (asked.offset != at ||
		    !bytes_equal(p.bytes, bytes_slice(ev->chain, at, p.bytes.len))) {
			reader_fail(r, "CERTIFICATE is not the chain object's portion");
			return;
		}
		at += p.bytes.len;
	}
	if (!r->why && at != ev->chain.len)
		reader_fail(r, "CERTIFICATE portions do not cover the chain object");
	if (r->why || !r->left.len)
		return;
	spdm_read_challenge(r, ev->nego.version, &ev->challenged);
	if (!r->why && ev->challenged.slot != ev->slot)
		reader_fail(r, "CHALLENGE is for another slot than the evidence");
	spdm_read_challenge_auth(r, &ev->nego, &ev->challenged, &ev->auth);
	ev->has_challenge = !r->why;
}

static int parse_measurements(struct spdm_evidence *ev, struct err *e)
{
	struct reader r = reader_on(ev->measurements);

	spdm_read_get_measurements(&r, ev->nego.version, &ev->asked);
	if (!r.why && !ev->asked.signature)
		reader_fail(&r, "measurements are unsigned (GET_MEASUREMENTS Param1)");
	if (!r.why && ev->asked.operation != 0xff)
		reader_fail(&r, "not all measurements were asked for (GET_MEASUREMENTS Param2)");
	if (!r.why && ev->nego.version >= SPDM_11 && ev->asked.slot != ev->slot)
		reader_fail(&r, "GET_MEASUREMENTS is for another slot than the evidence");
	if (!r.why && ev->nego.version == SPDM_10 && ev->slot != 0)
		reader_fail(&r, "SPDM 1.0 measures with slot 0 only");
	spdm_read_measurements(&r, &ev->nego, &ev->asked, &ev->answer);
	if (read_done(&r))
		return err_set(e, E_FORMAT, "measurements: %s", r.why);
	return 0;
}

int spdm_evidence_parse(struct bytes vca, struct bytes chain, struct bytes measurements,
			struct bytes challenge, u8 slot, const struct trust_store *roots,
			struct spdm_evidence **out, struct err *e)
{
	OWNED(spdm_evidence) ev = calloc(1, sizeof(*ev));
	const char *why = NULL;

	if (!ev)
		return err_set(e, E_MEMORY, "no memory for SPDM evidence");
	if (slot >= SPDM_SLOTS_MAX)
		return err_set(e, E_FORMAT, "slot %u", slot);
	ev->vca = vca;
	ev->chain = chain;
	ev->measurements = measurements;
	ev->challenge = challenge;
	ev->has_vca = true;
	ev->slot = slot;
	if (spdm_read_vca(vca, &ev->versions, &ev->nego, &why))
		return err_set(e, E_FORMAT, "VCA: %s", why);
	if (spdm_parse_chain(chain, ev->nego.hash_len, &ev->chain_parts, &why))
		return err_set(e, E_FORMAT, "certificate chain: %s", why);
	if (trust_store_list(roots, ev->chain_parts.certificates, &ev->certs, e))
		return err_while(e, "certificate chain");
	if (challenge.len) {
		struct reader r = reader_on(challenge);

		read_challenge_part(&r, ev);
		if (read_done(&r))
			return err_set(e, E_FORMAT, "challenge: %s", r.why);
	}
	if (parse_measurements(ev, e))
		return (int)e->code;
	*out = TAKE(ev);
	return 0;
}

void spdm_evidence_drop(struct spdm_evidence **ev)
{
	if (!ev || !*ev)
		return;
	cert_list_drop(&(*ev)->certs);
	free(*ev);
	*ev = NULL;
}

const struct cert *spdm_evidence_leaf(const struct spdm_evidence *ev)
{
	return ev->certs->at[ev->certs->n - 1];
}

bool spdm_evidence_authenticated(const struct spdm_evidence *ev)
{
	return ev->nego.version >= SPDM_12 || ev->has_challenge;
}

/* ---- checks ---- */
int spdm_evidence_check_nonces(const struct spdm_evidence *ev, const u8 nonce[32],
			       const u8 challenge_nonce[32], struct err *e)
{
	if (!bytes_equal(ev->asked.nonce, (struct bytes){ nonce, 32 }))
		return err_set(e, E_BINDING,
			       "measurements answer another nonce: another session, host or slot");
	if (ev->has_challenge &&
	    !bytes_equal(ev->challenged.nonce, (struct bytes){ challenge_nonce, 32 }))
		return err_set(e, E_BINDING,
			       "challenge answers another nonce: another session, host or slot");
	return 0;
}

static struct bytes without_tail(struct bytes b, struct bytes tail)
{
	return (struct bytes){ b.at, b.len - tail.len };
}

int spdm_evidence_check_signatures(const struct spdm_evidence *ev, struct err *e)
{
	const struct pubkey *key = cert_pubkey(spdm_evidence_leaf(ev));
	bool with_vca = ev->nego.version >= SPDM_12;
	struct bytes l1[] = { with_vca ? ev->vca : BYTES_NONE,
			      without_tail(ev->measurements, ev->answer.signature) };
	struct bytes m1[] = { ev->vca, without_tail(ev->challenge, ev->auth.signature) };

	if (spdm_verify_transcript(ev->nego.version, ev->nego.base_asym, ev->nego.base_hash,
				   SPDM_CONTEXT_MEASUREMENTS, key, l1, 2, ev->answer.signature, e))
		return err_while(e, "signature of MEASUREMENTS");
	if (ev->has_challenge &&
	    spdm_verify_transcript(ev->nego.version, ev->nego.base_asym, ev->nego.base_hash,
				   SPDM_CONTEXT_CHALLENGE, key, m1, 2, ev->auth.signature, e))
		return err_while(e, "signature of CHALLENGE_AUTH");
	return 0;
}

int spdm_evidence_check_chain_digest(const struct spdm_evidence *ev, struct err *e)
{
	struct digest chain = digest_of(spdm_digest_alg(ev->nego.base_hash), &ev->chain, 1);
	struct bytes first = cert_der(ev->certs->at[0]);
	struct digest root = digest_of(spdm_digest_alg(ev->nego.base_hash), &first, 1);

	if (ev->has_digest && !digest_equals(&chain, ev->slot_digest))
		return err_set(e, E_SIGNATURE, "chain is not the one that DIGESTS names");
	if (ev->has_challenge && !digest_equals(&chain, ev->auth.chain_hash))
		return err_set(e, E_SIGNATURE,
			       "chain is not the one of CHALLENGE_AUTH (CertChainHash)");
	/* An omitted root is named by its hash; the path check then needs that very anchor. */
	if (cert_self_issued(ev->certs->at[0]) && !digest_equals(&root, ev->chain_parts.root_hash))
		return err_set(e, E_SIGNATURE, "RootHash is not the hash of the chain's root");
	return 0;
}

int spdm_evidence_check_leaf(const struct spdm_evidence *ev, struct err *e)
{
	const struct cert *leaf = spdm_evidence_leaf(ev);
	int row = asym_row(ev->nego.base_asym, e);

	if (row < 0)
		return (int)e->code;
	if (cert_is_ca(leaf))
		return err_set(e, E_POLICY, "leaf certificate %s is a CA certificate",
			       cert_subject(leaf));
	if (!cert_may_sign(leaf))
		return err_set(e, E_POLICY, "leaf certificate %s lacks digitalSignature",
			       cert_subject(leaf));
	if (cert_has_eku_extension(leaf) && !cert_has_eku(leaf, oid_spdm_responder))
		return err_set(e, E_POLICY,
			       "leaf certificate %s lacks the SPDM responder key usage",
			       cert_subject(leaf));
	if (pubkey_kind(cert_pubkey(leaf)) != asyms[row].kind ||
	    pubkey_bits(cert_pubkey(leaf)) != asyms[row].bits)
		return err_set(e, E_POLICY, "leaf key of %s is not of the negotiated BaseAsymSel",
			       cert_subject(leaf));
	for (size_t i = 0; i + 1 < ev->certs->n; i++)
		if (!cert_is_ca(ev->certs->at[i]))
			return err_set(e, E_POLICY,
				       "certificate %s signs the next one and is no CA",
				       cert_subject(ev->certs->at[i]));
	return 0;
}

int spdm_evidence_check_path(const struct spdm_evidence *ev, const struct trust_store *roots,
			     long long unix_s, struct err *e)
{
	enum digest_alg alg = spdm_digest_alg(ev->nego.base_hash);
	OWNED(trust_store) root = NULL;

	if (trust_store_check_list(roots, ev->certs, unix_s, e))
		return (int)e->code;
	/* RootHash of a root in the chain was compared with it already; an omitted one is where it ends. */
	if (cert_self_issued(ev->certs->at[0]) ||
	    cert_list_path_ends_at(ev->certs, alg, ev->chain_parts.root_hash))
		return 0;
	if (trust_store_only(roots, alg, ev->chain_parts.root_hash, &root, e))
		return e->code == E_NOTFOUND ? err_set(e, E_SIGNATURE,
						       "RootHash names none of the accepted roots")
					     : (int)e->code;
	return trust_store_verify(root, spdm_evidence_leaf(ev), ev->certs, unix_s, NULL, e);
}

/* ---- the PCIe name ---- */
static bool take_field(const char **p, const char *name, int digits, u64 *out)
{
	size_t len = strlen(name);
	u64 v = 0;

	if (strncmp(*p, name, len))
		return false;
	*p += len;
	for (int i = 0; i < digits; i++, (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (u64)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (u64)(c - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

int pci_identity_parse(const char *text, struct pci_identity *out, struct err *e)
{
	struct pci_identity id = { 0 };
	const char *p = text;
	u64 vendor, device, cc, rev, ssvid = 0, ssid = 0;

	if (!take_field(&p, "Vendor=", 4, &vendor) || !take_field(&p, ":Device=", 4, &device) ||
	    !take_field(&p, ":CC=", 6, &cc) || !take_field(&p, ":REV=", 2, &rev))
		return err_set(e, E_FORMAT, "PCIe name \"%s\" in the leaf certificate", text);
	id.has_subsystem = take_field(&p, ":SSVID=", 4, &ssvid);
	if (id.has_subsystem && !take_field(&p, ":SSID=", 4, &ssid))
		return err_set(e, E_FORMAT, "PCIe name \"%s\" in the leaf certificate: SSID", text);
	if (*p)
		id.has_serial = take_field(&p, ":", 16, &id.serial);
	if (*p)
		return err_set(e, E_FORMAT, "PCIe name \"%s\" in the leaf certificate: its end",
			       text);
	id.vendor = (u16)vendor;
	id.device = (u16)device;
	id.class_code = (u32)cc;
	id.revision = (u8)rev;
	id.subsystem_vendor = (u16)ssvid;
	id.subsystem = (u16)ssid;
	*out = id;
	return 0;
}

int spdm_evidence_pci_identity(const struct spdm_evidence *ev, struct pci_identity *out,
			       struct err *e)
{
	char text[256];

	if (cert_san_other_name(spdm_evidence_leaf(ev), oid_pci_cma, text, sizeof(text), e))
		return (int)e->code;
	return pci_identity_parse(text, out, e);
}

bool spdm_evidence_oddity(const struct spdm_evidence *ev, char out[512])
{
	for (size_t i = 0; i < ev->certs->n; i++) {
		const char *odd = cert_oddity(ev->certs->at[i]);

		if (!odd)
			continue;
		snprintf(out, 512, "certificate %s is not strictly DER: %s",
			 cert_subject(ev->certs->at[i]), odd);
		return true;
	}
	return false;
}
