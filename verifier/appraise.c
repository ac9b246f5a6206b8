// SPDX-License-Identifier: Apache-2.0
#include "appraise.h"

#include <stdio.h>
#include <stdlib.h>

#include "boot_claims.h"
#include "nonmatch.h"
#include "trust.h"

void appraisal_drop(struct appraisal **a)
{
	if (!a || !*a)
		return;
	free((*a)->at);
	free((*a)->ima);
	free(*a);
	*a = NULL;
}

/* Everything that one appraisal works on; the claims set points into the ECTs. */
struct work {
	const struct verified_view *v;
	const struct refs *refs;
	const struct appraisal_terms *terms;
	long long now_s;
	struct reasons *reasons;
	struct appraisal *a;
	struct acs *acs;
	size_t n_ects, n_claims;
	struct ect **ects;
	struct ect_claims **claims; /* per device */
};

static void work_clear(struct work *w)
{
	acs_drop(&w->acs);
	for (size_t i = 0; i < w->n_ects; i++)
		ect_drop(&w->ects[i]);
	free(w->ects);
	for (size_t i = 0; i < w->n_claims; i++)
		ect_claims_drop(&w->claims[i]);
	free(w->claims);
}

/* ---- phase 2: evidence ---- */
static void device_authority(const struct verified_device *d, struct authority *by)
{
	const struct cert_list *certs = d->evidence ? d->evidence->certs : NULL;

	*by = (struct authority){ 0 };
	if (d->evidence)
		authority_add(by, d->leaf_key);
	for (size_t i = certs ? certs->n : 0; i-- > 0;)
		authority_add(by, cert_key_hash(certs->at[i]));
}

static void host_authority(const struct verified_view *v, struct authority *by)
{
	u8 hash[32];

	*by = (struct authority){ 0 };
	if (v->ak && authority_hash(v->ak, hash))
		authority_add(by, hash);
}

/* 550(ueid): the host; 557([1, SHA-256]): the device with that key */
static struct bytes put_ueid(struct writer *w, const u8 ueid[UEID_LEN])
{
	cbor_put_tag(w, 550);
	cbor_put_bytes(w, (struct bytes){ ueid, UEID_LEN });
	return write_done(w);
}

static struct bytes put_thumbprint(struct writer *w, const u8 key[32])
{
	cbor_put_tag(w, 557);
	cbor_put_array(w, 2);
	cbor_put_uint(w, 1);
	cbor_put_bytes(w, (struct bytes){ key, 32 });
	return write_done(w);
}

/* Takes @x, whatever the result. */
static int add_ect(struct work *w, int submod, struct ect *x, struct bytes instance,
		   const struct authority *by, struct err *e)
{
	struct ect **more = reallocarray(w->ects, w->n_ects + 1, sizeof(*more));

	if (!more) {
		ect_drop(&x);
		return err_set(e, E_MEMORY, "no memory for evidence");
	}
	w->ects = more;
	w->ects[w->n_ects++] = x;
	return acs_add_evidence(w->acs, submod, x, instance, by, e);
}

static int add_host(struct work *w, struct err *e)
{
	struct appraised *a = &w->a->at[0];
	struct authority by;
	struct ect *x = NULL;
	u8 room[64];
	struct writer instance = writer_on(room, sizeof(room));

	snprintf(a->name, sizeof(a->name), "host");
	if (!w->v->log)
		return 0;
	host_authority(w->v, &by);
	if (boot_claims(w->v->log, TPM_ALG_SHA256, w->v->token->logs.command_line, &x, e))
		return (int)e->code;
	claim_worse(a->vector, TV_HARDWARE, 2);
	claim_worse(a->vector, TV_INSTANCE, 2);
	return add_ect(w, 0, x, put_ueid(&instance, w->v->token->ueid), &by, e);
}

/* Environments of the device's own telling: they are as unique as it is. */
static int add_own_claims(struct work *w, size_t i, struct bytes instance,
			  const struct authority *by, struct err *e)
{
	struct ect_claims *c = NULL;

	if (ect_claims_of_device(&w->v->devices[i], &c, e))
		return (int)e->code;
	w->claims[w->n_claims++] = c;
	for (size_t k = 0; k < c->n; k++)
		if (acs_add_evidence(w->acs, (int)i + 1, c->at[k],
				     c->at[k]->env.instance.len ? BYTES_NONE : instance, by, e))
			return (int)e->code;
	return 0;
}

static int add_device(struct work *w, size_t i, struct err *e)
{
	const struct verified_device *d = &w->v->devices[i];
	struct appraised *a = &w->a->at[i + 1];
	struct authority by;
	struct ect *x = NULL;
	u8 room[64];
	struct writer instance = writer_on(room, sizeof(room));

	snprintf(a->name, sizeof(a->name), "%s", d->label);
	/* Values that no valid signature covers are not compared: they say nothing. */
	if (!d->verified)
		return 0;
	device_authority(d, &by);
	if (ect_of_device(d, &x, e))
		return (int)e->code;
	claim_worse(a->vector, TV_HARDWARE, 2);
	claim_worse(a->vector, TV_INSTANCE, 2);
	if (add_ect(w, (int)i + 1, x, put_thumbprint(&instance, d->leaf_key), &by, e))
		return (int)e->code;
	return add_own_claims(w, i, write_done(&instance), &by, e);
}

/* ---- from the claims set to claims ---- */
static const char *address_of(const struct work *w, int submod)
{
	return submod > 0 ? w->v->devices[submod - 1].address : "";
}

static int judge_env(struct work *w, const struct acs_env *x, struct err *e)
{
	struct appraised *a = &w->a->at[x->submod];
	const char *address = address_of(w, x->submod);

	for (size_t i = 0; i < x->ect->n; i++) {
		int claim = x->ect->info[i].vector;

		a->n_elements += claim >= 0;
		a->n_matched += claim >= 0 && x->covered[i];
		if (claim >= 0 && x->covered[i]) /* a host's boot is approved, not what it runs */
			claim_worse(a->vector, claim,
				    claim == TV_EXECUTABLES && x->submod == 0 ? 3 : 2);
	}
	if (nonmatch_explain(x, w->refs, w->now_s, a->name, address, a->vector, w->reasons, e))
		return (int)e->code;
	trust_check_keys(x, w->refs, w->now_s, a->name, address, a->vector, w->reasons);
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
		claim_worse(a->vector, TV_INSTANCE, 99);
	for (int i = 0; i < TV_COUNT; i++) {
		enum ear_tier t = tier_of(a->vector[i]);

		if (t > a->status)
			a->status = t;
	}
	if (a->vector[TV_EXECUTABLES] == 0 || a->vector[TV_HARDWARE] == 0)
		a->status = a->status > TIER_WARNING ? a->status : TIER_WARNING;
}

static bool has_evidence(const struct work *w, int submod)
{
	for (size_t i = 0; i < w->acs->n; i++)
		if (w->acs->envs[i]->submod == submod)
			return true;
	return false;
}

static void finish_submod(struct work *w, size_t i)
{
	struct appraised *a = &w->a->at[i];
	struct reason *why;

	if (has_evidence(w, (int)i) && !a->n_elements) {
		why = reasons_add(w->reasons, TIER_WARNING, -1, a->name, address_of(w, (int)i));
		snprintf(why->element, sizeof(why->element), "measurements");
		snprintf(why->found, sizeof(why->found),
			 "nothing in the evidence could be appraised");
		claim_worse(a->vector, TV_EXECUTABLES, 33);
	}
	finish(a, i ? w->v->devices[i - 1].verified : all_passed(&w->v->checks, SCOPE_HOST));
}

static int apply_dependencies(struct work *w, struct err *e)
{
	struct trust_submod *s = calloc(w->a->n, sizeof(*s));

	if (!s)
		return err_set(e, E_MEMORY, "no memory for an appraisal");
	for (size_t i = 0; i < w->a->n; i++)
		s[i] = (struct trust_submod){ w->a->at[i].name, address_of(w, (int)i),
					      w->a->at[i].status };
	trust_depend(w->acs, w->refs, w->now_s, s, w->a->n, w->reasons);
	for (size_t i = 0; i < w->a->n; i++) {
		if (s[i].status > w->a->at[i].status) /* what it trusts runs what it should not */
			claim_worse(w->a->at[i].vector, TV_EXECUTABLES, (signed char)s[i].status);
		w->a->at[i].status = s[i].status;
	}
	free(s);
	return 0;
}

static const struct policy no_policy;

static const struct policy *policy_of(const struct work *w)
{
	return w->terms->policy ? w->terms->policy : &no_policy;
}

static bool without_fault(const struct ima_state *s)
{
	u64 any = 0;

	for (int i = 0; i < IMA_FAULT_COUNT; i++)
		any |= i == IMA_CHANGED ? 0 : s->count[i];
	return !any;
}

static int judge_files(struct work *w, struct err *e)
{
	const struct ima_rules *rules = &policy_of(w)->ima;

	if (!w->v->ima.there && !w->v->ima.piece)
		return 0;
	if (ima_judge(rules, policy_of(w)->learned_affirms, w->v, w->refs, w->now_s,
		      w->terms->ima_before, &w->a->ima, e))
		return err_while(e, "judge IMA's list");
	if (w->v->ima.there && rules->mode == IMA_MODE_KNOWN && without_fault(w->a->ima))
		claim_worse(w->a->at[0].vector, TV_FILE_SYSTEM, 2);
	return 0;
}

static int apply_policy(struct work *w, struct err *e)
{
	struct policed *s = calloc(w->a->n, sizeof(*s));

	if (!s)
		return err_set(e, E_MEMORY, "no memory for an appraisal");
	for (size_t i = 0; i < w->a->n; i++)
		s[i] = (struct policed){ w->a->at[i].name, address_of(w, (int)i),
					 w->a->at[i].vector };
	policy_apply(policy_of(w), w->v, w->acs, s, w->now_s, w->terms->boot_seen_s, w->a->ima,
		     w->reasons);
	free(s);
	return 0;
}

static int run_phases(struct work *w, struct err *e)
{
	if (add_host(w, e))
		return (int)e->code;
	for (size_t i = 0; i < w->v->n_devices; i++)
		if (add_device(w, i, e))
			return (int)e->code;
	if (acs_match_references(w->acs, w->refs, w->now_s, e) ||
	    acs_endorse(w->acs, w->refs, w->now_s, e))
		return (int)e->code;
	for (size_t i = 0; i < w->acs->n; i++)
		if (w->acs->envs[i]->ect && judge_env(w, w->acs->envs[i], e))
			return (int)e->code;
	if (judge_files(w, e) || apply_policy(w, e))
		return (int)e->code;
	for (size_t i = 0; i < w->a->n; i++)
		finish_submod(w, i);
	return apply_dependencies(w, e);
}

int appraise(const struct verified_claims *claims, const struct refs *refs,
	     const struct appraisal_terms *terms, struct reasons *reasons, struct appraisal **out,
	     struct err *e)
{
	const struct verified_view *v = verified_view(claims);
	OWNED(appraisal) a = calloc(1, sizeof(*a));
	struct work w = { .v = v,
			  .refs = refs,
			  .terms = terms,
			  .now_s = terms->now_s,
			  .reasons = reasons,
			  .a = a };
	int rc;

	w.acs = acs_new();
	w.claims = calloc(v->n_devices + 1, sizeof(*w.claims));
	if (!a || !w.acs || !w.claims || !(a->at = calloc(v->n_devices + 1, sizeof(*a->at)))) {
		work_clear(&w);
		return err_set(e, E_MEMORY, "no memory for an appraisal");
	}
	a->n = v->n_devices + 1;
	rc = run_phases(&w, e);
	work_clear(&w);
	if (!rc)
		*out = TAKE(a);
	return rc;
}
