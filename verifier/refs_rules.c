// SPDX-License-Identifier: Apache-2.0
/*
 * Rules feed each other: what one adds, another's condition may want. Each runs once, after all that
 * could feed it, so that the order of the input makes no difference; rules in a circle are refused.
 */
#include "refs_rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "mkey.h"
#include "order.h"

/* A condition's element, found by the hash of its key. */
struct wanted {
	u64 hash;
	u32 rule;
	const struct corim_env *env;
	const struct corim_element *element;
};

struct gathering {
	struct rules *r;
	size_t n_wanted, n_edges, edge_room;
	struct wanted *wanted;
	struct feeds *edges;
};

/* ---- every condition and every addition of a rule ---- */
typedef int (*each_fn)(struct gathering *g, u32 rule, const struct corim_triple *t, struct err *e);

static int each_condition(struct gathering *g, u32 i, each_fn fn, struct err *e)
{
	const struct rule *rule = &g->r->at[i];
	int rc = 0;

	if (rule->kind == RULE_CONDITIONAL) {
		for (size_t k = 0; !rc && k < rule->conditional->n_conditions; k++)
			rc = fn(g, i, &rule->conditional->conditions[k], e);
		return rc;
	}
	rc = fn(g, i, &rule->series->condition, e);
	for (size_t k = 0; !rc && k < rule->series->n; k++)
		rc = fn(g, i, &rule->series->items[k].selection, e);
	return rc;
}

static int each_addition(struct gathering *g, u32 i, each_fn fn, struct err *e)
{
	const struct rule *rule = &g->r->at[i];
	int rc = 0;

	if (rule->kind == RULE_CONDITIONAL)
		for (size_t k = 0; !rc && k < rule->conditional->n_additions; k++)
			rc = fn(g, i, &rule->conditional->additions[k], e);
	else
		for (size_t k = 0; !rc && k < rule->series->n; k++)
			rc = fn(g, i, &rule->series->items[k].addition, e);
	return rc;
}

static int count_wanted(struct gathering *g, u32 rule, const struct corim_triple *t, struct err *e)
{
	(void)rule;
	(void)e;
	g->n_wanted += t->n;
	return 0;
}

static int take_wanted(struct gathering *g, u32 rule, const struct corim_triple *t, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < t->n; i++)
		g->wanted[g->n_wanted++] = (struct wanted){ mkey_hash(t->elements[i].mkey), rule,
							    &t->env, &t->elements[i] };
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static int add_edge(struct gathering *g, u32 from, u32 to, struct err *e)
{
	struct feeds *more;

	if (g->n_edges && g->edges[g->n_edges - 1].from == from &&
	    g->edges[g->n_edges - 1].to == to)
		return 0;
	if (g->n_edges == RULE_EDGES_MAX)
		return err_set(e, E_LIMIT, "endorsements feed each other in more than %d ways",
			       RULE_EDGES_MAX);
	if (g->n_edges == g->edge_room) {
		size_t room = g->edge_room ? 2 * g->edge_room : 256;

		more = reallocarray(g->edges, room, sizeof(*more));
		if (!more)
			return err_set(e, E_MEMORY, "no memory to order endorsements");
		g->edges = more;
		g->edge_room = room;
	}
	g->edges[g->n_edges++] = (struct feeds){ from, to };
	return 0;
}

/* Could this addition make a condition true? Where environments may be the same, and it has a value of a kind that is wanted. */
static int take_edges(struct gathering *g, u32 rule, const struct corim_triple *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct corim_element *added = &t->elements[i];
		u64 hash = mkey_hash(added->mkey);
		size_t lo = 0, hi = g->n_wanted;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (g->wanted[mid].hash < hash)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < g->n_wanted && g->wanted[lo].hash == hash; lo++) {
			const struct wanted *w = &g->wanted[lo];

			if (corim_mkey_same(added->mkey, w->element->mkey) &&
			    corim_mval_points(&added->mval) &
				    corim_mval_points(&w->element->mval) &&
			    corim_env_agree(&t->env, w->env) && add_edge(g, rule, w->rule, e))
				return (int)e->code;
		}
	}
	return 0;
}

static int find_edges(struct gathering *g, struct err *e)
{
	for (u32 i = 0; i < g->r->n; i++)
		each_condition(g, i, count_wanted, e);
	g->wanted = calloc(g->n_wanted + 1, sizeof(*g->wanted));
	if (!g->wanted)
		return err_set(e, E_MEMORY, "no memory to order endorsements");
	g->n_wanted = 0;
	for (u32 i = 0; i < g->r->n; i++)
		each_condition(g, i, take_wanted, e);
	qsort(g->wanted, g->n_wanted, sizeof(*g->wanted), by_hash);
	for (u32 i = 0; i < g->r->n; i++)
		if (each_addition(g, i, take_edges, e))
			return (int)e->code;
	return 0;
}

/* ---- what is told of circles ---- */
static void add_problem(struct rules *r, const char *what, const struct corim *c, size_t tag)
{
	if (r->n_problems < RULE_PROBLEMS_MAX &&
	    asprintf(&r->problems[r->n_problems],
		     "%s of CoRIM %s, tag %s, stands in a circle and is not used", what, c->id,
		     tag < c->n_tags ? c->tags[tag].id : "?") > 0)
		r->n_problems++;
}

static int order_rules(struct gathering *g, struct err *e)
{
	struct rules *r = g->r;
	u32 *order = calloc(r->n + 1, sizeof(*order));
	bool *refused = calloc(r->n + 1, sizeof(*refused));
	int rc = 0;

	r->ordered = calloc(r->n + 1, sizeof(*r->ordered));
	if (!order || !refused || !r->ordered)
		rc = err_set(e, E_MEMORY, "no memory to order endorsements");
	else
		rc = order_find(r->n, g->edges, g->n_edges, order, &r->n_ordered, refused, e);
	if (!rc) {
		for (size_t i = 0; i < r->n_ordered; i++)
			r->ordered[i] = &r->at[order[i]];
		for (size_t i = 0; i < r->n; i++) {
			r->at[i].refused = refused[i];
			if (refused[i])
				add_problem(r,
					    r->at[i].kind == RULE_SERIES
						    ? "conditional endorsement series"
						    : "conditional endorsement",
					    r->at[i].corim, r->at[i].tag);
		}
	}
	free(order);
	free(refused);
	return rc;
}

/* ---- domains: who trusts whom, who is made of whom ---- */
struct domain_of {
	const struct corim_domain *d;
	const struct corim *c;
};

static int domain_edges(struct gathering *g, const struct domain_of *all, size_t n, struct err *e)
{
	for (u32 i = 0; i < n; i++)
		for (size_t k = 0; k < all[i].d->n; k++)
			for (u32 j = 0; j < n; j++)
				if (all[i].d->kind == all[j].d->kind &&
				    corim_env_agree(&all[i].d->others[k], &all[j].d->env) &&
				    add_edge(g, j, i, e))
					return (int)e->code;
	return 0;
}

static int order_domains(struct rules *r, const struct signed_corim *corims, size_t n_corims,
			 struct err *e)
{
	struct gathering g = { .r = r };
	size_t n = 0, members = 0, ordered;
	struct domain_of *all;
	u32 *order;
	bool *refused;
	int rc = 0;

	for (size_t i = 0; i < n_corims; i++) {
		n += corims[i].corim->n_domains;
		for (size_t k = 0; k < corims[i].corim->n_domains; k++)
			members += corims[i].corim->domains[k].n;
	}
	if (n && members > (1u << 24) / n)
		return err_set(e, E_LIMIT, "%zu domains with %zu members are too many", n, members);
	all = calloc(n + 1, sizeof(*all));
	order = calloc(n + 1, sizeof(*order));
	refused = calloc(n + 1, sizeof(*refused));
	r->refused_domains = calloc(n + 1, sizeof(*r->refused_domains));
	if (!all || !order || !refused || !r->refused_domains) {
		rc = err_set(e, E_MEMORY, "no memory to order domains");
	} else {
		n = 0;
		for (size_t i = 0; i < n_corims; i++)
			for (size_t k = 0; k < corims[i].corim->n_domains; k++)
				all[n++] = (struct domain_of){ &corims[i].corim->domains[k],
							       corims[i].corim };
		rc = domain_edges(&g, all, n, e);
		if (!rc)
			rc = order_find(n, g.edges, g.n_edges, order, &ordered, refused, e);
		for (size_t i = 0; !rc && i < n; i++)
			if (refused[i]) {
				r->refused_domains[r->n_refused_domains++] = all[i].d;
				add_problem(r,
					    all[i].d->kind == CORIM_DEPENDENCY
						    ? "trust dependency"
						    : "domain membership",
					    all[i].c, all[i].d->tag);
			}
	}
	free(all);
	free(order);
	free(refused);
	free(g.edges);
	return rc;
}

static void take_rules(struct rules *r, const struct signed_corim *s)
{
	const struct corim *c = s->corim;

	for (size_t k = 0; k < c->n_conditional; k++)
		r->at[r->n++] = (struct rule){ .kind = RULE_CONDITIONAL,
					       .conditional = &c->conditional[k],
					       .corim = c,
					       .by = &s->by,
					       .tag = c->conditional[k].conditions[0].tag };
	for (size_t k = 0; k < c->n_series; k++)
		r->at[r->n++] = (struct rule){ .kind = RULE_SERIES,
					       .series = &c->series[k],
					       .corim = c,
					       .by = &s->by,
					       .tag = c->series[k].condition.tag };
}

int rules_gather(struct rules *r, const struct signed_corim *corims, size_t n, struct err *e)
{
	struct gathering g = { .r = r };
	size_t n_rules = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		n_rules += corims[i].corim->n_conditional + corims[i].corim->n_series;
	if (n_rules > RULES_MAX)
		return err_set(e, E_LIMIT, "%zu conditional endorsements, at most %d", n_rules,
			       RULES_MAX);
	r->at = calloc(n_rules + 1, sizeof(*r->at));
	if (!r->at)
		return err_set(e, E_MEMORY, "no memory for endorsements");
	for (size_t i = 0; i < n; i++)
		take_rules(r, &corims[i]);
	rc = find_edges(&g, e) || order_rules(&g, e);
	free(g.wanted);
	free(g.edges);
	return rc ? (int)e->code : order_domains(r, corims, n, e);
}

void rules_clear(struct rules *r)
{
	for (size_t i = 0; i < r->n_problems; i++)
		free(r->problems[i]);
	free(r->at);
	free(r->ordered);
	free(r->refused_domains);
	*r = (struct rules){ 0 };
}
