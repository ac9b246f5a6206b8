// SPDX-License-Identifier: Apache-2.0
#include "refs.h"

#include <stdlib.h>

struct refs {
	size_t n, cap, n_corims, corim_cap;
	struct ref *at;
	struct corim **corims;
};

struct refs *refs_new(void)
{
	return calloc(1, sizeof(struct refs));
}

static int grow(void **at, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *more;

	while (want < need)
		want *= 2;
	if (want == *cap)
		return 0;
	more = realloc(*at, want * size);
	if (!more)
		return -1;
	*at = more;
	*cap = want;
	return 0;
}

int refs_add(struct refs *r, struct corim *c, struct err *e)
{
	if (grow((void **)&r->corims, &r->corim_cap, r->n_corims + 1, sizeof(*r->corims)) ||
	    grow((void **)&r->at, &r->cap, r->n + c->n_references, sizeof(*r->at))) {
		corim_drop(&c);
		return err_set(e, E_MEMORY, "no memory for reference values");
	}
	r->corims[r->n_corims++] = c;
	for (size_t i = 0; i < c->n_references; i++)
		r->at[r->n++] = (struct ref){ &c->references[i], c };
	return 0;
}

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

	return compare_bytes(x->triple->env.model, y->triple->env.model);
}

void refs_ready(struct refs *r)
{
	if (r->n)
		qsort(r->at, r->n, sizeof(*r->at), by_model);
}

void refs_drop(struct refs **r)
{
	if (!r || !*r)
		return;
	for (size_t i = 0; i < (*r)->n_corims; i++)
		corim_drop(&(*r)->corims[i]);
	free((*r)->corims);
	free((*r)->at);
	free(*r);
	*r = NULL;
}

size_t refs_count(const struct refs *r)
{
	return r->n;
}

static size_t lower_bound(const struct refs *r, struct bytes model)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_bytes(r->at[mid].triple->env.model, model) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t take_run(const struct refs *r, struct bytes model, const struct corim_env *entry,
		       struct ref *out, size_t n, size_t max)
{
	for (size_t i = lower_bound(r, model);
	     i < r->n && n < max && bytes_equal(r->at[i].triple->env.model, model); i++)
		if (corim_env_matches(&r->at[i].triple->env, entry))
			out[n++] = r->at[i];
	return n;
}

size_t refs_find(const struct refs *r, const struct corim_env *entry, struct ref *out, size_t max)
{
	size_t n = take_run(r, BYTES_NONE, entry, out, 0, max);

	return entry->model.len ? take_run(r, entry->model, entry, out, n, max) : n;
}
