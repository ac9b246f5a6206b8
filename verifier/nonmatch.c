// SPDX-License-Identifier: Apache-2.0
#include "nonmatch.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "nearest.h"

struct nonmatch {
	const struct acs_env *x;
	const struct refs *refs;
	long long now_s;
	enum corim_rules rules;
	struct verdict_on *on; /* per element */
	struct reasons *reasons;
	const char *name, *address;
	signed char *vector;
};

void claim_worse(signed char vector[TV_COUNT], int claim, signed char value)
{
	if (claim >= 0 && value > vector[claim])
		vector[claim] = value;
}

/* A value that was given and does not count is another thing than none. */
static bool note_left_out(void *user, const struct ref *ref)
{
	struct nonmatch *m = user;
	bool all = true;

	for (size_t i = 0; i < ref->triple->n; i++) {
		long at = acs_element(m->x, ref->triple->elements[i].mkey);

		if (at < 0 || m->on[at].left_out)
			continue;
		m->on[at].left_out = ref->left_out;
		m->on[at].left_out_corim = ref->corim;
	}
	for (size_t i = 0; i < m->x->ect->n; i++)
		all &= m->x->covered[i] || m->on[i].standing != NO_REFERENCE || m->on[i].left_out;
	return !all;
}

static void find_left_out(struct nonmatch *m)
{
	for (size_t i = 0; i < m->x->ect->n; i++)
		if (!m->x->covered[i] && m->on[i].standing == NO_REFERENCE) {
			refs_unused(m->refs, &m->x->env, m->now_s, note_left_out, m);
			return;
		}
}

/* ---- for people ---- */
static void keep_printable(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
			*p = '?';
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
	keep_printable(out);
}

/* A name beside the value: the text of a command line, whose digest alone says little to a person. */
static void show_text(struct bytes text, char *out, size_t size)
{
	size_t n = strlen(out);

	if (!text.len || n + 4 > size)
		return;
	snprintf(out + n, size - n, " (%.*s)", (int)(text.len < size ? text.len : size),
		 (const char *)text.at);
	if (n + text.len + 4 > size) /* cut, and it shows */
		snprintf(out + size - 5, 5, "...)");
	keep_printable(out);
}

static void show_name(const struct corim_mval *m, char *out, size_t size)
{
	enum { NAME = 11 };
	struct cbor name = cbor_on(corim_plain_of(m, NAME), CBOR_WELL_FORMED);

	if (name.r.left.len)
		show_text(cbor_text(&name, "name"), out, size);
}

static void show_found(const struct corim_element *el, const struct ect_info *info, char *out,
		       size_t size)
{
	show(&el->mval, out, size);
	if (info->text)
		show_text(bytes_text(info->text), out, size);
}

static void tell_other_value(struct nonmatch *m, size_t i)
{
	const struct corim_element *el = &m->x->ect->elements[i];
	const struct verdict_on *v = &m->on[i];

	for (size_t k = 0; k < v->n; k++) {
		const struct corim_mval *want = &v->near[k].want->mval;
		struct reason *why =
			reasons_add(m->reasons, TIER_CONTRAINDICATED, -1, m->name, m->address);

		acs_env_text(m->x, why->environment, sizeof(why->environment));
		why->alternative = k > 0;
		why->others = k == 0 ? v->n - 1 + v->others : 0;
		snprintf(why->element, sizeof(why->element), "%s", m->x->ect->info[i].name);
		show(want, why->wanted, sizeof(why->wanted));
		show_name(want, why->wanted, sizeof(why->wanted));
		if (corim_mval_matches_by(m->rules, want, &el->mval) == CORIM_ABSENT)
			snprintf(why->found, sizeof(why->found),
				 "the evidence has no value of that kind");
		else if (corim_mval_matches_by(m->rules, want, &el->mval) == CORIM_MATCHES)
			snprintf(why->found, sizeof(why->found),
				 "that value, but not signed by the key that is wanted");
		else
			show_found(el, &m->x->ect->info[i], why->found, sizeof(why->found));
		snprintf(why->corim, sizeof(why->corim), "%s", v->near[k].corim->id);
	}
}

static void tell_no_reference(struct nonmatch *m, size_t i)
{
	const struct verdict_on *v = &m->on[i];
	struct reason *why = reasons_add(m->reasons, TIER_WARNING, -1, m->name, m->address);

	acs_env_text(m->x, why->environment, sizeof(why->environment));
	snprintf(why->element, sizeof(why->element), "%s", m->x->ect->info[i].name);
	if (!v->left_out) {
		snprintf(why->found, sizeof(why->found), "no reference value was given for it");
		return;
	}
	snprintf(why->found, sizeof(why->found),
		 "the reference value that was given for it does not count: %s", v->left_out);
	snprintf(why->corim, sizeof(why->corim), "%s", v->left_out_corim->id);
}

/* Return: whether another value was wanted. */
static bool tell_element(struct nonmatch *m, size_t i)
{
	int claim = m->x->ect->info[i].vector;

	/* right by itself: another element of its triple is not, and that one is the reason */
	if (m->on[i].standing == KNOWN_BY_ITSELF ||
	    (m->on[i].standing == NO_REFERENCE && claim < 0))
		return false;
	if (m->on[i].standing == OTHER_VALUE) {
		tell_other_value(m, i);
		claim_worse(m->vector, claim < 0 ? TV_EXECUTABLES : claim, 96);
		return true;
	}
	tell_no_reference(m, i);
	claim_worse(m->vector, claim, 33); /* unrecognized */
	return false;
}

/* Every element is named for which there is something to say; what stays silent is told as a whole. */
static void tell(struct nonmatch *m)
{
	const struct ect *x = m->x->ect;
	size_t silent = 0, wrong = 0;
	struct reason *why;

	for (size_t i = 0; i < x->n; i++) {
		if (m->x->covered[i] || (x->info[i].vector < 0 && x->info[i].vector != TV_IF_KNOWN))
			continue;
		wrong += tell_element(m, i);
		silent += m->on[i].standing == KNOWN_BY_ITSELF;
	}
	/* A version or security version makes no claim, but a triple that wants another one fails. */
	for (size_t i = 0; silent && !wrong && i < x->n; i++)
		if (!m->x->covered[i] && x->info[i].vector < 0)
			wrong += tell_element(m, i);
	if (!silent || wrong)
		return;
	why = reasons_add(m->reasons, TIER_CONTRAINDICATED, -1, m->name, m->address);
	acs_env_text(m->x, why->environment, sizeof(why->environment));
	snprintf(why->element, sizeof(why->element), "measurements");
	snprintf(why->found, sizeof(why->found),
		 "each value is known, but no reference holds them all together");
	claim_worse(m->vector, TV_EXECUTABLES, 96);
}

int nonmatch_explain(const struct acs_env *x, const struct refs *refs, long long now_s,
		     const char *name, const char *address, signed char vector[TV_COUNT],
		     struct reasons *reasons, struct err *e)
{
	struct nonmatch m = {
		.x = x,
		.refs = refs,
		.now_s = now_s,
		.rules = refs_options(refs)->rules,
		.reasons = reasons,
		.name = name,
		.address = address,
		.vector = vector,
	};
	bool all = true;
	int rc;

	for (size_t i = 0; i < x->ect->n; i++)
		all &= x->covered[i];
	if (all)
		return 0;
	m.on = calloc(x->ect->n, sizeof(*m.on));
	if (!m.on)
		return err_set(e, E_MEMORY, "no memory to explain an appraisal");
	rc = nearest_find(x, refs, now_s, m.on, e);
	if (!rc) {
		find_left_out(&m);
		tell(&m);
	}
	free(m.on);
	return rc;
}
