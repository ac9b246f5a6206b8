// SPDX-License-Identifier: Apache-2.0
#include "foretell_grub.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/reader.h"
#include "proto/grub_menu.h"
#include "proto/proposal.h"

/* Every entry once more, and the lines of one, as they were and as they are. */
enum { NONE = -1, ROOM = 2 * GRUB_CFG_MAX + BOOT_EVENT_MAX };

/* A line of the chosen entry, as it was and as it is, where they differ. */
struct line {
	struct bytes was, is;
	bool always; /* it stands in no condition: the log has to show it */
};

struct telling {
	const struct boot_log *log;
	const struct boot_claim *claims;
	const char *running, *release;
	struct grub_menu *menu;
	struct grub_told *t;
	struct writer room;
	size_t chosen;	      /* event of the first "setparams": GRUB runs an entry from there on */
	size_t linux_at;      /* event of the command that loads the kernel; SIZE_MAX: none */
	struct bytes was, is; /* body of the chosen entry */
	bool submenu;	      /* it stands in a submenu, or nobody knows which it is */
};

void grub_told_drop(struct grub_told **tp)
{
	struct grub_told *t = tp ? *tp : NULL;

	if (!t)
		return;
	free(t->room);
	free(t);
	*tp = NULL;
}

const struct grub_change *grub_told_of(const struct grub_told *t, size_t event)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (t->changes[i].event == event)
			return &t->changes[i];
	return NULL;
}

/* ---- the log ---- */
static bool starts(struct bytes text, struct bytes with)
{
	return text.len >= with.len && !memcmp(text.at, with.at, with.len);
}

static bool begins(struct bytes text, const char *with)
{
	return starts(text, bytes_text(with));
}

static bool ends_with(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && !memcmp(text.at + text.len - n, with, n);
}

static struct bytes behind(struct bytes text, size_t n)
{
	return n < text.len ? bytes_slice(text, n, text.len - n) : BYTES_NONE;
}

/* The command that an event is; empty when it is none. */
static struct bytes command_at(const struct telling *w, size_t i)
{
	struct boot_data d;

	if (i >= w->log->n_events || !begins(bytes_text(w->claims[i].name), "grub/command/"))
		return BYTES_NONE;
	boot_event_read(&w->log->events[i], &d);
	return d.kind == BOOT_DATA_GRUB ? d.value : BYTES_NONE;
}

static bool is_menu(struct bytes command)
{
	return begins(command, "menuentry ") || begins(command, "submenu ");
}

static bool loads_kernel(struct bytes command)
{
	return begins(command, "linux ") || begins(command, "linuxefi ");
}

static bool is_menu_file(const struct telling *w, size_t i)
{
	struct boot_data d;

	if (!begins(bytes_text(w->claims[i].name), "grub/file"))
		return false;
	boot_event_read(&w->log->events[i], &d);
	return d.kind == BOOT_DATA_TEXT && ends_with(d.value, "/grub.cfg");
}

/* The file that was read last before the first entry is the one that has it: others lead there. */
static void look(struct telling *w)
{
	bool menu = false;

	w->chosen = w->linux_at = w->t->file = SIZE_MAX;
	for (size_t i = 0; i < w->log->n_events; i++) {
		struct bytes command = command_at(w, i);

		menu |= is_menu(command);
		if (!menu && is_menu_file(w, i))
			w->t->file = i;
		if (w->chosen == SIZE_MAX && begins(command, "setparams "))
			w->chosen = i;
		if (loads_kernel(command))
			w->linux_at = i;
	}
	if (!menu) /* it is about no menu: what else it has nobody looks at */
		w->t->file = SIZE_MAX;
}

static bool file_is_measured(const struct telling *w, struct bytes cfg)
{
	const struct boot_event *ev = &w->log->events[w->t->file];
	bool same = false;

	for (size_t bank = 0; bank < w->log->n_banks; bank++) {
		struct digest d;

		if (!w->log->alg[bank])
			continue;
		d = digest_of(w->log->alg[bank], &cfg, 1);
		if (!digest_equals(&d, ev->digests[bank]))
			return false;
		same = true;
	}
	return same;
}

/* ---- what changes ---- */
static int change(struct telling *w, size_t event, struct bytes text, struct err *e)
{
	struct grub_told *t = w->t;

	if (grub_told_of(t, event))
		return 0;
	if (t->n == PROPOSAL_ELEMENTS_MAX)
		return err_set(e, E_LIMIT, "more than %d commands of GRUB change",
			       PROPOSAL_ELEMENTS_MAX);
	t->changes[t->n++] = (struct grub_change){ event, text };
	return 0;
}

/* Written at the end of the room; empty when it is full. */
static struct bytes written(struct telling *w, size_t from)
{
	const struct writer *room = &w->room;

	return room->full ? BYTES_NONE : (struct bytes){ room->at + from, room->len - from };
}

/* ---- the menu ---- */
static bool is_entry(struct bytes command, const struct grub_entry *entry)
{
	return entry->known && starts(command, entry->head) &&
	       begins(behind(command, entry->head.len), " {") && ends_with(command, "}");
}

static struct bytes body_of(struct bytes command, const struct grub_entry *entry)
{
	struct bytes block = behind(command, entry->head.len + 2);

	return bytes_slice(block, 0, block.len ? block.len - 1 : 0);
}

/* The next command of the menu at or after event @i, before an entry is chosen; SIZE_MAX: none. */
static size_t next_menu(const struct telling *w, size_t i)
{
	for (; i < w->log->n_events && i < w->chosen; i++)
		if (is_menu(command_at(w, i)))
			return i;
	return SIZE_MAX;
}

/* "setparams TITLE": the title is the word behind "menuentry", and what follows it is an option or the block. */
static bool is_chosen(const struct telling *w, struct bytes command)
{
	struct bytes title = behind(command_at(w, w->chosen), strlen("setparams "));
	struct bytes rest = behind(command, strlen("menuentry "));

	if (!title.len || !begins(command, "menuentry ") || !starts(rest, title))
		return false;
	rest = behind(rest, title.len);
	return begins(rest, " --") || begins(rest, " {");
}

static int tell_entry(struct telling *w, size_t i, const struct grub_entry *entry, struct err *e)
{
	struct bytes command = command_at(w, i), was = body_of(command, entry);
	struct writer *room = &w->room;
	size_t from = room->len;

	if (w->chosen != SIZE_MAX && is_chosen(w, command)) {
		w->submenu = w->is.at != NULL; /* two of the same title */
		w->was = was;
		w->is = entry->body;
	}
	if (bytes_equal(was, entry->body))
		return 0;
	write_bytes(room, entry->head);
	write_bytes(room, bytes_text(" {"));
	write_bytes(room, entry->body);
	write_u8(room, '}');
	return change(w, i, written(w, from), e);
}

/*
 * The entries of the file beside those of the log, in their order. One that stands in a condition and is not in the log was
 * not reached, and is not reached next time. Return: whether all of them fit; *@rc is an error.
 */
static bool tell_menu(struct telling *w, int *rc, struct err *e)
{
	size_t at = next_menu(w, 0);

	for (size_t k = 0; k < w->menu->n && !*rc; k++) {
		const struct grub_entry *entry = &w->menu->entries[k];

		if (at != SIZE_MAX && is_entry(command_at(w, at), entry)) {
			*rc = tell_entry(w, at, entry, e);
			at = next_menu(w, at + 1);
		} else if (!entry->conditional) {
			return false;
		}
	}
	return at == SIZE_MAX;
}

/* ---- the chosen entry ---- */
static struct bytes next_line(struct bytes *text)
{
	const u8 *end = text->len ? memchr(text->at, '\n', text->len) : NULL;
	size_t n = end ? (size_t)(end - text->at) : text->len;
	struct bytes line = bytes_slice(*text, 0, n);

	*text = behind(*text, n + 1);
	return line;
}

static struct bytes command_of(struct telling *w, struct bytes line)
{
	struct writer *room = &w->room;
	size_t from = room->len;

	if (grub_menu_line(line, room))
		return written(w, from);
	room->len = from;
	return BYTES_NONE;
}

static bool closes(struct bytes line, const char *with)
{
	return ends_with(line, with) && (line.len == strlen(with) ||
					 memchr(" \t;", line.at[line.len - strlen(with) - 1], 3));
}

/* How much deeper in conditions what follows it is. As grub-mkconfig writes it: fi and done end a line. */
static int depth_of(struct bytes line)
{
	int depth;

	while (line.len && (line.at[0] == ' ' || line.at[0] == '\t'))
		line = behind(line, 1);
	depth = begins(line, "if ") || begins(line, "for ") || begins(line, "while ") ||
		begins(line, "until ");
	return depth - (closes(line, "fi") || closes(line, "done"));
}

static struct bytes behind_word(struct bytes command)
{
	const u8 *end = command.len ? memchr(command.at, ' ', command.len) : NULL;

	return end ? behind(command, (size_t)(end - command.at) + 1) : BYTES_NONE;
}

/* The events that ran @line get its new text. Return: how many there were, or an error below 0. */
static int tell_line(struct telling *w, const struct line *line, struct err *e)
{
	int n = 0;

	for (size_t i = w->chosen + 1; i < w->log->n_events; i++) {
		if (!bytes_equal(command_at(w, i), line->was))
			continue;
		if (change(w, i, line->is, e))
			return NONE;
		n++;
	}
	if (n && loads_kernel(line->was) && loads_kernel(line->is)) {
		w->t->line_was = behind_word(line->was);
		w->t->line_is = behind_word(line->is);
	}
	return n;
}

/* Line by line. Return: whether every difference is understood; *@rc is an error. */
static bool tell_body(struct telling *w, int *rc, struct err *e)
{
	struct bytes was = w->was, is = w->is;
	int depth = 0;

	while (was.len && is.len) {
		struct bytes from = next_line(&was), to = next_line(&is);
		struct line line = { .always = depth == 0 };
		int n;

		depth += depth_of(from);
		if (bytes_equal(from, to))
			continue;
		line.was = command_of(w, from);
		line.is = command_of(w, to);
		if (!line.was.len || !line.is.len)
			return false;
		n = tell_line(w, &line, e);
		if (n < 0)
			*rc = (int)e->code;
		if (n < 0 || (!n && line.always))
			return false;
	}
	return !was.len && !is.len;
}

/* What ran of it is known, what runs of it next is not: the command that loads the kernel stands for it. */
static int unforeseen_entry(struct telling *w, struct err *e)
{
	w->t->whole = false;
	return w->linux_at == SIZE_MAX ? 0 : change(w, w->linux_at, BYTES_NONE, e);
}

static int unforeseen_menu(struct telling *w, size_t from, struct err *e)
{
	w->t->whole = false;
	for (size_t i = from; i < w->log->n_events; i++)
		if (is_menu(command_at(w, i)) && change(w, i, BYTES_NONE, e))
			return (int)e->code;
	return 0;
}

static int tell_chosen(struct telling *w, struct err *e)
{
	int rc = 0;

	if (w->chosen == SIZE_MAX) {
		w->t->whole = false;
		return 0;
	}
	if (!w->was.at || w->submenu)
		return unforeseen_menu(w, w->chosen, e) ? (int)e->code : unforeseen_entry(w, e);
	if (!tell_body(w, &rc, e) && !rc) {
		w->t->line_was = w->t->line_is = BYTES_NONE;
		rc = unforeseen_entry(w, e);
	}
	return rc;
}

/* ---- which kernel ---- */
/* Its second word. */
static struct bytes path_of(struct bytes command)
{
	struct bytes rest = behind_word(command);
	const u8 *end = rest.len ? memchr(rest.at, ' ', rest.len) : NULL;

	return end ? bytes_slice(rest, 0, (size_t)(end - rest.at)) : rest;
}

static bool names(struct bytes path, const char *version)
{
	char end[PROPOSAL_RELEASE_MAX + 2];

	snprintf(end, sizeof(end), "-%s", version);
	return ends_with(path, end);
}

/* A file that is named by its version is of the kernel that the proposal is about, or the proposal is of no boot to come. */
static int check_kernel(const struct telling *w, struct err *e)
{
	const struct grub_change *next = grub_told_of(w->t, w->linux_at);
	struct bytes was = path_of(command_at(w, w->linux_at));
	struct bytes is = next ? path_of(next->text) : was;

	if (!w->t->whole || !names(was, w->running) || names(is, w->release))
		return 0;
	return err_set(e, E_CONFLICT,
		       "GRUB's menu boots %.*s next, not %s: nothing to propose before update-grub "
		       "has run",
		       (int)(is.len < 200 ? is.len : 200), (const char *)is.at, w->release);
}

static int tell(struct telling *w, struct bytes cfg, struct err *e)
{
	int rc = 0;

	look(w);
	w->t->whole = next_menu(w, 0) != SIZE_MAX;
	if (!w->t->whole)
		return 0;
	if (w->t->file != SIZE_MAX && file_is_measured(w, cfg))
		return check_kernel(w, e);
	if (grub_menu_parse(cfg, &w->menu, e))
		return (int)e->code;
	if (tell_menu(w, &rc, e))
		rc = tell_chosen(w, e);
	else if (!rc)
		rc = unforeseen_menu(w, 0, e);
	return rc ? rc : check_kernel(w, e);
}

int foretell_grub(const struct boot_log *log, const struct boot_claim *claims, struct bytes cfg,
		  const char *running, const char *release, struct grub_told **out, struct err *e)
{
	struct telling w = { .log = log, .claims = claims, .running = running, .release = release };
	OWNED(grub_told) t = calloc(1, sizeof(*t));
	int rc;

	if (!t || !(t->room = malloc(ROOM)))
		return err_set(e, E_MEMORY, "no memory to foretell GRUB's commands");
	w.t = t;
	w.room = writer_on(t->room, ROOM);
	rc = tell(&w, cfg, e);
	grub_menu_drop(&w.menu);
	if (!rc && w.room.full)
		rc = err_set(e, E_LIMIT, "GRUB's commands have more than %d bytes", ROOM);
	if (!rc)
		*out = TAKE(t);
	return rc;
}
