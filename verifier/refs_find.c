// SPDX-License-Identifier: Apache-2.0
/* The reference triples of a snapshot in order, by model and by digest, and the look-up of those that match. */
#include "refs_parts.h"

#include <stdlib.h>

#include "mkey.h"

/* ---- order and index ---- */
static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.at, b.at, n) : 0;

	return d ? d : a.len < b.len ? -1 : a.len > b.len;
}

/* By model: almost every condition names one. Those without come first. */
static int by_model(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	int d = compare_bytes(x->triple->env.model, y->triple->env.model);

	/* of one CoRIM the order in it, else that of the digests, in which they stand already */
	return d		? d
	       : x->by != y->by ? (x->by > y->by) - (x->by < y->by)
				: (x->triple > y->triple) - (x->triple < y->triple);
}

static int by_hash(const void *a, const void *b)
{
	const struct anchor *x = a, *y = b;

	return x->hash != y->hash ? (x->hash < y->hash ? -1 : 1)
				  : (x->ref > y->ref) - (x->ref < y->ref);
}

static int gather_references(struct refs *r, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_corims; i++)
		n += r->corims[i].corim->n_references;
	if (n > UINT32_MAX || !(r->at = calloc(n + 1, sizeof(*r->at))))
		return err_set(e, E_MEMORY, "no memory for %zu reference values", n);
	for (size_t i = 0; i < r->n_corims; i++)
		for (size_t k = 0; k < r->corims[i].corim->n_references; k++)
			r->at[r->n++] = (struct ref){ &r->corims[i].corim->references[k],
						      r->corims[i].corim, &r->corims[i].by, NULL };
	qsort(r->at, r->n, sizeof(*r->at), by_model);
	return 0;
}

/* What does not count is looked for only to say so. */
static int gather_unused(struct refs *r, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_left_out; i++)
		n += r->left_out[i].corim->n_references;
	if (!(r->unused = calloc(n + 1, sizeof(*r->unused))))
		return err_set(e, E_MEMORY, "no memory for %zu reference values", n);
	for (size_t i = 0; i < r->n_left_out; i++)
		for (size_t k = 0; k < r->left_out[i].corim->n_references; k++)
			r->unused[r->n_unused++] =
				(struct ref){ &r->left_out[i].corim->references[k],
					      r->left_out[i].corim, NULL, r->left_out[i].why };
	qsort(r->unused, r->n_unused, sizeof(*r->unused), by_model);
	return 0;
}

static const struct corim_element *anchor_of(const struct corim_triple *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->elements[i].mval.n_digests; k++)
			if (t->elements[i].mval.digests[k].alg >= 0)
				return &t->elements[i];
	return NULL;
}

static int index_references(struct refs *r, struct err *e)
{
	size_t n_anchors = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct corim_element *el = anchor_of(r->at[i].triple);

		n_anchors += el ? el->mval.n_digests : 0;
	}
	r->anchors = calloc(n_anchors + 1, sizeof(*r->anchors));
	r->plain = calloc(r->n + 1, sizeof(*r->plain));
	if (!r->anchors || !r->plain)
		return err_set(e, E_MEMORY, "no memory to index reference values");
	for (size_t i = 0; i < r->n; i++) {
		const struct corim_element *el = anchor_of(r->at[i].triple);

		if (!el)
			r->plain[r->n_plain++] = r->at[i];
		for (size_t k = 0; el && k < el->mval.n_digests; k++)
			r->anchors[r->n_anchors++] =
				(struct anchor){ mkey_digest_hash(el->mkey, &el->mval.digests[k]),
						 (u32)i };
	}
	qsort(r->anchors, r->n_anchors, sizeof(*r->anchors), by_hash);
	return 0;
}

int refs_index(struct refs *r, struct err *e)
{
	return gather_references(r, e) || gather_unused(r, e) || index_references(r, e)
		       ? (int)e->code
		       : 0;
}

/* ---- look-up ---- */
static size_t lower_bound(const struct ref *at, size_t n, struct bytes model)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_bytes(at[mid].triple->env.model, model) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct query {
	const struct refs *r;
	const struct corim_env *entry;
	long long now_s;
	bool (*offer)(const struct query *q, const struct ref *ref);
	bool (*take)(void *user, const struct ref *ref);
	void *user;
};

/* Return: false when the taker has enough. */
static bool offer(const struct query *q, const struct ref *ref)
{
	if (!corim_env_matches_by(q->r->options.rules, &ref->triple->env, q->entry) ||
	    !refs_triple_usable(q->r, ref->corim, ref->triple, q->now_s))
		return true;
	return q->take(q->user, ref);
}

static bool offer_run(const struct query *q, const struct ref *at, size_t n, struct bytes model)
{
	for (size_t i = lower_bound(at, n, model); i < n; i++) {
		if (!bytes_equal(at[i].triple->env.model, model))
			break;
		if (!q->offer(q, &at[i]))
			return false;
	}
	return true;
}

static bool offer_models(const struct query *q, const struct ref *at, size_t n)
{
	return offer_run(q, at, n, BYTES_NONE) &&
	       (!q->entry->model.len || offer_run(q, at, n, q->entry->model));
}

void refs_each(const struct refs *r, const struct corim_env *entry, long long now_s,
	       bool (*take)(void *user, const struct ref *ref), void *user)
{
	const struct query q = { r, entry, now_s, offer, take, user };

	offer_models(&q, r->at, r->n);
}

void refs_with(const struct refs *r, const struct corim_env *entry,
	       const struct corim_element *element, long long now_s,
	       bool (*take)(void *user, const struct ref *ref), void *user)
{
	const struct query q = { r, entry, now_s, offer, take, user };

	if (!element) {
		offer_models(&q, r->plain, r->n_plain);
		return;
	}
	for (size_t k = 0; k < element->mval.n_digests; k++) {
		u64 hash = mkey_digest_hash(element->mkey, &element->mval.digests[k]);
		size_t lo = 0, hi = r->n_anchors;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (r->anchors[mid].hash < hash)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < r->n_anchors && r->anchors[lo].hash == hash; lo++)
			if (!offer(&q, &r->at[r->anchors[lo].ref]))
				return;
	}
}

static const char *outside_its_time(const struct corim *c, long long now_s)
{
	return c->not_after && now_s > c->not_after	? "it has ended"
	       : c->not_before && now_s < c->not_before ? "it has not begun yet"
							: NULL;
}

static bool offer_unused(const struct query *q, const struct ref *ref)
{
	struct ref told = *ref;

	if (!told.left_out)
		told.left_out = outside_its_time(ref->corim, q->now_s);
	return !told.left_out ||
	       !corim_env_matches_by(q->r->options.rules, &ref->triple->env, q->entry) ||
	       q->take(q->user, &told);
}

void refs_unused(const struct refs *r, const struct corim_env *entry, long long now_s,
		 bool (*take)(void *user, const struct ref *ref), void *user)
{
	const struct query q = { r, entry, now_s, offer_unused, take, user };

	if (offer_models(&q, r->unused, r->n_unused) && !refs_all_usable(r, now_s))
		offer_models(&q, r->at, r->n);
}

struct found {
	struct ref *out;
	size_t n, max;
};

static bool keep(void *user, const struct ref *ref)
{
	struct found *f = user;

	if (f->n < f->max)
		f->out[f->n++] = *ref;
	return f->n < f->max;
}

size_t refs_find(const struct refs *r, const struct corim_env *entry, struct ref *out, size_t max)
{
	struct found f = { out, 0, max };

	if (max)
		refs_each(r, entry, 0, keep, &f);
	return f.n;
}
