// SPDX-License-Identifier: Apache-2.0
#include "boot_claims.h"

#include <stdlib.h>

#include "proto/efi_text.h"

enum { TEXT_MAX = 1024, MVAL_NAME = 11 };

/* ---- are the data true? ---- */
static int refuse(const struct boot_event *ev, size_t i, enum err_code code, const char *why,
		  struct err *e)
{
	const char *name = boot_event_name(ev->type);

	return err_set(e, code, "boot log event %zu (PCR %u, %s): %s", i, ev->pcr,
		       name ? name : "unknown type", why);
}

static bool separator_of_error(const struct boot_log *log, const struct boot_event *ev, size_t bank)
{
	static const u8 value[4] = { 1 };
	struct bytes piece = BYTES(value);
	struct digest error;

	if (ev->type != EV_SEPARATOR)
		return false;
	error = digest_of(log->alg[bank], &piece, 1);
	return digest_equals(&error, ev->digests[bank]);
}

int boot_claims_check(const struct boot_log *log, u16 tpm_alg, struct err *e)
{
	int bank = boot_log_bank(log, tpm_alg);

	if (bank < 0 || !log->alg[bank])
		return err_set(e, E_NOTFOUND, "boot log without that bank");
	for (size_t i = 0; i < log->n_events; i++) {
		const struct boot_event *ev = &log->events[i];
		struct boot_data d;

		if (!boot_event_counts(ev))
			continue;
		boot_event_read(ev, &d);
		if (separator_of_error(log, ev, (size_t)bank))
			return refuse(ev, i, E_POLICY,
				      "the firmware met an error before the operating system and "
				      "says so",
				      e);
		/* only what has to fit is hashed here */
		if (d.binding && boot_event_cover(log, ev, &d, (size_t)bank) == BOOT_CONTRADICTED)
			return refuse(ev, i, E_BINDING, "its data are not what was measured", e);
	}
	return 0;
}

bool boot_claims_command_line(const struct boot_log *log, const struct boot_event *ev, size_t bank,
			      struct bytes text)
{
	u8 *wide;
	bool same = false;

	if (!efi_printable(text) || text.len > COMMAND_LINE_MAX || bank >= log->n_banks ||
	    !log->alg[bank])
		return false;
	wide = calloc(text.len + 1, 2);
	for (size_t i = 0; wide && i < text.len; i++)
		wide[2 * i] = text.at[i];
	for (size_t nul = 0; wide && nul < 2 && !same; nul++) {
		struct bytes piece = { wide, 2 * (text.len + nul) };
		struct digest d = digest_of(log->alg[bank], &piece, 1);

		same = digest_equals(&d, ev->digests[bank]);
	}
	free(wide);
	return same;
}

/* ---- the environment ---- */
static char *text_of(const struct boot_log *log, const struct boot_event *ev, size_t bank,
		     struct bytes command_line)
{
	char text[TEXT_MAX];
	struct boot_data d;

	boot_event_read(ev, &d);
	if (d.kind == BOOT_DATA_TAG && d.tag == BOOT_TAG_LINUX_OPTIONS &&
	    boot_claims_command_line(log, ev, bank, command_line)) {
		struct efi_text t = efi_text_on(text, sizeof(text));

		efi_text_ascii(&t, command_line);
		return strdup(text);
	}
	/* What has to fit was checked; of the rest, hash what is small enough to be shown. */
	if (!d.n_hashed || (!d.binding && boot_event_cover(log, ev, &d, bank) != BOOT_COVERED) ||
	    !boot_event_value(ev, &d, text, sizeof(text))[0])
		return NULL;
	return strdup(text);
}

static void put_digests(const struct boot_log *log, const struct boot_event *ev, size_t bank,
			struct corim_mval *m)
{
	m->digests[m->n_digests++] =
		(struct corim_digest){ corim_alg_of(log->alg[bank]), ev->digests[bank] };
	for (size_t i = 0; i < log->n_banks; i++)
		if (i != bank && log->quoted & 1u << i && corim_alg_of(log->alg[i]))
			m->digests[m->n_digests++] =
				(struct corim_digest){ corim_alg_of(log->alg[i]), ev->digests[i] };
}

/*
 * The text of a command line is its value's name, so that a reference can carry it and a verdict can show
 * what was wanted. It stands for the same digest: a text that no digest covers is none.
 */
static int put_name(struct ect_info *info, struct corim_mval *m, struct err *e)
{
	static const char base[] = "command-line";

	if (!info->text || strncmp(info->name, base, sizeof(base) - 1))
		return 0;
	info->named = buf_new(TEXT_MAX + 8);
	if (!info->named)
		return err_set(e, E_MEMORY, "no memory for an environment");
	cbor_put_text(&info->named->w, bytes_text(info->text));
	if (!buf_bytes(info->named).len)
		return err_set(e, E_MEMORY, "no memory for an environment");
	m->plain[m->n_plain++] = (struct corim_plain){ MVAL_NAME, buf_bytes(info->named) };
	return 0;
}

int boot_claims(const struct boot_log *log, u16 tpm_alg, struct bytes command_line,
		struct ect **out, struct err *e)
{
	OWNED(ect) x = ect_new(log->n_events);
	struct boot_claim *claims = NULL;
	int bank = boot_log_bank(log, tpm_alg), rc = 0;

	if (!x)
		return err_set(e, E_MEMORY, "no memory for an environment");
	if (bank < 0 || !corim_alg_of(log->alg[bank]))
		return err_set(e, E_NOTFOUND, "boot log without that bank");
	if (boot_names(log, &claims, e))
		return (int)e->code;
	ect_set_class(x, "tcg", "tcg:boot-log");
	for (size_t i = 0; i < log->n_events && !rc; i++) {
		struct ect_info *info = &x->info[x->n];
		struct writer w = writer_on(info->mkey, sizeof(info->mkey));

		if (!claims[i].name[0])
			continue;
		memcpy(info->name, claims[i].name, sizeof(info->name));
		info->vector = claims[i].vector;
		if (info->vector >= 0)
			info->text = text_of(log, &log->events[i], (size_t)bank, command_line);
		cbor_put_text(&w, bytes_text(info->name));
		x->elements[x->n].mkey = write_done(&w);
		put_digests(log, &log->events[i], (size_t)bank, &x->elements[x->n].mval);
		rc = put_name(info, &x->elements[x->n++].mval, e);
	}
	free(claims);
	if (!rc)
		*out = TAKE(x);
	return rc;
}
