// SPDX-License-Identifier: Apache-2.0
/* The triples of a CoMID. SPEC: draft-ietf-rats-corim-11 5.1.5 to 5.1.12 */
#include <stdlib.h>

#include "corim_read.h"

void corim_triple_clear(struct corim_triple *t)
{
	free(t->elements);
	t->elements = NULL;
	t->n = 0;
}

/* [ environment, [ + measurement ] ] */
static void take_state(struct corim_place *p, struct corim_triple *t)
{
	t->tag = p->tag;
	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of environment and measurements");
	corim_take_env(p, &t->env);
	corim_take_measurements(p, t, false);
	cbor_end(&p->c);
}

static void take_references(struct corim_place *p)
{
	take_state(p, &p->out->references[p->out->n_references++]);
}

static void take_endorsed(struct corim_place *p)
{
	take_state(p, &p->out->endorsed[p->out->n_endorsed++]);
}

/* [ environment, [ + key ], ? { ?0 mkey, ?1 authorized-by } ] */
static void take_key_triple(struct corim_place *p, enum corim_key_use use)
{
	struct corim_keys *k = &p->out->keys[p->out->n_keys++];
	size_t n = cbor_array(&p->c, "triple"), conditions;

	k->use = use;
	k->tag = p->tag;
	if (!p->c.r.why && n != 2 && n != 3)
		cbor_fail(&p->c, "not environment, keys and conditions");
	corim_take_env(p, &k->env);
	k->keys = corim_take_keys(p, "keys");
	conditions = n == 3 ? cbor_map(&p->c, "conditions") : 0;
	if (!p->c.r.why && n == 3 && !conditions)
		cbor_fail(&p->c, "conditions is empty");
	for (size_t i = 0; i < conditions && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "conditions")) {
		case 0:
			k->mkey = cbor_item(&p->c, "mkey");
			break;
		case 1:
			k->authorized = corim_take_keys(p, "authorized-by");
			break;
		default:
			cbor_fail(&p->c, "conditions: unknown key");
		}
	}
	if (n == 3)
		cbor_end(&p->c);
	cbor_end(&p->c);
}

static void take_identity(struct corim_place *p)
{
	take_key_triple(p, CORIM_IDENTITY);
}

static void take_attest(struct corim_place *p)
{
	take_key_triple(p, CORIM_ATTEST);
}

/* [ environment, [ + environment ] ] */
static void take_domain(struct corim_place *p, enum corim_domain_kind kind)
{
	struct corim_domain *d = &p->out->domains[p->out->n_domains++];
	size_t n;

	d->kind = kind;
	d->tag = p->tag;
	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of environment and environments");
	corim_take_env(p, &d->env);
	n = cbor_array(&p->c, "environments");
	if (!p->c.r.why && !n)
		cbor_fail(&p->c, "environments is empty");
	d->others = corim_room(p, NULL, 0, n, sizeof(*d->others), CORIM_MEMBERS_MAX);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		corim_enter(p, "environments", (long long)i);
		corim_take_env(p, &d->others[d->n++]);
		corim_leave(p);
	}
	cbor_end(&p->c);
	cbor_end(&p->c);
}

static void take_dependency(struct corim_place *p)
{
	take_domain(p, CORIM_DEPENDENCY);
}

static void take_membership(struct corim_place *p)
{
	take_domain(p, CORIM_MEMBERSHIP);
}

/* [ + [ environment, [ + measurement ] ] ] */
static struct corim_triple *take_states(struct corim_place *p, const char *name, size_t *n_out)
{
	size_t n = cbor_array(&p->c, name);
	struct corim_triple *t;

	if (!p->c.r.why && !n)
		cbor_fail(&p->c, name);
	t = corim_room(p, NULL, 0, n, sizeof(*t), CORIM_STATES_MAX);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		corim_enter(p, name, (long long)i);
		(*n_out)++;
		take_state(p, &t[i]);
		corim_leave(p);
	}
	cbor_end(&p->c);
	return t;
}

static void take_conditional(struct corim_place *p)
{
	struct corim_conditional *t = &p->out->conditional[p->out->n_conditional++];

	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of conditions and endorsements");
	t->conditions = take_states(p, "conditions", &t->n_conditions);
	t->additions = take_states(p, "endorsements", &t->n_additions);
	cbor_end(&p->c);
}

/* [ [ environment, [ * measurement ], ? [ + key ] ], [ + [ [ + selection ], [ + addition ] ] ] ] */
static void take_series(struct corim_place *p)
{
	struct corim_series *s = &p->out->series[p->out->n_series++];
	size_t n;

	s->condition.tag = p->tag;
	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of condition and series");
	corim_enter(p, "condition", -1);
	n = cbor_array(&p->c, "condition");
	if (!p->c.r.why && n != 2 && n != 3)
		cbor_fail(&p->c, "not environment, claims and authority");
	corim_take_env(p, &s->condition.env);
	corim_take_measurements(p, &s->condition, true);
	if (n == 3)
		s->condition.authorized = corim_take_keys(p, "authorized-by");
	cbor_end(&p->c);
	corim_leave(p);
	n = cbor_array(&p->c, "series");
	if (!p->c.r.why && !n)
		cbor_fail(&p->c, "series is empty");
	s->items = corim_room(p, NULL, 0, n, sizeof(*s->items), CORIM_SERIES_MAX);
	for (size_t k = 0; k < n && !p->c.r.why; k++) {
		struct corim_series_item *item = &s->items[s->n++];

		item->selection.env = item->addition.env = s->condition.env;
		item->selection.tag = item->addition.tag = p->tag;
		corim_enter(p, "series", (long long)k);
		if (cbor_array(&p->c, "series") != 2)
			cbor_fail(&p->c, "not a pair of selection and addition");
		corim_enter(p, "selection", -1);
		corim_take_measurements(p, &item->selection, false);
		corim_leave(p);
		corim_enter(p, "addition", -1);
		corim_take_measurements(p, &item->addition, false);
		corim_leave(p);
		cbor_end(&p->c);
		corim_leave(p);
	}
	cbor_end(&p->c);
	cbor_end(&p->c);
}

/* triples-map: key, its name in a path, where its triples go, and how one is read */
#define KIND(key, name, list, take)                                                                \
	{                                                                                          \
		key, name, offsetof(struct corim, list), offsetof(struct corim, n_##list),         \
			sizeof(*((struct corim *)0)->list), take                                   \
	}
static const struct kind {
	long long key;
	const char *name;
	size_t list, count, size;
	void (*take)(struct corim_place *p);
} kinds[] = {
	KIND(0, "triples.0", references, take_references),
	KIND(1, "triples.1", endorsed, take_endorsed),
	KIND(2, "triples.2", keys, take_identity),
	KIND(3, "triples.3", keys, take_attest),
	KIND(4, "triples.4", domains, take_dependency),
	KIND(5, "triples.5", domains, take_membership),
	KIND(6, "triples.6", software, corim_take_software),
	KIND(8, "triples.8", series, take_series),
	KIND(10, "triples.10", conditional, take_conditional),
};

static void take_kind(struct corim_place *p, const struct kind *k)
{
	void **list = (void **)((char *)p->out + k->list);
	size_t *count = (size_t *)((char *)p->out + k->count);
	size_t n = cbor_array(&p->c, k->name);

	corim_enter(p, k->name, -1);
	if (!p->c.r.why && !n)
		cbor_fail(&p->c, "no triple");
	*list = corim_room(p, *list, *count, n, k->size, CORIM_TRIPLES_MAX);
	corim_leave(p);
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		corim_enter(p, k->name, (long long)i);
		k->take(p);
		corim_leave(p);
	}
	cbor_end(&p->c);
}

static const struct kind ev_kinds[] = {
	KIND(0, "ev-triples.0", references, take_references),
	KIND(1, "ev-triples.1", keys, take_identity),
	KIND(2, "ev-triples.2", domains, take_dependency),
	KIND(3, "ev-triples.3", domains, take_membership),
	KIND(4, "ev-triples.4", software, corim_take_ev_software),
	KIND(5, "ev-triples.5", keys, take_attest),
};

static void take_map_of(struct corim_place *p, const struct kind *known, size_t n_known)
{
	size_t n = cbor_map(&p->c, "triples");

	if (!p->c.r.why && n == 0)
		cbor_fail(&p->c, "triples is empty");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		long long key = cbor_int(&p->c, "triples");
		const struct kind *k = NULL;

		for (size_t j = 0; j < n_known; j++)
			if (known[j].key == key)
				k = &known[j];
		if (k)
			take_kind(p, k);
		else /* a negative one belongs to a profile, and none is known */
			cbor_fail(&p->c, "triples: unknown kind");
	}
	cbor_end(&p->c);
}

void corim_take_triples(struct corim_place *p)
{
	take_map_of(p, kinds, ARRAY_LEN(kinds));
}

void corim_take_ev_triples(struct corim_place *p)
{
	take_map_of(p, ev_kinds, ARRAY_LEN(ev_kinds));
}
