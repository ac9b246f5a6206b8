// SPDX-License-Identifier: Apache-2.0
#include "claims.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	TAG_SIGN1 = 18,
	TAG_CWT = 61,
	TAG_CCA = 399,
	CLAIM_SUBMODS = 266,
	CLAIM_HWMODEL = 259,
	CLAIM_HWVERSION = 260,
	CLAIM_PROFILE = 265,
	CLAIM_SWVERSION = 271,
	COSE_SHA256 = -16,
	COSE_SHA384 = -43,
	COSE_SHA512 = -44
};

enum shape {
	ANYTHING,
	TEXT,
	TEXT_OR_TEXTS,
	WHOLE,
	BYTES_SOME,
	NONCE,
	YES_NO,
	OEM,
	VERSION,
	MAP,
	PROFILE,
	FORMATTED
};

static const struct {
	u64 key;
	enum shape shape;
	u64 min, max; /* a length, or a number */
} known[] = {
	{ 1, TEXT, 0, 0 },
	{ 2, TEXT, 0, 0 },
	{ 3, TEXT_OR_TEXTS, 0, 0 },
	{ 4, WHOLE, 0, UINT64_MAX },
	{ 5, WHOLE, 0, UINT64_MAX },
	{ 6, WHOLE, 0, UINT64_MAX },
	{ 7, BYTES_SOME, 0, SIZE_MAX },
	{ 8, MAP, 1, 16 },
	{ 10, NONCE, 8, 64 },
	{ 256, BYTES_SOME, 7, 33 },
	{ 257, MAP, 1, 64 },
	{ 258, OEM, 0, 0 },
	{ 259, BYTES_SOME, 1, 32 },
	{ 260, VERSION, 0, 0 },
	{ 261, WHOLE, 0, UINT64_MAX },
	{ 262, YES_NO, 0, 0 },
	{ 263, WHOLE, 0, 4 },
	{ 264, MAP, 1, 16 },
	{ 265, PROFILE, 0, 0 },
	{ 267, WHOLE, 0, UINT64_MAX },
	{ 268, BYTES_SOME, 1, 64 },
	{ 270, TEXT, 0, 0 },
	{ 271, VERSION, 0, 0 },
	{ 272, FORMATTED, 0, 0 },
	{ 273, FORMATTED, 0, 0 },
	{ 275, WHOLE, 1, 5 },
};

/* Where the walk is; @path grows and shrinks with it. */
struct walk {
	struct claims_seen *out;
	struct err *e;
	size_t depth; /* of tokens in tokens */
	char path[192];
};

static size_t go_down(struct walk *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static size_t go_down(struct walk *w, const char *format, ...)
{
	size_t len = strlen(w->path);
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->path + len, sizeof(w->path) - len, format, ap);
	va_end(ap);
	return len;
}

static int wrong(const struct walk *w, enum err_code code, const char *why)
{
	return err_set(w->e, code, "%s: %s", w->path, why);
}

static void take_note(struct walk *w, const char *what)
{
	if (!w->out->note[0]) /* the first one */
		snprintf(w->out->note, sizeof(w->out->note), "%.120s: %s", w->path, what);
}

static void check_version(struct cbor *c)
{
	size_t n = cbor_array(c, "a version");

	cbor_text(c, "a version");
	if (n == 2 && cbor_peek(c) == CBOR_TEXT)
		cbor_text(c, "a version scheme");
	else if (n == 2)
		cbor_int(c, "a version scheme");
	else if (n != 1)
		cbor_fail(c, "a version is text and perhaps a scheme");
	cbor_end(c);
}

static void check_oem(struct cbor *c)
{
	struct bytes b;

	if (cbor_peek(c) != CBOR_BYTES) {
		cbor_uint(c, "an enterprise number");
		return;
	}
	b = cbor_bytes(c, "an OEM id");
	if (b.len != 3 && b.len != 16)
		cbor_fail(c, "an OEM id has 3 or 16 bytes");
}

static void check_bytes(struct cbor *c, u64 min, u64 max)
{
	struct bytes b = cbor_bytes(c, "a byte string");

	if (!c->r.why && (b.len < min || b.len > max))
		cbor_fail(c, "length is not allowed");
}

static void check_nonce(struct cbor *c, u64 min, u64 max)
{
	size_t n;

	if (cbor_peek(c) != CBOR_ARRAY) {
		check_bytes(c, min, max);
		return;
	}
	n = cbor_array(c, "nonces");
	if (n < 2)
		cbor_fail(c, "a single nonce is no array");
	while (n-- && !c->r.why)
		check_bytes(c, min, max);
	cbor_end(c);
}

/* [ + [ content format, bytes ] ] */
static void check_formatted(struct cbor *c)
{
	size_t n = cbor_array(c, "an array of [content format, bytes]");

	if (!n)
		cbor_fail(c, "empty");
	while (n-- && !c->r.why) {
		if (cbor_array(c, "[content format, bytes]") != 2)
			cbor_fail(c, "not [content format, bytes]");
		if (cbor_uint(c, "content format") > 65535)
			cbor_fail(c, "content format above 65535");
		cbor_bytes(c, "content");
		cbor_end(c);
	}
	cbor_end(c);
}

static void check_texts(struct cbor *c)
{
	size_t n;

	if (cbor_peek(c) != CBOR_ARRAY) {
		cbor_text(c, "text");
		return;
	}
	n = cbor_array(c, "texts");
	while (n-- && !c->r.why)
		cbor_text(c, "text");
	cbor_end(c);
}

static void check_map(struct cbor *c, u64 min, u64 max)
{
	size_t n = cbor_map(c, "a map");

	if (n < min || n > max)
		cbor_fail(c, "number of members is not allowed");
	for (n *= 2; n && !c->r.why; n--)
		cbor_item(c, "member");
	cbor_end(c);
}

static void check_whole(struct cbor *c, u64 min, u64 max)
{
	u64 v;

	if (cbor_peek(c) == CBOR_NEGINT && max == UINT64_MAX) {
		cbor_int(c, "a whole number");
		return;
	}
	v = cbor_uint(c, "a whole number");
	if (!c->r.why && (v < min || v > max))
		cbor_fail(c, "a number that is not defined");
}

/* One value, given as a reader over it alone. */
static void check_shape(struct cbor *c, enum shape shape, u64 min, u64 max)
{
	switch (shape) {
	case TEXT:
		cbor_text(c, "text");
		return;
	case TEXT_OR_TEXTS:
		check_texts(c);
		return;
	case WHOLE:
		check_whole(c, min, max);
		return;
	case BYTES_SOME:
		check_bytes(c, min, max);
		return;
	case NONCE:
		check_nonce(c, min, max);
		return;
	case YES_NO:
		cbor_bool(c, "true or false");
		return;
	case OEM:
		check_oem(c);
		return;
	case VERSION:
		check_version(c);
		return;
	case MAP:
		check_map(c, min, max);
		return;
	case PROFILE:
		if (cbor_peek(c) == CBOR_BYTES)
			cbor_bytes(c, "an OID");
		else
			cbor_text(c, "a URI");
		return;
	case FORMATTED:
		check_formatted(c);
		return;
	default:
		cbor_item(c, "a claim");
	}
}

static int check_set(struct walk *w, struct bytes set);
static int check_token(struct walk *w, struct bytes token);

enum digest_alg claims_hash(struct cbor *c)
{
	long long alg = 0;

	if (cbor_peek(c) == CBOR_TEXT)
		return bytes_equal(cbor_text(c, "alg"), bytes_text("SHA-256")) ? DIGEST_SHA256
									       : DIGEST_NONE;
	alg = cbor_int(c, "alg");
	return alg == COSE_SHA256   ? DIGEST_SHA256
	       : alg == COSE_SHA384 ? DIGEST_SHA384
	       : alg == COSE_SHA512 ? DIGEST_SHA512
				    : DIGEST_NONE;
}

static int check_submod(struct walk *w, struct bytes item)
{
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);
	struct bytes b;
	enum digest_alg alg;

	switch (cbor_peek(&c)) {
	case CBOR_MAP:
		return check_set(w, item);
	case CBOR_BYTES:
		w->out->n_nested++;
		b = cbor_bytes(&c, "nested token");
		if (w->depth == CLAIMS_NESTED_MAX)
			return wrong(w, E_LIMIT, "tokens nested too deep");
		if (cbor_check(b, CBOR_WELL_FORMED, w->e))
			return err_while(w->e, "%s", w->path);
		return check_token(w, b);
	case CBOR_TEXT: /* ["JWT", ...]: JSON inside, which is not looked at */
		w->out->n_nested++;
		b = cbor_text(&c, "nested token");
		return b.len && b.at[0] == '[' ? 0 : wrong(w, E_FORMAT, "text is no JSON selector");
	case CBOR_ARRAY:
		w->out->n_detached++;
		if (cbor_array(&c, "digest") != 2)
			return wrong(w, E_FORMAT, "not [alg, digest]");
		alg = claims_hash(&c);
		b = cbor_bytes(&c, "digest");
		if (c.r.why || (alg && b.len != digest_len(alg)))
			return wrong(w, E_FORMAT, "not [alg, digest]");
		return alg ? 0 : wrong(w, E_UNSUPPORTED, "hash is not one of ours");
	default:
		return wrong(w, E_FORMAT, "neither claims, token nor digest");
	}
}

static int check_submods(struct walk *w, struct cbor *c)
{
	size_t n = cbor_map(c, "submods");

	if (!n && !c->r.why)
		return wrong(w, E_FORMAT, "empty");
	while (n-- && !c->r.why) {
		struct bytes name = cbor_text(c, "name of a submodule");
		struct bytes item = cbor_item(c, "submodule");
		size_t here;

		if (c->r.why)
			break;
		here = go_down(w, ".%.*s", (int)(name.len > 60 ? 60 : name.len), name.at);
		w->out->n_submods++;
		if (check_submod(w, item))
			return (int)w->e->code;
		w->path[here] = 0;
	}
	cbor_end(c);
	return c->r.why ? wrong(w, cbor_code(c), c->r.why) : 0;
}

static int check_claim(struct walk *w, u64 key, struct bytes value)
{
	struct cbor c = cbor_on(value, CBOR_WELL_FORMED);

	if (key == CLAIM_SUBMODS)
		return check_submods(w, &c);
	if (key == CLAIM_SWVERSION && cbor_peek(&c) == CBOR_TEXT) { /* as the RFC's own example */
		take_note(w, "swversion is text");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].key != key)
			continue;
		check_shape(&c, known[i].shape, known[i].min, known[i].max);
		return cbor_done(&c) ? wrong(w, cbor_code(&c), c.r.why) : 0;
	}
	return 0;
}

static int check_set(struct walk *w, struct bytes set)
{
	struct cbor c = cbor_on(set, CBOR_WELL_FORMED);
	size_t n = cbor_map(&c, "claims-set");
	bool model = false, version = false;

	while (n-- && !c.r.why) {
		bool text = cbor_peek(&c) == CBOR_TEXT, negative = cbor_peek(&c) == CBOR_NEGINT;
		u64 key = text || negative ? 0 : cbor_uint(&c, "claim");
		struct bytes value;
		size_t here;

		if (text || negative)
			cbor_item(&c, "claim");
		value = cbor_item(&c, "value of a claim");
		if (c.r.why || text || negative)
			continue;
		here = go_down(w, ".%llu", (unsigned long long)key);
		model |= key == CLAIM_HWMODEL;
		version |= key == CLAIM_HWVERSION;
		if (check_claim(w, key, value))
			return (int)w->e->code;
		w->path[here] = 0;
	}
	cbor_end(&c);
	if (cbor_done(&c))
		return wrong(w, cbor_code(&c), c.r.why);
	if (version && !model)
		take_note(w, "hwversion without hwmodel");
	return 0;
}

static int check_token(struct walk *w, struct bytes token)
{
	struct cbor c = cbor_on(token, CBOR_WELL_FORMED);
	struct cose_sign1 s;
	int rc;

	if (cbor_peek(&c) == CBOR_TAG && cbor_tag(&c, "tag") == TAG_CWT)
		token = c.r.left;
	if (cose_sign1_parse(token, CBOR_WELL_FORMED, &s, w->e) ||
	    cbor_check(s.payload, CBOR_WELL_FORMED, w->e))
		return err_while(w->e, "%s", w->path);
	w->depth++;
	rc = check_set(w, s.payload);
	w->depth--;
	return rc;
}

/* What stands at the outermost level. */
static void look_at(struct bytes set, struct claims_seen *out)
{
	struct cbor c = cbor_on(set, CBOR_WELL_FORMED);

	out->n_claims = cbor_map(&c, "claims-set");
	for (size_t n = out->n_claims; n && !c.r.why; n--) {
		struct bytes key = cbor_item(&c, "claim");
		struct cbor k = cbor_on(key, CBOR_WELL_FORMED);
		bool profile = cbor_peek(&k) == CBOR_UINT && cbor_uint(&k, "key") == CLAIM_PROFILE;

		if (profile && cbor_peek(&c) == CBOR_TEXT)
			out->profile = cbor_text(&c, "profile");
		else
			cbor_item(&c, "value");
	}
}

int claims_check(struct bytes set, struct claims_seen *out, struct err *e)
{
	struct walk w = { .out = out, .e = e, .path = "claims" };

	*out = (struct claims_seen){ 0 };
	if (cbor_check(set, CBOR_WELL_FORMED, e))
		return err_while(e, "claims");
	look_at(set, out);
	return check_set(&w, set);
}

int claims_token_check(struct bytes token, struct claims_seen *out, struct err *e)
{
	struct walk w = { .out = out, .e = e, .path = "claims" };
	struct cbor c = cbor_on(token, CBOR_WELL_FORMED);
	struct cose_sign1 s;

	*out = (struct claims_seen){ 0 };
	if (cbor_check(token, CBOR_WELL_FORMED, e))
		return err_while(e, "token");
	if (check_token(&w, token))
		return (int)e->code;
	if (cbor_tag(&c, "tag") == TAG_CWT)
		token = c.r.left;
	if (cose_sign1_parse(token, CBOR_WELL_FORMED, &s, e))
		return (int)e->code;
	look_at(s.payload, out);
	return 0;
}

int claims_cca_check(struct bytes collection, struct claims_seen *out, struct err *e)
{
	struct walk w = { .out = out, .e = e, .path = "collection" };
	struct cbor c = cbor_on(collection, CBOR_WELL_FORMED);
	size_t n;

	*out = (struct claims_seen){ 0 };
	if (cbor_check(collection, CBOR_WELL_FORMED, e))
		return err_while(e, "collection");
	if (cbor_peek(&c) != CBOR_TAG || cbor_tag(&c, "tag") != TAG_CCA)
		return err_set(e, E_FORMAT, "not a collection of tokens (tag 399)");
	n = cbor_map(&c, "collection");
	for (; n && !c.r.why; n--) {
		u64 key = cbor_uint(&c, "key");
		struct bytes token = cbor_bytes(&c, "token");
		size_t here;

		if (c.r.why)
			break;
		here = go_down(&w, ".%llu", (unsigned long long)key);
		out->n_nested++;
		if (cbor_check(token, CBOR_WELL_FORMED, e) || check_token(&w, token))
			return (int)e->code;
		w.path[here] = 0;
	}
	cbor_end(&c);
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "collection: %s", c.r.why) : 0;
}
