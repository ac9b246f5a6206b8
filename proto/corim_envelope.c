// SPDX-License-Identifier: Apache-2.0
/* What is around a CoRIM: COSE_Sign1, what it says of its signer, and whether he signed. SPEC: draft-ietf-rats-corim-11 4 */
#include "corim.h"

#include <string.h>

#include "corim_read.h"

enum { TAG_OLD_RIM = 500, TAG_OLD_SIGNED = 502 };

static const char content_type[] = "application/rim+cbor";

static void take_signer(struct cbor *c, struct corim *out)
{
	size_t n = cbor_map(c, "signer");

	for (size_t i = 0; i < n && !c->r.why; i++) {
		if (cbor_int(c, "signer") == 0)
			corim_take_id(c, out->signer, sizeof(out->signer), "signer-name");
		else
			cbor_item(c, "signer-uri");
	}
	cbor_end(c);
}

/* corim-meta: { 0 signer { 0 name, ?1 uri }, ?1 validity of the signature } */
static int take_meta(struct corim *out, struct err *e)
{
	struct cbor c = cbor_on(out->cose.corim_meta, CBOR_WELL_FORMED);
	size_t n;

	if (!out->cose.corim_meta.len)
		return 0;
	if (cbor_check(out->cose.corim_meta, CBOR_WELL_FORMED, e))
		return err_while(e, "signed CoRIM: corim-meta");
	n = cbor_map(&c, "meta");
	for (size_t i = 0; i < n && !c.r.why; i++) {
		switch (cbor_int(&c, "meta")) {
		case 0:
			take_signer(&c, out);
			break;
		case 1:
			corim_narrow_by(out, &c, "signature-validity");
			break;
		default:
			cbor_item(&c, "meta");
		}
	}
	cbor_end(&c);
	if (!c.r.why && !out->signer[0])
		cbor_fail(&c, "signer-name");
	return cbor_done(&c) ? err_set(e, E_FORMAT, "signed CoRIM: corim-meta: %s", c.r.why) : 0;
}

/* CWT Claims: { 1 iss, ?4 exp, ?5 nbf, ... }. With corim-meta beside it, both name one signer. */
static int take_cwt_claims(struct corim *out, struct err *e)
{
	struct cbor c = cbor_on(out->cose.cwt_claims, CBOR_WELL_FORMED);
	long long not_before = 0, not_after = 0;
	char iss[sizeof(out->signer)] = "";
	size_t n;

	if (!out->cose.cwt_claims.len)
		return 0;
	n = cbor_map(&c, "claims");
	for (size_t i = 0; i < n && !c.r.why; i++) {
		enum cbor_kind key = cbor_peek(&c);
		long long claim = key == CBOR_TEXT ? 0 : cbor_int(&c, "claim key");

		if (key == CBOR_TEXT)
			cbor_text(&c, "claim key");
		if (claim == 1 && cbor_peek(&c) == CBOR_TEXT)
			corim_take_id(&c, iss, sizeof(iss), "iss");
		else if (claim == 4)
			not_after = cbor_int(&c, "exp");
		else if (claim == 5)
			not_before = cbor_int(&c, "nbf");
		else
			cbor_item(&c, "claim");
		if (!c.r.why && claim == 4 && not_after <= 0)
			cbor_fail(&c, "exp");
	}
	cbor_end(&c);
	if (!c.r.why && !iss[0])
		cbor_fail(&c, "iss");
	if (!c.r.why && out->signer[0] && strcmp(out->signer, iss))
		cbor_fail(&c, "iss is not the signer of corim-meta");
	if (cbor_done(&c))
		return err_set(e, E_FORMAT, "signed CoRIM: CWT Claims: %s", c.r.why);
	memcpy(out->signer, iss, sizeof(iss));
	corim_narrow(out, not_before, not_after);
	return 0;
}

static int take_x5chain(struct corim *out, struct err *e)
{
	struct cbor c = cbor_on(out->cose.x5chain, CBOR_WELL_FORMED);
	OWNED(buf) all = buf_new(CERT_CHAIN_MAX * CERT_DER_MAX);
	size_t n = 1;

	if (!out->cose.x5chain.len)
		return 0;
	if (cbor_peek(&c) == CBOR_ARRAY)
		n = cbor_array(&c, "x5chain");
	for (size_t i = 0; all && i < n && !c.r.why; i++)
		write_bytes(&all->w, cbor_bytes(&c, "x5chain"));
	if (!all || c.r.why || all->w.full)
		return err_set(e, E_FORMAT, "x5chain is not a list of certificates");
	return cert_list_from_der(buf_bytes(all), &out->x5chain, e) ? err_while(e, "x5chain") : 0;
}

static enum digest_alg cose_hash(long long alg)
{
	return alg == -16   ? DIGEST_SHA256
	       : alg == -43 ? DIGEST_SHA384
	       : alg == -44 ? DIGEST_SHA512
			    : DIGEST_NONE;
}

/* What was signed is a digest (RFC 9995 headers 258 to 260): the CoRIM comes beside it and must be that one. */
static int open_hash(struct corim *out, struct bytes detached, struct bytes *payload, struct err *e)
{
	enum digest_alg alg = cose_hash(out->cose.hash_alg);
	struct digest d;

	if (!bytes_equal(out->cose.preimage_type, bytes_text(content_type)))
		return err_set(e, E_FORMAT, "signed CoRIM: what was hashed is not %s",
			       content_type);
	if (alg == DIGEST_NONE)
		return err_set(e, E_UNSUPPORTED,
			       "signed CoRIM: hash envelope with an algorithm that this build does "
			       "not have");
	if (!detached.len)
		return err_set(
			e, E_UNSUPPORTED,
			"signed CoRIM: payload is only a hash of one; give the CoRIM beside it");
	d = digest_of(alg, &detached, 1);
	if (!digest_equals(&d, out->cose.payload))
		return err_set(e, E_SIGNATURE,
			       "signed CoRIM: the CoRIM beside it is not the one that was signed");
	out->payload_digest = out->cose.payload;
	*payload = detached;
	return 0;
}

static int open_cose(struct corim *out, struct bytes b, struct bytes detached,
		     struct bytes *payload, struct err *e)
{
	out->is_signed = true;
	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &out->cose, e))
		return err_while(e, "signed CoRIM");
	if (!out->cose.hash_envelope &&
	    !bytes_equal(out->cose.content_type, bytes_text(content_type)))
		return err_set(e, E_FORMAT, "signed CoRIM: content type is not %s", content_type);
	if (!out->cose.corim_meta.len && !out->cose.cwt_claims.len)
		return err_set(e, E_FORMAT, "signed CoRIM: neither corim-meta nor CWT Claims");
	if (out->cose.detached && !detached.len)
		return err_set(e, E_UNSUPPORTED,
			       "signed CoRIM: detached payload; give the CoRIM beside it");
	if (out->cose.detached)
		out->cose.payload = detached;
	if (take_meta(out, e) || take_cwt_claims(out, e))
		return (int)e->code;
	*payload = out->cose.payload;
	if (out->cose.hash_envelope && open_hash(out, detached, payload, e))
		return (int)e->code;
	return take_x5chain(out, e);
}

/* 500(502(18(...))) and 500(501(...)): what drafts before 10 put around a CoRIM */
static struct bytes strip_old(struct corim *out, struct bytes b)
{
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	u64 tag = cbor_peek(&c) == CBOR_TAG ? cbor_tag(&c, "tag") : 0;

	while (!c.r.why && (tag == TAG_OLD_RIM || tag == TAG_OLD_SIGNED)) {
		b = c.r.left;
		out->old_shape = true;
		tag = cbor_peek(&c) == CBOR_TAG ? cbor_tag(&c, "tag") : 0;
	}
	return b;
}

int corim_open_envelope(struct corim *out, unsigned int shapes, struct bytes detached,
			struct bytes *payload, struct err *e)
{
	struct bytes b = { buf_bytes(out->bytes).at, buf_bytes(out->bytes).len - detached.len };

	if (shapes & CORIM_OLD_SHAPES)
		b = strip_old(out, b);
	*payload = b;
	return b.len && b.at[0] == 0xd2 ? open_cose(out, b, detached, payload, e) : 0;
}

/* ---- the signature ---- */
static int signed_by(struct corim *c, const struct cert *signer, struct err *e)
{
	if (cose_sign1_verify(&c->cose, cert_pubkey(signer), e))
		return (int)e->code;
	memcpy(c->signer_key, cert_key_hash(signer), sizeof(c->signer_key));
	c->has_signer_key = true;
	return 0;
}

/* Its own certificate is trusted; with lists it also leads over what the roots hold to no revoked one. */
static int check_anchor(struct corim *c, const struct trust_store *roots, const struct cert *anchor,
			const struct crls *crls, long long unix_s, struct err *e)
{
	if (!cert_valid_at(anchor, unix_s))
		return err_set(e, E_SIGNATURE, "trust anchor has expired");
	if (signed_by(c, anchor, e))
		return (int)e->code;
	c->signer_until = cert_not_after(anchor);
	return crls_count(crls) ? trust_store_verify_unrevoked(roots, anchor, NULL, crls, unix_s,
							       &c->signer_until, e)
				: 0;
}

int corim_check_signature(struct corim *c, const struct trust_store *roots,
			  const struct cert_list *anchors, const struct crls *crls,
			  long long unix_s, struct err *e)
{
	struct err revoked = { 0 };

	if (!c->is_signed)
		return err_set(e, E_SIGNATURE, "CoRIM %s is not signed", c->id);
	if (c->not_after && unix_s > c->not_after)
		return err_set(e, E_FRESHNESS, "CoRIM %s has expired", c->id);
	if (c->not_before && unix_s < c->not_before)
		return err_set(e, E_FRESHNESS, "CoRIM %s is not valid yet", c->id);
	if (c->x5chain) {
		const struct cert *leaf = c->x5chain->at[0];

		if (trust_store_verify_unrevoked(roots, leaf, c->x5chain, crls, unix_s,
						 &c->signer_until, e))
			return err_while(e, "signer of CoRIM %s", c->id);
		return signed_by(c, leaf, e) ? err_while(e, "signature of CoRIM %s", c->id) : 0;
	}
	for (size_t i = 0; anchors && i < anchors->n; i++) {
		*e = (struct err){ 0 };
		if (!check_anchor(c, roots, anchors->at[i], crls, unix_s, e))
			return 0;
		if (e->code != E_SIGNATURE) /* a renewed certificate of the same key may do */
			revoked = *e;
	}
	c->has_signer_key = false;
	if (revoked.code) {
		*e = revoked;
		return err_while(e, "signer of CoRIM %s", c->id);
	}
	return err_set(e, E_SIGNATURE, "CoRIM %s: no trust anchor made its signature", c->id);
}
