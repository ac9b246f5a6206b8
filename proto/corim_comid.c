// SPDX-License-Identifier: Apache-2.0
/* What a CoMID holds: environments, measurement values, triples. SPEC: draft-ietf-rats-corim-11 5 */
#include "corim_comid.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum {
	TAG_SVN = 552,
	TAG_MIN_SVN = 553,
	TAG_BYTES = 560,
	TAG_MASKED = 563,
	TAG_INT_RANGE = 564,
	MVAL_VERSION = 0,
	MVAL_SVN = 1,
	MVAL_DIGESTS = 2,
	MVAL_FLAGS = 3,
	MVAL_RAW = 4,
	MVAL_MASK_OLD = 5,
	MVAL_REGISTERS = 14,
	MVAL_INT_RANGE = 15,
};

/* An id is text or 16 bytes; shown as text or UUID. */
void corim_take_id(struct cbor *c, char *out, size_t size, const char *field)
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
void corim_take_digests(struct cbor *c, struct corim_mval *m)
{
	size_t n = cbor_array(c, "digests");

	if (!c->r.why && (n == 0 || n > CORIM_DIGESTS_MAX))
		cbor_fail_with(c, n ? E_LIMIT : E_FORMAT, "digests: none or too many");
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

/* flags-map: absent is unknown, which is neither true nor false */
static void take_flags(struct cbor *c, struct corim_mval *m)
{
	size_t n = cbor_map(c, "flags");

	if (!c->r.why && n == 0)
		cbor_fail(c, "flags is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		long long flag = cbor_int(c, "flags");
		bool value = cbor_bool(c, "flags");

		if (flag < 0 || flag >= CORIM_FLAGS)
			cbor_fail(c, "flags: unknown key");
		if (c->r.why)
			return;
		m->flags_known |= (u16)(1u << flag);
		m->flags |= (u16)(value ? 1u << flag : 0);
	}
	cbor_end(c);
}

/* null is an open end */
static bool take_end(struct cbor *c, long long *end)
{
	if (cbor_peek(c) == CBOR_NULL) {
		cbor_item(c, "int-range");
		return false;
	}
	*end = cbor_int(c, "int-range");
	return true;
}

static void take_int_range(struct cbor *c, struct corim_mval *m)
{
	struct corim_range *r = &m->range;

	m->has_range = true;
	if (cbor_peek(c) != CBOR_TAG) {
		r->min = r->max = cbor_int(c, "int-range");
		r->has_min = r->has_max = true;
		return;
	}
	r->is_range = true;
	if (cbor_tag(c, "int-range") != TAG_INT_RANGE || cbor_array(c, "int-range") != 2)
		cbor_fail(c, "int-range: unknown form");
	r->has_min = take_end(c, &r->min);
	r->has_max = take_end(c, &r->max);
	cbor_end(c);
	if (!c->r.why && r->has_min && r->has_max && r->min > r->max)
		cbor_fail(c, "int-range is empty");
}

/* { + (uint / text) => digests }; kept encoded, so that a value without registers costs nothing */
static void take_registers(struct cbor *c, struct corim_mval *m)
{
	struct cbor ahead = *c;
	size_t n = cbor_map(c, "integrity-registers");

	if (!c->r.why && n == 0)
		cbor_fail(c, "integrity-registers is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		struct corim_mval scratch = { 0 };

		if (cbor_peek(c) == CBOR_TEXT)
			cbor_text(c, "integrity-registers");
		else
			cbor_uint(c, "integrity-registers");
		corim_take_digests(c, &scratch);
	}
	cbor_end(c);
	m->registers = c->r.why ? BYTES_NONE : cbor_item(&ahead, "integrity-registers");
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
			corim_take_digests(c, m);
			break;
		case MVAL_RAW:
			take_raw(c, m);
			break;
		case MVAL_FLAGS:
			take_flags(c, m);
			break;
		case MVAL_REGISTERS:
			take_registers(c, m);
			break;
		case MVAL_INT_RANGE:
			take_int_range(c, m);
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
static void take_reference(struct corim_place *p)
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
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT, "measurements: none or too many");
	t->elements = p->c.r.why ? NULL : calloc(n, sizeof(*t->elements));
	if (!t->elements)
		cbor_fail_with(&p->c, E_MEMORY, "measurements");
	for (p->measurement = 0; p->measurement < n && !p->c.r.why; p->measurement++) {
		take_measurement(&p->c, &t->elements[p->measurement]);
		t->n += !p->c.r.why;
		if (p->c.r.why)
			return;
	}
	cbor_end(&p->c);
	cbor_end(&p->c);
}

static void take_references(struct corim_place *p)
{
	size_t n = cbor_array(&p->c, "reference triples");
	struct corim_triple *more;

	if (!p->c.r.why &&
	    (n == 0 || n > CORIM_TRIPLES_MAX || p->out->n_references > CORIM_TRIPLES_MAX - n)) {
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT,
			       "reference triples: none or too many");
		return;
	}
	more = realloc(p->out->references, (p->out->n_references + n) * sizeof(*more));
	if (!more) {
		cbor_fail_with(&p->c, E_MEMORY, "reference triples");
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

static void take_triples(struct corim_place *p)
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

static void take_tag_identity(struct corim_place *p, char *out, size_t size)
{
	size_t n = cbor_map(&p->c, "tag-identity");

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		if (cbor_int(&p->c, "tag-identity") == 0)
			corim_take_id(&p->c, out, size, "tag-id");
		else
			cbor_uint(&p->c, "tag-version");
	}
	cbor_end(&p->c);
}

/* tag-identity (1) comes before triples (4) in a deterministic CoMID; elsewhere any order. */
void corim_take_comid(struct corim_place *p)
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
