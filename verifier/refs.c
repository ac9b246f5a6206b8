// SPDX-License-Identifier: Apache-2.0
/* The snapshot: what goes in, made ready, asked for, dropped. */
#include "refs.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "refs_parts.h"
#include "values.h"

/* Made for the first who has to explain something: most snapshots never have to. */
struct lazy_values {
	pthread_mutex_t lock;
	struct values *made;
};

struct refs *refs_new_with(struct refs_options o)
{
	struct refs *r = calloc(1, sizeof(*r));
	struct lazy_values *l = calloc(1, sizeof(*l));

	if (!r || !l) {
		free(r);
		free(l);
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	r->values = l;
	r->options = o;
	return r;
}

struct refs *refs_new(void)
{
	return refs_new_with((struct refs_options){ 0 });
}

const struct refs_options *refs_options(const struct refs *r)
{
	return &r->options;
}

static int grow(void **at, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *more;

	while (want < need)
		want *= 2;
	if (want == *cap)
		return 0;
	more = reallocarray(*at, want, size);
	if (!more)
		return -1;
	*at = more;
	*cap = want;
	return 0;
}

int refs_add(struct refs *r, struct corim *c, struct err *e)
{
	struct signed_corim *s;

	if (grow((void **)&r->corims, &r->corim_cap, r->n_corims + 1, sizeof(*r->corims))) {
		corim_drop(&c);
		return err_set(e, E_MEMORY, "no memory for reference values");
	}
	s = &r->corims[r->n_corims++];
	*s = (struct signed_corim){ .corim = c, .digest = c->digest };
	if (c->has_signer_key)
		authority_add(&s->by, c->signer_key);
	return 0;
}

int refs_leave_out(struct refs *r, struct corim *c, const char *why, struct err *e)
{
	struct left_out l = { c, strdup(why) };

	if (!l.why || grow((void **)&r->left_out, &r->left_out_cap, r->n_left_out + 1,
			   sizeof(*r->left_out))) {
		free(l.why);
		corim_drop(&c);
		return err_set(e, E_MEMORY, "no memory for reference values");
	}
	r->left_out[r->n_left_out++] = l;
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct signed_corim *x = a, *y = b;

	return memcmp(x->digest.at, y->digest.at, 32);
}

int refs_ready(struct refs *r, struct err *e)
{
	if (r->n_corims)
		qsort(r->corims, r->n_corims, sizeof(*r->corims), by_digest);
	if (refs_index(r, e) || ref_files_gather(&r->files, r->at, r->n, e) ||
	    refs_take_terms(r, e))
		return (int)e->code;
	return rules_gather(&r->rules, r->corims, r->n_corims, e);
}

void refs_drop(struct refs **rp)
{
	struct refs *r = rp ? *rp : NULL;

	if (!r)
		return;
	for (size_t i = 0; i < r->n_corims; i++)
		corim_drop(&r->corims[i].corim);
	for (size_t i = 0; i < r->n_left_out; i++) {
		corim_drop(&r->left_out[i].corim);
		free(r->left_out[i].why);
	}
	free(r->left_out);
	free(r->unused);
	free(r->corims);
	values_drop(&r->values->made);
	pthread_mutex_destroy(&r->values->lock);
	free(r->values);
	free(r->at);
	free(r->plain);
	free(r->anchors);
	free(r->listed);
	free(r->files.at);
	rules_clear(&r->rules);
	free(r);
	*rp = NULL;
}

size_t refs_count(const struct refs *r)
{
	return r->n;
}

/* ---- what is asked of a snapshot ---- */
const struct ref_files *refs_files(const struct refs *r)
{
	return &r->files;
}

const struct ref *refs_at(const struct refs *r, size_t i)
{
	return &r->at[i];
}

const u8 *refs_digest(const struct ref *ref)
{
	/* its authority stands in the row of its CoRIM */
	const u8 *by = (const u8 *)ref->by;

	return ((const struct signed_corim *)(by - offsetof(struct signed_corim, by)))->digest.at;
}

const struct signed_corim *refs_signed(const struct refs *r, const u8 digest[32])
{
	struct signed_corim key = { 0 };

	memcpy(key.digest.at, digest, 32);
	return r->n_corims ? bsearch(&key, r->corims, r->n_corims, sizeof(key), by_digest) : NULL;
}

int refs_values(const struct refs *r, const struct values **out, struct err *e)
{
	struct lazy_values *l = r->values;
	int rc = 0;

	pthread_mutex_lock(&l->lock);
	if (!l->made)
		rc = values_make(r->at, r->n, &l->made, e);
	*out = l->made;
	pthread_mutex_unlock(&l->lock);
	return rc;
}

const struct rule *const *refs_rules(const struct refs *r, size_t *n)
{
	*n = r->rules.n_ordered;
	return r->rules.ordered;
}

const char *refs_problem(const struct refs *r, size_t i)
{
	return i < r->rules.n_problems ? r->rules.problems[i] : NULL;
}

bool refs_domain_refused(const struct refs *r, const struct corim_domain *d)
{
	for (size_t i = 0; i < r->rules.n_refused_domains; i++)
		if (r->rules.refused_domains[i] == d)
			return true;
	return false;
}

size_t refs_n_corims(const struct refs *r)
{
	return r->n_corims;
}

const struct corim *refs_corim(const struct refs *r, size_t i, const struct authority **by)
{
	*by = &r->corims[i].by;
	return r->corims[i].corim;
}
