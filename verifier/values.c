// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include <stdlib.h>

#include "refs_files.h"
#include "mkey.h"

/* All values for one key in one class. */
struct list {
	u64 hash, key;
	u32 class, first, last, n;
};

/* One way to find a value: by one of its digests, or by having none. */
struct way {
	u64 hash;
	u32 value, next;
};

/* Open addressing: number + 1 of what stands in an array beside it; 0: nothing. */
struct table {
	u32 *at;
	size_t mask;
};

struct values {
	const struct ref *refs;
	size_t n_classes, n_lists, n_values, n_postings, n_ways;
	u32 *classes; /* a reference of each, in the order of the references: by model */
	struct list *lists;
	struct value *values;
	struct posting *postings;
	struct way *ways;
	struct table list_table, value_table, way_table;
};

/* ---- hashes: what decides nothing, for a look-up compares ---- */
static u64 mix_number(u64 h, u64 n)
{
	h = (h ^ n) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

/* Absent is another thing than empty. */
static u64 mix_bytes(u64 h, struct bytes b)
{
	u64 word;

	h = mix_number(h, b.at ? b.len + 1 : 0);
	for (; b.len >= sizeof(word); b = bytes_slice(b, sizeof(word), b.len - sizeof(word))) {
		memcpy(&word, b.at, sizeof(word));
		h = mix_number(h, word);
	}
	word = 0;
	if (b.len)
		memcpy(&word, b.at, b.len);
	return b.len ? mix_number(h, word) : h;
}

static u64 env_hash(const struct corim_env *e)
{
	u64 h = mix_bytes(mix_bytes(mix_bytes(1, e->vendor), e->model), e->class_id);

	h = mix_bytes(mix_bytes(h, e->instance), e->group);
	h = mix_number(h, e->has_layer ? e->layer + 1 : 0);
	return mix_number(h, e->has_index ? e->index + 1 : 0);
}

/* Two values with one hash would be told as one: nothing is decided by it. */
static u64 content_hash(const struct corim_element *el)
{
	const struct corim_mval *m = &el->mval;
	u64 h = mix_number(mix_bytes(2, el->mkey), corim_mval_points(m) | (u64)m->min_svn << 32);

	h = mix_bytes(mix_bytes(h, m->version), m->version_scheme);
	h = mix_number(mix_number(h, m->svn), (u64)m->flags_known << 16 | m->flags);
	h = mix_bytes(mix_bytes(h, m->raw), m->raw_mask);
	for (size_t i = 0; i < m->n_digests; i++)
		h = mix_bytes(mix_number(h, (u64)m->digests[i].alg), m->digests[i].bytes);
	h = mix_number(h, (u64)m->range.has_min | (u64)m->range.has_max << 1);
	h = mix_number(mix_number(h, (u64)m->range.min), (u64)m->range.max);
	for (size_t i = 0; i < m->n_plain; i++)
		h = mix_bytes(mix_number(h, m->plain[i].key), m->plain[i].item);
	return mix_number(mix_bytes(mix_bytes(h, m->registers), m->indirect), m->others);
}

static u64 list_hash(u32 class, u64 key)
{
	return mix_number(mix_number(3, class), key);
}

static u64 way_hash(u64 list, const struct corim_digest *d)
{
	return d ? mix_bytes(mix_number(list, (u64)d->alg), d->bytes) : mix_number(list, 4);
}

static bool table_make(struct table *t, size_t n)
{
	size_t size = 16;

	while (size < 2 * n)
		size *= 2;
	t->at = calloc(size, sizeof(*t->at));
	t->mask = size - 1;
	return t->at;
}

static int compare(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

/* ---- classes ---- */
struct env_of {
	u64 hash;
	u32 ref;
};

static int by_env(const void *a, const void *b)
{
	const struct env_of *x = a, *y = b;

	return x->hash != y->hash ? compare(x->hash, y->hash) : compare(x->ref, y->ref);
}

static int by_number(const void *a, const void *b)
{
	return compare(*(const u32 *)a, *(const u32 *)b);
}

static bool same_env(const struct values *v, u32 a, u32 b)
{
	const struct corim_env *x = &v->refs[a].triple->env, *y = &v->refs[b].triple->env;

	return corim_env_matches(x, y) && corim_env_matches(y, x);
}

/* @first: of each reference the first one of its class. */
static void find_classes(struct values *v, struct env_of *envs, u32 *first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		envs[i] = (struct env_of){ env_hash(&v->refs[i].triple->env), (u32)i };
	qsort(envs, n, sizeof(*envs), by_env);
	for (size_t i = 0; i < n; i++) {
		u32 before = i ? first[envs[i - 1].ref] : 0;
		bool same =
			i && envs[i].hash == envs[i - 1].hash && same_env(v, before, envs[i].ref);

		first[envs[i].ref] = same ? before : envs[i].ref;
		if (!same)
			v->classes[v->n_classes++] = envs[i].ref;
	}
	qsort(v->classes, v->n_classes, sizeof(*v->classes), by_number);
}

/* ---- one pass over all elements, in the order of the references: all chains are in that order ---- */
static struct list *list_at(const struct values *v, u32 class, u64 key, u32 **slot)
{
	u64 hash = list_hash(class, key);
	size_t at = hash & v->list_table.mask;

	for (; v->list_table.at[at]; at = (at + 1) & v->list_table.mask) {
		struct list *l = &v->lists[v->list_table.at[at] - 1];

		if (l->hash == hash && l->class == class && l->key == key)
			return l;
	}
	*slot = &v->list_table.at[at];
	return NULL;
}

static struct value *value_at(const struct values *v, u32 list, u64 hash, u32 **slot)
{
	size_t at = mix_number(hash, list) & v->value_table.mask;

	for (; v->value_table.at[at]; at = (at + 1) & v->value_table.mask) {
		struct value *x = &v->values[v->value_table.at[at] - 1];

		if (x->hash == hash && x->list == list)
			return x;
	}
	*slot = &v->value_table.at[at];
	return NULL;
}

/* Those with one hash are chained behind the first. */
static u32 *way_slot(const struct values *v, u64 hash)
{
	size_t at = hash & v->way_table.mask;

	while (v->way_table.at[at] && v->ways[v->way_table.at[at] - 1].hash != hash)
		at = (at + 1) & v->way_table.mask;
	return &v->way_table.at[at];
}

static void add_way(struct values *v, u64 hash, u32 value)
{
	u32 *slot = way_slot(v, hash);

	v->ways[v->n_ways] = (struct way){ hash, value, *slot ? *slot - 1 : VALUES_END };
	*slot = (u32)++v->n_ways;
}

static void add_ways(struct values *v, const struct list *l, const struct corim_mval *m, u32 value)
{
	if (!m->n_digests)
		add_way(v, way_hash(l->hash, NULL), value);
	for (size_t k = 0; k < m->n_digests; k++)
		add_way(v, way_hash(l->hash, &m->digests[k]), value);
}

static struct list *find_list(struct values *v, u32 class, u64 key)
{
	u32 *slot = NULL;
	struct list *l = list_at(v, class, key, &slot);

	if (l)
		return l;
	l = &v->lists[v->n_lists++];
	*l = (struct list){ list_hash(class, key), key, class, VALUES_END, VALUES_END, 0 };
	*slot = (u32)v->n_lists;
	return l;
}

static struct value *find_value(struct values *v, struct list *l, const struct corim_element *el)
{
	u32 *slot = NULL, list = (u32)(l - v->lists), number = (u32)v->n_values;
	u64 hash = content_hash(el);
	struct value *x = value_at(v, list, hash, &slot);

	if (x)
		return x;
	x = &v->values[v->n_values++];
	*x = (struct value){ hash, list, VALUES_END, VALUES_END, VALUES_END };
	*slot = number + 1;
	if (l->last == VALUES_END)
		l->first = number;
	else
		v->values[l->last].next = number;
	l->last = number;
	l->n++;
	add_ways(v, l, &el->mval, number);
	return x;
}

static void add_element(struct values *v, u32 class, u32 ref, u32 el)
{
	const struct corim_element *want = &v->refs[ref].triple->elements[el];
	struct value *x = find_value(v, find_list(v, class, mkey_hash(want->mkey)), want);
	u32 number = (u32)v->n_postings;

	v->postings[v->n_postings++] = (struct posting){ ref, el, VALUES_END };
	if (x->last == VALUES_END)
		x->first = number;
	else
		v->postings[x->last].next = number;
	x->last = number;
}

static u32 class_number(const struct values *v, u32 first)
{
	const u32 *at = bsearch(&first, v->classes, v->n_classes, sizeof(first), by_number);

	return (u32)(at - v->classes);
}

/* Files are looked up by digest, and no claims set has an environment of theirs. */
static bool is_explained(const struct values *v, size_t i)
{
	return !bytes_equal(v->refs[i].triple->env.model, bytes_text(IMA_MODEL));
}

static bool make_room(struct values *v, size_t n_elements, size_t n_ways)
{
	v->lists = calloc(n_elements + 1, sizeof(*v->lists));
	v->values = calloc(n_elements + 1, sizeof(*v->values));
	v->postings = calloc(n_elements + 1, sizeof(*v->postings));
	v->ways = calloc(n_ways + 1, sizeof(*v->ways));
	return v->lists && v->values && v->postings && v->ways &&
	       table_make(&v->list_table, n_elements) && table_make(&v->value_table, n_elements) &&
	       table_make(&v->way_table, n_ways);
}

static int make_index(struct values *v, size_t n, struct err *e)
{
	struct env_of *envs = calloc(n + 1, sizeof(*envs));
	u32 *first = calloc(n + 1, sizeof(*first));
	size_t n_elements = 0, n_ways = 0;
	bool ok;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; is_explained(v, i) && k < v->refs[i].triple->n; k++) {
			size_t digests = v->refs[i].triple->elements[k].mval.n_digests;

			n_elements++;
			n_ways += digests ? digests : 1;
		}
	v->classes = calloc(n + 1, sizeof(*v->classes));
	ok = envs && first && v->classes && n_ways < VALUES_END && make_room(v, n_elements, n_ways);
	if (ok)
		find_classes(v, envs, first, n);
	for (size_t i = 0; ok && i < n; i++) {
		u32 class = class_number(v, first[i]);

		for (size_t k = 0; is_explained(v, i) && k < v->refs[i].triple->n; k++)
			add_element(v, class, (u32)i, (u32)k);
	}
	free(envs);
	free(first);
	return ok ? 0 : err_set(e, E_MEMORY, "no memory to index %zu reference values", n_elements);
}

int values_make(const struct ref *at, size_t n, struct values **out, struct err *e)
{
	OWNED(values) v = calloc(1, sizeof(*v));

	if (!v)
		return err_set(e, E_MEMORY, "no memory to index reference values");
	v->refs = at;
	if (make_index(v, n, e))
		return (int)e->code;
	*out = TAKE(v);
	return 0;
}

void values_drop(struct values **vp)
{
	struct values *v = vp ? *vp : NULL;

	if (!v)
		return;
	free(v->classes);
	free(v->lists);
	free(v->values);
	free(v->postings);
	free(v->ways);
	free(v->list_table.at);
	free(v->value_table.at);
	free(v->way_table.at);
	free(v);
	*vp = NULL;
}

/* ---- look-up ---- */
static int compare_model(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.at, b.at, n) : 0;

	return d ? d : compare(a.len, b.len);
}

static void classes_of(const struct values *v, struct bytes model,
		       void (*take)(void *user, u32 class, const struct corim_env *env), void *user)
{
	size_t lo = 0, hi = v->n_classes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_model(v->refs[v->classes[mid]].triple->env.model, model) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < v->n_classes; lo++) {
		const struct corim_env *env = &v->refs[v->classes[lo]].triple->env;

		if (!bytes_equal(env->model, model))
			return;
		take(user, (u32)lo, env);
	}
}

void values_classes(const struct values *v, const struct corim_env *entry,
		    void (*take)(void *user, u32 class, const struct corim_env *env), void *user)
{
	classes_of(v, BYTES_NONE, take, user);
	if (entry->model.len)
		classes_of(v, entry->model, take, user);
}

const struct value *values_of(const struct values *v, u32 class, u64 key, size_t *n)
{
	u32 *slot;
	const struct list *l = list_at(v, class, key, &slot);

	*n = l ? l->n : 0;
	return l ? &v->values[l->first] : NULL;
}

const struct value *values_next(const struct values *v, const struct value *value)
{
	return value->next == VALUES_END ? NULL : &v->values[value->next];
}

void values_near(const struct values *v, u32 class, u64 key, const struct corim_digest *digest,
		 void (*take)(void *user, const struct value *value), void *user)
{
	u32 *slot;
	const struct list *l = list_at(v, class, key, &slot);
	u32 at = l ? *way_slot(v, way_hash(l->hash, digest)) : 0;

	for (at = at ? at - 1 : VALUES_END; at != VALUES_END; at = v->ways[at].next)
		if (v->values[v->ways[at].value].list == (u32)(l - v->lists))
			take(user, &v->values[v->ways[at].value]);
}

const struct posting *values_posting(const struct values *v, const struct value *value,
				     const struct posting *before)
{
	u32 at = before ? before->next : value->first;

	return at == VALUES_END ? NULL : &v->postings[at];
}
