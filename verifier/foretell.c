// SPDX-License-Identifier: Apache-2.0
#include "foretell.h"

#include <stdio.h>
#include <stdlib.h>

#include "boot_claims.h"
#include "proto/efi_text.h"
#include "proto/pe_image.h"

/* Digests and texts that the proposal points to. */
struct telling {
	const struct next_boot *next;
	struct proposal p;
	struct boot_claim *claims;
	bool is_pe;
	struct pe_image pe;
	struct digest digests[PROPOSAL_ELEMENTS_MAX][PROPOSAL_DIGESTS_MAX];
	struct buf *texts[PROPOSAL_ELEMENTS_MAX];
};

static void telling_clear(struct telling *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->texts); i++)
		buf_drop(&t->texts[i]);
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
static struct digest digest_as(const struct telling *t, struct bytes content, bool image,
			       enum digest_alg alg)
{
	return image && t->is_pe ? pe_image_digest(&t->pe, alg) : digest_of(alg, &content, 1);
}

/* In every bank of the log that a CoRIM has a name for, by ascending number. */
static void put_digests(struct telling *t, struct bytes content, bool image)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	struct proposal_element *el = &t->p.elements[t->p.n];

	for (size_t a = 0; a < ARRAY_LEN(algs); a++) {
		struct digest *d = &t->digests[t->p.n][el->n_digests];
		bool there = false;

		for (size_t i = 0; i < t->next->log->n_banks; i++)
			there |= t->next->log->alg[i] == algs[a];
		if (!there)
			continue;
		*d = digest_as(t, content, image, algs[a]);
		el->digests[el->n_digests++] =
			(struct corim_digest){ corim_alg_of(algs[a]), digest_bytes(d) };
	}
}

/* @shown: for people, or empty. */
static int propose(struct telling *t, const struct boot_claim *claim, struct bytes content,
		   bool image, struct bytes shown, struct err *e)
{
	if (t->p.n == PROPOSAL_ELEMENTS_MAX)
		return err_set(e, E_LIMIT, "more than %d claims of the next boot",
			       PROPOSAL_ELEMENTS_MAX);
	t->p.elements[t->p.n] =
		(struct proposal_element){ .name = bytes_text(claim->name), .text = shown };
	put_digests(t, content, image);
	t->p.n++;
	return 0;
}

static int unforeseen(struct telling *t, const struct boot_claim *claim, struct err *e)
{
	if (t->p.n_unforeseen == PROPOSAL_ELEMENTS_MAX)
		return err_set(e, E_LIMIT, "more than %d claims that nobody can foretell",
			       PROPOSAL_ELEMENTS_MAX);
	t->p.unforeseen[t->p.n_unforeseen++] = bytes_text(claim->name);
	return 0;
}

/* ---- texts ---- */
static bool has_running(const struct telling *t, struct bytes text)
{
	const char *running = t->next->running;
	size_t n = strlen(running);

	for (size_t i = 0; n && i + n <= text.len; i++)
		if (!memcmp(text.at + i, running, n))
			return true;
	return false;
}

/* The version that runs becomes the next one, wherever it stands. */
static void put_next(const struct telling *t, struct writer *w, struct bytes text)
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

/* As it is now, with the first @n_kept words (command, path of the kernel) before other options. */
static struct buf *next_text(struct telling *t, struct bytes now, size_t n_kept, struct err *e)
{
	struct buf *b = t->p.n < PROPOSAL_ELEMENTS_MAX ? buf_new(COMMAND_LINE_MAX) : NULL;
	size_t kept = 0;

	if (b)
		t->texts[t->p.n] = b; /* of the element that is proposed next */
	for (size_t i = 0; i < n_kept && kept < now.len; i++) {
		kept += kept > 0;
		kept += word_len(bytes_slice(now, kept, now.len - kept));
	}
	if (b && t->next->options) {
		put_next(t, &b->w, bytes_slice(now, 0, kept));
		if (kept)
			write_u8(&b->w, ' ');
		write_bytes(&b->w, bytes_text(t->next->options));
	} else if (b) {
		put_next(t, &b->w, now);
	}
	if (!b || !buf_bytes(b).len) {
		err_set(e, E_LIMIT, "command line of no length, or of more than %d bytes",
			COMMAND_LINE_MAX);
		return NULL;
	}
	return b;
}

static int propose_wide(struct telling *t, const struct boot_claim *claim, struct bytes now,
			size_t n_kept, bool nul, struct err *e)
{
	struct buf *text = next_text(t, now, n_kept, e);
	OWNED(buf) wide = buf_new(2 * COMMAND_LINE_MAX + 2);

	if (!text)
		return (int)e->code;
	if (!wide)
		return err_set(e, E_MEMORY, "no memory for a command line");
	for (size_t i = 0; i < text->w.len; i++)
		write_le16(&wide->w, text->w.at[i]);
	if (nul)
		write_le16(&wide->w, 0);
	return propose(t, claim, buf_bytes(wide), false, buf_bytes(text), e);
}

static int propose_grub_line(struct telling *t, const struct boot_claim *claim, struct bytes now,
			     struct err *e)
{
	struct buf *text = next_text(t, now, 1, e);

	return text ? propose(t, claim, buf_bytes(text), false, buf_bytes(text), e) : (int)e->code;
}

/* The stub measures options that do not stand in the log; /proc/cmdline is them, or it is not. */
static int propose_stub_line(struct telling *t, const struct boot_claim *claim,
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
		return unforeseen(t, claim, e);
	if (!wide)
		return err_set(e, E_MEMORY, "no memory for a command line");
	for (size_t i = 0; i < now.len; i++)
		write_le16(&wide->w, now.at[i]);
	d = digest_of(t->next->log->alg[bank], &(struct bytes){ wide->w.at, wide->w.len }, 1);
	nul = !digest_equals(&d, ev->digests[bank]);
	return propose_wide(t, claim, now, begins(now, "BOOT_IMAGE="), nul, e);
}

static int tell_command_line(struct telling *t, const struct boot_claim *claim,
			     const struct boot_event *ev, const struct boot_data *d, struct err *e)
{
	if (d->kind == BOOT_DATA_CMDLINE)
		return propose_grub_line(t, claim, d->value, e);
	if (d->kind == BOOT_DATA_WIDE) {
		struct bytes wide = d->value;
		OWNED(buf) now = buf_new(COMMAND_LINE_MAX);
		bool nul = wide.len >= 2 && !wide.at[wide.len - 2] && !wide.at[wide.len - 1];

		for (size_t i = 0; now && i + 2 <= wide.len - 2 * nul; i += 2) {
			if (wide.at[i + 1])
				return unforeseen(t, claim, e);
			write_u8(&now->w, wide.at[i]);
		}
		return propose_wide(t, claim, buf_bytes(now), 0, nul, e);
	}
	if (d->kind == BOOT_DATA_TAG)
		return propose_stub_line(t, claim, ev, e);
	return unforeseen(t, claim, e);
}

/* Only lines that load are understood; a menu that names the version may say anything next time. */
static int tell_grub_command(struct telling *t, const struct boot_claim *claim,
			     struct bytes command, struct err *e)
{
	bool loads_kernel = begins(command, "linux ") || begins(command, "linuxefi ");
	bool loads_initrd = begins(command, "initrd ") || begins(command, "initrdefi ");
	bool other = strcmp(t->next->running, t->next->release) && has_running(t, command);
	const char *options = t->next->options;
	struct next_boot as_is = *t->next;
	const struct next_boot *asked = t->next;
	struct buf *text;
	int rc;

	if (!other && !(loads_kernel && options))
		return 0;
	if (!loads_kernel && !loads_initrd)
		return unforeseen(t, claim, e);
	as_is.options = loads_kernel ? options : NULL;
	t->next = &as_is;
	text = next_text(t, command, 2, e);
	rc = text ? propose(t, claim, buf_bytes(text), false, buf_bytes(text), e) : (int)e->code;
	t->next = asked;
	return rc;
}

/* ---- the log ---- */
static int tell_initrd(struct telling *t, const struct boot_claim *claim, struct err *e)
{
	if (!t->next->initrd.len)
		return err_set(e, E_USAGE, "this boot measured an initrd: say which the next has");
	return propose(t, claim, t->next->initrd, false, BYTES_NONE, e);
}

static int tell_event(struct telling *t, size_t i, struct err *e)
{
	const struct boot_claim *claim = &t->claims[i];
	const struct boot_event *ev = &t->next->log->events[i];
	struct boot_data d;

	if (!claim->name[0])
		return 0;
	if (begins(bytes_text(claim->name), "uki/"))
		return err_set(e, E_UNSUPPORTED,
			       "this boot is a unified kernel image: what the next one measures is "
			       "known where it is built");
	boot_event_read(ev, &d);
	if (name_is(claim, "kernel"))
		return propose(t, claim, t->next->kernel, true, BYTES_NONE, e);
	if (name_is(claim, "kernel/file"))
		return propose(t, claim, t->next->kernel, false, BYTES_NONE, e);
	if (name_is(claim, "initrd"))
		return tell_initrd(t, claim, e);
	if (begins(bytes_text(claim->name), "command-line"))
		return tell_command_line(t, claim, ev, &d, e);
	if (d.kind == BOOT_DATA_GRUB)
		return tell_grub_command(t, claim, d.value, e);
	/* a second kernel or initrd: which file it was is not known here */
	if (begins(bytes_text(claim->name), "kernel/") ||
	    begins(bytes_text(claim->name), "initrd/"))
		return unforeseen(t, claim, e);
	return 0;
}

int foretell(const struct next_boot *next, struct buf **out, struct err *e)
{
	struct telling *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return err_set(e, E_MEMORY, "no memory to foretell a boot");
	t->next = next;
	t->p.release = bytes_text(next->release);
	t->is_pe = pe_image_is(next->kernel);
	rc = t->is_pe ? pe_image_parse(next->kernel, &t->pe, e) : 0;
	if (!rc)
		rc = boot_names(next->log, &t->claims, e);
	for (size_t i = 0; !rc && i < next->log->n_events; i++)
		rc = tell_event(t, i, e);
	if (!rc && !t->p.n)
		rc = err_set(e, E_NOTFOUND,
			     "this boot measured neither kernel nor initrd nor command line");
	if (!rc)
		rc = proposal_write(&t->p, out, e);
	telling_clear(t);
	return rc;
}
