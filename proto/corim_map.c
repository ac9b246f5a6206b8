// SPDX-License-Identifier: Apache-2.0
/* The corim-map: id, tags, dependencies, validity, entities. SPEC: draft-ietf-rats-corim-11 4 */
#include "corim_read.h"

#include <stdio.h>

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

void corim_take_map(struct corim_place *p)
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
			corim_narrow_by(p->out, &p->c, "rim-validity");
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
