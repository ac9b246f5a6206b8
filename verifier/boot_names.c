// SPDX-License-Identifier: Apache-2.0
#include "boot_names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/efi_text.h"

#define PCR(n) (1u << (n))

enum { BASE_MAX = 80 };

/* ONE: "kernel", and should there be a second, "kernel/1". MANY: "driver/0", "driver/1" ... */
enum numbering { ONE, MANY };

/* Types whose name does not depend on their data. */
static const struct {
	u32 type, pcrs;
	const char *base;
	enum numbering numbering;
	signed char vector;
} by_type[] = {
	{ EV_S_CRTM_CONTENTS, PCR(0), "firmware/crtm", ONE, TV_EXECUTABLES },
	{ EV_S_CRTM_VERSION, PCR(0), "firmware/crtm-version", ONE, TV_EXECUTABLES },
	{ EV_EFI_HCRTM_EVENT, PCR(0), "firmware/h-crtm", ONE, TV_EXECUTABLES },
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB, PCR(0), "firmware/blob", MANY, TV_EXECUTABLES },
	{ EV_EFI_PLATFORM_FIRMWARE_BLOB2, PCR(0), "firmware/blob", MANY, TV_EXECUTABLES },
	{ EV_POST_CODE, PCR(0), "firmware/post-code", MANY, TV_EXECUTABLES },
	{ EV_POST_CODE2, PCR(0), "firmware/post-code", MANY, TV_EXECUTABLES },
	{ EV_NONHOST_CODE, PCR(0) | PCR(2), "firmware/non-host-code", MANY, TV_EXECUTABLES },
	{ EV_NONHOST_CONFIG, PCR(1) | PCR(3), "firmware/non-host-config", MANY, TV_CONFIGURATION },
	{ EV_NONHOST_INFO, PCR(0), "firmware/non-host-info", MANY, TV_CONFIGURATION },
	{ EV_CPU_MICROCODE, PCR(1), "firmware/microcode", MANY, TV_EXECUTABLES },
	{ EV_PLATFORM_CONFIG_FLAGS, PCR(1), "firmware/config-flags", MANY, TV_CONFIGURATION },
	{ EV_TABLE_OF_DEVICES, PCR(1), "firmware/table-of-devices", MANY, TV_CONFIGURATION },
	{ EV_EFI_HANDOFF_TABLES, PCR(1), "firmware/handoff-tables", MANY, -1 },
	{ EV_EFI_HANDOFF_TABLES2, PCR(1), "firmware/handoff-tables", MANY, -1 },
	{ EV_EFI_BOOT_SERVICES_DRIVER, PCR(2), "driver", MANY, TV_EXECUTABLES },
	{ EV_EFI_RUNTIME_SERVICES_DRIVER, PCR(2), "driver", MANY, TV_EXECUTABLES },
	{ EV_EFI_BOOT_SERVICES_DRIVER, PCR(0), "firmware/driver", MANY, TV_EXECUTABLES },
	{ EV_EFI_RUNTIME_SERVICES_DRIVER, PCR(0), "firmware/driver", MANY, TV_EXECUTABLES },
	{ EV_EFI_GPT_EVENT, PCR(5), "partition-table", MANY, -1 },
	{ EV_EFI_GPT_EVENT2, PCR(5), "partition-table", MANY, -1 },
	{ EV_EFI_SPDM_FIRMWARE_BLOB, PCR(2), "device/firmware", MANY, TV_EXECUTABLES },
	{ EV_EFI_SPDM_FIRMWARE_CONFIG, PCR(3), "device/config", MANY, TV_CONFIGURATION },
};

static const struct {
	u32 tag, pcr;
	const char *base;
	signed char vector;
} by_tag[] = {
	{ BOOT_TAG_LINUX_INITRD, 9, "initrd", TV_EXECUTABLES },
	{ BOOT_TAG_LINUX_OPTIONS, 9, "command-line", TV_CONFIGURATION },
	{ BOOT_TAG_LOADER_CONF, 5, "boot-loader/config", TV_CONFIGURATION },
	{ BOOT_TAG_DEVICETREE_ADDON, 12, "boot-loader/devicetree", TV_CONFIGURATION },
	{ BOOT_TAG_INITRD_ADDON, 12, "boot-loader/initrd-addon", TV_EXECUTABLES },
	{ BOOT_TAG_UCODE_ADDON, 12, "boot-loader/microcode", TV_EXECUTABLES },
};

/* The digest is that of the text, so nothing else can stand behind it. */
static const struct {
	u32 pcr;
	const char *text;
} constant_actions[] = {
	{ 2, "Start Option ROM Scan" },
	{ 4, "Calling EFI Application from Boot Option" },
	{ 4, "Returning from EFI Application from Boot Option" },
	{ 4, "Calling INT 19h" },
	{ 5, "Exit Boot Services Invocation" },
	{ 5, "Exit Boot Services Returned with Success" },
	{ 5, "Exit Boot Services Returned with Failure" },
};

static const struct {
	const char *text, *base;
} bad_actions[] = {
	{ "UEFI Debug Mode", "firmware/debug-mode" },
	{ "DMA Protection Disabled", "firmware/dma-protection-disabled" },
};

/* ---- the walk through a log, and what it remembers ---- */
struct counted {
	u32 hash;
	unsigned int n;
	char base[BASE_MAX];
};

enum grub_doing { GRUB_OTHER, GRUB_LINUX, GRUB_INITRD };

struct walk {
	const struct boot_log *log;
	size_t called; /* index of "Calling EFI Application from Boot Option"; SIZE_MAX: none */
	size_t last_app; /* index of the last image in PCR 4 before Linux' stub spoke; SIZE_MAX: none */
	enum grub_doing doing;
	char section
		[40];	 /* of a unified kernel image: its name was measured, its content is next */
	bool grub_linux; /* GRUB has loaded a kernel */
	size_t n_counted, room;
	struct counted *counted;
};

/** struct base - a name before its ordinal; "" : none fits. */
struct base {
	char text[BASE_MAX];
	enum numbering numbering;
	signed char vector;
	bool constant;
};

static bool text_is(struct bytes b, const char *text)
{
	return bytes_equal(b, bytes_text(text));
}

static void set_base(struct base *b, const char *text, enum numbering numbering, signed char vector)
{
	snprintf(b->text, sizeof(b->text), "%s", text);
	b->numbering = numbering;
	b->vector = vector;
}

/* A part of a name from the log: letters, digits and a few more, or no name at all. */
static bool name_part(struct bytes b, bool wide, char out[40])
{
	size_t n = wide ? b.len / 2 : b.len;

	if (!n || n >= 40 || (wide && b.len % 2))
		return false;
	for (size_t i = 0; i < n; i++) {
		u8 c = b.at[wide ? 2 * i : i];

		if ((wide && b.at[2 * i + 1]) || !(isalnum(c) || (c && strchr("._-", c))))
			return false;
		out[i] = (char)c;
	}
	out[n] = 0;
	return true;
}

static void base_with(struct base *b, const char *prefix, struct bytes name, bool wide,
		      enum numbering numbering, signed char vector)
{
	char part[40], text[BASE_MAX];

	if (!name_part(name, wide, part))
		return;
	snprintf(text, sizeof(text), "%s/%s", prefix, part);
	set_base(b, text, numbering, vector);
}

/* ---- by data ---- */
static void base_of_secure_boot(const struct boot_data *d, struct base *b)
{
	static const char *const global[] = { "PK", "KEK", "SetupMode", "AuditMode",
					      "DeployedMode" };
	static const char *const security[] = { "db", "dbx", "dbt", "dbr" };
	bool is_global = !memcmp(d->guid, efi_guid_global, 16);
	bool is_security = !memcmp(d->guid, efi_guid_security, 16);
	bool known = false;

	if (is_global && efi_wide_is(d->name, "SecureBoot")) {
		set_base(b, "secure-boot", ONE, TV_CONFIGURATION);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(global); i++)
		known |= is_global && efi_wide_is(d->name, global[i]);
	for (size_t i = 0; i < ARRAY_LEN(security); i++)
		known |= is_security && efi_wide_is(d->name, security[i]);
	base_with(b, known ? "secure-boot" : "secure-boot/variable", d->name, true, ONE,
		  TV_CONFIGURATION);
}

static void base_of_boot_variable(const struct boot_data *d, struct base *b)
{
	bool option = d->name.len == 16 && efi_wide_is((struct bytes){ d->name.at, 8 }, "Boot");

	if (efi_wide_is(d->name, "BootOrder"))
		set_base(b, "boot-order", ONE, -1);
	else if (option)
		base_with(b, "boot-option", (struct bytes){ d->name.at + 8, 8 }, true, ONE, -1);
	else
		base_with(b, "boot-variable", d->name, true, ONE, -1);
}

static void base_of_variable(const struct boot_event *ev, const struct boot_data *d, struct base *b)
{
	if (ev->type == EV_EFI_VARIABLE_AUTHORITY && ev->pcr == 7)
		base_with(b, "secure-boot/authority", d->name, true, ONE, TV_CONFIGURATION);
	else if (ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG && ev->pcr == 7)
		base_of_secure_boot(d, b);
	else if (ev->type == EV_EFI_VARIABLE_DRIVER_CONFIG && ev->pcr == 1)
		base_with(b, "firmware/variable", d->name, true, ONE, TV_CONFIGURATION);
	else if ((ev->type == EV_EFI_VARIABLE_BOOT || ev->type == EV_EFI_VARIABLE_BOOT2) &&
		 ev->pcr == 1)
		base_of_boot_variable(d, b);
}

/*
 * In PCR 4, in their order: what the firmware brings, boot loaders, and the kernel at the end. QEMU gives
 * OVMF a kernel that is loaded before the firmware says that it calls a boot option.
 */
static void base_of_application(const struct walk *w, size_t i, struct base *b)
{
	if (w->grub_linux || i == w->last_app)
		set_base(b, "kernel", ONE, TV_EXECUTABLES);
	else if (w->called != SIZE_MAX && i < w->called)
		set_base(b, "firmware/application", MANY, TV_EXECUTABLES);
	else
		set_base(b, "boot-loader", MANY, TV_EXECUTABLES);
}

static bool first_word_is(struct bytes command, const char *word)
{
	size_t n = strlen(word);

	return command.len >= n && !memcmp(command.at, word, n) &&
	       (command.len == n || command.at[n] == ' ');
}

static void remember_command(struct walk *w, struct bytes command)
{
	static const struct {
		const char *word;
		enum grub_doing doing;
	} words[] = {
		{ "linux", GRUB_LINUX },      { "linuxefi", GRUB_LINUX },
		{ "linux16", GRUB_LINUX },    { "initrd", GRUB_INITRD },
		{ "initrdefi", GRUB_INITRD }, { "initrd16", GRUB_INITRD },
	};

	w->doing = GRUB_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (first_word_is(command, words[i].word))
			w->doing = words[i].doing;
	w->grub_linux |= w->doing == GRUB_LINUX;
}

/* A file that GRUB has read: whose it is tells the command before it. */
static void base_of_grub_file(const struct walk *w, struct base *b)
{
	if (w->doing == GRUB_LINUX)
		set_base(b, "kernel/file", ONE, TV_EXECUTABLES);
	else if (w->doing == GRUB_INITRD)
		set_base(b, "initrd", ONE, TV_EXECUTABLES);
	else
		set_base(b, "grub/file", MANY, TV_EXECUTABLES);
}

/*
 * systemd's stub measures each section's name and then its content, both under that name. The name's is an
 * element like any other: which of the two an event is, only the log says.
 */
static void base_of_section(struct walk *w, struct bytes name, struct base *b)
{
	static const u8 nul[2];
	char part[40];
	bool content;

	if (name.len > 2 && !memcmp(name.at + name.len - 2, nul, 2))
		name.len -= 2;
	if (!name_part(name, true, part))
		return;
	content = !strcmp(w->section, part);
	snprintf(w->section, sizeof(w->section), "%s", content ? "" : part);
	snprintf(b->text, sizeof(b->text), "%s/%s", content ? "uki" : "uki/name", part);
	b->numbering = ONE;
	b->vector = strcmp(part, ".cmdline") ? TV_EXECUTABLES : TV_CONFIGURATION;
}

static void base_of_ipl(struct walk *w, const struct boot_event *ev, const struct boot_data *d,
			struct base *b)
{
	if (ev->pcr == 8 && d->kind == BOOT_DATA_GRUB) {
		remember_command(w, d->value);
		set_base(b, "grub/command", MANY, TV_CONFIGURATION);
	} else if ((ev->pcr == 8 && d->kind == BOOT_DATA_CMDLINE) ||
		   ((ev->pcr == 8 || ev->pcr == 12) && d->kind == BOOT_DATA_WIDE)) {
		set_base(b, "command-line", ONE, TV_CONFIGURATION);
	} else if (ev->pcr == 9 && d->kind == BOOT_DATA_TEXT && d->value.len &&
		   (d->value.at[0] == '(' || d->value.at[0] == '/')) {
		base_of_grub_file(w, b);
	} else if (ev->pcr == 11 && d->kind == BOOT_DATA_WIDE) {
		base_of_section(w, d->value, b);
	} else if (ev->pcr == 14 && d->kind == BOOT_DATA_TEXT) {
		base_with(b, "shim", d->value, false, ONE, TV_CONFIGURATION);
	}
}

static void base_of_tag(const struct boot_event *ev, const struct boot_data *d, struct base *b)
{
	for (size_t i = 0; i < ARRAY_LEN(by_tag); i++)
		if (by_tag[i].tag == d->tag && by_tag[i].pcr == ev->pcr)
			set_base(b, by_tag[i].base, ONE, by_tag[i].vector);
}

static void base_of_action(const struct boot_event *ev, const struct boot_data *d, struct base *b)
{
	for (size_t i = 0; i < ARRAY_LEN(constant_actions); i++)
		b->constant |= constant_actions[i].pcr == ev->pcr &&
			       text_is(d->value, constant_actions[i].text);
	for (size_t i = 0; i < ARRAY_LEN(bad_actions); i++)
		if (ev->pcr == 7 && text_is(d->value, bad_actions[i].text))
			set_base(b, bad_actions[i].base, ONE, TV_CONFIGURATION);
}

static bool separator_normal(struct bytes b)
{
	static const u8 zeros[4], ones[4] = { 0xff, 0xff, 0xff, 0xff };

	return bytes_equal(b, BYTES(zeros)) || bytes_equal(b, BYTES(ones));
}

static void base_of(struct walk *w, size_t i, const struct boot_event *ev,
		    const struct boot_data *d, struct base *b)
{
	*b = (struct base){ .vector = TV_EXECUTABLES };
	if (d->malformed)
		return;
	for (size_t k = 0; k < ARRAY_LEN(by_type); k++)
		if (by_type[k].type == ev->type && by_type[k].pcrs & PCR(ev->pcr))
			set_base(b, by_type[k].base, by_type[k].numbering, by_type[k].vector);
	if (d->kind == BOOT_DATA_VARIABLE)
		base_of_variable(ev, d, b);
	else if (ev->type == EV_EFI_BOOT_SERVICES_APPLICATION && ev->pcr == 4)
		base_of_application(w, i, b);
	else if (ev->type == EV_IPL)
		base_of_ipl(w, ev, d, b);
	else if (d->kind == BOOT_DATA_TAG)
		base_of_tag(ev, d, b);
	else if (ev->type == EV_ACTION || ev->type == EV_EFI_ACTION)
		base_of_action(ev, d, b);
	else if (ev->type == EV_SEPARATOR)
		b->constant = separator_normal(d->value);
	if (b->constant)
		b->vector = -1;
}

/* ---- names ---- */
bool boot_event_counts(const struct boot_event *ev)
{
	return ev->type != EV_NO_ACTION && ev->pcr < TPM_PCRS && BOOT_LOG_PCRS & PCR(ev->pcr);
}

/* How many came before with that base: less than BOOT_EVENTS_MAX, so that base and number fit into a name. False: no memory. */
static bool ordinal_of(struct walk *w, const char *base, unsigned int *out)
{
	u32 hash = 2166136261u;

	for (const char *p = base; *p; p++)
		hash = (hash ^ (u8)*p) * 16777619u;
	for (size_t i = 0; i < w->n_counted; i++)
		if (w->counted[i].hash == hash && !strcmp(w->counted[i].base, base)) {
			*out = w->counted[i].n++;
			return true;
		}
	if (w->n_counted == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct counted *more = reallocarray(w->counted, room, sizeof(*more));

		if (!more)
			return false;
		w->counted = more;
		w->room = room;
	}
	w->counted[w->n_counted].hash = hash;
	w->counted[w->n_counted].n = 1;
	snprintf(w->counted[w->n_counted++].base, BASE_MAX, "%s", base);
	*out = 0;
	return true;
}

/* Without a name of its own: pcr4/EV_EFI_ACTION/0, the ordinal counts equal events of one PCR. */
static void base_of_place(const struct boot_event *ev, struct base *b)
{
	const char *name = boot_event_name(ev->type);

	if (name)
		snprintf(b->text, sizeof(b->text), "pcr%u/%s", ev->pcr, name);
	else
		snprintf(b->text, sizeof(b->text), "pcr%u/0x%08x", ev->pcr, ev->type);
	b->numbering = MANY;
}

static int name_one(struct walk *w, size_t i, struct boot_claim *out, struct err *e)
{
	const struct boot_event *ev = &w->log->events[i];
	struct boot_data d;
	struct base b;
	unsigned int ordinal;

	if (!boot_event_counts(ev))
		return 0;
	boot_event_read(ev, &d);
	base_of(w, i, ev, &d, &b);
	if (!b.text[0])
		base_of_place(ev, &b);
	if (!ordinal_of(w, b.text, &ordinal))
		return err_set(e, E_MEMORY, "no memory for the names of a boot log");
	if (b.numbering == MANY || ordinal)
		snprintf(out->name, sizeof(out->name), "%s/%u", b.text, ordinal);
	else
		snprintf(out->name, sizeof(out->name), "%s", b.text);
	out->vector = b.vector;
	out->constant = b.constant;
	return 0;
}

/* What has to be known before the first name: where the firmware hands over, and to whom in the end. */
static void look_ahead(struct walk *w)
{
	size_t app = SIZE_MAX;

	w->called = w->last_app = SIZE_MAX;
	for (size_t i = 0; i < w->log->n_events; i++) {
		const struct boot_event *ev = &w->log->events[i];

		if (ev->pcr == 4 && ev->type == EV_EFI_BOOT_SERVICES_APPLICATION)
			app = i;
		if (ev->pcr == 4 && ev->type == EV_EFI_ACTION && w->called == SIZE_MAX &&
		    text_is(ev->data, constant_actions[1].text))
			w->called = i;
		if (ev->pcr == 8 && ev->type == EV_IPL && ev->data.len > 9 &&
		    !memcmp(ev->data.at, "grub_cmd:", 9))
			app = SIZE_MAX; /* it was GRUB: the kernel is started later, by it */
		if (ev->pcr == 9 && ev->type == EV_EVENT_TAG) {
			struct boot_data d;

			boot_event_read(ev, &d);
			if (d.tag == BOOT_TAG_LINUX_INITRD || d.tag == BOOT_TAG_LINUX_OPTIONS)
				w->last_app = app;
		}
	}
}

int boot_names(const struct boot_log *log, struct boot_claim **out, struct err *e)
{
	struct boot_claim *claims = calloc(log->n_events + 1, sizeof(*claims));
	struct walk w = { .log = log };
	int rc = 0;

	if (!claims)
		return err_set(e, E_MEMORY, "no memory for the names of a boot log");
	look_ahead(&w);
	for (size_t i = 0; i < log->n_events && !rc; i++)
		rc = name_one(&w, i, &claims[i], e);
	free(w.counted);
	if (rc)
		free(claims);
	else
		*out = claims;
	return rc;
}
