// SPDX-License-Identifier: Apache-2.0
#include "corim_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

enum { SHOWN_MAX = 4096 }; /* bytes of one value; what is longer ends in "..." */

static const struct {
	u64 key;
	const char *name;
} plain_names[] = { { 6, "mac" },   { 7, "ip" },    { 8, "serial" },	 { 9, "ueid" },
		    { 10, "uuid" }, { 11, "name" }, { 13, "cryptokeys" } };

static json_t *hex_json(struct bytes b)
{
	bool cut = b.len > SHOWN_MAX;
	char *text = malloc(2 * SHOWN_MAX + 4);
	json_t *j;

	if (!text)
		return json_null();
	if (cut)
		b.len = SHOWN_MAX;
	hex_write(b, text);
	if (cut)
		strcat(text, "...");
	j = json_string(text);
	free(text);
	return j;
}

static json_t *text_json(struct bytes b)
{
	char *text = malloc(b.len + 1);
	json_t *j;

	if (!text)
		return json_null();
	for (size_t i = 0; i < b.len; i++)
		text[i] = (char)(b.at[i] < 0x20 || b.at[i] > 0x7e ? '?' : b.at[i]);
	j = json_stringn(text, b.len);
	free(text);
	return j;
}

/* Numbers and text as they are, anything else as the hex of its encoding. */
static json_t *item_json(struct bytes item)
{
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);

	switch (cbor_peek(&c)) {
	case CBOR_UINT:
	case CBOR_NEGINT: {
		long long v = cbor_int(&c, "item");

		return c.r.why ? hex_json(item) : json_integer(v);
	}
	case CBOR_TEXT: {
		struct bytes text = cbor_text(&c, "item");

		return c.r.why ? hex_json(item) : text_json(text);
	}
	default:
		return hex_json(item);
	}
}

static json_t *env_json(const struct corim_env *env)
{
	json_t *j = json_object();

	if (env->class_id.len)
		json_object_set_new(j, "class_id", item_json(env->class_id));
	if (env->vendor.len)
		json_object_set_new(j, "vendor", text_json(env->vendor));
	if (env->model.len)
		json_object_set_new(j, "model", text_json(env->model));
	if (env->has_layer)
		json_object_set_new(j, "layer", json_integer((json_int_t)env->layer));
	if (env->has_index)
		json_object_set_new(j, "index", json_integer((json_int_t)env->index));
	if (env->instance.len)
		json_object_set_new(j, "instance", item_json(env->instance));
	if (env->group.len)
		json_object_set_new(j, "group", item_json(env->group));
	return j;
}

/* "sha256:..."; an algorithm without a name by its number */
static json_t *digest_json(const struct corim_digest *d)
{
	static const struct {
		long long alg;
		const char *name;
	} rows[] = { { 1, "sha-256" }, { 7, "sha-384" }, { 8, "sha-512" } };
	char text[2 * 128 + 32] = "", hex[2 * 128 + 1];
	struct bytes b = d->bytes;
	int n = snprintf(text, sizeof(text), "%lld;", d->alg);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].alg == d->alg)
			n = snprintf(text, sizeof(text), "%s;", rows[i].name);
	if (b.len > 128)
		b.len = 128;
	snprintf(text + n, sizeof(text) - (size_t)n, "%s", hex_write(b, hex));
	return json_string(text);
}

static void put_simple(json_t *j, const struct corim_mval *m)
{
	if (m->has_version)
		json_object_set_new(j, "version", text_json(m->version));
	if (m->version_scheme.len)
		json_object_set_new(j, "version_scheme", item_json(m->version_scheme));
	if (m->has_svn)
		json_object_set_new(j, m->min_svn ? "min_svn" : "svn",
				    json_integer((json_int_t)m->svn));
	if (m->has_raw)
		json_object_set_new(j, "raw", hex_json(m->raw));
	if (m->raw_mask.len)
		json_object_set_new(j, "raw_mask", hex_json(m->raw_mask));
	if (m->registers.len)
		json_object_set_new(j, "integrity_registers", hex_json(m->registers));
	if (m->indirect.len)
		json_object_set_new(j, "spdm_indirect", hex_json(m->indirect));
	if (m->others)
		json_object_set_new(j, "not_compared", json_integer((json_int_t)m->others));
}

static void put_mval(json_t *j, const struct corim_mval *m)
{
	json_t *list;

	put_simple(j, m);
	if (m->n_digests) {
		list = json_array();
		for (size_t i = 0; i < m->n_digests; i++)
			json_array_append_new(list, digest_json(&m->digests[i]));
		json_object_set_new(j, "digests", list);
	}
	if (m->flags_known) {
		list = json_object();
		for (unsigned int i = 0; i < CORIM_FLAGS; i++)
			if (m->flags_known & 1u << i)
				json_object_set_new(list, corim_flag_name(i),
						    json_boolean(m->flags & 1u << i));
		json_object_set_new(j, "flags", list);
	}
	if (m->has_range) {
		list = json_object();
		if (m->range.has_min)
			json_object_set_new(list, "min", json_integer(m->range.min));
		if (m->range.has_max)
			json_object_set_new(list, "max", json_integer(m->range.max));
		json_object_set_new(j, "range", list);
	}
	for (size_t i = 0; i < m->n_plain; i++)
		for (size_t k = 0; k < ARRAY_LEN(plain_names); k++)
			if (plain_names[k].key == m->plain[i].key)
				json_object_set_new(j, plain_names[k].name,
						    item_json(m->plain[i].item));
}

static json_t *elements_json(const struct corim_triple *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n; i++) {
		json_t *j = json_object();

		if (t->elements[i].mkey.len)
			json_object_set_new(j, "key", item_json(t->elements[i].mkey));
		put_mval(j, &t->elements[i].mval);
		if (t->elements[i].authorized.len)
			json_object_set_new(j, "authorized_by",
					    hex_json(t->elements[i].authorized));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *state_json(const char *kind, const struct corim_triple *t)
{
	json_t *j = json_object();

	if (kind)
		json_object_set_new(j, "kind", json_string(kind));
	json_object_set_new(j, "environment", env_json(&t->env));
	json_object_set_new(j, "elements", elements_json(t));
	if (t->authorized.len)
		json_object_set_new(j, "authorized_by", hex_json(t->authorized));
	return j;
}

static json_t *states_json(const struct corim_triple *t, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, state_json(NULL, &t[i]));
	return list;
}

static json_t *series_json(const struct corim_series *s)
{
	json_t *items = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(items,
				      json_pack("{s:o, s:o}", "selection",
						elements_json(&s->items[i].selection), "addition",
						elements_json(&s->items[i].addition)));
	return json_pack("{s:s, s:o, s:o}", "kind", "series", "condition",
			 state_json(NULL, &s->condition), "items", items);
}

static json_t *keys_json(const struct corim_keys *k)
{
	json_t *j = json_pack("{s:s, s:o, s:o}", "kind",
			      k->use == CORIM_IDENTITY ? "identity" : "attest-key", "environment",
			      env_json(&k->env), "keys", hex_json(k->keys));

	if (k->mkey.len)
		json_object_set_new(j, "key", item_json(k->mkey));
	if (k->authorized.len)
		json_object_set_new(j, "authorized_by", hex_json(k->authorized));
	return j;
}

static json_t *domain_json(const struct corim_domain *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(list, env_json(&d->others[i]));
	return json_pack("{s:s, s:o, s:o}", "kind",
			 d->kind == CORIM_DEPENDENCY ? "dependency" : "membership", "environment",
			 env_json(&d->env), "others", list);
}

/* ---- software ---- */
static const struct corim_triple *made_of(const struct corim *c, const struct corim_software *s)
{
	for (size_t i = c->n_references - c->n_made; i < c->n_references; i++)
		if (c->references[i].software == s)
			return &c->references[i];
	return NULL;
}

static json_t *software_json(const struct corim *c, const struct corim_software *s)
{
	const struct corim_triple *made = made_of(c, s);
	const struct corim_triple none = { .env = s->env };
	json_t *j = state_json("software", made ? made : &none);

	json_object_set_new(j, "tag_ids", hex_json(s->tag_ids));
	if (s->left_out[0]) {
		json_object_del(j, "elements");
		json_object_set_new(j, "left_out", text_json(bytes_text(s->left_out)));
	}
	return j;
}

static void note(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(json_t *list, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(list, text_json(bytes_text(text)));
}

static void note_tag(json_t *list, const struct corim_tag *t, bool named)
{
	size_t bare = 0;

	for (size_t i = 0; i < t->files.n; i++)
		bare += t->files.at[i].digest.alg == 0;
	if (!named)
		note(list, "CoSWID %s: no coswid-triple names it, so that it counts for nothing",
		     t->id);
	else if (bare || t->files.n_others)
		note(list,
		     "CoSWID %s: %zu files without a hash, %zu processes and resources count for "
		     "nothing",
		     t->id, bare, t->files.n_others);
}

/* Bytes of a digest by its number in the registry of RFC 6920; 0: not known here. */
static size_t digest_size(long long alg)
{
	static const u8 sizes[] = { 0, 32, 16, 15, 12, 8, 4, 48, 64, 28, 32, 48, 64 };

	return alg > 0 && alg < (long long)ARRAY_LEN(sizes) ? sizes[alg] : 0;
}

/* A slip of who wrote it: such a value is kept as it stands, and no evidence is ever equal to it. */
static void note_sizes(json_t *list, const char *kind, size_t i, const struct corim_triple *t)
{
	for (size_t k = 0; k < t->n; k++) {
		const struct corim_mval *v = &t->elements[k].mval;

		for (size_t d = 0; d < v->n_digests; d++) {
			size_t want = digest_size(v->digests[d].alg), got = v->digests[d].bytes.len;

			if (want && got != want)
				note(list,
				     "%s %zu, measurement %zu: a digest of %zu bytes where its "
				     "algorithm "
				     "(%lld) has %zu: nothing ever matches it",
				     kind, i, k, got, v->digests[d].alg, want);
		}
	}
}

static void note_digests(json_t *list, const struct corim *c)
{
	for (size_t i = 0; i < c->n_references; i++)
		note_sizes(list, "reference-triple", i, &c->references[i]);
	for (size_t i = 0; i < c->n_endorsed; i++)
		note_sizes(list, "endorsed-triple", i, &c->endorsed[i]);
	for (size_t i = 0; i < c->n_conditional; i++)
		for (size_t k = 0; k < c->conditional[i].n_conditions; k++)
			note_sizes(list, "condition of conditional-endorsement-triple", i,
				   &c->conditional[i].conditions[k]);
	for (size_t i = 0; i < c->n_series; i++) {
		note_sizes(list, "condition of conditional-endorsement-series-triple", i,
			   &c->series[i].condition);
		for (size_t k = 0; k < c->series[i].n; k++)
			note_sizes(list, "selection of conditional-endorsement-series-triple", i,
				   &c->series[i].items[k].selection);
	}
}

json_t *corim_notes_json(const struct corim *c)
{
	bool named[CORIM_TAGS_MAX] = { false };
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_software; i++)
		for (size_t k = 0; k < c->software[i].n; k++)
			named[c->software[i].coswids[k]] = true;
	for (size_t i = 0; i < c->n_software; i++)
		if (c->software[i].left_out[0])
			note(list, "coswid-triple %zu is left out: %s", i, c->software[i].left_out);
	for (size_t i = 0; i < c->n_tags; i++)
		if (c->tags[i].kind == CORIM_COSWID)
			note_tag(list, &c->tags[i], named[i]);
	note_digests(list, c);
	return list;
}

static void add_files(json_t *list, const struct corim_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		json_t *j = json_object();

		json_object_set_new(j, "path", item_json(corim_file_key(f, &f->at[i])));
		if (f->at[i].has_size)
			json_object_set_new(j, "size", json_integer((json_int_t)f->at[i].size));
		if (f->at[i].digest.alg > 0)
			json_object_set_new(j, "digest", digest_json(&f->at[i].digest));
		json_array_append_new(list, j);
	}
}

json_t *corim_files_json(const struct corim *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_tags; i++)
		add_files(list, &c->tags[i].files);
	for (size_t i = 0; i < c->n_software; i++)
		add_files(list, &c->software[i].evidence);
	return list;
}

json_t *corim_triples_json(const struct corim *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_references - c->n_made; i++)
		json_array_append_new(list, state_json("reference", &c->references[i]));
	for (size_t i = 0; i < c->n_endorsed; i++)
		json_array_append_new(list, state_json("endorsed", &c->endorsed[i]));
	for (size_t i = 0; i < c->n_conditional; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "kind", "conditional",
						      "conditions",
						      states_json(c->conditional[i].conditions,
								  c->conditional[i].n_conditions),
						      "additions",
						      states_json(c->conditional[i].additions,
								  c->conditional[i].n_additions)));
	for (size_t i = 0; i < c->n_series; i++)
		json_array_append_new(list, series_json(&c->series[i]));
	for (size_t i = 0; i < c->n_keys; i++)
		json_array_append_new(list, keys_json(&c->keys[i]));
	for (size_t i = 0; i < c->n_domains; i++)
		json_array_append_new(list, domain_json(&c->domains[i]));
	for (size_t i = 0; i < c->n_software; i++)
		json_array_append_new(list, software_json(c, &c->software[i]));
	return list;
}

static json_t *tags_json(const struct corim *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_tags; i++) {
		const struct corim_tag *t = &c->tags[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:I}", "kind",
						t->kind == CORIM_COMID	  ? "CoMID"
						: t->kind == CORIM_COSWID ? "CoSWID"
									  : "CoTL",
						"id", t->id, "version", (json_int_t)t->version));
	}
	return list;
}

static json_t *counts_json(const struct corim *c)
{
	const struct {
		const char *kind;
		size_t n;
	} rows[] = { { "reference", c->n_references - c->n_made },
		     { "endorsed", c->n_endorsed },
		     { "conditional", c->n_conditional },
		     { "series", c->n_series },
		     { "keys", c->n_keys },
		     { "domains", c->n_domains },
		     { "software", c->n_software } };
	json_t *j = json_object();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].n)
			json_object_set_new(j, rows[i].kind, json_integer((json_int_t)rows[i].n));
	return j;
}

json_t *corim_json(const struct corim *c)
{
	json_t *j = json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "id", c->id, "signer", c->signer,
			      "signed", (int)c->is_signed, "learned", (int)corim_is_learned(c),
			      "tags", tags_json(c), "triples", counts_json(c));
	json_t *notes = corim_notes_json(c);
	char hex[65];

	if (json_array_size(notes))
		json_object_set(j, "notes", notes);
	json_decref(notes);
	if (c->not_before)
		json_object_set_new(j, "not_before", json_integer(c->not_before));
	if (c->not_after)
		json_object_set_new(j, "not_after", json_integer(c->not_after));
	if (c->has_signer_key)
		json_object_set_new(j, "signer_key",
				    json_string(hex_write(BYTES(c->signer_key), hex)));
	if (c->x5chain)
		json_object_set_new(j, "certificate",
				    text_json(bytes_text(cert_subject(c->x5chain->at[0]))));
	return j;
}
