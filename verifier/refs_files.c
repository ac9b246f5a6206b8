// SPDX-License-Identifier: Apache-2.0
#include "refs_files.h"

#include <stdlib.h>

static bool is_of_files(const struct corim_env *env)
{
	return bytes_equal(env->vendor, bytes_text(IMA_VENDOR)) &&
	       bytes_equal(env->model, bytes_text(IMA_MODEL));
}

static u64 hash_of(const struct corim_digest *d)
{
	u64 h = 0xcbf29ce484222325 ^ (u64)d->alg;

	for (size_t i = 0; i < d->bytes.len; i++)
		h = (h ^ d->bytes.at[i]) * 0x100000001b3;
	return h;
}

static size_t count_of(const struct corim_triple *t)
{
	size_t n = 0;

	for (size_t i = 0; is_of_files(&t->env) && i < t->n; i++)
		n += t->elements[i].mval.n_digests;
	return n;
}

static int by_hash(const void *a, const void *b)
{
	const struct ref_file *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->ref != y->ref)
		return x->ref < y->ref ? -1 : 1;
	return (x->element > y->element) - (x->element < y->element);
}

int ref_files_gather(struct ref_files *f, const struct ref *refs, size_t n, struct err *e)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += count_of(refs[i].triple);
	f->at = calloc(total + 1, sizeof(*f->at));
	if (!f->at)
		return err_set(e, E_MEMORY, "no memory for the digests of %zu files", total);
	for (size_t i = 0; i < n && total; i++) {
		const struct corim_triple *t = refs[i].triple;

		for (size_t k = 0; is_of_files(&t->env) && k < t->n; k++)
			for (size_t d = 0; d < t->elements[k].mval.n_digests; d++)
				f->at[f->n++] =
					(struct ref_file){ hash_of(&t->elements[k].mval.digests[d]),
							   (u32)i, (u32)k };
	}
	qsort(f->at, f->n, sizeof(*f->at), by_hash);
	return 0;
}

/* Where a CoSWID names no root, its path is relative to where nobody here knows: it may be anywhere. */
static bool path_fits(const struct corim_triple *t, const struct corim_element *el,
		      const struct file_sought *s)
{
	struct cbor c = cbor_on(el->mkey, CBOR_WELL_FORMED);
	struct bytes path;

	if (!el->mkey.len)
		return !s->by_path;
	if (cbor_peek(&c) != CBOR_TEXT)
		return false;
	path = cbor_text(&c, "mkey");
	if (t->software && path.len && path.at[0] != '/')
		return !s->by_path;
	return bytes_equal(path, s->path);
}

/* What else the measurement says (a version, a name) is for people: only digests are compared here. */
static bool digest_fits(const struct corim_mval *m, const struct corim_digest *d)
{
	bool found = false;

	for (size_t i = 0; i < m->n_digests; i++)
		found |= m->digests[i].alg == d->alg && bytes_equal(m->digests[i].bytes, d->bytes);
	return found;
}

static bool fits(const struct refs *r, const struct ref *ref, u32 element,
		 const struct file_sought *s)
{
	const struct corim_element *el = &ref->triple->elements[element];

	return digest_fits(&el->mval, &s->digest) && path_fits(ref->triple, el, s) &&
	       authority_satisfies(el->authorized, s->by) &&
	       corim_env_matches_by(refs_options(r)->rules, &ref->triple->env, s->host) &&
	       refs_triple_usable(r, ref->corim, ref->triple, s->now_s);
}

const struct ref *refs_file(const struct refs *r, const struct file_sought *s)
{
	const struct ref_files *f = refs_files(r);
	const struct ref *learned = NULL;
	u64 hash = hash_of(&s->digest);
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->at[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < f->n && f->at[lo].hash == hash; lo++) {
		const struct ref *ref = refs_at(r, f->at[lo].ref);

		if (!fits(r, ref, f->at[lo].element, s))
			continue;
		if (!corim_is_learned(ref->corim))
			return ref;
		learned = ref;
	}
	return learned;
}
