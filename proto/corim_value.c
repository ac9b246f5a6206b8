// SPDX-License-Identifier: Apache-2.0
/* Environments, keys and measurement values. SPEC: draft-ietf-rats-corim-11 5.1.4 */
#include <stdlib.h>

#include "corim_read.h"

enum {
	TAG_URI = 32,
	TAG_UUID = 37,
	TAG_OID = 111,
	TAG_UEID = 550,
	TAG_SVN = 552,
	TAG_MIN_SVN = 553,
	TAG_PEM_KEY = 554,
	TAG_PEM_CERT = 555,
	TAG_PEM_PATH = 556,
	TAG_KEY_THUMBPRINT = 557,
	TAG_COSE_KEY = 558,
	TAG_CERT_THUMBPRINT = 559,
	TAG_BYTES = 560,
	TAG_PATH_THUMBPRINT = 561,
	TAG_DER_CERT = 562,
	TAG_MASKED = 563,
	TAG_INT_RANGE = 564,
};
enum {
	MVAL_VERSION = 0,
	MVAL_SVN = 1,
	MVAL_DIGESTS = 2,
	MVAL_FLAGS = 3,
	MVAL_RAW = 4,
	MVAL_MASK_OLD = 5,
	MVAL_INDIRECT = 12,
	MVAL_REGISTERS = 14,
	MVAL_INT_RANGE = 15,
};

/* ---- items that are compared as they stand: their form is checked here ---- */
static void check_digest(struct cbor *c, const char *field)
{
	if (cbor_array(c, field) != 2)
		cbor_fail(c, field);
	if (cbor_peek(c) == CBOR_TEXT)
		cbor_text(c, field);
	else
		cbor_int(c, field);
	cbor_bytes(c, field);
	cbor_end(c);
}

/* what stands behind the tag of an id or key */
static void check_tagged(struct cbor *c, u64 tag, const char *field)
{
	struct bytes b;

	switch (tag) {
	case TAG_PEM_KEY:
	case TAG_PEM_CERT:
	case TAG_PEM_PATH:
	case TAG_URI:
		cbor_text(c, field);
		return;
	case TAG_KEY_THUMBPRINT:
	case TAG_CERT_THUMBPRINT:
	case TAG_PATH_THUMBPRINT:
		check_digest(c, field);
		return;
	case TAG_COSE_KEY: /* COSE_Key, or a set of them */
		if (cbor_peek(c) != CBOR_MAP && cbor_peek(c) != CBOR_ARRAY)
			cbor_fail(c, field);
		if (cbor_item(c, field).len > CORIM_KEY_MAX)
			cbor_fail_with(c, E_LIMIT, field);
		return;
	default:
		b = cbor_bytes(c, field);
		if (!c->r.why && ((tag == TAG_UUID && b.len != 16) || b.len == 0 ||
				  (tag == TAG_UEID && (b.len < 7 || b.len > 33))))
			cbor_fail(c, field);
	}
}

/* An item with one of @tags (ends with 0) before it. */
static struct bytes take_tagged(struct cbor *c, const u64 *tags, const char *field)
{
	struct cbor ahead = *c;
	u64 tag = cbor_tag(c, field);

	while (*tags && *tags != tag)
		tags++;
	if (!c->r.why && !*tags)
		cbor_fail(c, field);
	if (!c->r.why)
		check_tagged(c, tag, field);
	return c->r.why ? BYTES_NONE : cbor_item(&ahead, field);
}

static const u64 class_ids[] = { TAG_OID, TAG_UUID, TAG_BYTES, 0 };
static const u64 instances[] = {
	TAG_UEID,	    TAG_UUID,	  TAG_BYTES,	       TAG_PEM_KEY,  TAG_PEM_CERT,
	TAG_KEY_THUMBPRINT, TAG_COSE_KEY, TAG_CERT_THUMBPRINT, TAG_DER_CERT, 0
};
static const u64 groups[] = { TAG_UUID, TAG_BYTES, 0 };
static const u64 keys[] = {
	TAG_PEM_KEY,	     TAG_PEM_CERT,	  TAG_PEM_PATH, TAG_KEY_THUMBPRINT, TAG_COSE_KEY,
	TAG_CERT_THUMBPRINT, TAG_PATH_THUMBPRINT, TAG_BYTES,	TAG_DER_CERT,	    0
};

struct bytes corim_take_keys(struct corim_place *p, const char *field)
{
	struct cbor ahead = p->c;
	size_t n = cbor_array(&p->c, field);

	corim_enter(p, field, -1);
	if (!p->c.r.why && (n == 0 || n > CORIM_KEYS_MAX))
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT, "no key, or too many");
	for (size_t i = 0; i < n && !p->c.r.why; i++)
		take_tagged(&p->c, keys, "not a key of a known kind");
	cbor_end(&p->c);
	corim_leave(p);
	return p->c.r.why ? BYTES_NONE : cbor_item(&ahead, field);
}

/* ---- environment ---- */
static void take_class(struct corim_place *p, struct corim_env *env)
{
	struct cbor *c = &p->c;
	size_t n = cbor_map(c, "class");

	corim_enter(p, "class", -1);
	if (!c->r.why && n == 0)
		cbor_fail(c, "class is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "class")) {
		case 0:
			env->class_id = take_tagged(c, class_ids, "class-id");
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
	corim_leave(p);
}

void corim_take_env(struct corim_place *p, struct corim_env *env)
{
	struct cbor *c = &p->c;
	size_t n = cbor_map(c, "environment");

	corim_enter(p, "environment", -1);
	if (!c->r.why && n == 0)
		cbor_fail(c, "environment is empty");
	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "environment")) {
		case 0:
			take_class(p, env);
			break;
		case 1:
			env->instance = take_tagged(c, instances, "instance");
			break;
		case 2:
			env->group = take_tagged(c, groups, "group");
			break;
		default:
			cbor_fail(c, "environment: unknown key");
		}
	}
	cbor_end(c);
	corim_leave(p);
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

/* The code points that are equal or not: number, name, form (0: text), and lengths that are right. */
static const struct plain_rule {
	long long key;
	const char *name;
	enum { PLAIN_TEXT, PLAIN_BYTES, PLAIN_KEYS } form;
	size_t len, other_len; /* 0: any */
} plain_rules[] = {
	{ 6, "mac-addr", PLAIN_BYTES, 6, 8 },	  { 7, "ip-addr", PLAIN_BYTES, 4, 16 },
	{ 8, "serial-number", PLAIN_TEXT, 0, 0 }, { 9, "ueid", PLAIN_BYTES, 0, 0 },
	{ 10, "uuid", PLAIN_BYTES, 16, 16 },	  { 11, "name", PLAIN_TEXT, 0, 0 },
	{ 13, "cryptokeys", PLAIN_KEYS, 0, 0 },
};

static void take_plain(struct corim_place *p, const struct plain_rule *rule, struct corim_mval *m)
{
	struct cbor ahead = p->c;
	struct bytes b;

	if (rule->form == PLAIN_KEYS) {
		corim_take_keys(p, rule->name);
	} else if (rule->form == PLAIN_TEXT) {
		cbor_text(&p->c, rule->name);
	} else {
		if (cbor_peek(&p->c) == CBOR_TAG) { /* tagged UEID and UUID are seen in the field */
			u64 tag = cbor_tag(&p->c, rule->name);

			if (!(rule->key == 9 && tag == TAG_UEID) &&
			    !(rule->key == 10 && tag == TAG_UUID))
				cbor_fail(&p->c, rule->name);
		}
		b = cbor_bytes(&p->c, rule->name);
		if (!p->c.r.why && rule->len && b.len != rule->len && b.len != rule->other_len)
			cbor_fail(&p->c, rule->name);
	}
	if (p->c.r.why || m->n_plain == CORIM_PLAIN_MAX)
		return;
	m->plain[m->n_plain++] =
		(struct corim_plain){ (u64)rule->key, cbor_item(&ahead, rule->name) };
}

static void take_point(struct corim_place *p, long long key, struct corim_mval *m)
{
	struct cbor *c = &p->c;

	for (size_t i = 0; i < ARRAY_LEN(plain_rules); i++)
		if (plain_rules[i].key == key) {
			take_plain(p, &plain_rules[i], m);
			return;
		}
	switch (key) {
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
	case MVAL_INDIRECT:
		m->indirect = cbor_item(c, "spdm-indirect");
		break;
	default:
		cbor_item(c, "mval");
		m->others++;
	}
}

/* for the path of a fault: what a code point is called */
static const char *point_name(long long key)
{
	static const char *const names[] = {
		[0] = "version",    [1] = "svn",
		[2] = "digests",    [3] = "flags",
		[4] = "raw-value",  [5] = "raw-value-mask",
		[12] = "reserved",  [14] = "integrity-registers",
		[15] = "int-range",
	};

	for (size_t i = 0; i < ARRAY_LEN(plain_rules); i++)
		if (plain_rules[i].key == key)
			return plain_rules[i].name;
	return key >= 0 && key < (long long)ARRAY_LEN(names) && names[key] ? names[key] : "unknown";
}

static void take_mval(struct corim_place *p, struct corim_mval *m)
{
	size_t n = cbor_map(&p->c, "mval");

	corim_enter(p, "mval", -1);
	if (!p->c.r.why && n == 0)
		cbor_fail(&p->c, "mval is empty");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long key = cbor_int(&p->c, "mval");

		corim_enter(p, point_name(key), -1);
		if (!p->c.r.why)
			take_point(p, key, m);
		corim_leave(p);
	}
	cbor_end(&p->c);
	corim_leave(p);
}

static const u64 mkeys[] = { TAG_OID, TAG_UUID, 0 };

static void take_mkey(struct cbor *c, struct bytes *mkey)
{
	enum cbor_kind kind = cbor_peek(c);

	if (kind == CBOR_TAG)
		*mkey = take_tagged(c, mkeys, "mkey");
	else if (kind == CBOR_UINT || kind == CBOR_TEXT)
		*mkey = cbor_item(c, "mkey");
	else
		cbor_fail(c, "mkey");
}

static void take_measurement(struct corim_place *p, struct corim_element *el)
{
	size_t n = cbor_map(&p->c, "measurement");
	bool has_mval = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "measurement")) {
		case 0:
			take_mkey(&p->c, &el->mkey);
			break;
		case 1:
			take_mval(p, &el->mval);
			has_mval = true;
			break;
		case 2:
			if (p->evidence && cbor_peek(&p->c) == CBOR_TAG)
				take_tagged(&p->c, keys, "authorized-by"); /* one key, by itself */
			else
				el->authorized = corim_take_keys(p, "authorized-by");
			break;
		default:
			cbor_fail(&p->c, "measurement: unknown key");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && !has_mval)
		cbor_fail(&p->c, "measurement without mval");
}

void corim_take_measurements(struct corim_place *p, struct corim_triple *t, bool may_be_empty)
{
	size_t n = cbor_array(&p->c, "measurements");

	if (!p->c.r.why && ((n == 0 && !may_be_empty) || n > CORIM_MEASUREMENTS_MAX))
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT, "measurements: none or too many");
	t->elements = corim_room(p, NULL, 0, n, sizeof(*t->elements), CORIM_MEASUREMENTS_MAX);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		corim_enter(p, "measurements", (long long)i);
		take_measurement(p, &t->elements[i]);
		t->n += !p->c.r.why;
		corim_leave(p);
	}
	cbor_end(&p->c);
}
