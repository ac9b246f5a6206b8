// SPDX-License-Identifier: Apache-2.0
#include "nearest.h"

#include <stdlib.h>

#include "mkey.h"
#include "values.h"

/* One time that a reference wants another value for the element at hand. */
struct event {
	u32 ref, el;
};

struct finding {
	const struct acs_env *x;
	const struct refs *refs;
	const struct values *values;
	enum corim_rules rules;
	long long now_s;
	struct verdict_on *on;
	size_t n_classes, class_cap;
	u32 *classes; /* whose environment matches */
	u16 *score;   /* per reference: how many of its elements are there */
	size_t n_touched;
	u32 *touched; /* references with a score */
	/* the element at hand */
	size_t i;
	u64 key;
	const struct corim_digest *digest;
	size_t n_events, event_cap;
	struct event *events;
	bool failed; /* no memory */
};

static bool grow(void **at, size_t *cap, size_t need, size_t size)
{
	size_t want = *cap ? *cap : 16;
	void *more;

	while (want < need)
		want *= 2;
	if (want == *cap)
		return true;
	more = reallocarray(*at, want, size);
	if (!more)
		return false;
	*at = more;
	*cap = want;
	return true;
}

static const struct corim_element *wanted(const struct finding *f, struct posting p)
{
	return &refs_at(f->refs, p.ref)->triple->elements[p.el];
}

static bool is_usable(const struct finding *f, u32 ref)
{
	const struct ref *r = refs_at(f->refs, ref);

	return refs_triple_usable(f->refs, r->corim, r->triple, f->now_s);
}

/* A hash may lie: the key itself decides. */
static bool is_for(const struct finding *f, struct posting p)
{
	return corim_mkey_same(wanted(f, p)->mkey, f->x->ect->elements[f->i].mkey);
}

/* ---- what matches by itself, and which references that speaks for ---- */
static bool value_matches(const struct finding *f, struct posting p)
{
	return corim_mval_matches_by(f->rules, &wanted(f, p)->mval,
				     &f->x->ect->elements[f->i].mval) == CORIM_MATCHES;
}

/* A value with several digests is found by each: the first that both have is the one that counts. */
static bool was_found_before(const struct finding *f, const struct corim_mval *want)
{
	const struct corim_mval *have = &f->x->ect->elements[f->i].mval;

	for (size_t k = 0; f->digest && &have->digests[k] != f->digest; k++)
		for (size_t j = 0; j < want->n_digests; j++)
			if (want->digests[j].alg == have->digests[k].alg &&
			    bytes_equal(want->digests[j].bytes, have->digests[k].bytes))
				return true;
	return false;
}

static void score_value(void *user, const struct value *value)
{
	struct finding *f = user;
	const struct posting *p = values_posting(f->values, value, NULL);

	if (!is_for(f, *p) || !value_matches(f, *p) || was_found_before(f, &wanted(f, *p)->mval))
		return;
	for (; p; p = values_posting(f->values, value, p)) {
		if (!is_usable(f, p->ref) ||
		    !authority_satisfies(wanted(f, *p)->authorized, &f->x->by))
			continue;
		if (!f->score[p->ref]++)
			f->touched[f->n_touched++] = p->ref;
		if (!f->x->covered[f->i])
			f->on[f->i].standing = KNOWN_BY_ITSELF;
	}
}

static void score_element(struct finding *f, u32 class)
{
	const struct corim_mval *have = &f->x->ect->elements[f->i].mval;

	f->digest = NULL;
	values_near(f->values, class, f->key, NULL, score_value, f);
	for (size_t k = 0; k < have->n_digests; k++) {
		f->digest = &have->digests[k];
		values_near(f->values, class, f->key, f->digest, score_value, f);
	}
}

/* ---- closest first ---- */
static bool same_want(const struct corim_element *a, const struct corim_element *b)
{
	return corim_mval_points(&a->mval) == corim_mval_points(&b->mval) &&
	       corim_mval_matches(&a->mval, &b->mval) == CORIM_MATCHES &&
	       a->mval.min_svn == b->mval.min_svn;
}

static void keep_near(struct verdict_on *v, const struct near *new)
{
	size_t at = v->n;

	for (size_t i = 0; i < v->n; i++)
		if (same_want(v->near[i].want, new->want)) {
			if (v->near[i].score >= new->score)
				return;
			v->n--;
			memmove(&v->near[i], &v->near[i + 1], (v->n - i) * sizeof(*v->near));
			at = v->n;
			break;
		}
	while (at > 0 && v->near[at - 1].score < new->score)
		at--;
	if (at == NONMATCH_SHOWN_MAX)
		return;
	if (v->n == NONMATCH_SHOWN_MAX)
		v->n--;
	memmove(&v->near[at + 1], &v->near[at], (v->n - at) * sizeof(*v->near));
	v->near[at] = *new;
	v->n++;
}

static void add_event(struct finding *f, struct posting p)
{
	if (!is_usable(f, p.ref) || !is_for(f, p))
		return;
	if (!grow((void **)&f->events, &f->event_cap, f->n_events + 1, sizeof(*f->events))) {
		f->failed = true;
		return;
	}
	f->events[f->n_events++] = (struct event){ p.ref, p.el };
}

/*
 * Of the references that hold nothing of this evidence only the first few can be among the closest, and of
 * each value only its first usable reference. Those that hold something are all looked at.
 */
static size_t add_first(struct finding *f, const struct value *value, size_t n)
{
	size_t enough = f->n_touched + NONMATCH_SHOWN_MAX, n_usable = 0;
	bool all = refs_all_usable(f->refs, f->now_s); /* then nobody has to count */
	u32 last = 0;

	for (; value && !(all && n_usable >= enough); value = values_next(f->values, value)) {
		const struct posting *p = values_posting(f->values, value, NULL);

		while (p && !(is_usable(f, p->ref) && is_for(f, *p)))
			p = values_posting(f->values, value, p);
		/* values stand by their first reference, which may be one that is not usable */
		if (p && (n_usable < enough || p->ref < last)) {
			add_event(f, *p);
			last = p->ref > last ? p->ref : last;
		}
		n_usable += p != NULL;
	}
	return all ? n : n_usable;
}

static void add_touched(struct finding *f)
{
	for (size_t i = 0; i < f->n_touched; i++) {
		const struct corim_triple *t = refs_at(f->refs, f->touched[i])->triple;

		for (size_t k = 0; k < t->n; k++)
			if (mkey_hash(t->elements[k].mkey) == f->key)
				add_event(f, (struct posting){ f->touched[i], (u32)k, VALUES_END });
	}
}

/* Many hold a part: the values for this key are fewer than all of their elements. */
static void add_all(struct finding *f, const struct value *value)
{
	for (; value; value = values_next(f->values, value))
		for (const struct posting *p = values_posting(f->values, value, NULL); p;
		     p = values_posting(f->values, value, p))
			if (f->score[p->ref])
				add_event(f, *p);
}

static int by_order(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->ref != y->ref ? (x->ref > y->ref) - (x->ref < y->ref)
				: (x->el > y->el) - (x->el < y->el);
}

static void find_near(struct finding *f)
{
	enum { FEW = 64 };
	struct verdict_on *v = &f->on[f->i];
	size_t n_values = 0;

	f->n_events = 0;
	if (f->n_touched <= FEW)
		add_touched(f);
	for (size_t c = 0; c < f->n_classes; c++) {
		size_t n;
		const struct value *values = values_of(f->values, f->classes[c], f->key, &n);

		if (f->n_touched > FEW)
			add_all(f, values);
		n_values += add_first(f, values, n);
	}
	if (!f->n_events)
		return;
	v->standing = OTHER_VALUE;
	qsort(f->events, f->n_events, sizeof(*f->events), by_order);
	for (size_t k = 0; k < f->n_events; k++) {
		const struct ref *r = refs_at(f->refs, f->events[k].ref);
		const struct near new = { &r->triple->elements[f->events[k].el], r->corim,
					  f->score[f->events[k].ref] };

		keep_near(v, &new);
	}
	v->others = n_values > v->n ? n_values - v->n : 0;
}

/* ---- the whole ---- */
static void take_class(void *user, u32 class, const struct corim_env *env)
{
	struct finding *f = user;

	if (!corim_env_matches_by(f->rules, env, &f->x->env))
		return;
	if (grow((void **)&f->classes, &f->class_cap, f->n_classes + 1, sizeof(*f->classes)))
		f->classes[f->n_classes++] = class;
	else
		f->failed = true;
}

/* The element that references speak of when two have one key. */
static bool at_hand(struct finding *f, size_t i)
{
	f->i = i;
	f->key = mkey_hash(f->x->ect->elements[i].mkey);
	return acs_element(f->x, f->x->ect->elements[i].mkey) == (long)i;
}

static void find_all(struct finding *f)
{
	size_t n = f->x->ect->n;

	values_classes(f->values, &f->x->env, take_class, f);
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; at_hand(f, i) && c < f->n_classes; c++)
			score_element(f, f->classes[c]);
	for (size_t i = 0; i < n; i++)
		if (!f->x->covered[i] && at_hand(f, i) && f->on[i].standing == NO_REFERENCE)
			find_near(f);
}

int nearest_find(const struct acs_env *x, const struct refs *refs, long long now_s,
		 struct verdict_on *on, struct err *e)
{
	const struct values *values = NULL;
	size_t n = refs_count(refs);

	if (refs_values(refs, &values, e))
		return (int)e->code;
	struct finding f = {
		.x = x,
		.refs = refs,
		.values = values,
		.rules = refs_options(refs)->rules,
		.now_s = now_s,
		.on = on,
		.score = calloc(n + 1,
				sizeof(*f.score)), /* pages that nobody touches cost nothing */
		.touched = calloc(n + 1, sizeof(*f.touched)),
	};

	f.failed = !f.score || !f.touched;
	if (!f.failed)
		find_all(&f);
	free(f.score);
	free(f.touched);
	free(f.classes);
	free(f.events);
	return f.failed ? err_set(e, E_MEMORY, "no memory to explain an appraisal") : 0;
}
