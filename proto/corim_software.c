// SPDX-License-Identifier: Apache-2.0
/*
 * What CoSWIDs contain becomes reference values of the environments that name them, and what concise
 * evidence says of its software becomes evidence. A triple that names a tag which is not here is
 * discarded whole: a CoSWID counts on the word of who signed the triple, so only its own CoRIM is asked.
 * SPEC: draft-ietf-rats-corim-11 5.1.12, draft-ietf-rats-corim-swid-triple 4, RFC 9393 3
 */
#include <stdio.h>
#include <stdlib.h>

#include "corim_read.h"

void corim_software_clear(struct corim_software *s)
{
	free(s->coswids);
	coswid_files_clear(&s->evidence);
}

/* ---- reading ---- */
/* [ environment, [ + tag-id ] ] */
void corim_take_software(struct corim_place *p)
{
	struct corim_software *s = &p->out->software[p->out->n_software++];
	char id[CORIM_ID_MAX];
	struct cbor ahead;
	size_t n;

	s->tag = p->tag;
	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of environment and tag-ids");
	corim_take_env(p, &s->env);
	ahead = p->c;
	n = cbor_array(&p->c, "tag-ids");
	if (!p->c.r.why && (!n || n > CORIM_TAGS_MAX))
		cbor_fail_with(&p->c, n ? E_LIMIT : E_FORMAT,
			       n ? "tag-ids: too many" : "tag-ids is empty");
	for (size_t k = 0; k < n && !p->c.r.why; k++)
		corim_take_id(&p->c, id, sizeof(id), "tag-id");
	cbor_end(&p->c);
	s->tag_ids = p->c.r.why ? BYTES_NONE : cbor_item(&ahead, "tag-ids");
	cbor_end(&p->c);
}

/* { ?0 tag-id, 1 evidence, ?2 authorized-by }: who authorizes is read and not used, as the draft has it */
static void take_ev_member(struct corim_place *p, struct corim_software *s)
{
	size_t n = cbor_map(&p->c, "evidence");
	bool has_evidence = false;
	char id[CORIM_ID_MAX];

	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		switch (cbor_int(&p->c, "evidence")) {
		case 0:
			corim_take_id(&p->c, id, sizeof(id), "tag-id");
			break;
		case 1:
			coswid_take_evidence(p, &s->evidence);
			has_evidence = true;
			break;
		case 2:
			corim_take_keys(p, "authorized-by");
			break;
		default:
			cbor_fail(&p->c, "evidence: unknown key");
		}
	}
	cbor_end(&p->c);
	if (!p->c.r.why && !has_evidence)
		cbor_fail(&p->c, "no evidence in it");
}

/* [ environment, [ + evidence ] ] */
void corim_take_ev_software(struct corim_place *p)
{
	struct corim_software *s = &p->out->software[p->out->n_software++];
	size_t n;

	if (cbor_array(&p->c, "triple") != 2)
		cbor_fail(&p->c, "not a pair of environment and evidence");
	corim_take_env(p, &s->env);
	n = cbor_array(&p->c, "evidence");
	if (!p->c.r.why && !n)
		cbor_fail(&p->c, "evidence is empty");
	for (size_t k = 0; k < n && !p->c.r.why; k++) {
		corim_enter(p, "evidence", (long long)k);
		take_ev_member(p, s);
		corim_leave(p);
	}
	cbor_end(&p->c);
	cbor_end(&p->c);
}

/* ---- who is meant ---- */
struct named {
	const struct corim_tag *tag;
	u16 index;
};

/* By id; of one id the newest first. */
static int by_id(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int d = strcmp(x->tag->id, y->tag->id);

	return d ? d : (x->tag->version < y->tag->version) - (x->tag->version > y->tag->version);
}

static size_t gather(const struct corim *c, struct named *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_tags; i++)
		if (c->tags[i].kind == CORIM_COSWID)
			out[n++] = (struct named){ &c->tags[i], (u16)i };
	if (n)
		qsort(out, n, sizeof(*out), by_id);
	return n;
}

static const struct named *find(const struct named *at, size_t n, const char *id)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(at[mid].tag->id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && !strcmp(at[lo].tag->id, id) ? &at[lo] : NULL;
}

/* Why what this tag lists is not what is installed; NULL: it is. */
static const char *unfit(const struct named *found, const struct named *end)
{
	const struct corim_tag *t = found->tag;

	if (found + 1 < end && !strcmp(found[1].tag->id, t->id) &&
	    found[1].tag->version == t->version)
		return "is here twice in one version";
	switch (t->swid) {
	case CORIM_SUPPLEMENTAL:
		return "is supplemental: it says of no file that it is installed";
	case CORIM_CORPUS:
		return "is a corpus: files before their installation";
	case CORIM_PATCH:
		return "is a patch: not the whole of what is installed";
	default:
		return t->has_payload ? NULL : "has no payload";
	}
}

/* Fills s->coswids, or says in s->left_out why the triple is discarded. */
static void resolve(struct corim_place *p, struct corim_software *s, const struct named *at,
		    size_t n_at)
{
	struct cbor c = cbor_on(s->tag_ids, p->c.mode);
	bool seen[CORIM_TAGS_MAX] = { false };
	size_t n = cbor_array(&c, "tag-ids");
	char id[CORIM_ID_MAX];

	s->coswids = calloc(n + 1, sizeof(*s->coswids));
	if (!s->coswids)
		cbor_fail_with(&p->c, E_MEMORY, "no memory");
	for (size_t i = 0; i < n && !p->c.r.why; i++) {
		const struct named *found;
		const char *why;

		corim_take_id(&c, id, sizeof(id), "tag-id");
		found = find(at, n_at, id);
		why = found ? unfit(found, at + n_at) : "is in no CoSWID of this CoRIM";
		if (found && seen[found->index])
			cbor_fail(&p->c, "tag-ids: one of them twice");
		else if (why && !s->left_out[0])
			snprintf(s->left_out, sizeof(s->left_out), "tag %s %s", id, why);
		if (p->c.r.why || !found)
			continue;
		seen[found->index] = true;
		s->coswids[s->n++] = found->index;
	}
}

/* ---- triples of it ---- */
/* A reference is held to a digest, or it is none; what is there as evidence is there without one, too. */
static bool counts(const struct corim_place *p, const struct corim_file *file)
{
	return p->evidence || file->digest.alg > 0;
}

static size_t count(const struct corim_place *p, const struct corim_files *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += counts(p, &f->at[i]);
	return n;
}

static void put_files(const struct corim_place *p, struct corim_triple *t,
		      const struct corim_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct corim_element *el = &t->elements[t->n];

		if (!counts(p, &f->at[i]))
			continue;
		t->n++;
		el->mkey = corim_file_key(f, &f->at[i]);
		el->mval.n_digests = f->at[i].digest.alg > 0;
		el->mval.digests[0] = f->at[i].digest;
	}
}

static void make(struct corim_place *p, struct corim_software *s, size_t *made)
{
	struct corim *out = p->out;
	struct corim_triple *t;
	size_t n = count(p, &s->evidence);

	for (size_t i = 0; i < s->n; i++)
		n += count(p, &out->tags[s->coswids[i]].files);
	if (!n) {
		snprintf(s->left_out, sizeof(s->left_out), "no file with a hash is named");
		return;
	}
	if (n > COSWID_FILES_MAX || *made > COSWID_FILES_MAX - n) {
		cbor_fail_with(&p->c, E_LIMIT, "too many files in all triples together");
		return;
	}
	t = &out->references[out->n_references];
	*t = (struct corim_triple){ .env = s->env, .tag = s->tag, .software = s };
	t->elements = corim_room(p, NULL, 0, n, sizeof(*t->elements), COSWID_FILES_MAX);
	if (p->c.r.why)
		return;
	out->n_references++;
	out->n_made++;
	put_files(p, t, &s->evidence);
	for (size_t i = 0; i < s->n; i++)
		put_files(p, t, &out->tags[s->coswids[i]].files);
	*made += n;
}

void corim_link_software(struct corim_place *p)
{
	struct named at[CORIM_TAGS_MAX];
	size_t n = gather(p->out, at), made = 0, first = 0;

	p->out->references =
		corim_room(p, p->out->references, p->out->n_references, p->out->n_software,
			   sizeof(*p->out->references), 2 * CORIM_TRIPLES_MAX);
	for (size_t i = 0; i < p->out->n_software && !p->c.r.why; i++) {
		struct corim_software *s = &p->out->software[i];

		first = s->tag == p->out->software[first].tag ? first : i;
		if (!p->evidence)
			corim_enter(p, "tags", (long long)s->tag);
		corim_enter(p, p->evidence ? "ev-triples.4" : "triples.6", (long long)(i - first));
		if (!p->evidence)
			resolve(p, s, at, n);
		if (!p->c.r.why && !s->left_out[0])
			make(p, s, &made);
		corim_leave(p);
		if (!p->evidence)
			corim_leave(p);
	}
}
