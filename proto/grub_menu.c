// SPDX-License-Identifier: Apache-2.0
#include "grub_menu.h"

#include <stdlib.h>

#include "common/reader.h"

enum token { END, SEPARATOR, OPEN, CLOSE, WORD };

struct scan {
	struct reader r;
	struct writer *text; /* words are written here as GRUB expands them */
	/* of the last token */
	struct bytes raw; /* as it stands in the file */
	bool known;	  /* expanded without a variable or pattern whose value nobody knows here */
};

/* ---- characters ---- */
static int peek(const struct scan *s)
{
	return s->r.left.len ? s->r.left.at[0] : -1;
}

static int next(struct scan *s, const char *field)
{
	u8 c = read_u8(&s->r, field);

	return s->r.why ? -1 : c;
}

static bool is_name(int c, bool first)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && c >= '0' && c <= '9');
}

static bool one_of(int c, const char *set)
{
	return c > 0 && strchr(set, c);
}

static bool ends_word(int c)
{
	return c <= 0 || one_of(c, "{}|&;<> \t\n");
}

/* ---- words ---- */
static struct bytes variable_name(struct scan *s)
{
	struct bytes from = s->r.left;
	size_t n = 0;

	if (one_of(peek(s), "?#*@0123456789")) {
		read_u8(&s->r, "variable");
		return bytes_slice(from, 0, 1);
	}
	for (; is_name(peek(s), !n); n++)
		read_u8(&s->r, "variable");
	if (!n)
		reader_fail(&s->r, "variable");
	return bytes_slice(from, 0, n);
}

/* Behind the dollar sign. */
static void take_variable(struct scan *s)
{
	bool braced = peek(s) == '{';
	struct bytes name;

	if (braced)
		read_u8(&s->r, "variable");
	name = variable_name(s);
	if (braced && next(s, "variable") != '}')
		reader_fail(&s->r, "variable");
	if (bytes_equal(name, bytes_text("menuentry_id_option")))
		write_bytes(s->text, bytes_text("--id"));
	else
		s->known = false;
}

static void take_single_quoted(struct scan *s)
{
	for (int c = next(s, "quote"); c != '\'' && !s->r.why; c = next(s, "quote"))
		write_u8(s->text, (u8)c);
}

static void take_double_quoted(struct scan *s)
{
	for (int c = next(s, "quote"); c != '"' && !s->r.why; c = next(s, "quote")) {
		if (c == '$') {
			take_variable(s);
		} else if (c == '\\' && one_of(peek(s), "$\\\"")) {
			write_u8(s->text, read_u8(&s->r, "quote"));
		} else {
			s->known &= c != '\\';
			write_u8(s->text, (u8)c);
		}
	}
}

/* A line that goes on in the next one is read by GRUB in a way of its own. */
static void take_escaped(struct scan *s)
{
	int c = next(s, "escape");

	s->known &= c != '\n';
	if (c >= 0)
		write_u8(s->text, (u8)c);
}

static void take_word(struct scan *s)
{
	while (!ends_word(peek(s)) && !s->r.why) {
		int c = next(s, "word");

		if (c == '\\') {
			take_escaped(s);
		} else if (c == '\'') {
			take_single_quoted(s);
		} else if (c == '"') {
			take_double_quoted(s);
		} else if (c == '$' && peek(s) == '"') { /* translated */
			s->known = false;
			read_u8(&s->r, "quote");
			take_double_quoted(s);
		} else if (c == '$') {
			take_variable(s);
		} else {
			s->known &= !one_of(c, "*?["); /* a pattern of file names */
			write_u8(s->text, (u8)c);
		}
	}
}

static void skip_blanks(struct scan *s)
{
	while (peek(s) == ' ' || peek(s) == '\t')
		read_u8(&s->r, "blank");
	if (peek(s) == '#')
		while (peek(s) >= 0 && peek(s) != '\n')
			read_u8(&s->r, "comment");
}

static enum token token(struct scan *s)
{
	struct bytes from;
	enum token t = WORD;

	skip_blanks(s);
	from = s->r.left;
	s->known = true;
	if (s->r.why || peek(s) < 0)
		return END;
	if (!ends_word(peek(s)))
		take_word(s);
	else
		switch (read_u8(&s->r, "token")) {
		case '{':
			t = OPEN;
			break;
		case '}':
			t = CLOSE;
			break;
		case '\n':
		case ';':
		case '|':
		case '&':
			t = SEPARATOR;
			break;
		default:
			reader_fail(&s->r, "character");
		}
	s->raw = bytes_slice(from, 0, from.len - s->r.left.len);
	return s->r.why ? END : t;
}

static bool raw_is(const struct scan *s, const char *word)
{
	return bytes_equal(s->raw, bytes_text(word));
}

static bool raw_in(const struct scan *s, const char *const *words)
{
	for (; *words; words++)
		if (raw_is(s, *words))
			return true;
	return false;
}

static const char *const begins[] = { "if", "while", "until", "for", "case", "select", NULL };
static const char *const goes_on[] = { "then", "else", "elif", "do", "in", NULL };
static const char *const ends[] = { "fi", "done", "esac", NULL };

/* ---- the file ---- */
struct parse {
	struct scan s;
	struct grub_menu *m;
	size_t depth; /* of conditions */
	bool full;
};

/* Behind the brace that opens it; the view is of what stands before the one that closes it. */
static struct bytes take_block(struct scan *s)
{
	struct bytes from = s->r.left;
	size_t mark = s->text->len, depth = 1;

	while (depth) {
		enum token t = token(s);

		s->text->len = mark;
		if (t == END)
			reader_fail(&s->r, "block");
		if (s->r.why)
			return BYTES_NONE;
		depth += t == OPEN;
		depth -= t == CLOSE;
	}
	return bytes_slice(from, 0, from.len - s->r.left.len - 1);
}

/* Its name may stand on one line, its block begin on the next. */
static void skip_function(struct scan *s)
{
	enum token t = token(s);

	if (t == WORD)
		t = token(s);
	while (t == SEPARATOR)
		t = token(s);
	if (t != OPEN)
		reader_fail(&s->r, "function");
	take_block(s);
}

/* The command's own word has been read and stands at @head in the text. */
static void take_entry(struct parse *p, size_t head)
{
	struct scan *s = &p->s;
	struct grub_entry entry = { .known = true, .conditional = p->depth > 0 };
	enum token t;

	for (;;) {
		size_t at = s->text->len;

		write_u8(s->text, ' ');
		t = token(s);
		if (t != WORD) {
			s->text->len = at;
			break;
		}
		entry.known &= s->known;
	}
	if (t != OPEN)
		reader_fail(&s->r, "menu entry without a block");
	entry.head = (struct bytes){ s->text->at + head, s->text->len - head };
	entry.body = take_block(s);
	if (token(s) == WORD)
		reader_fail(&s->r, "menu entry");
	if (s->r.why)
		return;
	p->full |= p->m->n == GRUB_ENTRIES_MAX;
	if (!p->full)
		p->m->entries[p->m->n++] = entry;
}

/* The first word of a command. Return: whether the next one is a first word, too. */
static bool take_first(struct parse *p, size_t mark)
{
	struct scan *s = &p->s;

	if (raw_is(s, "menuentry") || raw_is(s, "submenu")) {
		take_entry(p, mark);
		return true;
	}
	s->text->len = mark;
	if (raw_is(s, "function")) {
		skip_function(s);
		return false;
	}
	p->depth += raw_in(s, begins);
	if (raw_in(s, ends) && !p->depth--) {
		p->depth = 0;
		reader_fail(&s->r, "fi, done or esac");
	}
	return raw_in(s, goes_on) || raw_is(s, "if") || raw_is(s, "while") || raw_is(s, "until");
}

static void take_commands(struct parse *p)
{
	struct scan *s = &p->s;
	bool first = true;

	for (;;) {
		size_t mark = s->text->len;
		enum token t = token(s);

		if (t == END)
			break;
		if (t == WORD && first) {
			first = take_first(p, mark);
			continue;
		}
		s->text->len = mark;
		if (t == OPEN)
			take_block(s);
		if (t == CLOSE)
			reader_fail(&s->r, "brace");
		first = t == SEPARATOR;
	}
	if (!s->r.why && p->depth)
		reader_fail(&s->r, "fi, done or esac");
}

void grub_menu_drop(struct grub_menu **mp)
{
	struct grub_menu *m = mp ? *mp : NULL;

	if (!m)
		return;
	free(m->text);
	free(m);
	*mp = NULL;
}

int grub_menu_parse(struct bytes file, struct grub_menu **out, struct err *e)
{
	struct parse p = { .s.r = reader_on(file) };
	struct writer text;
	OWNED(grub_menu) m = NULL;

	if (file.len > GRUB_CFG_MAX)
		return err_set(e, E_LIMIT, "grub.cfg of more than %d bytes", GRUB_CFG_MAX);
	m = calloc(1, sizeof(*m));
	if (!m || !(m->text = malloc(file.len + 1)))
		return err_set(e, E_MEMORY, "no memory for a menu of GRUB");
	text = writer_on(m->text,
			 file.len + 1); /* a word is never longer than what it is made of */
	p.m = m;
	p.s.text = &text;
	take_commands(&p);
	if (!p.s.r.why && text.full)
		reader_fail(&p.s.r, "words");
	if (p.s.r.why)
		return err_set(e, E_FORMAT, "grub.cfg: %s, at byte %zu", p.s.r.why, p.s.r.offset);
	if (p.full)
		return err_set(e, E_LIMIT, "grub.cfg with more than %d menu entries",
			       GRUB_ENTRIES_MAX);
	*out = TAKE(m);
	return 0;
}

bool grub_menu_line(struct bytes line, struct writer *out)
{
	struct scan s = { .r = reader_on(line), .text = out };
	size_t begin = out->len;
	enum token t;

	for (;;) {
		size_t at = out->len;

		if (at > begin)
			write_u8(out, ' ');
		t = token(&s);
		if (t != WORD) {
			out->len = at;
			break;
		}
		if (!s.known || (at == begin && (raw_in(&s, begins) || raw_in(&s, goes_on) ||
						 raw_in(&s, ends) || raw_is(&s, "function"))))
			return false;
	}
	return t == END && !s.r.why && !out->full && out->len > begin;
}
