// SPDX-License-Identifier: Apache-2.0
/* The text form line by line: sections, where they begin and end, and the whole. */
#include "corim_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "corim_text_parts.h"

/* Of one line in the arena, beside its own bytes: heads of CBOR items. */
enum { ITEM_ROOM = 16 };

int corim_text_wrong(struct corim_text *r, const char *format, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return err_set(r->e, E_FORMAT, "line %u: %s", r->line, text);
}

/* ---- sections ---- */
void *corim_text_grow(struct corim_text *r, void *at, size_t n, size_t size, size_t max)
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

static int begin_reference(struct corim_text *r)
{
	r->state = ONE_MORE(r, r->c->references, r->c->n_references, CORIM_TRIPLES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

static int begin_endorsed(struct corim_text *r)
{
	r->state = ONE_MORE(r, r->c->endorsed, r->c->n_endorsed, CORIM_TRIPLES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

static struct corim_conditional *last_conditional(struct corim_text *r)
{
	return r->c->n_conditional ? &r->c->conditional[r->c->n_conditional - 1] : NULL;
}

static int begin_when(struct corim_text *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (!s || r->then)
		s = ONE_MORE(r, r->c->conditional, r->c->n_conditional, CORIM_TRIPLES_MAX);
	r->then = false;
	r->state = s ? ONE_MORE(r, s->conditions, s->n_conditions, CORIM_STATES_MAX) : NULL;
	return r->state ? 0 : (int)r->e->code;
}

static int begin_then(struct corim_text *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (!s)
		return corim_text_wrong(r, "[then] without a [when] before it");
	r->then = true;
	r->state = ONE_MORE(r, s->additions, s->n_additions, CORIM_STATES_MAX);
	return r->state ? 0 : (int)r->e->code;
}

/* ---- a state ends where the next begins: it says something of something ---- */
int corim_text_end_element(struct corim_text *r)
{
	if (r->element && !corim_mval_points(&r->element->mval))
		return corim_text_wrong(r, "the element before this line has no value");
	if (r->element && r->element->mval.raw_mask.len &&
	    r->element->mval.raw_mask.len != r->element->mval.raw.len)
		return corim_text_wrong(r, "raw and raw-mask are not equally long");
	r->element = NULL;
	return 0;
}

static int end_state(struct corim_text *r)
{
	const struct corim_env *env = r->state ? &r->state->env : NULL;

	if (corim_text_end_element(r))
		return (int)r->e->code;
	if (env && !r->state->n)
		return corim_text_wrong(r, "the section before this line has no element");
	if (env && !env->vendor.len && !env->model.len && !env->instance.len)
		return corim_text_wrong(
			r, "the section before this line names no vendor, model or instance");
	return 0;
}

static int begin_section(struct corim_text *r, const char *name)
{
	static const struct {
		const char *name;
		int (*begin)(struct corim_text *r);
	} rows[] = { { "[reference]", begin_reference },
		     { "[endorsed]", begin_endorsed },
		     { "[when]", begin_when },
		     { "[then]", begin_then } };

	if (end_state(r))
		return (int)r->e->code;
	if (r->state && last_conditional(r) && !r->then && strcmp(name, "[when]") &&
	    strcmp(name, "[then]") && !last_conditional(r)->n_additions)
		return corim_text_wrong(r, "[when] without a [then] after it");
	r->seen = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(name, rows[i].name))
			return rows[i].begin(r);
	return corim_text_wrong(r, "[reference], [endorsed], [when] or [then] expected, not \"%s\"",
				name);
}

/* ---- lines ---- */
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

static int take_line(struct corim_text *r, struct bytes line)
{
	char text[CORIM_TEXT_LINE_MAX + 1], *at, *value;

	if (line.len > CORIM_TEXT_LINE_MAX)
		return corim_text_wrong(r, "longer than %d characters", CORIM_TEXT_LINE_MAX);
	for (size_t i = 0; i < line.len; i++)
		if ((line.at[i] < 0x20 && line.at[i] != '\t' && line.at[i] != '\r') ||
		    line.at[i] == 0x7f)
			return corim_text_wrong(r, "a control character");
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
		return corim_text_wrong(r, "KEY = VALUE expected");
	*value++ = 0;
	at = trim(at);
	value = trim(value);
	return *value ? corim_text_member(r, at, value)
		      : corim_text_wrong(r, "%s has no value", at);
}

static int end_text(struct corim_text *r)
{
	struct corim_conditional *s = last_conditional(r);

	if (end_state(r))
		return (int)r->e->code;
	if (s && !s->n_additions)
		return corim_text_wrong(r, "[when] without a [then] after it");
	if (!r->c->id[0])
		return corim_text_wrong(r, "there is no id");
	if (!r->state)
		return corim_text_wrong(r, "there is no section");
	if (r->c->not_before && r->c->not_after <= r->c->not_before)
		return corim_text_wrong(r, "valid-from needs a valid-until after it");
	if (!r->c->signer[0])
		snprintf(r->c->signer, CORIM_ID_MAX, "operator");
	return r->arena.full ? err_set(r->e, E_INTERNAL, "room for the text form") : 0;
}

int corim_text_parse(struct bytes text, struct corim **out, struct err *e)
{
	OWNED(corim) c = calloc(1, sizeof(*c));
	struct corim_text r = { .c = c, .e = e };
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
