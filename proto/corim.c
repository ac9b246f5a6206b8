// SPDX-License-Identifier: Apache-2.0
#include "corim.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum {
	TAG_UNSIGNED = 501,
	TAG_COSWID = 505,
	TAG_COMID = 506,
	TAG_COTL = 508,
	TAG_SVN = 552,
	TAG_MIN_SVN = 553,
	TAG_BYTES = 560,
	TAG_MASKED = 563,
	MVAL_VERSION = 0,
	MVAL_SVN = 1,
	MVAL_DIGESTS = 2,
	MVAL_RAW = 4,
	MVAL_MASK_OLD = 5,
};

static const char content_type[] = "application/rim+cbor";

/* Where the reader is, for a path like tags[2].triples.0[1].measurements[0]. */
struct place {
	struct cbor c;
	struct corim *out;
	size_t tag, triple, measurement;
	const char *part;
	struct bytes tag_id;
};

/* An id is text or 16 bytes; shown as text or UUID. */
static void take_id(struct cbor *c, char *out, size_t size, const char *field)
{
	struct bytes b;

	if (cbor_peek(c) == CBOR_TEXT) {
		b = cbor_text(c, field);
		snprintf(out, size, "%.*s", (int)(b.len < size ? b.len : size - 1),
			 (const char *)b.at);
		for (; *out; out++) /* an id is shown and logged: plain ASCII only */
			if ((unsigned char)*out < 0x20 || (unsigned char)*out > 0x7e)
				*out = '?';
		return;
	}
	if (cbor_peek(c) == CBOR_TAG) /* tagged UUID (37), seen in CoMID ids */
		cbor_tag(c, field);
	b = cbor_bytes(c, field);
	if (!c->r.why && b.len == 16 && size > UUID_TEXT_LEN)
		uuid_write(b.at, out);
	else if (!c->r.why)
		cbor_fail(c, field);
}

/* ---- environment ---- */
static void take_class(struct cbor *c, struct corim_env *env)
{
	size_t n = cbor_map(c, "class");

	if (!c->r.why && n == 0)
		cbor_fail(c, "class is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "class")) {
		case 0:
			env->class_id = cbor_item(c, "class-id");
			break;
		case 1:
			env->vendor = cbor_text(c, "vendor");
			break;
		case 2:
			env->model = cbor_text(c, "model");
			break;
		case 3:
			env->has_layer = true;
			env->layer = cbor_uint(c, "layer");
			break;
		case 4:
			env->has_index = true;
			env->index = cbor_uint(c, "index");
			break;
		default:
			cbor_fail(c, "class: unknown key");
		}
	}
	cbor_end(c);
}

static void take_env(struct cbor *c, struct corim_env *env)
{
	size_t n = cbor_map(c, "environment");

	if (!c->r.why && n == 0)
		cbor_fail(c, "environment is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "environment")) {
		case 0:
			take_class(c, env);
			break;
		case 1:
			env->instance = cbor_item(c, "instance");
			break;
		case 2:
			env->group = cbor_item(c, "group");
			break;
		default:
			cbor_fail(c, "environment: unknown key");
		}
	}
	cbor_end(c);
}

/* ---- measurement values ---- */
static void take_digests(struct cbor *c, struct corim_mval *m)
{
	size_t n = cbor_array(c, "digests");

	if (!c->r.why && (n == 0 || n > CORIM_DIGESTS_MAX))
		cbor_fail(c, "digests");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		struct corim_digest *d = &m->digests[m->n_digests++];

		if (cbor_array(c, "digest") != 2)
			cbor_fail(c, "digest");
		if (cbor_peek(c) == CBOR_TEXT) {
			cbor_text(c, "digest alg");
			d->alg = -1; /* named by text: known to nobody here */
		} else {
			d->alg = cbor_int(c, "digest alg");
		}
		d->bytes = cbor_bytes(c, "digest value");
		cbor_end(c);
		for (size_t k = 0; k < i; k++)
			if (m->digests[k].alg == d->alg && d->alg != -1)
				cbor_fail(c, "digests: algorithm twice");
	}
	cbor_end(c);
}

static void take_version(struct cbor *c, struct corim_mval *m)
{
	size_t n = cbor_map(c, "version");

	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "version")) {
		case 0:
			m->has_version = true;
			m->version = cbor_text(c, "version");
			break;
		case 1:
			m->version_scheme = cbor_item(c, "version scheme");
			break;
		default:
			cbor_fail(c, "version: unknown key");
		}
	}
	cbor_end(c);
	if (!c->r.why && !m->has_version)
		cbor_fail(c, "version without its text");
}

static void take_svn(struct cbor *c, struct corim_mval *m)
{
	if (cbor_peek(c) == CBOR_TAG) {
		u64 tag = cbor_tag(c, "svn");

		m->min_svn = tag == TAG_MIN_SVN;
		if (tag != TAG_SVN && tag != TAG_MIN_SVN)
			cbor_fail(c, "svn: unknown tag");
	}
	m->has_svn = true;
	m->svn = cbor_uint(c, "svn");
}

static void take_raw(struct cbor *c, struct corim_mval *m)
{
	u64 tag = cbor_tag(c, "raw-value");

	m->has_raw = true;
	if (tag == TAG_BYTES) {
		m->raw = cbor_bytes(c, "raw-value");
	} else if (tag == TAG_MASKED && cbor_array(c, "raw-value") == 2) {
		m->raw = cbor_bytes(c, "raw-value");
		m->raw_mask = cbor_bytes(c, "raw-value mask");
		cbor_end(c);
		if (!c->r.why && m->raw.len != m->raw_mask.len)
			cbor_fail(c, "raw-value mask has another length");
	} else {
		cbor_fail(c, "raw-value: unknown form");
	}
}

static void take_mval(struct cbor *c, struct corim_mval *m)
{
	size_t n = cbor_map(c, "mval");

	if (!c->r.why && n == 0)
		cbor_fail(c, "mval is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "mval")) {
		case MVAL_VERSION:
			take_version(c, m);
			break;
		case MVAL_SVN:
			take_svn(c, m);
			break;
		case MVAL_DIGESTS:
			take_digests(c, m);
			break;
		case MVAL_RAW:
			take_raw(c, m);
			break;
		case MVAL_MASK_OLD:
			m->raw_mask = cbor_bytes(c, "raw-value mask");
			break;
		default:
			cbor_item(c, "mval");
			m->others++;
		}
	}
	cbor_end(c);
}

static void take_measurement(struct cbor *c, struct corim_element *el)
{
	size_t n = cbor_map(c, "measurement");
	bool has_mval = false;

	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "measurement")) {
		case 0:
			el->mkey = cbor_item(c, "mkey");
			break;
		case 1:
			take_mval(c, &el->mval);
			has_mval = true;
			break;
		case 2:
			cbor_item(c, "authorized-by");
			el->mval.others++; /* an authority is a condition too: not compared yet, so no match */
			break;
		default:
			cbor_fail(c, "measurement: unknown key");
		}
	}
	cbor_end(c);
	if (!c->r.why && !has_mval)
		cbor_fail(c, "measurement without mval");
}

/* ---- triples ---- */
static void take_reference(struct place *p)
{
	struct corim_triple *t = &p->out->references[p->out->n_references++];
	size_t n;

	snprintf(t->tag_id, sizeof(t->tag_id), "%.*s", (int)p->tag_id.len,
		 (const char *)p->tag_id.at);
	if (cbor_array(&p->c, "reference triple") != 2)
		cbor_fail(&p->c, "reference triple is not a pair");
	take_env(&p->c, &t->env);
	n = cbor_array(&p->c, "measurements");
	if (!p->c.r.why && (n == 0 || n > CORIM_MEASUREMENTS_MAX))
		cbor_fail(&p->c, "measurements: none or too many");
	t->elements = p->c.r.why ? NULL : calloc(n, sizeof(*t->elements));
	if (!t->elements)
		cbor_fail(&p->c, "measurements");
	for (p->measurement = 0; p->measurement < n && !p->c.r.why; p->measurement++) {
		take_measurement(&p->c, &t->elements[p->measurement]);
		t->n += !p->c.r.why;
		if (p->c.r.why)
			return;
	}
	cbor_end(&p->c);
	cbor_end(&p->c);
}

static void take_references(struct place *p)
{
	size_t n = cbor_array(&p->c, "reference triples");
	struct corim_triple *more;

	if (!p->c.r.why &&
	    (n == 0 || n > CORIM_TRIPLES_MAX || p->out->n_references > CORIM_TRIPLES_MAX - n)) {
		cbor_fail(&p->c, "reference triples: none or too many");
		return;
	}
	more = realloc(p->out->references, (p->out->n_references + n) * sizeof(*more));
	if (!more) {
		cbor_fail(&p->c, "reference triples");
		return;
	}
	memset(more + p->out->n_references, 0, n * sizeof(*more));
	p->out->references = more;
	for (p->triple = 0; p->triple < n && !p->c.r.why; p->triple++) {
		take_reference(p);
		if (p->c.r.why)
			return;
	}
	cbor_end(&p->c);
}

static void take_triples(struct place *p)
{
	size_t n = cbor_map(&p->c, "triples");

	if (!p->c.r.why && n == 0)
		cbor_fail(&p->c, "triples is empty");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long kind = cbor_int(&p->c, "triples");

		if (kind == 0) {
			take_references(p);
		} else if ((kind >= 1 && kind <= 6) || kind == 8 || kind == 10 || kind < 0) {
			struct bytes item = cbor_item(&p->c, "triples");
			struct cbor inner = cbor_on(item, p->c.mode);

			p->out->n_unused_triples += cbor_array(&inner, "triples");
		} else {
			cbor_fail(&p->c, "triples: unknown kind");
		}
	}
	cbor_end(&p->c);
}

static void take_tag_identity(struct place *p, char *out, size_t size)
{
	size_t n = cbor_map(&p->c, "tag-identity");

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		if (cbor_int(&p->c, "tag-identity") == 0)
			take_id(&p->c, out, size, "tag-id");
		else
			cbor_uint(&p->c, "tag-version");
	}
	cbor_end(&p->c);
}

/* tag-identity (1) comes before triples (4) in a deterministic CoMID; elsewhere any order. */
static void take_comid(struct place *p)
{
	char id[64] = "";
	size_t n = cbor_map(&p->c, "concise-mid-tag");
	bool has_identity = false, has_triples = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "concise-mid-tag")) {
		case 0:
			cbor_text(&p->c, "language");
			break;
		case 1:
			take_tag_identity(p, id, sizeof(id));
			has_identity = true;
			break;
		case 2:
			cbor_item(&p->c, "entities");
			break;
		case 3:
			cbor_item(&p->c, "linked-tags");
			break;
		case 4:
			p->tag_id = bytes_text(id);
			take_triples(p);
			has_triples = true;
			break;
		default:
			cbor_fail(&p->c, "concise-mid-tag: unknown key");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && (!has_identity || !has_triples))
		cbor_fail(&p->c, "concise-mid-tag lacks tag-identity or triples");
}

static void take_tags(struct place *p, struct err *e)
{
	size_t n = cbor_array(&p->c, "tags");

	if (!p->c.r.why && (n == 0 || n > CORIM_TAGS_MAX))
		cbor_fail(&p->c, "tags: none or too many");
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
			cbor_fail(&p->c, "CoMID is not well-formed");
			return;
		}
		outer = p->c;
		p->c = cbor_on(inner, CBOR_WELL_FORMED);
		take_comid(p);
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

static void take_corim_map(struct place *p, struct err *e)
{
	size_t n = cbor_map(&p->c, "corim-map");
	bool has_id = false, has_tags = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "corim-map")) {
		case 0:
			take_id(&p->c, p->out->id, sizeof(p->out->id), "id");
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
			cbor_item(&p->c, "profile");
			cbor_fail(&p->c, "profile is not one that this build knows");
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
			take_id(c, out->signer, sizeof(out->signer), "signer-name");
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
			take_id(&c, iss, sizeof(iss), "iss");
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

static int place_error(const struct place *p, struct err *e)
{
	return err_set(e, E_FORMAT, "CoRIM: tags[%zu].triples.0[%zu].measurements[%zu]: %s", p->tag,
		       p->triple, p->measurement, p->c.r.why);
}

int corim_parse(struct bytes b, struct corim **out, struct err *e)
{
	OWNED(corim) c = calloc(1, sizeof(*c));
	struct place p = { .out = c };
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
		if (!cose_sign1_verify(&c->cose, cert_pubkey(anchors->at[i]), e))
			return 0;
	return err_set(e, E_SIGNATURE, "CoRIM %s: no trust anchor made its signature", c->id);
}

/* ---- comparison ---- */
/* Absent has no bytes at all; an empty text is a value like another. */
static bool contained(struct bytes condition, struct bytes entry)
{
	return !condition.at || (entry.at && bytes_equal(condition, entry));
}

bool corim_env_matches(const struct corim_env *c, const struct corim_env *a)
{
	return contained(c->class_id, a->class_id) && contained(c->vendor, a->vendor) &&
	       contained(c->model, a->model) && contained(c->instance, a->instance) &&
	       contained(c->group, a->group) &&
	       (!c->has_layer || (a->has_layer && c->layer == a->layer)) &&
	       (!c->has_index || (a->has_index && c->index == a->index));
}

static bool digests_match(const struct corim_mval *c, const struct corim_mval *a)
{
	size_t common = 0;

	for (size_t i = 0; i < c->n_digests; i++)
		for (size_t k = 0; k < a->n_digests; k++) {
			if (c->digests[i].alg != a->digests[k].alg || c->digests[i].alg < 0)
				continue;
			if (!bytes_equal(c->digests[i].bytes, a->digests[k].bytes))
				return false;
			common++;
		}
	return common > 0;
}

static bool svn_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	if (!a->has_svn)
		return false;
	if (a->min_svn)
		return c->min_svn && c->svn == a->svn;
	return c->min_svn ? a->svn >= c->svn : a->svn == c->svn;
}

static bool raw_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	if (!a->has_raw || a->raw_mask.len || a->raw.len != c->raw.len ||
	    (c->raw_mask.len && c->raw_mask.len != c->raw.len))
		return false;
	for (size_t i = 0; i < c->raw.len; i++) {
		u8 mask = c->raw_mask.len ? c->raw_mask.at[i] : 0xff;

		if ((c->raw.at[i] ^ a->raw.at[i]) & mask)
			return false;
	}
	return true;
}

enum corim_match corim_mval_matches(const struct corim_mval *c, const struct corim_mval *a)
{
	if (c->others || !(c->has_version || c->has_svn || c->has_raw || c->n_digests))
		return CORIM_NO_COMPARISON;
	if ((c->has_version && !(a->has_version && bytes_equal(c->version, a->version) &&
				 contained(c->version_scheme, a->version_scheme))) ||
	    (c->has_svn && !svn_matches(c, a)) || (c->n_digests && !digests_match(c, a)) ||
	    (c->has_raw && !raw_matches(c, a)))
		return CORIM_OTHER_VALUE;
	return CORIM_MATCHES;
}

long long corim_alg_of(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 ? 1 : alg == DIGEST_SHA384 ? 7 : alg == DIGEST_SHA512 ? 8 : 0;
}
