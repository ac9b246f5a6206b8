// SPDX-License-Identifier: Apache-2.0
#include "trust.h"

#include <stdio.h>

#include "common/text.h"
#include "nonmatch.h"

static bool speaks_of(const struct corim_keys *k, const struct acs_env *x, enum corim_rules rules)
{
	return corim_env_matches_by(rules, &k->env, &x->env) &&
	       authority_satisfies(k->authorized, &x->by) &&
	       (!k->mkey.len || acs_element(x, k->mkey) >= 0);
}

static bool key_is_listed(const struct corim_keys *k, const struct acs_env *x)
{
	if (k->use == CORIM_ATTEST)
		return x->by.n && authority_lists(k->keys, x->by.key[0]);
	for (size_t i = 0; i < x->by.n; i++)
		if (authority_lists(k->keys, x->by.key[i]))
			return true;
	return false;
}

void trust_check_keys(const struct acs_env *x, const struct refs *refs, long long now_s,
		      const char *name, const char *address, signed char vector[TV_COUNT],
		      struct reasons *reasons)
{
	static const char *const uses[] = {
		[CORIM_IDENTITY] = "identity key", [CORIM_ATTEST] = "attestation key"
	};
	const struct corim *from[ARRAY_LEN(uses)] = { NULL };
	bool listed[ARRAY_LEN(uses)] = { false };
	char hex[65];

	for (size_t i = 0; i < refs_n_corims(refs); i++) {
		const struct authority *by;
		const struct corim *c = refs_corim(refs, i, &by);

		for (size_t k = 0; k < c->n_keys; k++) {
			const struct corim_keys *keys = &c->keys[k];

			if (!refs_usable(refs, c, keys->tag, now_s) ||
			    !speaks_of(keys, x, refs_options(refs)->rules))
				continue;
			from[keys->use] = from[keys->use] ? from[keys->use] : c;
			listed[keys->use] |= key_is_listed(keys, x);
		}
	}
	for (size_t use = 0; use < ARRAY_LEN(uses); use++) {
		struct reason *why;

		if (!from[use] || listed[use])
			continue;
		why = reasons_add(reasons, TIER_CONTRAINDICATED, -1, name, address);
		acs_env_text(x, why->environment, sizeof(why->environment));
		snprintf(why->element, sizeof(why->element), "%s", uses[use]);
		snprintf(why->wanted, sizeof(why->wanted), "a key that is endorsed for it");
		snprintf(why->found, sizeof(why->found), "SHA-256 %s",
			 x->by.n ? hex_write((struct bytes){ x->by.key[0], 32 }, hex)
				 : "of no key");
		snprintf(why->corim, sizeof(why->corim), "%s", from[use]->id);
		claim_worse(vector, TV_INSTANCE, 97); /* not recognized */
	}
}

/* ---- dependencies ---- */
struct depending {
	const struct acs *acs;
	const struct refs *refs;
	struct trust_submod *submods;
	size_t n;
	struct reasons *reasons;
	long long now_s;
	bool changed, tell;
};

/* Domains in domains: circles are refused, but what is made of each other may still branch at each level. */
enum { DOMAIN_DEPTH_MAX = 8, DOMAIN_VISITS_MAX = 10000 };

struct standing {
	enum ear_tier worst; /* TIER_NONE: there is none */
	const char *name;    /* of the submodule that is it */
	bool lacks;	     /* something that it is made of */
	unsigned int visits;
};

static void lower(struct depending *g, size_t who, enum ear_tier to, const struct corim *c,
		  const char *found)
{
	struct reason *why;

	if (g->tell) {
		why = reasons_add(g->reasons, to, -1, g->submods[who].name,
				  g->submods[who].address);
		snprintf(why->element, sizeof(why->element), "trust dependency");
		snprintf(why->found, sizeof(why->found), "%s", found);
		snprintf(why->corim, sizeof(why->corim), "%s", c->id);
	}
	if (g->submods[who].status < to) {
		g->submods[who].status = to;
		g->changed = true;
	}
}

/* Of the environments that are @env themselves. Return: there is one. */
static bool stands_itself(const struct depending *g, const struct corim_env *env,
			  struct standing *s)
{
	bool any = false;

	for (size_t i = 0; i < g->acs->n; i++) {
		const struct acs_env *x = g->acs->envs[i];

		if (x->submod < 0 || (size_t)x->submod >= g->n || !corim_env_matches(env, &x->env))
			continue;
		any = true;
		if (g->submods[x->submod].status <= s->worst)
			continue;
		s->worst = g->submods[x->submod].status;
		s->name = g->submods[x->submod].name;
	}
	return any;
}

static void stand(const struct depending *g, const struct corim_env *env, int depth,
		  struct standing *s);

/* Of what @env is made of. Return: somebody says what that is. */
static bool stands_by_members(const struct depending *g, const struct corim_env *env, int depth,
			      struct standing *s)
{
	bool any = false;

	for (size_t i = 0; i < refs_n_corims(g->refs); i++) {
		const struct authority *by;
		const struct corim *c = refs_corim(g->refs, i, &by);

		for (size_t k = 0; k < c->n_domains; k++) {
			const struct corim_domain *d = &c->domains[k];

			if (d->kind != CORIM_MEMBERSHIP || refs_domain_refused(g->refs, d) ||
			    !refs_usable(g->refs, c, d->tag, g->now_s) ||
			    !corim_env_matches(env, &d->env))
				continue;
			any = true;
			for (size_t m = 0; m < d->n; m++)
				stand(g, &d->others[m], depth + 1, s);
		}
	}
	return any;
}

/* A domain stands as the worst of its members does; one that lacks a member is not there. */
static void stand(const struct depending *g, const struct corim_env *env, int depth,
		  struct standing *s)
{
	bool itself, made_of;

	if (depth > DOMAIN_DEPTH_MAX || s->visits++ > DOMAIN_VISITS_MAX) {
		s->lacks = true;
		return;
	}
	itself = stands_itself(g, env, s);
	made_of = stands_by_members(g, env, depth, s);
	s->lacks |= !itself && !made_of;
}

static void apply(struct depending *g, const struct corim_domain *d, const struct corim *c)
{
	char found[200];

	for (size_t i = 0; i < g->acs->n; i++) {
		const struct acs_env *x = g->acs->envs[i];

		if (x->submod < 0 || (size_t)x->submod >= g->n ||
		    !corim_env_matches(&d->env, &x->env))
			continue;
		for (size_t k = 0; k < d->n; k++) {
			struct standing s = { .worst = TIER_NONE, .name = "" };

			stand(g, &d->others[k], 0, &s);
			if (s.lacks)
				lower(g, (size_t)x->submod, TIER_WARNING, c,
				      "there is no evidence of something that it trusts");
			if (s.worst <= TIER_AFFIRMING)
				continue;
			snprintf(found, sizeof(found), "it trusts %s, which is %s", s.name,
				 tier_name(s.worst));
			lower(g, (size_t)x->submod, s.worst, c, found);
		}
	}
}

static void apply_all(struct depending *g)
{
	for (size_t i = 0; i < refs_n_corims(g->refs); i++) {
		const struct authority *by;
		const struct corim *c = refs_corim(g->refs, i, &by);

		for (size_t k = 0; k < c->n_domains; k++)
			if (c->domains[k].kind == CORIM_DEPENDENCY &&
			    !refs_domain_refused(g->refs, &c->domains[k]) &&
			    refs_usable(g->refs, c, c->domains[k].tag, g->now_s))
				apply(g, &c->domains[k], c);
	}
}

void trust_depend(const struct acs *acs, const struct refs *refs, long long now_s,
		  struct trust_submod *submods, size_t n, struct reasons *reasons)
{
	struct depending g = { .acs = acs,
			       .refs = refs,
			       .submods = submods,
			       .n = n,
			       .reasons = reasons,
			       .now_s = now_s,
			       .changed = true };

	/* a status only falls, so that this ends; it is told once, when all have their last one */
	while (g.changed) {
		g.changed = false;
		apply_all(&g);
	}
	g.tell = true;
	apply_all(&g);
}
