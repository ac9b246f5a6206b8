// SPDX-License-Identifier: Apache-2.0
/* A CoRIM from its bytes to the last that drops it. SPEC: draft-ietf-rats-corim-11 4 */
#include "corim.h"

#include <stdlib.h>
#include <string.h>

#include "corim_read.h"

enum { TAG_UNSIGNED = 501 };

void corim_narrow(struct corim *out, long long not_before, long long not_after)
{
	if (not_before > out->not_before)
		out->not_before = not_before;
	if (not_after && (!out->not_after || not_after < out->not_after))
		out->not_after = not_after;
}

void corim_narrow_by(struct corim *out, struct cbor *c, const char *field)
{
	long long not_before, not_after;

	corim_take_validity(c, &not_before, &not_after, field);
	corim_narrow(out, not_before, not_after);
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
	if (corim_open_envelope(c, shapes, detached, &payload, e) ||
	    open_payload(&p, shapes, payload, e))
		return (int)e->code;
	corim_take_map(&p);
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
