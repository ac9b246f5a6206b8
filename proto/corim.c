// SPDX-License-Identifier: Apache-2.0
/* The envelope of a CoRIM, its map, and who signed it. SPEC: draft-ietf-rats-corim-11 4 */
#include "corim.h"

#include <stdio.h>
#include <stdlib.h>

#include "corim_comid.h"

enum { TAG_UNSIGNED = 501, TAG_COSWID = 505, TAG_COMID = 506, TAG_COTL = 508 };

static const char content_type[] = "application/rim+cbor";

static void take_tags(struct corim_place *p, struct err *e)
{
	size_t n = cbor_array(&p->c, "tags");

	if (!p->c.r.why && (n == 0 || n > CORIM_TAGS_MAX))
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT, "tags: none or too many");
	for (p->tag = 0; p->tag < n && !p->c.r.why; p->tag++) {
		u64 tag = cbor_peek(&p->c) == CBOR_TAG ? cbor_tag(&p->c, "tag") : 0;
		struct bytes inner;
		struct cbor outer;

		if (!tag) {
			cbor_fail(&p->c, "tag is a bare byte string: a shape older than draft 11");
			return;
		}
		inner = cbor_bytes(&p->c, "tag content");
		if (tag == TAG_COSWID || tag == TAG_COTL) {
			p->out->n_unused_tags++;
			continue;
		}
		if (!p->c.r.why && tag != TAG_COMID)
			cbor_fail(&p->c, "tag is neither CoMID, CoSWID nor CoTL");
		if (p->c.r.why)
			return;
		if (cbor_check(inner, CBOR_WELL_FORMED, e)) {
			cbor_fail_with(&p->c, e->code, "CoMID is not well-formed");
			return;
		}
		outer = p->c;
		p->c = cbor_on(inner, CBOR_WELL_FORMED);
		corim_take_comid(p);
		if (cbor_done(&p->c))
			return; /* p->c holds the reason and the place */
		p->c = outer;
	}
	cbor_end(&p->c);
}

/* Several validities may speak of one CoRIM: it holds where all of them do. */
static void narrow(struct corim *out, long long not_before, long long not_after)
{
	if (not_before > out->not_before)
		out->not_before = not_before;
	if (not_after && (!out->not_after || not_after < out->not_after))
		out->not_after = not_after;
}

/* validity: { ?0 not-before, 1 not-after }, tag 1 epoch times */
static void take_validity(struct cbor *c, struct corim *out, const char *field)
{
	size_t n = cbor_map(c, field);
	long long not_before = 0, not_after = 0;

	for (size_t i = 0; i < n && !c->r.why; i++) {
		long long key = cbor_int(c, field);

		if (cbor_tag(c, field) != 1 || key < 0 || key > 1)
			cbor_fail(c, field);
		*(key == 0 ? &not_before : &not_after) = cbor_int(c, field);
	}
	cbor_end(c);
	if (!c->r.why && not_after <= 0)
		cbor_fail(c, "validity without not-after");
	narrow(out, not_before, not_after);
}

static void take_corim_map(struct corim_place *p, struct err *e)
{
	size_t n = cbor_map(&p->c, "corim-map");
	bool has_id = false, has_tags = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "corim-map")) {
		case 0:
			corim_take_id(&p->c, p->out->id, sizeof(p->out->id), "id");
			has_id = true;
			break;
		case 1:
			take_tags(p, e);
			has_tags = true;
			break;
		case 2:
			cbor_item(&p->c, "dependent-rims");
			break;
		case 3:
			cbor_fail_with(&p->c, E_UNSUPPORTED,
				       "profile is not one that this build knows");
			break;
		case 4:
			take_validity(&p->c, p->out, "rim-validity");
			break;
		case 5:
			cbor_item(&p->c, "entities");
			break;
		default:
			cbor_fail(&p->c, "corim-map: unknown key");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && (!has_id || !has_tags))
		cbor_fail(&p->c, "corim-map lacks id or tags");
}

/* ---- the envelope ---- */
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
			take_validity(&c, out, "signature-validity");
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
	narrow(out, not_before, not_after);
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

static int open_envelope(struct corim *out, struct bytes *payload, struct err *e)
{
	struct bytes b = buf_bytes(out->bytes);

	*payload = b;
	if (!b.len || b.at[0] != 0xd2)
		return 0;
	out->is_signed = true;
	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &out->cose, e))
		return err_while(e, "signed CoRIM");
	/* The payload is a hash then, and what it is a hash of is not at hand: import that, signed. */
	if (out->cose.hash_envelope)
		return err_set(e, E_UNSUPPORTED,
			       "signed CoRIM: payload is only a hash of one (headers 258 to 260)");
	if (!bytes_equal(out->cose.content_type, bytes_text(content_type)))
		return err_set(e, E_FORMAT, "signed CoRIM: content type is not %s", content_type);
	if (!out->cose.corim_meta.len && !out->cose.cwt_claims.len)
		return err_set(e, E_FORMAT, "signed CoRIM: neither corim-meta nor CWT Claims");
	if (out->cose.detached)
		return err_set(e, E_UNSUPPORTED, "signed CoRIM: detached payload");
	if (take_meta(out, e) || take_cwt_claims(out, e))
		return (int)e->code;
	*payload = out->cose.payload;
	return take_x5chain(out, e);
}

static int place_error(const struct corim_place *p, struct err *e)
{
	return err_set(e, cbor_code(&p->c), "CoRIM: tags[%zu].triples.0[%zu].measurements[%zu]: %s",
		       p->tag, p->triple, p->measurement, p->c.r.why);
}

int corim_parse(struct bytes b, struct corim **out, struct err *e)
{
	OWNED(corim) c = calloc(1, sizeof(*c));
	struct corim_place p = { .out = c };
	struct bytes payload;

	if (b.len > CORIM_MAX)
		return err_set(e, E_LIMIT, "CoRIM of %zu bytes, at most %d", b.len, CORIM_MAX);
	if (!c || !(c->bytes = buf_copy(b)))
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	if (open_envelope(c, &payload, e))
		return (int)e->code;
	if (cbor_check(payload, CBOR_WELL_FORMED, e))
		return err_while(e, "CoRIM");
	p.c = cbor_on(payload, CBOR_WELL_FORMED);
	if (cbor_peek(&p.c) == CBOR_MAP)
		return err_set(e, E_FORMAT,
			       "CoRIM: payload without tag 501, a shape older than draft 11");
	if (cbor_peek(&p.c) != CBOR_TAG || cbor_tag(&p.c, "tag") != TAG_UNSIGNED)
		return err_set(e, E_FORMAT, "not a CoRIM: neither tag 501 nor a COSE_Sign1");
	take_corim_map(&p, e);
	if (cbor_done(&p.c))
		return place_error(&p, e);
	*out = TAKE(c);
	return 0;
}

void corim_drop(struct corim **c)
{
	if (!c || !*c)
		return;
	for (size_t i = 0; i < (*c)->n_references; i++)
		free((*c)->references[i].elements);
	free((*c)->references);
	cert_list_drop(&(*c)->x5chain);
	buf_drop(&(*c)->bytes);
	free(*c);
	*c = NULL;
}

int corim_check_signature(const struct corim *c, const struct trust_store *roots,
			  const struct cert_list *anchors, long long unix_s, struct err *e)
{
	if (!c->is_signed)
		return err_set(e, E_SIGNATURE, "CoRIM %s is not signed", c->id);
	if (c->not_after && unix_s > c->not_after)
		return err_set(e, E_FRESHNESS, "CoRIM %s has expired", c->id);
	if (c->not_before && unix_s < c->not_before)
		return err_set(e, E_FRESHNESS, "CoRIM %s is not valid yet", c->id);
	if (c->x5chain) {
		const struct cert *leaf = c->x5chain->at[0];

		if (trust_store_verify(roots, leaf, c->x5chain, unix_s, NULL, e))
			return err_while(e, "signer of CoRIM %s", c->id);
		return cose_sign1_verify(&c->cose, cert_pubkey(leaf), e)
			       ? err_while(e, "signature of CoRIM %s", c->id)
			       : 0;
	}
	for (size_t i = 0; anchors && i < anchors->n; i++)
		if (cert_valid_at(anchors->at[i], unix_s) &&
		    !cose_sign1_verify(&c->cose, cert_pubkey(anchors->at[i]), e))
			return 0;
	return err_set(e, E_SIGNATURE, "CoRIM %s: no trust anchor made its signature", c->id);
}
