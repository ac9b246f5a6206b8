// SPDX-License-Identifier: Apache-2.0
/* Detached bundles, and measured components. */
#include "claims.h"

enum { TAG_CWT = 61, TAG_BUNDLE = 602, CLAIM_SUBMODS = 266 };

/* The digest [alg, bytes] that the main token has for @label. */
static bool find_digest(struct bytes claims, struct bytes label, enum digest_alg *alg,
			struct bytes *digest)
{
	struct cbor c = cbor_on(claims, CBOR_WELL_FORMED);
	size_t n = cbor_map(&c, "claims");
	bool found = false;

	for (; n && !c.r.why && !found; n--) {
		struct bytes key = cbor_item(&c, "key");
		struct cbor k = cbor_on(key, CBOR_WELL_FORMED);

		found = cbor_peek(&k) == CBOR_UINT && cbor_uint(&k, "key") == CLAIM_SUBMODS;
		if (!found)
			cbor_item(&c, "value");
	}
	if (!found)
		return false;
	for (n = cbor_map(&c, "submods"); n && !c.r.why; n--) {
		bool same = bytes_equal(cbor_text(&c, "name"), label);

		if (!same || cbor_peek(&c) != CBOR_ARRAY) {
			cbor_item(&c, "submodule");
			continue;
		}
		cbor_array(&c, "digest");
		*alg = claims_hash(&c);
		*digest = cbor_bytes(&c, "digest");
		return !c.r.why;
	}
	return false;
}

static int check_detached(struct bytes claims, struct bytes label, struct bytes set, struct err *e)
{
	int shown = (int)(label.len > 60 ? 60 : label.len);
	struct bytes want = BYTES_NONE;
	enum digest_alg alg = DIGEST_NONE;
	struct claims_seen seen;
	struct digest got;

	if (!find_digest(claims, label, &alg, &want))
		return err_set(e, E_FORMAT, "bundle.%.*s: the main token has no digest of it",
			       shown, label.at);
	got = digest_of(alg, &set, 1);
	if (!digest_equals(&got, want))
		return err_set(e, E_BINDING,
			       "bundle.%.*s: is not what the main token's digest is of", shown,
			       label.at);
	if (claims_check(set, &seen, e))
		return err_while(e, "bundle.%.*s", shown, label.at);
	return 0;
}

int claims_bundle_check(struct bytes bundle, struct claims_seen *out, struct err *e)
{
	struct cbor c = cbor_on(bundle, CBOR_WELL_FORMED), inner;
	struct cose_sign1 s = { 0 };
	struct bytes token;
	size_t n;

	*out = (struct claims_seen){ 0 };
	if (cbor_check(bundle, CBOR_WELL_FORMED, e))
		return err_while(e, "bundle");
	if (cbor_peek(&c) != CBOR_TAG || cbor_tag(&c, "tag") != TAG_BUNDLE ||
	    cbor_array(&c, "bundle") != 2)
		return err_set(e, E_FORMAT, "not a detached bundle (tag 602)");
	token = cbor_bytes(&c, "main token");
	if (c.r.why)
		return err_set(e, E_FORMAT, "bundle: %s", c.r.why);
	if (claims_token_check(token, out, e))
		return err_while(e, "bundle: main token");
	if (!out->n_detached)
		return err_set(e, E_FORMAT, "bundle: the main token has no detached digest");
	inner = cbor_on(token, CBOR_WELL_FORMED);
	if (cbor_tag(&inner, "tag") == TAG_CWT)
		token = inner.r.left;
	if (cose_sign1_parse(token, CBOR_WELL_FORMED, &s, e))
		return (int)e->code;
	for (n = cbor_map(&c, "detached claims-sets"); n && !c.r.why; n--) {
		struct bytes label = cbor_text(&c, "label"),
			     set = cbor_bytes(&c, "detached claims-set");

		if (!c.r.why && check_detached(s.payload, label, set, e))
			return (int)e->code;
	}
	cbor_end(&c);
	return cbor_done(&c) ? err_set(e, cbor_code(&c), "bundle: %s", c.r.why) : 0;
}

/* ---- measured components ---- */
static void check_component_id(struct cbor *c)
{
	size_t n = cbor_array(c, "id");

	cbor_text(c, "id: name");
	if (n == 2)
		cbor_item(c, "id: version");
	else if (n != 1)
		cbor_fail(c, "id is a name and perhaps a version");
	cbor_end(c);
}

static void check_component_digest(struct cbor *c)
{
	if (cbor_array(c, "measurement") != 2)
		cbor_fail(c, "measurement is not [alg, digest]");
	if (cbor_peek(c) == CBOR_TEXT)
		cbor_text(c, "alg");
	else
		cbor_int(c, "alg");
	if (!cbor_bytes(c, "digest").len && !c->r.why)
		cbor_fail(c, "empty digest");
	cbor_end(c);
}

int claims_component_check(struct bytes component, struct err *e)
{
	struct cbor c = cbor_on(component, CBOR_WELL_FORMED);
	bool id = false, digest = false, raw = false;
	size_t n, k;

	if (cbor_check(component, CBOR_WELL_FORMED, e))
		return err_while(e, "measured component");
	for (n = cbor_map(&c, "measured component"); n && !c.r.why; n--) {
		switch (cbor_uint(&c, "member")) {
		case 1:
			check_component_id(&c);
			id = true;
			break;
		case 2:
			check_component_digest(&c);
			digest = true;
			break;
		case 3:
			for (k = cbor_array(&c, "authorities"); k && !c.r.why; k--)
				cbor_bytes(&c, "authority");
			cbor_end(&c);
			break;
		case 4:
			if (cbor_bytes(&c, "flags").len != 8 && !c.r.why)
				cbor_fail(&c, "flags have 8 bytes");
			break;
		case 5:
			cbor_bytes(&c, "raw measurement");
			raw = true;
			break;
		default:
			cbor_fail(&c, "unknown member");
		}
	}
	cbor_end(&c);
	if (cbor_done(&c))
		return err_set(e, cbor_code(&c), "measured component: %s", c.r.why);
	return id && digest != raw ? 0
				   : err_set(e, E_FORMAT,
					     "measured component: needs an id, and a "
					     "digest or raw bytes");
}
