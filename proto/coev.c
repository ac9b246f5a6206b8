// SPDX-License-Identifier: Apache-2.0
#include "coev.h"

#include <stdlib.h>

#include "corim_read.h"

enum { TAG_CWT = 61, TAG_SIGN1 = 18, TAG_TOC = 570, TAG_COEV = 571, CF_COEV = 10571 };

void coev_drop(struct coev **cp)
{
	struct coev *c = cp ? *cp : NULL;

	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		corim_drop(&c->at[i]);
	free(c);
	*cp = NULL;
}

/* { 0 ev-triples, ?1 evidence-id, ?2 profile } behind tag 571 */
static int take_one(struct coev *out, struct bytes item, struct err *e)
{
	struct corim_place p = { .evidence = true };
	bool has_triples = false;
	struct corim *c;
	size_t n;

	if (out->n == COEV_MAX)
		return err_set(e, E_LIMIT, "more than %d pieces of concise evidence", COEV_MAX);
	c = calloc(1, sizeof(*c));
	if (!c || !(c->bytes = buf_copy(item))) {
		free(c);
		return err_set(e, E_MEMORY, "no memory for concise evidence");
	}
	out->at[out->n++] = c;
	if (cbor_check(buf_bytes(c->bytes), CBOR_WELL_FORMED, e))
		return err_while(e, "concise evidence");
	p.out = c;
	p.c = cbor_on(buf_bytes(c->bytes), CBOR_WELL_FORMED);
	if (cbor_peek(&p.c) != CBOR_TAG || cbor_tag(&p.c, "tag") != TAG_COEV)
		cbor_fail(&p.c, "not tag 571");
	n = cbor_map(&p.c, "concise-evidence");
	for (size_t i = 0; i < n && !p.c.r.why; i++) {
		switch (cbor_int(&p.c, "concise-evidence")) {
		case 0:
			corim_take_ev_triples(&p);
			has_triples = true;
			break;
		case 1:
		case 2:
			cbor_item(&p.c, "concise-evidence");
			break;
		default:
			cbor_fail(&p.c, "concise-evidence: unknown key");
		}
	}
	cbor_end(&p.c);
	if (!p.c.r.why && !has_triples)
		cbor_fail(&p.c, "concise-evidence without ev-triples");
	if (!cbor_done(&p.c))
		corim_link_software(&p);
	return p.c.r.why ? corim_place_error(&p, "concise evidence", e) : 0;
}

/* { 0 [ + 571(..) ], ?1 [ + locator ], ?2 profile } behind tag 570 */
static int take_toc(struct coev *out, struct bytes b, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	size_t n, listed;

	cbor_tag(&c, "tag");
	n = cbor_map(&c, "spdm-toc");
	for (size_t i = 0; i < n && !c.r.why; i++) {
		switch (cbor_int(&c, "spdm-toc")) {
		case 0:
			listed = cbor_array(&c, "tagged-evidence");
			for (size_t k = 0; k < listed && !c.r.why; k++) {
				struct bytes item = cbor_item(&c, "tagged-evidence");

				if (!c.r.why && take_one(out, item, e))
					return (int)e->code;
			}
			cbor_end(&c);
			break;
		case 1:
			cbor_item(&c, "rim-locators");
			break;
		case 2: /* whatever it says of evidence, what is not known here is compared with nothing */
			cbor_item(&c, "profile");
			break;
		default:
			cbor_fail(&c, "spdm-toc: unknown key");
		}
	}
	cbor_end(&c);
	if (cbor_done(&c))
		return err_set(e, cbor_code(&c), "SPDM table of contents: %s", c.r.why);
	return out->n ? 0 : err_set(e, E_FORMAT, "SPDM table of contents without evidence");
}

/* 273: [ + [ content format, bstr ] ] of the claims that a COSE_Sign1 carries */
static int take_measurements(struct coev *out, struct cbor *c, struct err *e)
{
	size_t n = cbor_array(c, "measurements");

	for (size_t i = 0; i < n && !c->r.why; i++) {
		struct bytes content;
		u64 format;

		if (cbor_array(c, "measurements") != 2)
			cbor_fail(c, "measurements");
		format = cbor_uint(c, "content format");
		content = cbor_bytes(c, "measurements");
		cbor_end(c);
		if (!c->r.why && format == CF_COEV && take_one(out, content, e))
			return (int)e->code;
	}
	cbor_end(c);
	return 0;
}

static int take_cwt(struct coev *out, struct bytes b, struct err *e)
{
	struct cose_sign1 sign1;
	struct cbor c;
	size_t n;

	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &sign1, e))
		return (int)e->code;
	if (cbor_check(sign1.payload, CBOR_WELL_FORMED, e))
		return err_while(e, "claims");
	c = cbor_on(sign1.payload, CBOR_WELL_FORMED);
	n = cbor_map(&c, "claims");
	for (size_t i = 0; i < n && !c.r.why; i++) {
		long long key = cbor_peek(&c) == CBOR_TEXT ? 0 : cbor_int(&c, "claim");

		if (!key && !c.r.why)
			cbor_item(&c, "claim");
		if (key == 273) {
			if (take_measurements(out, &c, e))
				return (int)e->code;
		} else {
			cbor_item(&c, "claim");
		}
	}
	cbor_end(&c);
	if (cbor_done(&c))
		return err_set(e, cbor_code(&c), "claims with concise evidence: %s", c.r.why);
	return out->n ? 0 : err_set(e, E_FORMAT, "claims without concise evidence");
}

int coev_parse(struct bytes b, struct coev **out, struct err *e)
{
	OWNED(coev) found = calloc(1, sizeof(*found));
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	u64 tag;
	int rc;

	if (!found)
		return err_set(e, E_MEMORY, "no memory for concise evidence");
	if (b.len > CORIM_MAX)
		return err_set(e, E_LIMIT, "concise evidence of %zu bytes", b.len);
	if (cbor_check(b, CBOR_WELL_FORMED, e))
		return err_while(e, "concise evidence");
	tag = cbor_peek(&c) == CBOR_TAG ? cbor_tag(&c, "tag") : 0;
	if (tag == TAG_CWT) {
		b = c.r.left;
		tag = cbor_peek(&c) == CBOR_TAG ? cbor_tag(&c, "tag") : 0;
	}
	rc = tag == TAG_COEV  ? take_one(found, b, e)
	     : tag == TAG_TOC ? take_toc(found, b, e)
	     : tag == TAG_SIGN1
		     ? take_cwt(found, b, e)
		     : err_set(e, E_FORMAT, "neither concise evidence, table of contents nor CWT");
	if (!rc)
		*out = TAKE(found);
	return rc;
}

bool coev_indirect(const struct corim_mval *m, u8 *index)
{
	struct cbor c = cbor_on(m->indirect, CBOR_WELL_FORMED);
	u64 v;

	if (!m->indirect.len || cbor_map(&c, "spdm-indirect") != 1 ||
	    cbor_int(&c, "spdm-indirect") != 0 || cbor_array(&c, "indexes") != 1)
		return false;
	v = cbor_uint(&c, "index");
	*index = (u8)v;
	return !c.r.why && v > 0 && v < 0xff;
}
