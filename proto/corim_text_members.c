// SPDX-License-Identifier: Apache-2.0
/* What may stand in the text form as KEY = VALUE, and what it becomes. */
#include "corim_text_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"

/* ---- what a value becomes; the arena has room for every line ---- */
static struct bytes keep(struct corim_text *r, const char *value)
{
	size_t from = r->arena.len;

	write_bytes(&r->arena, bytes_text(value));
	return (struct bytes){ r->arena.at + from, r->arena.len - from };
}

static struct bytes keep_text_item(struct corim_text *r, const char *value)
{
	size_t from = r->arena.len;

	cbor_put_text(&r->arena, bytes_text(value));
	return (struct bytes){ r->arena.at + from, r->arena.len - from };
}

static int keep_hex(struct corim_text *r, const char *value, struct bytes *out)
{
	size_t n = strlen(value) / 2;
	u8 *at = write_space(&r->arena, n);

	if (!n || !at || !hex_read(value, at, n))
		return corim_text_wrong(r, "hex digits expected, not \"%s\"", value);
	*out = (struct bytes){ at, n };
	return 0;
}

static int read_number(struct corim_text *r, const char *value, u64 *out)
{
	size_t len = strlen(value);

	if (!len || len > 18 || strspn(value, "0123456789") != len)
		return corim_text_wrong(r, "a number expected, not \"%s\"", value);
	*out = strtoull(value, NULL, 10);
	return 0;
}

/* ---- members of the CoRIM ---- */
static int take_name(struct corim_text *r, char out[CORIM_ID_MAX], const char *value)
{
	if (strlen(value) > 100)
		return corim_text_wrong(r, "longer than 100 characters");
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p > 0x7e)
			return corim_text_wrong(r, "plain ASCII expected");
	snprintf(out, CORIM_ID_MAX, "%s", value);
	return 0;
}

static int take_id(struct corim_text *r, const char *value)
{
	return take_name(r, r->c->id, value);
}

static int take_signer(struct corim_text *r, const char *value)
{
	return take_name(r, r->c->signer, value);
}

static int take_time(struct corim_text *r, const char *value, long long *out)
{
	return clock_read_utc(value, out) && *out > 0
		       ? 0
		       : corim_text_wrong(
				 r, "a time like 2027-01-31T00:00:00Z expected, not \"%s\"", value);
}

static int take_from(struct corim_text *r, const char *value)
{
	return take_time(r, value, &r->c->not_before);
}

static int take_until(struct corim_text *r, const char *value)
{
	return take_time(r, value, &r->c->not_after);
}

/* ---- members of an environment ---- */
static int take_vendor(struct corim_text *r, const char *value)
{
	r->state->env.vendor = keep(r, value);
	return 0;
}

static int take_model(struct corim_text *r, const char *value)
{
	r->state->env.model = keep(r, value);
	return 0;
}

static int take_layer(struct corim_text *r, const char *value)
{
	r->state->env.has_layer = true;
	return read_number(r, value, &r->state->env.layer);
}

static int take_index(struct corim_text *r, const char *value)
{
	r->state->env.has_index = true;
	return read_number(r, value, &r->state->env.index);
}

/* Bytes (560), in hex. */
static int take_instance(struct corim_text *r, const char *value)
{
	u8 room[CORIM_TEXT_LINE_MAX];
	size_t n = strlen(value) / 2, from = r->arena.len;

	if (!n || n > sizeof(room) || !hex_read(value, room, n))
		return corim_text_wrong(r, "hex digits expected, not \"%s\"", value);
	cbor_put_tag(&r->arena, 560);
	cbor_put_bytes(&r->arena, (struct bytes){ room, n });
	r->state->env.instance = (struct bytes){ r->arena.at + from, r->arena.len - from };
	return 0;
}

/* ---- members of an element ---- */
static struct corim_mval *value_of(struct corim_text *r)
{
	if (!r->element)
		r->element = ONE_MORE(r, r->state->elements, r->state->n, CORIM_MEASUREMENTS_MAX);
	return r->element ? &r->element->mval : NULL;
}

static int take_element(struct corim_text *r, const char *value)
{
	size_t from;
	u64 number;

	if (corim_text_end_element(r) || !value_of(r))
		return (int)r->e->code;
	from = r->arena.len;
	if (strspn(value, "0123456789") != strlen(value)) {
		r->element->mkey = keep_text_item(r, value);
		return 0;
	}
	if (read_number(r, value, &number))
		return (int)r->e->code;
	cbor_put_uint(&r->arena, number);
	r->element->mkey = (struct bytes){ r->arena.at + from, r->arena.len - from };
	return 0;
}

/* "sha-256:HEX", or without the hyphen */
static int take_digest(struct corim_text *r, const char *value)
{
	static const struct {
		const char *name;
		enum digest_alg alg;
	} rows[] = { { "sha-256:", DIGEST_SHA256 }, { "sha256:", DIGEST_SHA256 },
		     { "sha-384:", DIGEST_SHA384 }, { "sha384:", DIGEST_SHA384 },
		     { "sha-512:", DIGEST_SHA512 }, { "sha512:", DIGEST_SHA512 } };
	struct corim_mval *m = value_of(r);
	struct corim_digest d;

	if (!m)
		return (int)r->e->code;
	if (m->n_digests == CORIM_DIGESTS_MAX)
		return corim_text_wrong(r, "more than %d digests", CORIM_DIGESTS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (strncmp(value, rows[i].name, len))
			continue;
		d.alg = corim_alg_of(rows[i].alg);
		if (keep_hex(r, value + len, &d.bytes))
			return (int)r->e->code;
		if (d.bytes.len != digest_len(rows[i].alg))
			return corim_text_wrong(r, "%zu bytes are not a digest of that kind",
						d.bytes.len);
		for (size_t k = 0; k < m->n_digests; k++)
			if (m->digests[k].alg == d.alg)
				return corim_text_wrong(r, "a second digest of one kind");
		m->digests[m->n_digests++] = d;
		return 0;
	}
	return corim_text_wrong(r, "sha-256:HEX, sha-384:HEX or sha-512:HEX expected, not \"%s\"",
				value);
}

static int take_svn_as(struct corim_text *r, const char *value, bool min)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_svn)
		return corim_text_wrong(r, "a second security version");
	m->has_svn = true;
	m->min_svn = min;
	return read_number(r, value, &m->svn);
}

static int take_svn(struct corim_text *r, const char *value)
{
	return take_svn_as(r, value, false);
}

static int take_min_svn(struct corim_text *r, const char *value)
{
	return take_svn_as(r, value, true);
}

static int take_version(struct corim_text *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_version)
		return corim_text_wrong(r, "a second version");
	m->has_version = true;
	m->version = keep(r, value);
	return 0;
}

/* By ascending key, as the writer wants them. */
static int take_plain(struct corim_text *r, u64 key, const char *value)
{
	struct corim_mval *m = value_of(r);
	size_t at;

	if (!m)
		return (int)r->e->code;
	if (corim_plain_of(m, key).len || m->n_plain == CORIM_PLAIN_MAX)
		return corim_text_wrong(r, "given a second time");
	for (at = m->n_plain++; at > 0 && m->plain[at - 1].key > key; at--)
		m->plain[at] = m->plain[at - 1];
	m->plain[at] = (struct corim_plain){ key, keep_text_item(r, value) };
	return 0;
}

static int take_serial(struct corim_text *r, const char *value)
{
	return take_plain(r, 8, value);
}

static int take_label(struct corim_text *r, const char *value)
{
	return take_plain(r, 11, value);
}

static int take_raw(struct corim_text *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_raw)
		return corim_text_wrong(r, "a second raw value");
	m->has_raw = true;
	return keep_hex(r, value, &m->raw);
}

static int take_raw_mask(struct corim_text *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (!m->has_raw || m->raw_mask.len)
		return corim_text_wrong(r, "raw-mask belongs behind a raw, once");
	return keep_hex(r, value, &m->raw_mask);
}

static int take_flag(struct corim_text *r, struct corim_mval *m, const char *word)
{
	bool not = *word == '!';

	for (unsigned int i = 0; i < CORIM_FLAGS; i++)
		if (!strcmp(word + not, corim_flag_name(i))) {
			if (m->flags_known & 1u << i)
				return corim_text_wrong(r, "flag %s a second time",
							corim_flag_name(i));
			m->flags_known |= (u16)(1u << i);
			m->flags |= (u16)(not ? 0 : 1u << i);
			return 0;
		}
	return corim_text_wrong(r, "no flag is called \"%s\"", word + not );
}

/* "secure, !debug" */
static int take_flags(struct corim_text *r, const char *value)
{
	struct corim_mval *m = value_of(r);
	char text[CORIM_TEXT_LINE_MAX + 1], *save = NULL;

	if (!m)
		return (int)r->e->code;
	snprintf(text, sizeof(text), "%s", value);
	for (char *word = strtok_r(text, ", ", &save); word; word = strtok_r(NULL, ", ", &save))
		if (take_flag(r, m, word))
			return (int)r->e->code;
	return m->flags_known ? 0 : corim_text_wrong(r, "no flag at all");
}

/* ---- all of them ---- */
enum where { IN_CORIM, IN_ENVIRONMENT, IN_ELEMENT };
static const struct row {
	const char *key;
	enum where where;
	int (*take)(struct corim_text *r, const char *value);
} rows[] = {
	{ "id", IN_CORIM, take_id },
	{ "signer", IN_CORIM, take_signer },
	{ "valid-from", IN_CORIM, take_from },
	{ "valid-until", IN_CORIM, take_until },
	{ "vendor", IN_ENVIRONMENT, take_vendor },
	{ "model", IN_ENVIRONMENT, take_model },
	{ "layer", IN_ENVIRONMENT, take_layer },
	{ "index", IN_ENVIRONMENT, take_index },
	{ "instance", IN_ENVIRONMENT, take_instance },
	{ "element", IN_ELEMENT, take_element },
	{ "digest", IN_ELEMENT, take_digest },
	{ "svn", IN_ELEMENT, take_svn },
	{ "min-svn", IN_ELEMENT, take_min_svn },
	{ "version", IN_ELEMENT, take_version },
	{ "serial", IN_ELEMENT, take_serial },
	{ "name", IN_ELEMENT, take_label },
	{ "flags", IN_ELEMENT, take_flags },
	{ "raw", IN_ELEMENT, take_raw },
	{ "raw-mask", IN_ELEMENT, take_raw_mask },
};

int corim_text_member(struct corim_text *r, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(key, rows[i].key))
			continue;
		if ((rows[i].where == IN_CORIM) != !r->state)
			return corim_text_wrong(r,
						r->state ? "%s belongs before the first section"
							 : "%s belongs into a section",
						key);
		if (rows[i].where == IN_ENVIRONMENT && r->state->n)
			return corim_text_wrong(r, "%s belongs before the section's first element",
						key);
		if (rows[i].where != IN_ELEMENT && r->seen & 1u << i)
			return corim_text_wrong(r, "%s a second time", key);
		r->seen |= 1u << i;
		return rows[i].take(r, value);
	}
	return corim_text_wrong(r, "unknown word \"%s\"", key);
}
