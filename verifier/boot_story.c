// SPDX-License-Identifier: Apache-2.0
#include "boot_story.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "proto/efi_text.h"

enum { VALUE_MAX = 4096, TEXT_MAX = 5000 };

/* Names that begin so; "%s" takes what stands behind it in the name. The first that fits holds. */
static const struct {
	const char *begins, *sentence;
	bool digest; /* of code or a file: it is what a person wants to compare */
} sentences[] = {
	{ "secure-boot/authority/", "An image was let through because of %s", false },
	{ "secure-boot/variable/", "Firmware measured its variable %s", false },
	{ "secure-boot/", "Firmware measured its Secure Boot variable %s", false },
	{ "secure-boot", "Firmware measured its Secure Boot state", false },
	{ "firmware/crtm-version", "Firmware version", false },
	{ "firmware/crtm", "The code that measures first", true },
	{ "firmware/h-crtm", "The processor measured the code that measures first", true },
	{ "firmware/blob/", "Firmware code", true },
	{ "firmware/driver/", "Firmware loaded a driver of its own", true },
	{ "firmware/application/", "Firmware ran a program of its own", true },
	{ "firmware/post-code/", "Firmware measured", true },
	{ "firmware/microcode/", "Microcode of the processor", true },
	{ "firmware/non-host", "Firmware of another processor in the platform", true },
	{ "firmware/variable/", "Firmware setting %s", false },
	{ "firmware/config-flags/", "Firmware setting", false },
	{ "firmware/handoff-tables/", "Tables that the firmware hands over", false },
	{ "firmware/debug-mode", "The firmware is in debug mode", false },
	{ "firmware/dma-protection-disabled", "The firmware left memory open to devices", false },
	{ "driver/", "Firmware loaded a driver", true },
	{ "boot-loader/0", "Firmware started", true },
	{ "boot-loader/", "The boot loader started", true },
	{ "boot-order", "Boot order", false },
	{ "boot-option/", "Boot option %s", false },
	{ "boot-variable/", "Boot variable %s", false },
	{ "partition-table/", "Partition table", false },
	{ "kernel/file", "GRUB read the kernel", true },
	{ "kernel", "The kernel was started", true },
	{ "initrd", "The initrd", true },
	{ "command-line", "Kernel command line", false },
	{ "uki/name/", "The unified kernel image has a section %s", false },
	{ "uki/", "Section %s of the unified kernel image", true },
	{ "grub/command/", "GRUB ran", false },
	{ "grub/file/", "GRUB read", true },
	{ "shim/", "shim measured %s", true },
};

static const char *const covers[] = { "not measured", "measured", "contradicted" };

/* What is put together for one event. */
struct telling {
	const struct boot_event *ev;
	const struct boot_claim *claim;
	struct boot_data data;
	enum boot_cover cover;
	enum digest_alg alg;
	char digest[2 * DIGEST_MAX + 1];
	char value[VALUE_MAX];
};

static void add_unnamed(struct efi_text *t, const struct telling *s)
{
	const char *type = boot_event_name(s->ev->type);

	if (s->claim->constant && s->ev->type == EV_SEPARATOR)
		efi_text_add(t, "Firmware ended its part of PCR %u", s->ev->pcr);
	else if (s->ev->type == EV_SEPARATOR && s->data.value.len == 4 && s->data.value.at[0] == 1)
		efi_text_add(t, "Firmware met an error before the operating system");
	else if (s->ev->type == EV_ACTION || s->ev->type == EV_EFI_ACTION)
		efi_text_add(t, "Firmware says");
	else if (s->ev->type == EV_NO_ACTION)
		efi_text_add(t, "About the log itself, not measured");
	else if (type)
		efi_text_add(t, "%s of %zu bytes", type, s->ev->data.len);
	else
		efi_text_add(t, "Event 0x%08x of %zu bytes", s->ev->type, s->ev->data.len);
}

/* Return: is the digest part of the sentence? */
static bool add_start(struct efi_text *t, const struct telling *s)
{
	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		const char *begins = sentences[i].begins, *sentence = sentences[i].sentence;
		size_t n = strlen(begins), to = strcspn(sentence, "%");

		if (strncmp(s->claim->name, begins, n))
			continue;
		efi_text_add(t, "%.*s", (int)to, sentence);
		if (sentence[to])
			efi_text_add(t, "%s", s->claim->name + n);
		return sentences[i].digest;
	}
	add_unnamed(t, s);
	return false;
}

static void tell(struct efi_text *t, const struct telling *s)
{
	bool digest = add_start(t, s);

	if (s->data.malformed)
		efi_text_add(t, ": data that do not fit their type (%s)", s->data.malformed);
	else if (s->value[0] && strncmp(s->claim->name, "shim/", 5))
		efi_text_add(t, ": %s", s->value);
	/* of the value alone: the digest that follows is what was measured */
	if (s->cover == BOOT_NOT_COVERED && s->value[0] && s->ev->type != EV_NO_ACTION)
		efi_text_add(t, " [the log's word, not measured]");
	if (digest || (!s->value[0] && s->claim->vector >= 0))
		efi_text_add(t, " (%s %s)", digest_name(s->alg), s->digest);
	if (s->cover == BOOT_CONTRADICTED)
		efi_text_add(t, " - BUT SOMETHING ELSE WAS MEASURED");
}

static void read_value(const struct boot_log *log, size_t bank, struct bytes command_line,
		       struct telling *s)
{
	boot_event_read(s->ev, &s->data);
	s->cover = boot_event_cover(log, s->ev, &s->data, bank);
	boot_event_value(s->ev, &s->data, s->value, sizeof(s->value));
	if (s->data.kind == BOOT_DATA_TAG && s->data.tag == BOOT_TAG_LINUX_OPTIONS &&
	    boot_claims_command_line(log, s->ev, bank, command_line)) {
		struct efi_text t = efi_text_on(s->value, sizeof(s->value));

		efi_text_ascii(&t, command_line);
		s->cover = BOOT_COVERED;
	}
}

static json_t *event_json(const struct boot_log *log, size_t i, size_t bank,
			  const struct boot_claim *claim, struct bytes command_line)
{
	struct telling s = { .ev = &log->events[i], .claim = claim, .alg = log->alg[bank] };
	const char *type = boot_event_name(s.ev->type);
	char text[TEXT_MAX], number[16];
	struct efi_text t = efi_text_on(text, sizeof(text));

	read_value(log, bank, command_line, &s);
	if (s.ev->digests[bank].len)
		hex_write(s.ev->digests[bank], s.digest);
	snprintf(number, sizeof(number), "0x%08x", s.ev->type);
	tell(&t, &s);
	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "event", (json_int_t)i, "pcr",
			 (json_int_t)s.ev->pcr, "type", type ? type : number, "name", claim->name,
			 "digest", s.digest, "value", s.value, "covered", covers[s.cover], "text",
			 text);
}

static json_t *pcrs_json(const struct boot_log *log)
{
	json_t *banks = json_object();

	for (size_t b = 0; b < log->n_banks; b++) {
		struct digest pcrs[TPM_PCRS];
		json_t *bank;
		struct err e = { 0 };
		u32 touched;

		if (boot_log_replay(log, b, pcrs, &touched, &e))
			continue;
		bank = json_object();
		for (u32 i = 0; i < TPM_PCRS; i++) {
			char hex[2 * DIGEST_MAX + 1], name[8];

			if (!(touched & 1u << i))
				continue;
			snprintf(name, sizeof(name), "%u", i);
			json_object_set_new(bank, name,
					    json_string(hex_write(digest_bytes(&pcrs[i]), hex)));
		}
		json_object_set_new(banks, digest_name(log->alg[b]), bank);
	}
	return banks;
}

static int best_bank(const struct boot_log *log)
{
	int bank = boot_log_bank(log, TPM_ALG_SHA256);

	for (size_t i = 0; bank < 0 && i < log->n_banks; i++)
		if (log->alg[i])
			bank = (int)i;
	return bank;
}

int boot_story(const struct boot_log *log, struct bytes command_line, json_t **out, struct err *e)
{
	struct boot_claim *claims = NULL;
	int bank = best_bank(log);
	struct err fault = { 0 };
	json_t *events;

	if (bank < 0)
		return err_set(e, E_UNSUPPORTED, "the log has no bank that can be computed");
	if (boot_names(log, &claims, e))
		return (int)e->code;
	boot_claims_check(log, log->tpm_alg[bank], &fault);
	events = json_array();
	for (size_t i = 0; i < log->n_events; i++)
		json_array_append_new(events,
				      event_json(log, i, (size_t)bank, &claims[i], command_line));
	free(claims);
	*out = json_pack("{s:s, s:o, s:o, s:s?}", "algorithm", digest_name(log->alg[bank]),
			 "events", events, "pcrs", pcrs_json(log), "fault",
			 fault.code ? fault.text : NULL);
	return *out ? 0 : err_set(e, E_MEMORY, "no memory to tell of a boot log");
}

/* ---- two boots ---- */
static const char *member(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s ? s : "";
}

static json_t *by_name(const json_t *story)
{
	json_t *names = json_object(), *row;
	size_t i;

	json_array_foreach(json_object_get(story, "events"), i, row) if (*member(row, "name"))
		json_object_set(names, member(row, "name"), row);
	return names;
}

/* The value where there is one and it says the difference, else the digest. */
static const char *shown(const json_t *row, const json_t *other)
{
	const char *value = member(row, "value");

	return *value && !strcmp(member(row, "covered"), "measured") &&
			       strcmp(value, member(other, "value"))
		       ? value
		       : member(row, "digest");
}

static void add_change(json_t *list, const char *name, const json_t *was, const json_t *now)
{
	const char *change = !was ? "added" : !now ? "removed" : "changed";
	char text[2 * TEXT_MAX + 200];

	if (was && now)
		snprintf(text, sizeof(text), "%s: was %s, is %s", name, shown(was, now),
			 shown(now, was));
	else
		snprintf(text, sizeof(text), "%s: %s", name, member(was ? was : now, "text"));
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", name, "change",
					      change, "was", was ? shown(was, now) : "", "now",
					      now ? shown(now, was) : "", "text", text));
}

json_t *boot_story_diff(const json_t *before, const json_t *after)
{
	json_t *old = by_name(before), *new = by_name(after), *list = json_array(), *row;
	const char *name;

	json_object_foreach(old, name, row)
	{
		const json_t *now = json_object_get(new, name);

		if (!now || strcmp(member(row, "digest"), member(now, "digest")))
			add_change(list, name, row, now);
	}
	json_object_foreach(new, name, row) if (!json_object_get(old, name))
		add_change(list, name, NULL, row);
	json_decref(old);
	json_decref(new);
	return list;
}
