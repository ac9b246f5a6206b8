// SPDX-License-Identifier: Apache-2.0
#include "acs.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "mkey.h"

struct acs *acs_new(void)
{
	return calloc(1, sizeof(struct acs));
}

void acs_drop(struct acs **ap)
{
	struct acs *a = ap ? *ap : NULL;

	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		free(a->envs[i]->slots);
		free(a->envs[i]->covered);
		free(a->envs[i]->at);
		free(a->envs[i]);
	}
	free(a);
	*ap = NULL;
}

/* ---- an environment as text ---- */
static void add_text(struct writer *w, const char *before, struct bytes text)
{
	if (!text.len)
		return;
	write_bytes(w, bytes_text(w->len ? before : ""));
	write_bytes(w, bytes_slice(text, 0, text.len < 100 ? text.len : 100));
}

static void add_number(struct writer *w, const char *name, u64 number)
{
	char text[40];

	snprintf(text, sizeof(text), "%s %llu", name, (unsigned long long)number);
	add_text(w, ", ", bytes_text(text));
}

/* Items are shown as they are encoded, the beginning of long ones. */
static void add_item(struct writer *w, const char *name, struct bytes item)
{
	enum { SHOWN = 20 };
	char hex[2 * SHOWN + 1], text[80];

	if (!item.len)
		return;
	hex_write(bytes_slice(item, 0, item.len < SHOWN ? item.len : SHOWN), hex);
	snprintf(text, sizeof(text), "%s %s%s", name, hex, item.len > SHOWN ? "..." : "");
	add_text(w, ", ", bytes_text(text));
}

const char *acs_env_text(const struct acs_env *x, char *out, size_t size)
{
	const struct corim_env *env = &x->env;
	u8 bytes[512];
	struct writer w = writer_on(bytes, sizeof(bytes));

	add_text(&w, "", env->vendor);
	add_text(&w, " ", env->model);
	add_item(&w, "class", env->class_id);
	if (env->has_layer)
		add_number(&w, "layer", env->layer);
	if (env->has_index)
		add_number(&w, "index", env->index);
	add_item(&w, "instance", env->instance);
	add_item(&w, "group", env->group);
	for (size_t i = 0; i < w.len; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			bytes[i] = '?';
	snprintf(out, size, "%.*s", (int)w.len, (const char *)bytes);
	return out;
}

/* ---- environments and entries ---- */
static struct acs_env *add_env(struct acs *a, const struct corim_env *env, struct err *e)
{
	struct acs_env *x;

	if (a->n == ACS_ENVS_MAX) {
		err_set(e, E_LIMIT, "more than %d environments in one appraisal", ACS_ENVS_MAX);
		return NULL;
	}
	x = calloc(1, sizeof(*x));
	if (!x) {
		err_set(e, E_MEMORY, "no memory for an environment");
		return NULL;
	}
	x->env = *env;
	x->submod = ACS_NO_SUBMOD;
	a->envs[a->n++] = x;
	return x;
}

/* The same word for the same value is one entry. */
static bool is_there(const struct acs_env *x, const struct acs_entry *new)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->at[i].type == new->type && x->at[i].mval == new->mval &&
		    (x->at[i].by == new->by || authority_equal(x->at[i].by, new->by)))
			return true;
	return false;
}

static int add_entry(struct acs *a, struct acs_env *x, const struct acs_entry *new, struct err *e)
{
	if (new->type != ACS_EVIDENCE && is_there(x, new))
		return 0;
	if (a->n_entries == ACS_ENTRIES_MAX)
		return err_set(e, E_LIMIT, "more than %d values in one appraisal", ACS_ENTRIES_MAX);
	if (x->n == x->room) {
		size_t room = x->room ? 2 * x->room : 16;
		struct acs_entry *more = reallocarray(x->at, room, sizeof(*more));

		if (!more)
			return err_set(e, E_MEMORY, "no memory for a value");
		x->at = more;
		x->room = room;
	}
	x->at[x->n++] = *new;
	a->n_entries++;
	return 0;
}

/* ---- phase 2 ---- */
static int index_elements(struct acs_env *x, struct err *e)
{
	size_t n = 8;

	while (n < 2 * x->ect->n)
		n *= 2;
	x->slots = calloc(n, sizeof(*x->slots));
	x->covered = calloc(x->ect->n + 1, sizeof(*x->covered));
	if (!x->slots || !x->covered)
		return err_set(e, E_MEMORY, "no memory for an environment");
	x->n_slots = n;
	for (size_t i = 0; i < x->ect->n; i++) {
		size_t at = mkey_hash(x->ect->elements[i].mkey) & (n - 1);

		while (x->slots[at])
			at = (at + 1) & (n - 1);
		x->slots[at] = (u32)i + 1;
	}
	return 0;
}

long acs_element(const struct acs_env *x, struct bytes mkey)
{
	if (!x->n_slots)
		return -1;
	for (size_t at = mkey_hash(mkey) & (x->n_slots - 1); x->slots[at];
	     at = (at + 1) & (x->n_slots - 1))
		if (corim_mkey_same(x->ect->elements[x->slots[at] - 1].mkey, mkey))
			return (long)x->slots[at] - 1;
	return -1;
}

int acs_add_evidence(struct acs *a, int submod, const struct ect *ect, struct bytes instance,
		     const struct authority *by, struct err *e)
{
	struct acs_env *x = add_env(a, &ect->env, e);
	struct writer w;

	if (!x)
		return (int)e->code;
	x->submod = submod;
	x->ect = ect;
	x->by = *by;
	if (instance.len) {
		w = writer_on(x->instance, sizeof(x->instance));
		write_bytes(&w, instance);
		x->env.instance = write_done(&w);
		if (!x->env.instance.len)
			return err_set(e, E_LIMIT, "instance of %zu bytes", instance.len);
	}
	if (index_elements(x, e))
		return (int)e->code;
	for (size_t i = 0; i < ect->n; i++) {
		const struct acs_entry entry = { ACS_EVIDENCE, ect->elements[i].mkey,
						 &ect->elements[i].mval, &x->by, NULL };

		if (add_entry(a, x, &entry, e))
			return (int)e->code;
	}
	return 0;
}

/* ---- phase 3 ---- */
struct matching {
	struct acs *acs;
	struct acs_env *x;
	enum corim_rules rules;
	struct err *e;
	bool failed;
};

/* One reference triple is one acceptable state: all of it must be there. */
static bool evidence_has(const struct acs_env *x, const struct corim_triple *t,
			 enum corim_rules rules)
{
	for (size_t i = 0; i < t->n; i++) {
		long at = acs_element(x, t->elements[i].mkey);

		if (at < 0 ||
		    corim_mval_matches_by(rules, &t->elements[i].mval,
					  &x->ect->elements[at].mval) != CORIM_MATCHES ||
		    !authority_satisfies(t->elements[i].authorized, &x->by))
			return false;
	}
	return t->n > 0;
}

static bool try_reference(void *user, const struct ref *ref)
{
	struct matching *m = user;
	const struct corim_triple *t = ref->triple;

	if (!evidence_has(m->x, t, m->rules))
		return true;
	for (size_t i = 0; i < t->n; i++) {
		size_t at = (size_t)acs_element(m->x, t->elements[i].mkey);
		const struct acs_entry copy = { ACS_REFERENCE, m->x->ect->elements[at].mkey,
						&m->x->ect->elements[at].mval, ref->by,
						ref->corim };

		m->x->covered[at] = true;
		if (add_entry(m->acs, m->x, &copy, m->e)) {
			m->failed = true;
			return false;
		}
	}
	return true;
}

int acs_match_references(struct acs *a, const struct refs *refs, long long now_s, struct err *e)
{
	struct matching m = { .acs = a, .rules = refs_options(refs)->rules, .e = e };

	for (size_t i = 0; i < a->n; i++) {
		m.x = a->envs[i];
		if (!m.x->ect)
			continue;
		for (size_t k = 0; !m.failed && k < m.x->ect->n; k++)
			if (m.x->ect->elements[k].mval.n_digests)
				refs_with(refs, &m.x->env, &m.x->ect->elements[k], now_s,
					  try_reference, &m);
		if (!m.failed)
			refs_with(refs, &m.x->env, NULL, now_s, try_reference, &m);
	}
	return m.failed ? (int)e->code : 0;
}

/* ---- phase 4 ---- */
static bool entry_holds(const struct acs_env *x, const struct corim_element *want,
			struct bytes also_authorized, enum corim_rules rules)
{
	for (size_t i = 0; i < x->n; i++)
		if (corim_mkey_same(x->at[i].mkey, want->mkey) &&
		    corim_mval_matches_by(rules, &want->mval, x->at[i].mval) == CORIM_MATCHES &&
		    authority_satisfies(want->authorized, x->at[i].by) &&
		    authority_satisfies(also_authorized, x->at[i].by))
			return true;
	return false;
}

static bool elements_hold(const struct acs_env *x, const struct corim_triple *t,
			  enum corim_rules rules)
{
	for (size_t i = 0; i < t->n; i++)
		if (!entry_holds(x, &t->elements[i], t->authorized, rules))
			return false;
	return true;
}

/* Without elements of its own, a series' condition wants an environment that somebody it names speaks of. */
static bool somebody_speaks(const struct acs_env *x, struct bytes authorized)
{
	for (size_t i = 0; i < x->n; i++)
		if (authority_satisfies(authorized, x->at[i].by))
			return true;
	return false;
}

bool acs_triple_holds(const struct acs_env *x, const struct corim_triple *t, enum corim_rules rules)
{
	if (!corim_env_matches_by(rules, &t->env, &x->env))
		return false;
	return t->n ? elements_hold(x, t, rules) : somebody_speaks(x, t->authorized);
}

struct endorsing {
	struct acs *acs;
	const struct refs *refs;
	enum corim_rules rules;
	long long now_s;
	bool *met; /* per environment: it met a condition of the rule at work */
};

static int endorse(struct endorsing *g, struct acs_env *x, const struct corim_triple *t,
		   const struct authority *by, const struct corim *corim, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct acs_entry entry = { ACS_ENDORSEMENT, t->elements[i].mkey,
						 &t->elements[i].mval, by, corim };

		if (add_entry(g->acs, x, &entry, e))
			return (int)e->code;
	}
	return 0;
}

static int endorse_values(struct endorsing *g, struct err *e)
{
	size_t n = g->acs->n;

	for (size_t i = 0; i < refs_n_corims(g->refs); i++) {
		const struct authority *by;
		const struct corim *c = refs_corim(g->refs, i, &by);

		for (size_t k = 0; k < c->n_endorsed; k++) {
			const struct corim_triple *t = &c->endorsed[k];

			if (!refs_usable(g->refs, c, t->tag, g->now_s))
				continue;
			for (size_t j = 0; j < n; j++)
				if (corim_env_matches_by(g->rules, &t->env,
							 &g->acs->envs[j]->env) &&
				    endorse(g, g->acs->envs[j], t, by, c, e))
					return (int)e->code;
		}
	}
	return 0;
}

/* An environment that only an endorsement names. */
static struct acs_env *named_env(struct acs *a, const struct corim_env *env, struct err *e)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->envs[i]->submod == ACS_NO_SUBMOD &&
		    corim_env_matches(env, &a->envs[i]->env) &&
		    corim_env_matches(&a->envs[i]->env, env))
			return a->envs[i];
	return add_env(a, env, e);
}

static int add_where_met(struct endorsing *g, const struct rule *rule, const struct corim_triple *t,
			 struct err *e)
{
	size_t n = g->acs->n;
	struct acs_env *named;
	bool placed = false;

	for (size_t i = 0; i < n; i++) {
		if (!g->met[i] || !corim_env_matches(&t->env, &g->acs->envs[i]->env))
			continue;
		if (endorse(g, g->acs->envs[i], t, rule->by, rule->corim, e))
			return (int)e->code;
		placed = true;
	}
	if (placed)
		return 0;
	named = named_env(g->acs, &t->env, e);
	return named ? endorse(g, named, t, rule->by, rule->corim, e) : (int)e->code;
}

static int run_conditional(struct endorsing *g, const struct rule *rule, struct err *e)
{
	const struct corim_conditional *c = rule->conditional;

	memset(g->met, 0, ACS_ENVS_MAX * sizeof(*g->met));
	for (size_t k = 0; k < c->n_conditions; k++) {
		bool holds = false;

		for (size_t i = 0; i < g->acs->n; i++)
			if (acs_triple_holds(g->acs->envs[i], &c->conditions[k], g->rules))
				holds = g->met[i] = true;
		if (!holds)
			return 0;
	}
	for (size_t k = 0; k < c->n_additions; k++)
		if (add_where_met(g, rule, &c->additions[k], e))
			return (int)e->code;
	return 0;
}

/* In each environment by itself the first selection that holds adds; later ones are not looked at. */
static int run_series(struct endorsing *g, const struct rule *rule, struct err *e)
{
	const struct corim_series *s = rule->series;
	size_t n = g->acs->n;

	for (size_t i = 0; i < n; i++) {
		struct acs_env *x = g->acs->envs[i];

		if (!acs_triple_holds(x, &s->condition, g->rules))
			continue;
		for (size_t k = 0; k < s->n; k++) {
			if (!elements_hold(x, &s->items[k].selection, g->rules))
				continue;
			if (endorse(g, x, &s->items[k].addition, rule->by, rule->corim, e))
				return (int)e->code;
			break;
		}
	}
	return 0;
}

int acs_endorse(struct acs *a, const struct refs *refs, long long now_s, struct err *e)
{
	struct endorsing g = { a, refs, refs_options(refs)->rules, now_s, NULL };
	size_t n_rules;
	const struct rule *const *rules = refs_rules(refs, &n_rules);
	int rc = endorse_values(&g, e);

	if (!n_rules || rc)
		return rc;
	g.met = calloc(ACS_ENVS_MAX, sizeof(*g.met));
	if (!g.met)
		return err_set(e, E_MEMORY, "no memory for endorsements");
	for (size_t i = 0; !rc && i < n_rules; i++)
		if (refs_usable(refs, rules[i]->corim, rules[i]->tag, now_s))
			rc = rules[i]->kind == RULE_SERIES ? run_series(&g, rules[i], e)
							   : run_conditional(&g, rules[i], e);
	free(g.met);
	return rc;
}
