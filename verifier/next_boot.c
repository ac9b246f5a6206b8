// SPDX-License-Identifier: Apache-2.0
#include "next_boot.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/efi_text.h"

enum { SHOWN_MAX = 1024, MVAL_NAME = 11 }; /* as boot_claims.c has them */

static struct bytes key_of(const char *name, u8 *room, size_t size)
{
	struct writer w = writer_on(room, size);

	cbor_put_text(&w, bytes_text(name));
	return write_done(&w);
}

/* The name of a claim, of the encoded item; empty when it is none. */
static struct bytes name_of(struct bytes mkey)
{
	struct cbor c = cbor_on(mkey, CBOR_WELL_FORMED);

	return mkey.len && cbor_peek(&c) == CBOR_TEXT ? cbor_text(&c, "mkey") : BYTES_NONE;
}

/* ---- values ---- */
static struct buf *name_item(struct bytes text)
{
	char shown[SHOWN_MAX];
	struct efi_text t = efi_text_on(shown, sizeof(shown));
	struct buf *b = buf_new(SHOWN_MAX + 8);

	efi_text_ascii(&t, text);
	if (b)
		cbor_put_text(&b->w, bytes_text(shown));
	return b;
}

static struct bytes digest_in(const struct proposal_element *el, long long alg)
{
	for (size_t i = 0; i < el->n_digests; i++)
		if (el->digests[i].alg == alg)
			return el->digests[i].bytes;
	return BYTES_NONE;
}

/* Digests in the algorithms that @m has, and the text where it has one. Return: how many digests there are now. */
static size_t put_value(struct corim_mval *m, const struct proposal_element *el, struct bytes name)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_digests; i++) {
		struct bytes d = digest_in(el, m->digests[i].alg);

		if (d.len)
			m->digests[n++] = (struct corim_digest){ m->digests[i].alg, d };
	}
	m->n_digests = n;
	for (size_t i = 0; i < m->n_plain; i++)
		if (m->plain[i].key == MVAL_NAME && name.len)
			m->plain[i].item = name;
	return n;
}

static bool has_name(const struct corim_mval *m)
{
	return corim_plain_of(m, MVAL_NAME).len > 0;
}

/* ---- what reference values say ---- */
static bool same_digests(const struct corim_mval *m, const struct proposal_element *el)
{
	for (size_t i = 0; i < m->n_digests; i++) {
		struct bytes d = digest_in(el, m->digests[i].alg);

		if (!d.len || !bytes_equal(d, m->digests[i].bytes))
			return false;
	}
	return m->n_digests > 0;
}

static bool speaks_of(const struct corim_triple *t, const struct proposal *p)
{
	for (size_t i = 0; i < t->n; i++)
		if (proposal_find(p, name_of(t->elements[i].mkey)))
			return true;
	return false;
}

struct looking {
	const struct acs_env *x;
	const struct proposal *p;
	enum corim_rules rules;
	bool but_for; /* what the proposal changes need not be as it was */
	struct next_boot_verdict *v;
};

/* The state of this boot, but for what changes: a host that booted before anybody signed is in no accepted one. */
static bool holds_but_for(const struct acs_env *x, const struct corim_triple *t,
			  const struct proposal *p, enum corim_rules rules)
{
	for (size_t i = 0; i < t->n; i++) {
		struct corim_triple one = *t;

		one.n = 1;
		one.elements = &t->elements[i];
		if (!proposal_find(p, name_of(t->elements[i].mkey)) &&
		    !acs_triple_holds(x, &one, rules))
			return false;
	}
	return true;
}

static bool same_keys(const struct corim_triple *a, const struct corim_triple *b)
{
	for (size_t i = 0; i < a->n; i++) {
		bool there = false;

		for (size_t k = 0; k < b->n; k++)
			there |= corim_mkey_same(a->elements[i].mkey, b->elements[k].mkey);
		if (!there)
			return false;
	}
	return a->n == b->n;
}

/* Of states that are about the same claims one is enough: what is made of them is the same. */
static bool take_base(void *user, const struct ref *ref)
{
	struct looking *l = user;
	struct next_boot_verdict *v = l->v;

	if (!speaks_of(ref->triple, l->p) ||
	    !(l->but_for ? holds_but_for(l->x, ref->triple, l->p, l->rules)
			 : acs_triple_holds(l->x, ref->triple, l->rules)))
		return true;
	for (size_t i = 0; i < v->n_bases; i++)
		if (same_keys(&v->bases[i].corim->references[v->bases[i].triple], ref->triple))
			return true;
	v->bases[v->n_bases++] =
		(struct next_boot_base){ ref->corim,
					 (size_t)(ref->triple - ref->corim->references) };
	return v->n_bases < NEXT_BOOT_BASES_MAX;
}

/* @held: per claim of the last boot, whether a reference value holds it. */
static int look_at_last(const struct ect *last, const struct proposal *p,
			const struct authority *by, const struct refs *refs, long long now_s,
			struct next_boot_verdict *v, bool *held, struct err *e)
{
	OWNED(acs) a = acs_new();
	struct looking l = { .p = p, .rules = refs_options(refs)->rules, .v = v };

	if (!a)
		return err_set(e, E_MEMORY, "no memory to judge a proposal");
	if (acs_add_evidence(a, 0, last, BYTES_NONE, by, e))
		return (int)e->code;
	l.x = a->envs[0];
	refs_each(refs, &last->env, now_s, take_base, &l);
	l.but_for = true;
	if (!v->n_bases)
		refs_each(refs, &last->env, now_s, take_base, &l);
	if (acs_match_references(a, refs, now_s, e))
		return (int)e->code;
	memcpy(held, l.x->covered, last->n * sizeof(*held));
	return 0;
}

/* The proposal's values in the place of the last boot's. */
static int put_in_place(struct ect *x, const struct proposal *p, bool *same, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct proposal_element *el = proposal_find(p, bytes_text(x->info[i].name));
		struct corim_mval *m = &x->elements[i].mval;

		if (!el)
			continue;
		same[el - p->elements] = same_digests(m, el);
		buf_drop(&x->info[i].named);
		if (has_name(m) && !(x->info[i].named = name_item(el->text)))
			return err_set(e, E_MEMORY, "no memory to judge a proposal");
		put_value(m, el, buf_bytes(x->info[i].named));
	}
	return 0;
}

static enum next_boot_part part_of(bool now, bool then, bool same)
{
	if (same)
		return now || then ? NEXT_SAME : NEXT_REFUSED;
	return now ? NEXT_ACCEPTED : NEXT_REFUSED;
}

static void judge_parts(const struct acs_env *x, const struct proposal *p, const bool *same,
			const bool *held, struct next_boot_verdict *v)
{
	for (size_t i = 0; i < x->ect->n; i++) {
		const struct ect_info *info = &x->ect->info[i];
		const struct proposal_element *el = proposal_find(p, bytes_text(info->name));
		bool now = info->vector < 0 || x->covered[i];

		v->accepted &= now;
		if (el)
			v->parts[el - p->elements] = part_of(now, held[i], same[el - p->elements]);
		else if (!now && !held[i] && !v->n_other++)
			snprintf(v->other, sizeof(v->other), "%s", info->name);
	}
}

int next_boot_judge(struct ect *last, const struct proposal *p, const struct authority *by,
		    const struct refs *refs, long long now_s, struct next_boot_verdict *out,
		    struct err *e)
{
	OWNED(acs) a = acs_new();
	bool same[PROPOSAL_ELEMENTS_MAX] = { 0 };
	bool *held = calloc(last->n + 1, sizeof(*held));
	int rc = 0;

	*out = (struct next_boot_verdict){ .accepted = !p->n_unforeseen };
	if (!a || !held)
		rc = err_set(e, E_MEMORY, "no memory to judge a proposal");
	if (!rc)
		rc = look_at_last(last, p, by, refs, now_s, out, held, e) ||
				     put_in_place(last, p, same, e) ||
				     acs_add_evidence(a, 0, last, BYTES_NONE, by, e) ||
				     acs_match_references(a, refs, now_s, e)
			     ? (int)e->code
			     : 0;
	if (!rc)
		judge_parts(a->envs[0], p, same, held, out);
	free(held);
	return rc;
}

/* ---- what is signed ---- */
void next_state_drop(struct next_state **sp)
{
	struct next_state *s = sp ? *sp : NULL;

	if (!s)
		return;
	for (size_t i = 0; i < ARRAY_LEN(s->names); i++)
		buf_drop(&s->names[i]);
	free(s->triple.elements);
	free(s);
	*sp = NULL;
}

static struct next_state *state_new(size_t n)
{
	struct next_state *s = calloc(1, sizeof(*s));

	if (s && !(s->triple.elements = calloc(n + 1, sizeof(*s->triple.elements))))
		next_state_drop(&s);
	return s;
}

/* N of "boot-loader/N"; -1: another name */
static long loader_number(struct bytes name)
{
	static const char prefix[] = "boot-loader/";
	size_t n = sizeof(prefix) - 1;
	long number = 0;

	if (name.len <= n || name.len > n + 4 || memcmp(name.at, prefix, n))
		return -1;
	for (size_t i = n; i < name.len; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return -1;
		number = 10 * number + name.at[i] - '0';
	}
	return number;
}

static bool begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && !memcmp(text.at, with, n);
}

/*
 * What else the proposal has, and what the last log has after the boot, is a host's word. A loader is its to replace where
 * the signed state is that of a unified image, which is the last of them; a file of GRUB's where GRUB reads the kernel.
 */
static bool is_hosts_to_say(const struct corim_triple *base, struct bytes name)
{
	long number = loader_number(name);
	bool sections = false, kernel = false, last = true;

	for (size_t i = 0; i < base->n; i++) {
		struct bytes other = name_of(base->elements[i].mkey);

		sections |= begins(other, "uki/.");
		kernel |= bytes_equal(other, bytes_text("kernel/file"));
		last &= loader_number(other) <= number;
	}
	return number >= 0 ? sections && last : kernel || !begins(name, "grub/file/");
}

static int put_element(struct next_state *s, struct corim_element *el,
		       const struct proposal_element *new, size_t which, struct err *e)
{
	struct corim_mval *m = &el->mval;
	/* what else base wants of a kernel (a version, a raw value) the proposal cannot say */
	u32 others = corim_mval_points(m) & ~(1u << 2 | 1u << MVAL_NAME);

	if (others || m->others || !m->n_digests)
		return err_set(e, E_UNSUPPORTED,
			       "the accepted %.*s is more than a digest: write a CoRIM by hand",
			       (int)new->name.len, (const char *)new->name.at);
	if (has_name(m) && new->text.len && !(s->names[which] = name_item(new->text)))
		return err_set(e, E_MEMORY, "no memory for a reference value");
	if (!put_value(m, new, buf_bytes(s->names[which])))
		return err_set(e, E_UNSUPPORTED,
			       "the proposal has %.*s in no algorithm of the accepted one",
			       (int)new->name.len, (const char *)new->name.at);
	return 0;
}

int next_state_of(const struct corim_triple *base, const struct proposal *p,
		  struct next_state **out, struct err *e)
{
	OWNED(next_state) s = state_new(base->n);

	if (!s)
		return err_set(e, E_MEMORY, "no memory for a reference value");
	s->triple.env = base->env;
	s->triple.n = base->n;
	for (size_t i = 0; i < base->n; i++) {
		const struct proposal_element *new =
			proposal_find(p, name_of(base->elements[i].mkey));

		s->triple.elements[i] = base->elements[i];
		if (base->elements[i].authorized.len)
			return err_set(e, E_UNSUPPORTED,
				       "the accepted state wants somebody's word for its elements: "
				       "write a CoRIM by hand");
		if (new && !is_hosts_to_say(base, new->name))
			return err_set(
				e, E_UNSUPPORTED,
				"the proposal changes %.*s, and by the accepted state that is "
				"no image of a kernel nor a menu: write a CoRIM by hand",
				(int)new->name.len, (const char *)new->name.at);
		if (new &&put_element(s, &s->triple.elements[i], new, (size_t)(new - p->elements),
				      e))
			return (int)e->code;
	}
	*out = TAKE(s);
	return 0;
}

int next_state_alone(const struct proposal *p, struct next_state **out, struct err *e)
{
	OWNED(next_state) s = state_new(p->n);

	if (!s)
		return err_set(e, E_MEMORY, "no memory for a reference value");
	s->triple.env = (struct corim_env){ .vendor = bytes_text("tcg"),
					    .model = bytes_text("tcg:boot-log") };
	s->triple.n = p->n;
	for (size_t i = 0; i < p->n; i++) {
		struct corim_element *el = &s->triple.elements[i];
		char name[PROPOSAL_NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)p->elements[i].name.len,
			 (const char *)p->elements[i].name.at);
		el->mkey = key_of(name, s->keys[i], sizeof(s->keys[i]));
		/* one algorithm: a host whose other banks are off shows it, too */
		el->mval.n_digests = 1;
		el->mval.digests[0] = p->elements[i].digests[0];
	}
	*out = TAKE(s);
	return 0;
}
