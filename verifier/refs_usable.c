// SPDX-License-Identifier: Apache-2.0
/* What of a snapshot counts: while its CoRIM is valid and, if lists of tags are required, while one lists it. */
#include "refs_parts.h"

#include <stdlib.h>

/* ---- lists of tags ---- */
static bool tag_is_there(const struct refs *r, const struct corim_listed *want)
{
	for (size_t i = 0; i < r->n_corims; i++)
		for (size_t k = 0; k < r->corims[i].corim->n_tags; k++)
			if (!strcmp(r->corims[i].corim->tags[k].id, want->id) &&
			    r->corims[i].corim->tags[k].version == want->version)
				return true;
	return false;
}

static int by_id(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return strcmp(x->tag->id, y->tag->id);
}

/* A list counts as a whole: if one of its tags is missing, it lists nothing. */
static int take_list(struct refs *r, const struct corim *c, const struct corim_tag *list,
		     struct err *e)
{
	struct listed *more;

	for (size_t i = 0; i < list->n_listed; i++)
		if (!tag_is_there(r, &list->listed[i]))
			return 0;
	more = reallocarray(r->listed, r->n_listed + list->n_listed + 1, sizeof(*more));
	if (!more)
		return err_set(e, E_MEMORY, "no memory for lists of tags");
	r->listed = more;
	for (size_t i = 0; i < list->n_listed; i++)
		more[r->n_listed++] = (struct listed){
			&list->listed[i],
			c->not_before > list->not_before ? c->not_before : list->not_before,
			c->not_after && c->not_after < list->not_after ? c->not_after
								       : list->not_after
		};
	return 0;
}

static int take_lists(struct refs *r, struct err *e)
{
	for (size_t i = 0; r->options.cotl_required && i < r->n_corims; i++)
		for (size_t k = 0; k < r->corims[i].corim->n_tags; k++)
			if (r->corims[i].corim->tags[k].kind == CORIM_COTL &&
			    take_list(r, r->corims[i].corim, &r->corims[i].corim->tags[k], e))
				return (int)e->code;
	if (r->n_listed)
		qsort(r->listed, r->n_listed, sizeof(*r->listed), by_id);
	return 0;
}

/* Between these times every CoRIM is valid. */
static void take_span(struct refs *r)
{
	r->all_from = INT64_MIN;
	r->all_until = INT64_MAX;
	for (size_t i = 0; i < r->n_corims; i++) {
		const struct corim *c = r->corims[i].corim;

		if (c->not_before > r->all_from)
			r->all_from = c->not_before;
		if (c->not_after && c->not_after < r->all_until)
			r->all_until = c->not_after;
	}
}

int refs_take_terms(struct refs *r, struct err *e)
{
	take_span(r);
	return take_lists(r, e);
}

/* ---- what counts ---- */
static bool tag_is_listed(const struct refs *r, const struct corim_tag *t, long long now_s)
{
	size_t lo = 0, hi = r->n_listed;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(r->listed[mid].tag->id, t->id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < r->n_listed && !strcmp(r->listed[lo].tag->id, t->id); lo++)
		if (r->listed[lo].tag->version == t->version && r->listed[lo].from <= now_s &&
		    now_s <= r->listed[lo].until)
			return true;
	return false;
}

bool refs_usable(const struct refs *r, const struct corim *c, size_t tag, long long now_s)
{
	if ((c->not_before && now_s < c->not_before) || (c->not_after && now_s > c->not_after))
		return false;
	return !r->options.cotl_required ||
	       (tag < c->n_tags && tag_is_listed(r, &c->tags[tag], now_s));
}

static bool software_is_listed(const struct refs *r, const struct corim *c,
			       const struct corim_software *s, long long now_s)
{
	for (size_t i = 0; r->options.cotl_required && i < s->n; i++)
		if (!tag_is_listed(r, &c->tags[s->coswids[i]], now_s))
			return false;
	return true;
}

bool refs_triple_usable(const struct refs *r, const struct corim *c, const struct corim_triple *t,
			long long now_s)
{
	return refs_usable(r, c, t->tag, now_s) &&
	       (!t->software || software_is_listed(r, c, t->software, now_s));
}

bool refs_all_usable(const struct refs *r, long long now_s)
{
	return !r->options.cotl_required && r->all_from <= now_s && now_s <= r->all_until;
}

bool refs_vouches(const struct refs *r, const u8 digest[32], size_t tag, long long now_s)
{
	const struct signed_corim *s = refs_signed(r, digest);

	if (!s || !refs_usable(r, s->corim, tag, now_s))
		return false;
	for (size_t i = 0; i < s->corim->n_software; i++) {
		const struct corim_software *w = &s->corim->software[i];

		if (w->tag == tag && !w->left_out[0] && !software_is_listed(r, s->corim, w, now_s))
			return false;
	}
	return true;
}
