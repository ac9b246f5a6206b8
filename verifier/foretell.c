// SPDX-License-Identifier: Apache-2.0
#include "foretell.h"

#include <stdio.h>
#include <stdlib.h>

#include "boot_claims.h"
#include "foretell_run.h"
#include "proto/efi_text.h"

enum { SHOWN_MAX = 1024 }; /* as boot_claims.c has it */

static void telling_clear(struct foretelling *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->texts); i++)
		buf_drop(&t->texts[i]);
	grub_told_drop(&t->grub);
	free(t->claims);
	free(t);
}

static bool name_is(const struct boot_claim *claim, const char *name)
{
	return !strcmp(claim->name, name);
}

static bool begins(struct bytes text, const char *with)
{
	size_t n = strlen(with);

	return text.len >= n && !memcmp(text.at, with, n);
}

/* ---- digests ---- */
/* In every bank of the log that a CoRIM has a name for, by ascending number. */
static int put_digests(struct foretelling *t, const struct range *pieces, size_t n, struct err *e)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	struct proposal_element *el = &t->p.elements[t->p.n];
	struct digest *d = t->digests[t->p.n];
	enum digest_alg wanted[ARRAY_LEN(algs)];
	size_t n_wanted = 0;

	for (size_t a = 0; a < ARRAY_LEN(algs); a++) {
		bool there = false;

		for (size_t i = 0; i < t->next->log->n_banks; i++)
			there |= t->next->log->alg[i] == algs[a];
		if (there)
			wanted[n_wanted++] = algs[a];
	}
	if (range_digests(wanted, n_wanted, pieces, n, d, e))
		return (int)e->code;
	for (size_t a = 0; a < n_wanted; a++)
		el->digests[el->n_digests++] =
			(struct corim_digest){ corim_alg_of(wanted[a]), digest_bytes(&d[a]) };
	return 0;
}

/* As the appraisal shows what was measured: a text with line breaks is one line, and cut. */
static struct bytes shown_text(struct foretelling *t, struct bytes text)
{
	char room[SHOWN_MAX];
	struct efi_text shown = efi_text_on(room, sizeof(room));
	struct buf **kept = &t->texts[t->p.n];
	size_t n;

	efi_text_ascii(&shown, text);
	for (n = strlen(room); n && room[n - 1] == ' ';)
		n--;
	buf_drop(kept);
	*kept = buf_copy((struct bytes){ (const u8 *)room, n });
	return buf_bytes(*kept);
}

int foretell_pieces(struct foretelling *t, const struct boot_claim *claim,
		    const struct range *pieces, size_t n, struct bytes shown, struct err *e)
{
	if (t->p.n == PROPOSAL_ELEMENTS_MAX)
		return err_set(e, E_LIMIT, "more than %d claims of the next boot",
			       PROPOSAL_ELEMENTS_MAX);
	t->p.elements[t->p.n] = (struct proposal_element){ .name = bytes_text(claim->name) };
	if (put_digests(t, pieces, n, e))
		return (int)e->code;
	if (shown.len)
		t->p.elements[t->p.n].text = shown_text(t, shown);
	t->p.n++;
	return 0;
}

int foretell_propose(struct foretelling *t, const struct boot_claim *claim, struct range content,
		     const struct pe_image *image, struct bytes shown, struct err *e)
{
	return image ? foretell_pieces(t, claim, image->pieces, image->n, shown, e)
		     : foretell_pieces(t, claim, &content, 1, shown, e);
}

int foretell_unforeseen(struct foretelling *t, const struct boot_claim *claim, struct err *e)
{
	if (t->p.n_unforeseen == PROPOSAL_ELEMENTS_MAX)
		return err_set(e, E_LIMIT, "more than %d claims that nobody can foretell",
			       PROPOSAL_ELEMENTS_MAX);
	t->p.unforeseen[t->p.n_unforeseen++] = bytes_text(claim->name);
	return 0;
}

size_t foretell_claim(const struct foretelling *t, const char *name)
{
	for (size_t i = 0; i < t->next->log->n_events; i++)
		if (name_is(&t->claims[i], name))
			return i;
	return SIZE_MAX;
}

bool foretell_same(const struct boot_log *log, size_t a, size_t b)
{
	for (size_t bank = 0; bank < log->n_banks; bank++)
		if (!bytes_equal(log->events[a].digests[bank], log->events[b].digests[bank]))
			return false;
	return log->n_banks > 0;
}

/* ---- texts ---- */
static bool has_running(const struct foretelling *t, struct bytes text)
{
	const char *running = t->next->running;
	size_t n = strlen(running);

	for (size_t i = 0; n && i + n <= text.len; i++)
		if (!memcmp(text.at + i, running, n))
			return true;
	return false;
}

/* The version that runs becomes the next one, wherever it stands. */
static void put_next(const struct foretelling *t, struct writer *w, struct bytes text)
{
	size_t n = strlen(t->next->running);

	for (size_t i = 0; i < text.len;) {
		if (n && i + n <= text.len && !memcmp(text.at + i, t->next->running, n)) {
			write_bytes(w, bytes_text(t->next->release));
			i += n;
		} else {
			write_u8(w, text.at[i++]);
		}
	}
}

static size_t word_len(struct bytes text)
{
	size_t n = 0;

	while (n < text.len && text.at[n] != ' ')
		n++;
	return n;
}

/* What GRUB gives the kernel, where its menu tells that: it is the end of every form of the command line. */
static bool put_line(const struct foretelling *t, struct writer *w, struct bytes now)
{
	struct bytes was = t->grub && !t->next->options ? t->grub->line_was : BYTES_NONE;

	if (!was.len || now.len < was.len || memcmp(now.at + now.len - was.len, was.at, was.len))
		return false;
	write_bytes(w, bytes_slice(now, 0, now.len - was.len));
	write_bytes(w, t->grub->line_is);
	return true;
}

/* As it is now, with the first @n_kept words (command, path of the kernel) before other options. */
static struct buf *next_text(struct foretelling *t, struct bytes now, size_t n_kept, struct err *e)
{
	OWNED(buf) b = buf_new(COMMAND_LINE_MAX);
	size_t kept = 0;

	for (size_t i = 0; i < n_kept && kept < now.len; i++) {
		kept += kept > 0;
		kept += word_len(bytes_slice(now, kept, now.len - kept));
	}
	if (b && t->next->options) {
		put_next(t, &b->w, bytes_slice(now, 0, kept));
		if (kept)
			write_u8(&b->w, ' ');
		write_bytes(&b->w, bytes_text(t->next->options));
	} else if (b && !put_line(t, &b->w, now)) {
		put_next(t, &b->w, now);
	}
	if (!b || !buf_bytes(b).len) {
		err_set(e, E_LIMIT, "command line of no length, or of more than %d bytes",
			COMMAND_LINE_MAX);
		return NULL;
	}
	return TAKE(b);
}

int foretell_wide(struct foretelling *t, const struct boot_claim *claim, struct bytes text,
		  bool nul, struct err *e)
{
	OWNED(buf) wide = buf_new(2 * COMMAND_LINE_MAX + 2);

	if (!wide)
		return err_set(e, E_MEMORY, "no memory for a command line");
	for (size_t i = 0; i < text.len; i++)
		write_le16(&wide->w, text.at[i]);
	if (nul)
		write_le16(&wide->w, 0);
	if (wide->w.full)
		return err_set(e, E_LIMIT, "command line of more than %d bytes", COMMAND_LINE_MAX);
	return foretell_propose(t, claim, range_of(buf_bytes(wide)), NULL, text, e);
}

static int propose_wide(struct foretelling *t, const struct boot_claim *claim, struct bytes now,
			size_t n_kept, bool nul, struct err *e)
{
	OWNED(buf) text = next_text(t, now, n_kept, e);

	return text ? foretell_wide(t, claim, buf_bytes(text), nul, e) : (int)e->code;
}

static int propose_text(struct foretelling *t, const struct boot_claim *claim, struct bytes now,
			size_t n_kept, struct err *e)
{
	OWNED(buf) text = next_text(t, now, n_kept, e);

	return text ? foretell_propose(t, claim, range_of(buf_bytes(text)), NULL, buf_bytes(text),
				       e)
		    : (int)e->code;
}

/* The stub measures options that do not stand in the log; /proc/cmdline is them, or it is not. */
static int propose_stub_line(struct foretelling *t, const struct boot_claim *claim,
			     const struct boot_event *ev, struct err *e)
{
	struct bytes now = t->next->running_line;
	size_t bank = 0;
	struct digest d;
	OWNED(buf) wide = buf_new(2 * COMMAND_LINE_MAX + 2);
	bool nul;

	while (bank < t->next->log->n_banks && !t->next->log->alg[bank])
		bank++;
	if (!boot_claims_command_line(t->next->log, ev, bank, now))
		return foretell_unforeseen(t, claim, e);
	if (!wide)
		return err_set(e, E_MEMORY, "no memory for a command line");
	for (size_t i = 0; i < now.len; i++)
		write_le16(&wide->w, now.at[i]);
	d = digest_of(t->next->log->alg[bank], &(struct bytes){ wide->w.at, wide->w.len }, 1);
	nul = !digest_equals(&d, ev->digests[bank]);
	return propose_wide(t, claim, now, begins(now, "BOOT_IMAGE="), nul, e);
}

static int tell_command_line(struct foretelling *t, const struct boot_claim *claim,
			     const struct boot_event *ev, const struct boot_data *d, struct err *e)
{
	if (d->kind == BOOT_DATA_CMDLINE)
		return propose_text(t, claim, d->value, 1, e);
	if (d->kind == BOOT_DATA_WIDE) {
		struct bytes wide = d->value;
		OWNED(buf) now = buf_new(COMMAND_LINE_MAX);
		bool nul = wide.len >= 2 && !wide.at[wide.len - 2] && !wide.at[wide.len - 1];

		for (size_t i = 0; now && i + 2 <= wide.len - 2 * nul; i += 2) {
			if (wide.at[i + 1])
				return foretell_unforeseen(t, claim, e);
			write_u8(&now->w, wide.at[i]);
		}
		return propose_wide(t, claim, buf_bytes(now), 0, nul, e);
	}
	if (d->kind == BOOT_DATA_TAG)
		return propose_stub_line(t, claim, ev, e);
	return foretell_unforeseen(t, claim, e);
}

/* Without a menu that tells more only lines that load are understood: others may say anything next time. */
static int tell_grub_command(struct foretelling *t, size_t i, struct bytes command, struct err *e)
{
	const struct boot_claim *claim = &t->claims[i];
	const struct grub_change *change = grub_told_of(t->grub, i);
	bool loads_kernel = begins(command, "linux ") || begins(command, "linuxefi ");
	bool loads_initrd = begins(command, "initrd ") || begins(command, "initrdefi ");
	bool other = strcmp(t->next->running, t->next->release) && has_running(t, command);
	const struct next_boot *asked = t->next;
	struct next_boot as_is = *asked;
	int rc;

	if (loads_kernel && asked->options)
		return propose_text(t, claim, command, 2, e);
	if (change && !change->text.len)
		return foretell_unforeseen(t, claim, e);
	if (change)
		return foretell_propose(t, claim, range_of(change->text), NULL, change->text, e);
	if (!other || (t->grub && t->grub->whole))
		return 0;
	if (!loads_kernel && !loads_initrd)
		return foretell_unforeseen(t, claim, e);
	as_is.options = NULL;
	t->next = &as_is;
	rc = propose_text(t, claim, command, 2, e);
	t->next = asked;
	return rc;
}

/* ---- the log ---- */
static const struct pe_image *image_of(const struct foretelling *t)
{
	return t->is_pe ? &t->pe : NULL;
}

static int tell_initrd(struct foretelling *t, const struct boot_claim *claim, struct err *e)
{
	if (!t->next->initrd.len)
		return err_set(e, E_USAGE, "this boot measured an initrd: say which the next has");
	return foretell_propose(t, claim, t->next->initrd, NULL, BYTES_NONE, e);
}

/* A second kernel or initrd: it is told where it was the same file as the first. */
static int tell_second(struct foretelling *t, size_t i, const char *first, struct err *e)
{
	size_t at = foretell_claim(t, first);

	if (at == SIZE_MAX || !foretell_same(t->next->log, at, i))
		return foretell_unforeseen(t, &t->claims[i], e);
	if (!strcmp(first, "initrd"))
		return tell_initrd(t, &t->claims[i], e);
	return foretell_propose(t, &t->claims[i], t->next->kernel, image_of(t), BYTES_NONE, e);
}

static int tell_event(struct foretelling *t, size_t i, struct err *e)
{
	const struct boot_claim *claim = &t->claims[i];
	const struct boot_event *ev = &t->next->log->events[i];
	struct boot_data d;

	if (!claim->name[0])
		return 0;
	boot_event_read(ev, &d);
	if (name_is(claim, "kernel"))
		return foretell_propose(t, claim, t->next->kernel, image_of(t), BYTES_NONE, e);
	if (name_is(claim, "kernel/file"))
		return foretell_propose(t, claim, t->next->kernel, NULL, BYTES_NONE, e);
	if (name_is(claim, "initrd"))
		return tell_initrd(t, claim, e);
	if (begins(bytes_text(claim->name), "command-line"))
		return tell_command_line(t, claim, ev, &d, e);
	if (d.kind == BOOT_DATA_GRUB)
		return tell_grub_command(t, i, d.value, e);
	if (t->grub && t->grub->file == i)
		return foretell_propose(t, claim, range_of(t->next->grub_cfg), NULL, BYTES_NONE, e);
	if (begins(bytes_text(claim->name), "kernel/"))
		return tell_second(t, i, "kernel", e);
	if (begins(bytes_text(claim->name), "initrd/"))
		return tell_second(t, i, "initrd", e);
	return 0;
}

static int tell_files(struct foretelling *t, struct err *e)
{
	const struct next_boot *next = t->next;

	t->is_pe = pe_image_is(next->kernel);
	if (t->is_pe && pe_image_parse(next->kernel, &t->pe, e))
		return (int)e->code;
	if (next->grub_cfg.len && foretell_grub(next->log, t->claims, next->grub_cfg, next->running,
						next->release, &t->grub, e))
		return (int)e->code;
	for (size_t i = 0; i < next->log->n_events; i++)
		if (tell_event(t, i, e))
			return (int)e->code;
	return 0;
}

static int tell_image(struct foretelling *t, struct err *e)
{
	if (!foretell_uki_is(t))
		return err_set(e, E_USAGE, "this boot was none of a unified kernel image");
	if (pe_image_parse(t->next->uki, &t->pe, e) || pe_image_sections(t->next->uki, &t->uki, e))
		return (int)e->code;
	return foretell_uki(t, e);
}

static int tell(struct foretelling *t, struct err *e)
{
	if (boot_names(t->next->log, &t->claims, e))
		return (int)e->code;
	if (t->next->uki.len)
		return tell_image(t, e);
	if (foretell_uki_is(t))
		return err_set(e, E_USAGE,
			       "this boot is a unified kernel image: say which the next one is "
			       "(--uki FILE)");
	return tell_files(t, e);
}

int foretell(const struct next_boot *next, struct buf **out, struct err *e)
{
	struct foretelling *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return err_set(e, E_MEMORY, "no memory to foretell a boot");
	t->next = next;
	t->p.release = bytes_text(next->release);
	rc = tell(t, e);
	if (!rc && !t->p.n)
		rc = err_set(e, E_NOTFOUND,
			     "this boot measured neither kernel nor initrd nor command line");
	if (!rc)
		rc = proposal_write(&t->p, out, e);
	telling_clear(t);
	return rc;
}
