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

static void explain_element(const struct ect *x, size_t i, const struct ref *refs, size_t n,
			    struct appraised *a, struct reasons *reasons, const char *address)
{
	const struct corim_element *el = &x->elements[i];
	const struct corim_element *other = NULL;
	const struct ref *from = NULL;
	struct reason *why;

	for (size_t k = 0; k < n; k++) {
		const struct corim_element *want = element_with(refs[k].triple, el->mkey);

		if (!want)
			continue;
		/* right by itself, but another element of its triple is not: that one is the reason */
		if (corim_mval_matches(&want->mval, &el->mval) == CORIM_MATCHES)
			return;
		other = want;
		from = &refs[k];
	}
	why = reasons_add(reasons, other ? TIER_CONTRAINDICATED : TIER_WARNING, -1, a->name,
			  address);
	snprintf(why->element, sizeof(why->element), "%s", x->info[i].name);
	if (other) {
		show(&other->mval, why->wanted, sizeof(why->wanted));
		show(&el->mval, why->found, sizeof(why->found));
		snprintf(why->corim, sizeof(why->corim), "%s", from->corim->id);
		worse(a, x->info[i].vector, 96);
	} else {
		snprintf(why->found, sizeof(why->found), "no reference value was given for it");
		worse(a, x->info[i].vector, 33); /* unrecognized */
	}
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
		else if (claim >= 0)
			explain_element(x, i, found, n, a, reasons, address);
	}
	if (!a->n_elements) {
		struct reason *why = reasons_add(reasons, TIER_WARNING, -1, a->name, address);

		snprintf(why->element, sizeof(why->element), "measurements");
		snprintf(why->found, sizeof(why->found),
			 "nothing in the evidence could be appraised");
		worse(a, TV_EXECUTABLES, 33);
	}
	/* uncovered, and no single element explains it: the values are known, their combination is not */
	if (a->n_matched < a->n_elements && a->vector[TV_EXECUTABLES] < 32 &&
	    a->vector[TV_CONFIGURATION] < 32) {
		struct reason *why =
			reasons_add(reasons, TIER_CONTRAINDICATED, -1, a->name, address);

		snprintf(why->element, sizeof(why->element), "measurements");
		snprintf(why->found, sizeof(why->found),
			 "each value is known, but no reference holds them all together");
		worse(a, TV_EXECUTABLES, 96);
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
