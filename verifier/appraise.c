// SPDX-License-Identifier: Apache-2.0
#include "appraise.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum { CANDIDATES_MAX = 1024 };

void appraisal_drop(struct appraisal **a)
{
	if (!a || !*a)
		return;
	free((*a)->at);
	free(*a);
	*a = NULL;
}

static void show(const struct corim_mval *m, char *out, size_t size)
{
	char hex[2 * 128 + 1];
	struct bytes b = m->n_digests ? m->digests[0].bytes : m->raw;

	if (b.len > 128)
		b.len = 128;
	if (m->has_svn)
		snprintf(out, size, "svn %s%llu", m->min_svn ? ">= " : "",
			 (unsigned long long)m->svn);
	else if (m->has_version)
		snprintf(out, size, "version %.*s",
			 (int)(m->version.len < 100 ? m->version.len : 100),
			 (const char *)m->version.at);
	else if (m->n_digests || m->has_raw)
		snprintf(out, size, "%s", hex_write(b, hex));
	else
		snprintf(out, size, "a value that cannot be shown");
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
}

static const struct corim_element *element_with(const struct corim_triple *t, struct bytes mkey)
{
	for (size_t i = 0; i < t->n; i++)
		if (bytes_equal(t->elements[i].mkey, mkey))
			return &t->elements[i];
	return NULL;
}

static bool element_matches(const struct ect *x, const struct corim_element *want)
{
	for (size_t i = 0; i < x->n; i++)
		if (bytes_equal(x->elements[i].mkey, want->mkey))
			return corim_mval_matches(&want->mval, &x->elements[i].mval) ==
			       CORIM_MATCHES;
	return false;
}

/* One reference triple is one acceptable state: all of it must be there. */
static bool triple_matches(const struct ect *x, const struct corim_triple *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!element_matches(x, &t->elements[i]))
			return false;
	return t->n > 0;
}

static void worse(struct appraised *a, int claim, signed char value)
{
	if (claim >= 0 && value > a->vector[claim])
		a->vector[claim] = value;
}

/* How an element that no matching reference covers stands to the references by itself. */
enum standing { KNOWN_BY_ITSELF, OTHER_VALUE, NO_REFERENCE };

static enum standing stand(const struct corim_element *el, const struct ref *refs, size_t n,
			   const struct ref **from)
{
	enum standing s = NO_REFERENCE;

	for (size_t k = 0; k < n; k++) {
		const struct corim_element *want = element_with(refs[k].triple, el->mkey);

		if (!want)
			continue;
		if (corim_mval_matches(&want->mval, &el->mval) == CORIM_MATCHES)
			return KNOWN_BY_ITSELF;
		*from = &refs[k];
		s = OTHER_VALUE;
	}
	return s;
}

static enum standing explain_element(const struct ect *x, size_t i, const struct ref *refs,
				     size_t n, struct appraised *a, struct reasons *reasons,
				     const char *address)
{
	const struct corim_element *el = &x->elements[i];
	const struct ref *from = NULL;
	enum standing s = stand(el, refs, n, &from);
	int claim = x->info[i].vector;
	struct reason *why;

	/* right by itself: another element of its triple is not, and that one is the reason */
	if (s == KNOWN_BY_ITSELF || (s == NO_REFERENCE && claim < 0))
		return s;
	why = reasons_add(reasons, from ? TIER_CONTRAINDICATED : TIER_WARNING, -1, a->name,
			  address);
	snprintf(why->element, sizeof(why->element), "%s", x->info[i].name);
	if (from) {
		const struct corim_mval *want = &element_with(from->triple, el->mkey)->mval;

		show(want, why->wanted, sizeof(why->wanted));
		if (corim_mval_matches(want, &el->mval) == CORIM_ABSENT)
			snprintf(why->found, sizeof(why->found),
				 "the evidence has no value of that kind");
		else
			show(&el->mval, why->found, sizeof(why->found));
		snprintf(why->corim, sizeof(why->corim), "%s", from->corim->id);
		worse(a, claim < 0 ? TV_EXECUTABLES : claim, 96);
	} else {
		snprintf(why->found, sizeof(why->found), "no reference value was given for it");
		worse(a, claim, 33); /* unrecognized */
	}
	return s;
}

/* Every element is named for which there is something to say; what stays silent is told as a whole. */
static void explain_rest(const struct ect *x, const bool *covered, const struct ref *refs, size_t n,
			 struct appraised *a, struct reasons *reasons, const char *address)
{
	size_t silent = 0, wrong = 0;
	struct reason *why;

	for (size_t i = 0; i < x->n; i++) {
		if (covered[i] || x->info[i].vector < 0)
			continue;
		switch (explain_element(x, i, refs, n, a, reasons, address)) {
		case KNOWN_BY_ITSELF:
			silent++;
			break;
		case OTHER_VALUE:
			wrong++;
			break;
		case NO_REFERENCE:
			break;
		}
	}
	/* A version or security version makes no claim, but a triple that wants another one fails. */
	for (size_t i = 0; silent && !wrong && i < x->n; i++)
		if (!covered[i] && x->info[i].vector < 0)
			wrong += explain_element(x, i, refs, n, a, reasons, address) == OTHER_VALUE;
	if (!silent || wrong)
		return;
	why = reasons_add(reasons, TIER_CONTRAINDICATED, -1, a->name, address);
	snprintf(why->element, sizeof(why->element), "measurements");
	snprintf(why->found, sizeof(why->found),
		 "each value is known, but no reference holds them all together");
	worse(a, TV_EXECUTABLES, 96);
}

static int appraise_ect(const struct ect *x, const struct refs *refs, struct appraised *a,
			struct reasons *reasons, const char *address, struct err *e)
{
	struct ref *found = calloc(CANDIDATES_MAX, sizeof(*found));
	bool *covered = calloc(x->n + 1, sizeof(*covered));
	size_t n;

	if (!found || !covered) {
		free(found);
		free(covered);
		return err_set(e, E_MEMORY, "no memory to appraise");
	}
	n = refs_find(refs, &x->env, found, CANDIDATES_MAX);
	for (size_t k = 0; k < n; k++) {
		if (!triple_matches(x, found[k].triple))
			continue;
		for (size_t i = 0; i < x->n; i++)
			covered[i] |= element_with(found[k].triple, x->elements[i].mkey) != NULL;
	}
	for (size_t i = 0; i < x->n; i++) {
		int claim = x->info[i].vector;

		a->n_elements += claim >= 0;
		a->n_matched += claim >= 0 && covered[i];
		if (claim >= 0 && covered[i])
			worse(a, claim,
			      claim == TV_EXECUTABLES && !strcmp(a->name, "host") ? 3 : 2);
	}
	explain_rest(x, covered, found, n, a, reasons, address);
	if (!a->n_elements) {
		struct reason *why = reasons_add(reasons, TIER_WARNING, -1, a->name, address);

		snprintf(why->element, sizeof(why->element), "measurements");
		snprintf(why->found, sizeof(why->found),
			 "nothing in the evidence could be appraised");
		worse(a, TV_EXECUTABLES, 33);
	}
	free(found);
	free(covered);
	return 0;
}

static enum ear_tier tier_of(signed char v)
{
	return v >= 96	 ? TIER_CONTRAINDICATED
	       : v >= 32 ? TIER_WARNING
	       : v >= 2	 ? TIER_AFFIRMING
			 : TIER_NONE;
}

static bool all_passed(const struct checks *c, enum check_scope scope)
{
	for (int i = 0; i < CHECK_COUNT; i++)
		if (check_scope((enum check_id)i) == scope && c->result[i] != PASSED)
			return false;
	return true;
}

/* Worst claim counts; a claim that nobody makes does not lift. A failed check is cryptographic: 99. */
static void finish(struct appraised *a, bool checks_passed)
{
	a->status = TIER_AFFIRMING;
	if (!checks_passed)
		worse(a, TV_INSTANCE, 99);
	for (int i = 0; i < TV_COUNT; i++) {
		enum ear_tier t = tier_of(a->vector[i]);

		if (t > a->status)
			a->status = t;
	}
	if (a->vector[TV_EXECUTABLES] == 0 || a->vector[TV_HARDWARE] == 0)
		a->status = a->status > TIER_WARNING ? a->status : TIER_WARNING;
}

static int appraise_host(const struct verified_view *v, const struct refs *refs,
			 struct appraised *a, struct reasons *reasons, struct err *e)
{
	OWNED(ect) x = NULL;

	snprintf(a->name, sizeof(a->name), "host");
	if (v->log) {
		if (ect_of_boot_log(v->log, TPM_ALG_SHA256, &x, e) ||
		    appraise_ect(x, refs, a, reasons, "", e))
			return (int)e->code;
		worse(a, TV_HARDWARE, 2);
		worse(a, TV_INSTANCE, 2);
	}
	finish(a, all_passed(&v->checks, SCOPE_HOST));
	return 0;
}

static int appraise_device(const struct verified_device *d, const struct refs *refs,
			   struct appraised *a, struct reasons *reasons, struct err *e)
{
	OWNED(ect) x = NULL;

	snprintf(a->name, sizeof(a->name), "%s", d->label);
	/* Values that no valid signature covers are not compared: they say nothing. */
	if (d->verified) {
		if (ect_of_device(d, &x, e) || appraise_ect(x, refs, a, reasons, d->address, e))
			return (int)e->code;
		worse(a, TV_HARDWARE, 2);
		worse(a, TV_INSTANCE, 2);
	}
	finish(a, d->verified);
	return 0;
}

int appraise(const struct verified_claims *claims, const struct refs *refs, struct reasons *reasons,
	     struct appraisal **out, struct err *e)
{
	const struct verified_view *v = verified_view(claims);
	OWNED(appraisal) a = calloc(1, sizeof(*a));

	if (!a || !(a->at = calloc(v->n_devices + 1, sizeof(*a->at))))
		return err_set(e, E_MEMORY, "no memory for an appraisal");
	a->n = v->n_devices + 1;
	if (appraise_host(v, refs, &a->at[0], reasons, e))
		return (int)e->code;
	for (size_t i = 0; i < v->n_devices; i++)
		if (appraise_device(&v->devices[i], refs, &a->at[i + 1], reasons, e))
			return (int)e->code;
	*out = TAKE(a);
	return 0;
}
