// SPDX-License-Identifier: Apache-2.0
#include "corim_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/text.h"
#include "corim_read.h"

enum { VALUE_MAX = 1024, ITEM_ROOM = 16 };

struct reading {
	struct corim *c;
	struct writer arena; /* one block, so that views into it stay */
	unsigned int line;
	struct corim_triple *state; /* the one that the lines speak of, or NULL */
	struct corim_element *element;
	bool then; /* a [then] stands: the next [when] begins another statement */
	u32 seen;  /* members of the environment or of the CoRIM that were given, by their row */
	struct err *e;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reading *r, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return err_set(r->e, E_FORMAT, "line %u: %s", r->line, text);
}

/* ---- what a value becomes; the arena has room for every line ---- */
static struct bytes keep(struct reading *r, const char *value)
{
	size_t from = r->arena.len;

	write_bytes(&r->arena, bytes_text(value));
	return (struct bytes){ r->arena.at + from, r->arena.len - from };
}

static struct bytes keep_text_item(struct reading *r, const char *value)
{
	size_t from = r->arena.len;

	cbor_put_text(&r->arena, bytes_text(value));
	return (struct bytes){ r->arena.at + from, r->arena.len - from };
}

static int keep_hex(struct reading *r, const char *value, struct bytes *out)
{
	size_t n = strlen(value) / 2;
	u8 *at = write_space(&r->arena, n);

	if (!n || !at || !hex_read(value, at, n))
		return wrong(r, "hex digits expected, not \"%s\"", value);
	*out = (struct bytes){ at, n };
	return 0;
}

static int read_number(struct reading *r, const char *value, u64 *out)
{
	size_t len = strlen(value);

	if (!len || len > 18 || strspn(value, "0123456789") != len)
		return wrong(r, "a number expected, not \"%s\"", value);
	*out = strtoull(value, NULL, 10);
	return 0;
}

/* ---- lists that grow; what is there may move, so nothing keeps a pointer into another list ---- */
static void *one_more(struct reading *r, void *at, size_t n, size_t size, size_t max)
{
	void *more;

	if (n >= max) {
		err_set(r->e, E_LIMIT, "line %u: more than %zu of them", r->line, max);
		return NULL;
	}
	more = reallocarray(at, n + 1, size);
	if (!more) {
		err_set(r->e, E_MEMORY, "no memory for a CoRIM");
		return NULL;
	}
	memset((u8 *)more + n * size, 0, size);
	return more;
}

#define ONE_MORE(r, list, n, max)                                                                  \
	({                                                                                         \
		void *more_ = one_more(r, list, n, sizeof(*(list)), max);                          \
		if (more_)                                                                         \
			(list) = more_;                                                            \
		more_ ? &(list)[(n)++] : NULL;                                                     \
	})

static int begin_reference(struct reading *r)
{
	r->state = ONE_MORE(r, r->c->references, r->c->n_references, CORIM_TRIPLES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

static int begin_endorsed(struct reading *r)
{
	r->state = ONE_MORE(r, r->c->endorsed, r->c->n_endorsed, CORIM_TRIPLES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

static struct corim_conditional *last_conditional(struct reading *r)
{
	return r->c->n_conditional ? &r->c->conditional[r->c->n_conditional - 1] : NULL;
}

static int begin_when(struct reading *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (!s || r->then)
		s = ONE_MORE(r, r->c->conditional, r->c->n_conditional, CORIM_TRIPLES_MAX);
	r->then = false;
	r->state = s ? ONE_MORE(r, s->conditions, s->n_conditions, CORIM_STATES_MAX) : NULL;
	return r->state ? 0 : (int)r->e->code;
}

static int begin_then(struct reading *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (!s)
		return wrong(r, "[then] without a [when] before it");
	r->then = true;
	r->state = ONE_MORE(r, s->additions, s->n_additions, CORIM_STATES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

/* ---- a state ends where the next begins: it says something of something ---- */
static int end_element(struct reading *r)
{
	if (r->element && !corim_mval_points(&r->element->mval))
		return wrong(r, "the element before this line has no value");
	if (r->element && r->element->mval.raw_mask.len &&
	    r->element->mval.raw_mask.len != r->element->mval.raw.len)
		return wrong(r, "raw and raw-mask are not equally long");
	r->element = NULL;
	return 0;
}

static int end_state(struct reading *r)
{
	const struct corim_env *env = r->state ? &r->state->env : NULL;

	if (end_element(r))
		return (int)r->e->code;
	if (env && !r->state->n)
		return wrong(r, "the section before this line has no element");
	if (env && !env->vendor.len && !env->model.len && !env->instance.len)
		return wrong(r, "the section before this line names no vendor, model or instance");
	return 0;
}

static int begin_section(struct reading *r, const char *name)
{
	static const struct {
		const char *name;
		int (*begin)(struct reading *r);
	} rows[] = { { "[reference]", begin_reference },
		     { "[endorsed]", begin_endorsed },
		     { "[when]", begin_when },
		     { "[then]", begin_then } };

	if (end_state(r))
		return (int)r->e->code;
	if (r->state && last_conditional(r) && !r->then && strcmp(name, "[when]") &&
	    strcmp(name, "[then]") && !last_conditional(r)->n_additions)
		return wrong(r, "[when] without a [then] after it");
	r->seen = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(name, rows[i].name))
			return rows[i].begin(r);
	return wrong(r, "[reference], [endorsed], [when] or [then] expected, not \"%s\"", name);
}

/* ---- members of the CoRIM ---- */
static int take_name(struct reading *r, char out[CORIM_ID_MAX], const char *value)
{
	if (strlen(value) > 100)
		return wrong(r, "longer than 100 characters");
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p > 0x7e)
			return wrong(r, "plain ASCII expected");
	snprintf(out, CORIM_ID_MAX, "%s", value);
	return 0;
}

static int take_id(struct reading *r, const char *value)
{
	return take_name(r, r->c->id, value);
}

static int take_signer(struct reading *r, const char *value)
{
	return take_name(r, r->c->signer, value);
}

static int take_time(struct reading *r, const char *value, long long *out)
{
	return clock_read_utc(value, out) && *out > 0
		       ? 0
		       : wrong(r, "a time like 2027-01-31T00:00:00Z expected, not \"%s\"", value);
}

static int take_from(struct reading *r, const char *value)
{
	return take_time(r, value, &r->c->not_before);
}

static int take_until(struct reading *r, const char *value)
{
	return take_time(r, value, &r->c->not_after);
}

/* ---- members of an environment ---- */
static int take_vendor(struct reading *r, const char *value)
{
	r->state->env.vendor = keep(r, value);
	return 0;
}

static int take_model(struct reading *r, const char *value)
{
	r->state->env.model = keep(r, value);
	return 0;
}

static int take_layer(struct reading *r, const char *value)
{
	r->state->env.has_layer = true;
	return read_number(r, value, &r->state->env.layer);
}

static int take_index(struct reading *r, const char *value)
{
	r->state->env.has_index = true;
	return read_number(r, value, &r->state->env.index);
}

/* Bytes (560), in hex. */
static int take_instance(struct reading *r, const char *value)
{
	u8 room[VALUE_MAX];
	size_t n = strlen(value) / 2, from = r->arena.len;

	if (!n || n > sizeof(room) || !hex_read(value, room, n))
		return wrong(r, "hex digits expected, not \"%s\"", value);
	cbor_put_tag(&r->arena, 560);
	cbor_put_bytes(&r->arena, (struct bytes){ room, n });
	r->state->env.instance = (struct bytes){ r->arena.at + from, r->arena.len - from };
	return 0;
}

/* ---- members of an element ---- */
static struct corim_mval *value_of(struct reading *r)
{
	if (!r->element)
		r->element = ONE_MORE(r, r->state->elements, r->state->n, CORIM_MEASUREMENTS_MAX);
	return r->element ? &r->element->mval : NULL;
}

static int take_element(struct reading *r, const char *value)
{
	size_t from;
	u64 number;

	if (end_element(r) || !value_of(r))
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
static int take_digest(struct reading *r, const char *value)
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
		return wrong(r, "more than %d digests", CORIM_DIGESTS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (strncmp(value, rows[i].name, len))
			continue;
		d.alg = corim_alg_of(rows[i].alg);
		if (keep_hex(r, value + len, &d.bytes))
			return (int)r->e->code;
		if (d.bytes.len != digest_len(rows[i].alg))
			return wrong(r, "%zu bytes are not a digest of that kind", d.bytes.len);
		for (size_t k = 0; k < m->n_digests; k++)
			if (m->digests[k].alg == d.alg)
				return wrong(r, "a second digest of one kind");
		m->digests[m->n_digests++] = d;
		return 0;
	}
	return wrong(r, "sha-256:HEX, sha-384:HEX or sha-512:HEX expected, not \"%s\"", value);
}

static int take_svn_as(struct reading *r, const char *value, bool min)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_svn)
		return wrong(r, "a second security version");
	m->has_svn = true;
	m->min_svn = min;
	return read_number(r, value, &m->svn);
}

static int take_svn(struct reading *r, const char *value)
{
	return take_svn_as(r, value, false);
}

static int take_min_svn(struct reading *r, const char *value)
{
	return take_svn_as(r, value, true);
}

static int take_version(struct reading *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_version)
		return wrong(r, "a second version");
	m->has_version = true;
	m->version = keep(r, value);
	return 0;
}

/* By ascending key, as the writer wants them. */
static int take_plain(struct reading *r, u64 key, const char *value)
{
	struct corim_mval *m = value_of(r);
	size_t at;

	if (!m)
		return (int)r->e->code;
	if (corim_plain_of(m, key).len || m->n_plain == CORIM_PLAIN_MAX)
		return wrong(r, "given a second time");
	for (at = m->n_plain++; at > 0 && m->plain[at - 1].key > key; at--)
		m->plain[at] = m->plain[at - 1];
	m->plain[at] = (struct corim_plain){ key, keep_text_item(r, value) };
	return 0;
}

static int take_serial(struct reading *r, const char *value)
{
	return take_plain(r, 8, value);
}

static int take_label(struct reading *r, const char *value)
{
	return take_plain(r, 11, value);
}

static int take_raw(struct reading *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (m->has_raw)
		return wrong(r, "a second raw value");
	m->has_raw = true;
	return keep_hex(r, value, &m->raw);
}

static int take_raw_mask(struct reading *r, const char *value)
{
	struct corim_mval *m = value_of(r);

	if (!m)
		return (int)r->e->code;
	if (!m->has_raw || m->raw_mask.len)
		return wrong(r, "raw-mask belongs behind a raw, once");
	return keep_hex(r, value, &m->raw_mask);
}

static int take_flag(struct reading *r, struct corim_mval *m, const char *word)
{
	bool not = *word == '!';

	for (unsigned int i = 0; i < CORIM_FLAGS; i++)
		if (!strcmp(word + not, corim_flag_name(i))) {
			if (m->flags_known & 1u << i)
				return wrong(r, "flag %s a second time", corim_flag_name(i));
			m->flags_known |= (u16)(1u << i);
			m->flags |= (u16)(not ? 0 : 1u << i);
			return 0;
		}
	return wrong(r, "no flag is called \"%s\"", word + not );
}

/* "secure, !debug" */
static int take_flags(struct reading *r, const char *value)
{
	struct corim_mval *m = value_of(r);
	char text[VALUE_MAX + 1], *save = NULL;

	if (!m)
		return (int)r->e->code;
	snprintf(text, sizeof(text), "%s", value);
	for (char *word = strtok_r(text, ", ", &save); word; word = strtok_r(NULL, ", ", &save))
		if (take_flag(r, m, word))
			return (int)r->e->code;
	return m->flags_known ? 0 : wrong(r, "no flag at all");
}

/* ---- lines ---- */
enum where { IN_CORIM, IN_ENVIRONMENT, IN_ELEMENT };
static const struct row {
	const char *key;
	enum where where;
	int (*take)(struct reading *r, const char *value);
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

static int take_member(struct reading *r, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(key, rows[i].key))
			continue;
		if ((rows[i].where == IN_CORIM) != !r->state)
			return wrong(r,
				     r->state ? "%s belongs before the first section"
					      : "%s belongs into a section",
				     key);
		if (rows[i].where == IN_ENVIRONMENT && r->state->n)
			return wrong(r, "%s belongs before the section's first element", key);
		if (rows[i].where != IN_ELEMENT && r->seen & 1u << i)
			return wrong(r, "%s a second time", key);
		r->seen |= 1u << i;
		return rows[i].take(r, value);
	}
	return wrong(r, "unknown word \"%s\"", key);
}

static char *trim(char *text)
{
	char *end;

	while (*text == ' ' || *text == '\t')
		text++;
	for (end = text + strlen(text); end > text && strchr(" \t\r", end[-1]); end--)
		;
	*end = 0;
	return text;
}

static int take_line(struct reading *r, struct bytes line)
{
	char text[VALUE_MAX + 1], *at, *value;

	if (line.len > VALUE_MAX)
		return wrong(r, "longer than %d characters", VALUE_MAX);
	for (size_t i = 0; i < line.len; i++)
		if ((line.at[i] < 0x20 && line.at[i] != '\t' && line.at[i] != '\r') ||
		    line.at[i] == 0x7f)
			return wrong(r, "a control character");
	if (line.len)
		memcpy(text, line.at, line.len);
	text[line.len] = 0;
	at = trim(text);
	if (!*at || *at == '#')
		return 0;
	if (*at == '[')
		return begin_section(r, at);
	value = strchr(at, '=');
	if (!value)
		return wrong(r, "KEY = VALUE expected");
	*value++ = 0;
	at = trim(at);
	value = trim(value);
	return *value ? take_member(r, at, value) : wrong(r, "%s has no value", at);
}

static int end_text(struct reading *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (end_state(r))
		return (int)r->e->code;
	if (s && !s->n_additions)
		return wrong(r, "[when] without a [then] after it");
	if (!r->c->id[0])
		return wrong(r, "there is no id");
	if (!r->state)
		return wrong(r, "there is no section");
	if (r->c->not_before && r->c->not_after <= r->c->not_before)
		return wrong(r, "valid-from needs a valid-until after it");
	if (!r->c->signer[0])
		snprintf(r->c->signer, CORIM_ID_MAX, "operator");
	return r->arena.full ? err_set(r->e, E_INTERNAL, "room for the text form") : 0;
}

int corim_text_parse(struct bytes text, struct corim **out, struct err *e)
{
	OWNED(corim) c = calloc(1, sizeof(*c));
	struct reading r = { .c = c, .e = e };
	size_t lines = 1, room;
	u8 *at;

	if (text.len > CORIM_TEXT_MAX)
		return err_set(e, E_LIMIT, "text of %zu bytes, at most %d", text.len,
			       CORIM_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	room = text.len + ITEM_ROOM * lines;
	if (!c || !(c->bytes = buf_new(room)) || !(at = write_space(&c->bytes->w, room)))
		return err_set(e, E_MEMORY, "no memory for a CoRIM");
	r.arena = writer_on(at, room);
	while (r.line < lines) {
		const u8 *end = text.len ? memchr(text.at, '\n', text.len) : NULL;
		size_t len = end ? (size_t)(end - text.at) : text.len;

		r.line++;
		if (take_line(&r, bytes_slice(text, 0, len)))
			return (int)e->code;
		text = end ? bytes_slice(text, len + 1, text.len - len - 1) : BYTES_NONE;
	}
	if (end_text(&r))
		return (int)e->code;
	*out = TAKE(c);
	return 0;
}

struct corim_draft corim_text_draft(const struct corim *c)
{
	return (struct corim_draft){ .id = c->id,
				     .signer = c->signer,
				     .not_before = c->not_before,
				     .not_after = c->not_after,
				     .triples = c->references,
				     .n = c->n_references,
				     .endorsed = c->endorsed,
				     .n_endorsed = c->n_endorsed,
				     .conditional = c->conditional,
				     .n_conditional = c->n_conditional };
}
