// SPDX-License-Identifier: Apache-2.0
/* The envelope of a CoRIM, its map, and who signed it. SPEC: draft-ietf-rats-corim-11 4 */
#include "corim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corim_read.h"

enum { TAG_UNSIGNED = 501, TAG_OLD_RIM = 500, TAG_OLD_SIGNED = 502 };

static const char content_type[] = "application/rim+cbor";

/* ---- where the reader is ---- */
void corim_enter(struct corim_place *p, const char *name, long long index)
{
	if (p->c.r.why)
		return;
	if (p->depth == CORIM_PATH_MAX) {
		cbor_fail_with(&p->c, E_LIMIT, "too deep");
		return;
	}
	p->path[p->depth++] = (struct corim_step){ name, index };
}

void corim_leave(struct corim_place *p)
{
	if (!p->c.r.why && p->depth)
		p->depth--;
}

const char *corim_path(const struct corim_place *p, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (size_t i = 0; i < p->depth && used < size; i++) {
		const struct corim_step *s = &p->path[i];
		int n = s->index < 0
				? snprintf(out + used, size - used, "%s%s", i ? "." : "", s->name)
				: snprintf(out + used, size - used, "%s%s[%lld]", i ? "." : "",
					   s->name, s->index);

		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}

int corim_place_error(const struct corim_place *p, const char *what, struct err *e)
{
	const char *why = p->c.r.why;
	char path[200];

	return err_set(e, cbor_code(&p->c), "%s: %s%s%s%s", what, corim_path(p, path, sizeof(path)),
		       p->depth ? ": " : "", why,
		       strchr(why, ' ') ? "" : " is missing, or not what may stand there");
}

/* ---- corim-map ---- */
static const struct {
	u64 tag;
	void (*take)(struct corim_place *p);
} tag_readers[] = {
	{ CORIM_COSWID, coswid_take },
	{ CORIM_COMID, corim_take_comid },
	{ CORIM_COTL, corim_take_cotl },
};

/* The content of a tag is a document of its own inside a byte string. */
static void take_inner(struct corim_place *p, u64 kind, struct bytes inner)
{
	struct cbor outer = p->c;
	struct err why = { 0 };

	p->out->tags[p->tag].kind = (enum corim_tag_kind)kind;
	p->out->tags[p->tag].content = inner;
	if (cbor_check(inner, CBOR_WELL_FORMED, &why)) {
		snprintf(p->why, sizeof(p->why), "its content: %.180s", why.text);
		cbor_fail_with(&p->c, why.code, p->why);
		return;
	}
	p->c = cbor_on(inner, CBOR_WELL_FORMED);
	for (size_t i = 0; i < ARRAY_LEN(tag_readers); i++)
		if (tag_readers[i].tag == kind)
			tag_readers[i].take(p);
	if (!cbor_done(&p->c))
		p->c = outer; /* else p->c keeps the reason */
}

static void take_tag(struct corim_place *p)
{
	u64 kind = CORIM_COMID;
	struct bytes inner;
	bool known = false;

	if (cbor_peek(&p->c) == CBOR_TAG) {
		kind = cbor_tag(&p->c, "tag");
	} else if (!p->out->old_shape) {
		cbor_fail(&p->c, "tag is a bare byte string: a shape older than draft 11");
	}
	for (size_t i = 0; i < ARRAY_LEN(tag_readers); i++)
		known |= tag_readers[i].tag == kind;
	if (!p->c.r.why && !known)
		cbor_fail(&p->c, "tag is neither CoMID, CoSWID nor CoTL");
	inner = cbor_bytes(&p->c, "tag content");
	if (!p->c.r.why)
		take_inner(p, kind, inner);
}

static void take_tags(struct corim_place *p)
{
	size_t n = cbor_array(&p->c, "tags");

	if (!p->c.r.why && (n == 0 || n > CORIM_TAGS_MAX))
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT, "tags: none or too many");
	p->out->tags = corim_room(p, p->out->tags, p->out->n_tags, n, sizeof(*p->out->tags),
				  CORIM_TAGS_MAX);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		p->tag = p->out->n_tags++;
		corim_enter(p, "tags", (long long)i);
		take_tag(p);
		corim_leave(p);
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

static void take_validity(struct cbor *c, struct corim *out, const char *field)
{
	long long not_before, not_after;

	corim_take_validity(c, &not_before, &not_after, field);
	narrow(out, not_before, not_after);
}

/* [ + { 0 href, ?1 thumbprint } ]: shown; nothing is fetched */
static void take_dependent(struct corim_place *p)
{
	struct cbor ahead = p->c;

	p->out->n_dependent = cbor_array(&p->c, "dependent-rims");
	for (size_t i = 0; i < p->out->n_dependent && !p->c.r.why; i++) {
		struct cbor locator = cbor_on(cbor_item(&p->c, "locator"), p->c.mode);

		cbor_map(&locator, "locator");
		if (cbor_int(&locator, "href") != 0 || locator.r.why)
			cbor_fail(&p->c, "locator without href");
	}
	cbor_end(&p->c);
	if (!p->c.r.why)
		p->out->dependent = cbor_item(&ahead, "dependent-rims");
}

/* { 0 name, ?1 reg-id, 2 [ + role ] }; at most one signs */
static void take_entity(struct corim_place *p)
{
	size_t n = cbor_map(&p->c, "entity"), roles;
	bool has_name = false, has_roles = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "entity")) {
		case 0:
			cbor_text(&p->c, "entity-name");
			has_name = true;
			break;
		case 1:
			cbor_item(&p->c, "reg-id");
			break;
		case 2:
			roles = cbor_array(&p->c, "roles");
			has_roles = roles > 0;
			for (size_t k = 0; k < roles && !p->c.r.why; k++) {
				if (cbor_int(&p->c, "role") != 2)
					continue;
				if (p->out->manifest_signer)
					cbor_fail(&p->c, "a second manifest-signer");
				p->out->manifest_signer = true;
			}
			cbor_end(&p->c);
			break;
		default: /* an extension of the entity-map */
			cbor_item(&p->c, "entity");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && (!has_name || !has_roles))
		cbor_fail(&p->c, "entity lacks name or roles");
}

static void take_entities(struct corim_place *p)
{
	struct cbor ahead = p->c;
	size_t n = cbor_array(&p->c, "entities");

	if (!p->c.r.why && !n)
		cbor_fail(&p->c, "entities is empty");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		corim_enter(p, "entities", (long long)i);
		take_entity(p);
		corim_leave(p);
	}
	cbor_end(&p->c);
	if (!p->c.r.why)
		p->out->entities = cbor_item(&ahead, "entities");
}

static void take_corim_map(struct corim_place *p)
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
			take_tags(p);
			has_tags = true;
			break;
		case 2:
			take_dependent(p);
			break;
		case 3: /* a profile may change what any member means: all of it, or nothing */
			cbor_fail_with(&p->c, E_UNSUPPORTED,
				       "profile is not one that this build knows");
			break;
		case 4:
			take_validity(&p->c, p->out, "rim-validity");
			break;
		case 5:
			take_entities(p);
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

static int open_envelope(struct corim *out, unsigned int shapes, struct bytes detached,
			 struct bytes *payload, struct err *e)
{
	struct bytes b = { buf_bytes(out->bytes).at, buf_bytes(out->bytes).len - detached.len };

	if (shapes & CORIM_OLD_SHAPES)
		b = strip_old(out, b);
	*payload = b;
	return b.len && b.at[0] == 0xd2 ? open_cose(out, b, detached, payload, e) : 0;
}

static int open_payload(struct corim_place *p, unsigned int shapes, struct bytes payload,
			struct err *e)
{
	if (cbor_check(payload, CBOR_WELL_FORMED, e))
		return err_while(e, "CoRIM");
	p->c = cbor_on(payload, CBOR_WELL_FORMED);
	if (cbor_peek(&p->c) == CBOR_MAP && shapes & CORIM_OLD_SHAPES) {
		p->out->old_shape = true;
		return 0;
	}
	if (cbor_peek(&p->c) == CBOR_MAP)
		return err_set(e, E_FORMAT,
			       "CoRIM: payload without tag 501, a shape older than draft 11");
	if (cbor_peek(&p->c) != CBOR_TAG || cbor_tag(&p->c, "tag") != TAG_UNSIGNED)
		return err_set(e, E_FORMAT, "not a CoRIM: neither tag 501 nor a COSE_Sign1");
	return 0;
}

int corim_read(struct bytes b, unsigned int shapes, struct bytes detached, struct corim **out,
	       struct err *e)
{
	OWNED(corim) c = calloc(1, sizeof(*c));
	struct corim_place p = { .out = c };
	struct bytes payload;

	if (b.len > CORIM_MAX || detached.len > CORIM_MAX)
		return err_set(e, E_LIMIT, "CoRIM of %zu bytes, at most %d", b.len + detached.len,
			       CORIM_MAX);
	if (!c || !(c->bytes = buf_new(b.len + detached.len + 1)))
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	write_bytes(&c->bytes->w, b);
	write_bytes(&c->bytes->w, detached);
	if (detached.len)
		detached.at = buf_bytes(c->bytes).at + b.len;
	if (open_envelope(c, shapes, detached, &payload, e) || open_payload(&p, shapes, payload, e))
		return (int)e->code;
	take_corim_map(&p);
	if (!cbor_done(&p.c))
		corim_link_software(&p);
	if (p.c.r.why)
		return corim_place_error(&p, "CoRIM", e);
	c->digest = sha256_of(buf_bytes(c->bytes));
	*out = TAKE(c);
	return 0;
}

int corim_parse(struct bytes b, struct corim **out, struct err *e)
{
	return corim_read(b, CORIM_DRAFT_11, BYTES_NONE, out, e);
}

bool corim_is_learned(const struct corim *c)
{
	return !strcmp(c->signer, "learned");
}

size_t corim_triples(const struct corim *c)
{
	return c->n_references - c->n_made + c->n_endorsed + c->n_conditional + c->n_series +
	       c->n_keys + c->n_domains + c->n_software;
}

static void clear_all(struct corim_triple *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		corim_triple_clear(&t[i]);
	free(t);
}

struct corim *corim_share(struct corim *c)
{
	__atomic_fetch_add(&c->others, 1, __ATOMIC_RELAXED);
	return c;
}

static void corim_free(struct corim *c)
{
	clear_all(c->references, c->n_references);
	clear_all(c->endorsed, c->n_endorsed);
	for (size_t i = 0; i < c->n_conditional; i++) {
		clear_all(c->conditional[i].conditions, c->conditional[i].n_conditions);
		clear_all(c->conditional[i].additions, c->conditional[i].n_additions);
	}
	for (size_t i = 0; i < c->n_series; i++) {
		corim_triple_clear(&c->series[i].condition);
		for (size_t k = 0; k < c->series[i].n; k++) {
			corim_triple_clear(&c->series[i].items[k].selection);
			corim_triple_clear(&c->series[i].items[k].addition);
		}
		free(c->series[i].items);
	}
	for (size_t i = 0; i < c->n_domains; i++)
		free(c->domains[i].others);
	for (size_t i = 0; i < c->n_tags; i++) {
		free(c->tags[i].listed);
		coswid_files_clear(&c->tags[i].files);
	}
	for (size_t i = 0; i < c->n_software; i++)
		corim_software_clear(&c->software[i]);
	free(c->conditional);
	free(c->series);
	free(c->keys);
	free(c->domains);
	free(c->software);
	free(c->tags);
	cert_list_drop(&c->x5chain);
	buf_drop(&c->bytes);
	free(c);
}

void corim_drop(struct corim **c)
{
	if (!c || !*c)
		return;
	if (!__atomic_fetch_sub(&(*c)->others, 1, __ATOMIC_ACQ_REL))
		corim_free(*c);
	*c = NULL;
}

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
