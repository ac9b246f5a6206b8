// SPDX-License-Identifier: Apache-2.0
/* What `tags` holds: CoMID and CoTL; CoSWID is in coswid.c. SPEC: draft-ietf-rats-corim-11 5, 6 */
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "corim_read.h"

/* An id is text or 16 bytes; shown as text or UUID. */
void corim_take_id(struct cbor *c, char *out, size_t size, const char *field)
{
	struct bytes b;

	if (cbor_peek(c) == CBOR_TEXT) {
		b = cbor_text(c, field);
		if (b.len >= size)
			cbor_fail_with(c, E_LIMIT, field); /* cut, two ids would be one */
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

void corim_take_validity(struct cbor *c, long long *not_before, long long *not_after,
			 const char *field)
{
	size_t n = cbor_map(c, field);

	*not_before = *not_after = 0;
	for (size_t i = 0; i < n && !c->r.why; i++) {
		long long key = cbor_int(c, field);

		if (cbor_tag(c, field) != 1 || key < 0 || key > 1)
			cbor_fail(c, field);
		*(key == 0 ? not_before : not_after) = cbor_int(c, field);
	}
	cbor_end(c);
	if (!c->r.why && *not_after <= 0)
		cbor_fail(c, "validity without not-after");
}

/* { 0 tag-id, ?1 tag-version }: a tag's own, and what a CoTL lists */
static void take_identity(struct cbor *c, char *id, u64 *version)
{
	size_t n = cbor_map(c, "tag-identity");

	for (size_t i = 0; i < n && !c->r.why; i++) {
		switch (cbor_int(c, "tag-identity")) {
		case 0:
			corim_take_id(c, id, CORIM_ID_MAX, "tag-id");
			break;
		case 1:
			*version = cbor_uint(c, "tag-version");
			break;
		default:
			cbor_fail(c, "tag-identity: unknown key");
		}
	}
	cbor_end(c);
	if (!c->r.why && !id[0])
		cbor_fail(c, "tag-identity without tag-id");
}

void corim_take_comid(struct corim_place *p)
{
	struct corim_tag *tag = &p->out->tags[p->tag];
	size_t n = cbor_map(&p->c, "concise-mid-tag");
	bool has_identity = false, has_triples = false;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "concise-mid-tag")) {
		case 0:
			cbor_text(&p->c, "language");
			break;
		case 1:
			take_identity(&p->c, tag->id, &tag->version);
			has_identity = true;
			break;
		case 2:
			cbor_item(&p->c, "entities");
			break;
		case 3:
			cbor_item(&p->c, "linked-tags");
			break;
		case 4:
			corim_take_triples(p);
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

/* { 0 tag-identity, 1 [ + listed ], 2 validity } */
void corim_take_cotl(struct corim_place *p)
{
	struct corim_tag *tag = &p->out->tags[p->tag];
	size_t n = cbor_map(&p->c, "concise-tl-tag"), listed;
	unsigned int seen = 0;

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long key = cbor_int(&p->c, "concise-tl-tag");

		seen |= key >= 0 && key < 3 ? 1u << key : 0;
		switch (key) {
		case 0:
			take_identity(&p->c, tag->id, &tag->version);
			break;
		case 1:
			listed = cbor_array(&p->c, "tags-list");
			tag->listed = corim_room(p, NULL, 0, listed, sizeof(*tag->listed),
						 CORIM_LISTED_MAX);
			for (size_t k = 0; k < listed && !p->c.r.why; k++) {
				corim_enter(p, "tags-list", (long long)k);
				take_identity(&p->c, tag->listed[k].id, &tag->listed[k].version);
				tag->n_listed++;
				corim_leave(p);
			}
			cbor_end(&p->c);
			break;
		case 2:
			corim_take_validity(&p->c, &tag->not_before, &tag->not_after,
					    "tl-validity");
			break;
		default:
			cbor_fail(&p->c, "concise-tl-tag: unknown key");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && (seen != 7 || !tag->n_listed))
		cbor_fail(&p->c, "concise-tl-tag lacks tag-identity, tags-list or tl-validity");
}
