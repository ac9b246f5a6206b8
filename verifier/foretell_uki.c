// SPDX-License-Identifier: Apache-2.0
/*
 * A unified kernel image: the firmware measures the whole of it, systemd's stub each section, the firmware once more the
 * kernel in it, and that kernel's own stub its options and initrd.
 * SPEC: systemd-stub(7); systemd src/boot/stub.c (measure_sections)
 */
#include <stdlib.h>

#include "boot_claims.h"
#include "foretell_run.h"
#include "uki_initrd.h"

/* Sections that a stub measures if an image has them; from which version on. A later stub may know more. */
static const struct {
	const char *name;
	unsigned int since;
} measured[] = {
	{ ".linux", 0 },   { ".osrel", 0 },   { ".cmdline", 0 },   { ".initrd", 0 },
	{ ".splash", 0 },  { ".dtb", 0 },     { ".pcrpkey", 0 },   { ".uname", 253 },
	{ ".sbat", 253 },  { ".ucode", 253 }, { ".profile", 253 }, { ".dtbauto", 253 },
	{ ".hwids", 253 }, { ".efifw", 253 },
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* The name of the section whose content a claim is, or NULL. */
static const char *section_of(const struct boot_claim *claim)
{
	return begins(claim->name, "uki/.") ? claim->name + strlen("uki/") : NULL;
}

static bool has_sections(const struct boot_log *log, const struct boot_claim *claims)
{
	for (size_t i = 0; i < log->n_events; i++)
		if (begins(claims[i].name, "uki/"))
			return true;
	return false;
}

bool foretell_uki_is(const struct foretelling *t)
{
	return has_sections(t->next->log, t->claims);
}

int foretell_from_uki(const struct boot_log *log, bool *out, struct err *e)
{
	struct boot_claim *claims = NULL;

	if (boot_names(log, &claims, e))
		return (int)e->code;
	*out = has_sections(log, claims);
	free(claims);
	return 0;
}

/* "#### LoaderInfo: systemd-stub 252.39-1 ####"; SIZE_MAX when the stub does not say. */
static size_t stub_version(const struct foretelling *t)
{
	static const char says[] = "systemd-stub ";
	const struct pe_section *magic = pe_section_find(&t->uki, ".sdmagic");
	OWNED(buf) b = NULL;
	struct err ignored = { 0 };
	size_t n = sizeof(says) - 1, version = 0;
	struct bytes text;

	if (!magic || range_bytes(magic->content, UKI_TEXT_MAX, &b, &ignored))
		return SIZE_MAX;
	text = buf_bytes(b);

	for (size_t i = 0; i + n < text.len; i++) {
		if (memcmp(text.at + i, says, n))
			continue;
		for (i += n;
		     i < text.len && text.at[i] >= '0' && text.at[i] <= '9' && version < 10000; i++)
			version = 10 * version + (size_t)(text.at[i] - '0');
		return version ? version : SIZE_MAX;
	}
	return SIZE_MAX;
}

static bool is_measured(const struct foretelling *t, const char *name)
{
	char claim[16] = "uki/";

	strncat(claim, name, 8);
	return foretell_claim(t, claim) != SIZE_MAX;
}

/* What this boot did not measure must be nothing that the next one does. */
static int check_sections(const struct foretelling *t, struct err *e)
{
	size_t version = stub_version(t);

	for (size_t i = 0; i < ARRAY_LEN(measured); i++) {
		bool there = false;

		for (size_t k = 0; k < t->uki.n; k++)
			there |= !strcmp(t->uki.sections[k].name, measured[i].name);
		if (there && version >= measured[i].since && !is_measured(t, measured[i].name))
			return err_set(e, E_UNSUPPORTED,
				       "the image has a section %s, and this boot measured none: "
				       "more changes than values",
				       measured[i].name);
	}
	return 0;
}

static int tell_section(struct foretelling *t, const struct boot_claim *claim, const char *name,
			struct err *e)
{
	const struct pe_section *s = pe_section_find(&t->uki, name);

	if (!s || !s->content.len)
		return err_set(e, E_UNSUPPORTED,
			       "this boot measured a section %s: the image has not just one with "
			       "content",
			       name);
	return foretell_propose(t, claim, s->content, NULL, BYTES_NONE, e);
}

/* ---- the command line ---- */
static struct bytes trimmed(struct bytes text)
{
	while (text.len && (!text.at[text.len - 1] || text.at[text.len - 1] == '\n' ||
			    text.at[text.len - 1] == ' '))
		text.len--;
	return text;
}

static bool plain(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return false;
	return text.len > 0;
}

/* Was the section of this boot @text, with what may stand at its end? */
static bool section_was(const struct boot_log *log, size_t section, struct bytes text)
{
	static const char *const tails[] = { "", "\n", " ", " \n" };
	static const u8 nul[1];

	for (size_t i = 0; i <= ARRAY_LEN(tails); i++) {
		struct bytes parts[] = { text,
					 i < ARRAY_LEN(tails) ? bytes_text(tails[i]) : BYTES(nul) };
		bool same = false, other = false;

		for (size_t bank = 0; bank < log->n_banks; bank++) {
			struct digest d;

			if (!log->alg[bank])
				continue;
			d = digest_of(log->alg[bank], parts, ARRAY_LEN(parts));
			same |= digest_equals(&d, log->events[section].digests[bank]);
			other |= !digest_equals(&d, log->events[section].digests[bank]);
		}
		if (same && !other)
			return true;
	}
	return false;
}

static bool measured_with_nul(const struct boot_log *log, size_t i, struct bytes text)
{
	struct digest d;
	size_t bank = 0;
	u8 *wide = calloc(text.len + 1, 2);

	while (bank + 1 < log->n_banks && !log->alg[bank])
		bank++;
	for (size_t k = 0; wide && k < text.len; k++)
		wide[2 * k] = text.at[k];
	d = digest_of(log->alg[bank], &(struct bytes){ wide, wide ? 2 * (text.len + 1) : 0 }, 1);
	free(wide);
	return digest_equals(&d, log->events[i].digests[bank]);
}

/*
 * The running kernel says its options, the log that they were measured, and that they were this boot's section: so are the
 * next ones. Options that somebody gave the stub stay as they are, as long as they do.
 */
static int tell_options(struct foretelling *t, size_t i, struct err *e)
{
	const struct boot_log *log = t->next->log;
	struct bytes now = t->next->running_line;
	const struct pe_section *s = pe_section_find(&t->uki, ".cmdline");
	size_t section = foretell_claim(t, "uki/.cmdline"), bank = 0;
	OWNED(buf) content = NULL;
	struct err too_long = { 0 };
	struct bytes next;

	while (bank + 1 < log->n_banks && !log->alg[bank])
		bank++;
	if (section == SIZE_MAX || !s ||
	    !boot_claims_command_line(log, &log->events[i], bank, now) ||
	    !section_was(log, section, now))
		return foretell_unforeseen(t, &t->claims[i], e);
	/* with as much room behind it, which is trimmed */
	if (range_bytes(s->content, 2 * COMMAND_LINE_MAX, &content, &too_long))
		return foretell_unforeseen(t, &t->claims[i], e);
	next = trimmed(buf_bytes(content));
	if (!plain(next) || next.len > COMMAND_LINE_MAX)
		return foretell_unforeseen(t, &t->claims[i], e);
	return foretell_wide(t, &t->claims[i], next, measured_with_nul(log, i, now), e);
}

/* ---- the initrd ---- */
static bool measured_as(const struct boot_log *log, size_t i, const struct uki_initrd *initrd)
{
	bool same = false;

	for (size_t bank = 0; bank < log->n_banks; bank++) {
		struct err ignored = { 0 };
		struct digest d;

		if (!log->alg[bank])
			continue;
		if (range_digests(&log->alg[bank], 1, initrd->pieces, initrd->n, &d, &ignored) ||
		    !digest_equals(&d, log->events[i].digests[bank]))
			return false;
		same = true;
	}
	return same;
}

/* What the stub of this boot's image made of it says what that of the next one does. */
static bool stub_of(const struct foretelling *t, size_t i, enum uki_stub *stub)
{
	struct pe_sections *now;
	struct uki_initrd initrd;
	struct err e = { 0 };
	bool found = false;

	if (!t->next->uki_now.len || !(now = malloc(sizeof(*now))))
		return false;
	if (!pe_image_sections(t->next->uki_now, now, &e))
		for (int k = 0; k < UKI_STUBS && !found; k++) {
			*stub = (enum uki_stub)k;
			found = uki_initrd_of(now, *stub, &initrd) &&
				measured_as(t->next->log, i, &initrd);
		}
	free(now);
	return found;
}

/* The section and nothing else, or what this boot's image shows: a stub may put more into one initrd with it. */
static int tell_initrd(struct foretelling *t, size_t i, struct err *e)
{
	size_t section = foretell_claim(t, "uki/.initrd");
	enum uki_stub stub = UKI_STUB_ALONE;
	struct uki_initrd initrd;
	bool alone = section != SIZE_MAX && foretell_same(t->next->log, section, i);

	if ((!alone && !stub_of(t, i, &stub)) || !uki_initrd_of(&t->uki, stub, &initrd))
		return foretell_unforeseen(t, &t->claims[i], e);
	return foretell_pieces(t, &t->claims[i], initrd.pieces, initrd.n, BYTES_NONE, e);
}

/* ---- the images ---- */
/* The section's kernel is a PE image in a PE image. */
static int tell_kernel(struct foretelling *t, size_t i, struct err *e)
{
	const struct pe_section *s = pe_section_find(&t->uki, ".linux");
	struct pe_image kernel;

	if (!s)
		return err_set(e, E_FORMAT, "the image has not just one section .linux");
	if (pe_image_parse(s->content, &kernel, e))
		return err_while(e, "section .linux");
	return foretell_propose(t, &t->claims[i], (struct range){ 0 }, &kernel, BYTES_NONE, e);
}

static bool is_image(const struct boot_log *log, size_t i)
{
	return log->events[i].pcr == 4 && log->events[i].type == EV_EFI_BOOT_SERVICES_APPLICATION;
}

/* The image whose stub speaks is the last that was started before it did. */
static size_t image_at(const struct foretelling *t)
{
	size_t at = SIZE_MAX;

	for (size_t i = 0; !begins(t->claims[i].name, "uki/"); i++)
		if (is_image(t->next->log, i))
			at = i;
	return at;
}

int foretell_uki(struct foretelling *t, struct err *e)
{
	const struct boot_log *log = t->next->log;
	size_t image = image_at(t);
	int rc = check_sections(t, e);

	for (size_t i = 0; i < log->n_events && !rc; i++) {
		const struct boot_claim *claim = &t->claims[i];
		const char *section = section_of(claim);

		if (section)
			rc = tell_section(t, claim, section, e);
		else if (i == image)
			rc = foretell_propose(t, claim, (struct range){ 0 }, &t->pe, BYTES_NONE, e);
		else if (is_image(log, i) && image != SIZE_MAX && i > image)
			rc = tell_kernel(t, i, e);
		else if (begins(claim->name, "command-line"))
			rc = tell_options(t, i, e);
		else if (begins(claim->name, "initrd"))
			rc = tell_initrd(t, i, e);
	}
	return rc;
}
