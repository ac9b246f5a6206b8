// SPDX-License-Identifier: Apache-2.0
#include "refs.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "refs_files.h"
#include "refs_rules.h"
#include "values.h"

/* One way to find a triple: the hash of an element's key and one digest of it. */
struct anchor {
	u64 hash;
	u32 ref;
};

/* A tag that a CoTL lists, and when. */
struct listed {
	const struct corim_listed *tag;
	long long from, until;
};

struct left_out {
	struct corim *corim;
	char *why;
};

struct refs {
	struct refs_options options;
	size_t n_left_out, left_out_cap, n_unused;
	struct left_out *left_out;     /* CoRIMs that do not count */
	struct ref *unused;	       /* their references, by model */
	long long all_from, all_until; /* between them every CoRIM is valid */
	size_t n_corims, corim_cap;
	struct signed_corim *corims;
	size_t n, n_plain, n_anchors, n_listed;
	struct ref *at;	   /* by model, those without one first */
	struct ref *plain; /* of these the ones without any digest */
	struct anchor *anchors;
	struct listed *listed;
	struct lazy_values *values;
	struct rules rules;
	struct ref_files files;
};

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

/* ---- order and index ---- */
static int by_digest(const void *a, const void *b)
{
	const struct signed_corim *x = a, *y = b;

	return memcmp(x->digest.at, y->digest.at, 32);
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

static u64 fnv(u64 h, struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		h = (h ^ b.at[i]) * 0x100000001b3;
	return h;
}

/* One number for one key, however it is encoded: what is no number or text shares one. */
u64 mkey_hash(struct bytes mkey)
{
	struct cbor c = cbor_on(mkey, CBOR_WELL_FORMED);
	enum cbor_kind kind = mkey.len ? cbor_peek(&c) : CBOR_NOTHING;
	u64 h = 0xcbf29ce484222325;

	if (kind == CBOR_UINT) {
		u64 v = cbor_uint(&c, "mkey");

		return fnv(h, (struct bytes){ (const u8 *)&v, sizeof(v) }) ^ 1;
	}
	return kind == CBOR_TEXT ? fnv(h, cbor_text(&c, "mkey")) ^ 2 : h ^ kind;
}

static u64 digest_hash(struct bytes mkey, const struct corim_digest *d)
{
	return fnv(mkey_hash(mkey) ^ (u64)d->alg, d->bytes);
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
				(struct anchor){ digest_hash(el->mkey, &el->mval.digests[k]),
						 (u32)i };
	}
	qsort(r->anchors, r->n_anchors, sizeof(*r->anchors), by_hash);
	return 0;
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
	r->all_from = INT64_MIN;
	r->all_until = INT64_MAX;
	for (size_t i = 0; i < r->n_corims; i++) {
		const struct corim *c = r->corims[i].corim;

		if (c->not_before > r->all_from)
			r->all_from = c->not_before;
		if (c->not_after && c->not_after < r->all_until)
			r->all_until = c->not_after;
	}
	return 0;
}

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

int refs_ready(struct refs *r, struct err *e)
{
	if (r->n_corims)
		qsort(r->corims, r->n_corims, sizeof(*r->corims), by_digest);
	if (gather_references(r, e) || gather_unused(r, e) || index_references(r, e) ||
	    ref_files_gather(&r->files, r->at, r->n, e) || take_lists(r, e))
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

/* ---- what else is asked of a snapshot ---- */
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

bool refs_vouches(const struct refs *r, const u8 digest[32], size_t tag, long long now_s)
{
	const struct signed_corim *s;
	struct signed_corim key = { 0 };

	memcpy(key.digest.at, digest, 32);
	s = r->n_corims ? bsearch(&key, r->corims, r->n_corims, sizeof(key), by_digest) : NULL;
	if (!s || !refs_usable(r, s->corim, tag, now_s))
		return false;
	for (size_t i = 0; i < s->corim->n_software; i++) {
		const struct corim_software *w = &s->corim->software[i];

		if (w->tag == tag && !w->left_out[0] && !software_is_listed(r, s->corim, w, now_s))
			return false;
	}
	return true;
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
		u64 hash = digest_hash(element->mkey, &element->mval.digests[k]);
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
