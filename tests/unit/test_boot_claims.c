// SPDX-License-Identifier: Apache-2.0
/* Names of what was measured, what they need, and that no lie of the log makes one of them easier. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "proto/efi_text.h"
#include "verifier/boot_claims.h"
#include "verifier/boot_story.h"

/* A host with shim and GRUB, or with -kernel and the stub of Linux, or with systemd-boot. */
static void put_firmware(struct boot_script *s)
{
	static const u8 blob[16] = { 0, 0, 0x82 };

	boot_script_text(s, 0, EV_S_CRTM_VERSION, "1.0");
	boot_script_event(s, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, bytes_text("volume"), BYTES(blob));
	boot_script_event(s, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, bytes_text("other"), BYTES(blob));
	boot_script_variable(s, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_global, "SecureBoot",
			     bytes_text("\x01"));
	boot_script_variable(s, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_global, "PK",
			     BYTES_NONE);
	boot_script_variable(s, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_security, "db",
			     BYTES_NONE);
	boot_script_variable(s, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_global, "db",
			     BYTES_NONE);
	boot_script_variable(s, 1, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_security, "Setup",
			     BYTES_NONE);
	boot_script_variable(s, 1, EV_EFI_VARIABLE_BOOT, efi_guid_global, "BootOrder", BYTES_NONE);
	boot_script_variable(s, 1, EV_EFI_VARIABLE_BOOT, efi_guid_global, "Boot0001", BYTES_NONE);
	boot_script_image(s, 2, EV_EFI_BOOT_SERVICES_DRIVER, "nic", "option ROM");
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "setup", "of the firmware");
	boot_script_text(s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	boot_script_separators(s);
}

static void put_grub(struct boot_script *s)
{
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\shimx64.efi", "shim");
	boot_script_grub(s, 14, "", "MokList", "list");
	boot_script_variable(s, 7, EV_EFI_VARIABLE_AUTHORITY, efi_guid_security, "db", BYTES_NONE);
	boot_script_variable(s, 7, EV_EFI_VARIABLE_AUTHORITY, efi_guid_security, "db", BYTES_NONE);
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\grubx64.efi", "grub");
	boot_script_grub(s, 9, "", "(hd0)/grub.cfg", "config");
	boot_script_grub(s, 8, "grub_cmd: ", "linux /vmlinuz ro", "linux /vmlinuz ro");
	boot_script_grub(s, 9, "", "/vmlinuz", "kernel");
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "", "kernel");
	boot_script_grub(s, 8, "kernel_cmdline: ", "/vmlinuz ro", "/vmlinuz ro");
	boot_script_grub(s, 8, "grub_cmd: ", "initrd /a /b", "initrd /a /b");
	boot_script_grub(s, 9, "", "/a", "a");
	boot_script_grub(s, 9, "", "/b", "b");
	boot_script_text(s, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
}

static void put_stub(struct boot_script *s, const char *options)
{
	OWNED(buf) wide = boot_script_wide(options);

	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\systemd-bootx64.efi",
			  "loader");
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", "bzImage");
	boot_script_tag(s, 9, BOOT_TAG_LINUX_OPTIONS, "LOADED_IMAGE::LoadOptions", buf_bytes(wide));
	boot_script_tag(s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd", bytes_text("initrd"));
}

static struct boot_log *parsed(const struct boot_script *s)
{
	struct boot_log *log = NULL;
	struct err e = { 0 };

	assert_ok(boot_log_parse(buf_bytes(s->log), &log, &e), &e);
	return log;
}

static const struct boot_claim *find(const struct boot_log *log, const struct boot_claim *claims,
				     const char *name)
{
	for (size_t i = 0; i < log->n_events; i++)
		if (!strcmp(claims[i].name, name))
			return &claims[i];
	fail_msg("nothing is named %s", name);
	return NULL;
}

struct expected {
	const char *name;
	signed char vector;
};

static void expect(const struct boot_script *s, const struct expected *want, size_t n)
{
	OWNED(boot_log) log = parsed(s);
	struct boot_claim *claims = NULL;
	size_t named = 0;
	struct err e = { 0 };

	assert_ok(boot_names(log, &claims, &e), &e);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(find(log, claims, want[i].name)->vector, want[i].vector);
	for (size_t i = 0; i < log->n_events; i++) {
		for (size_t k = 0; k < i; k++)
			if (claims[i].name[0])
				assert_string_not_equal(claims[i].name, claims[k].name);
		named += claims[i].name[0] && !claims[i].constant;
	}
	assert_int_equal(named, n); /* and nothing else is there */
	free(claims);
}

#define FIRMWARE                                                                                   \
	{ "firmware/crtm-version", TV_EXECUTABLES }, { "firmware/blob/0", TV_EXECUTABLES },        \
		{ "firmware/blob/1", TV_EXECUTABLES }, { "secure-boot", TV_CONFIGURATION },        \
		{ "secure-boot/PK", TV_CONFIGURATION }, { "secure-boot/db", TV_CONFIGURATION },    \
		{ "secure-boot/variable/db", TV_CONFIGURATION },                                   \
		{ "firmware/variable/Setup", TV_CONFIGURATION }, { "boot-order", -1 },             \
		{ "boot-option/0001", -1 }, { "driver/0", TV_EXECUTABLES },                        \
	{                                                                                          \
		"firmware/application/0", TV_EXECUTABLES                                           \
	}

static void what_shim_and_grub_start_has_names(void **state)
{
	static const struct expected want[] = { FIRMWARE,
						{ "boot-loader/0", TV_EXECUTABLES },
						{ "shim/MokList", TV_CONFIGURATION },
						{ "secure-boot/authority/db", TV_CONFIGURATION },
						{ "secure-boot/authority/db/1", TV_CONFIGURATION },
						{ "boot-loader/1", TV_EXECUTABLES },
						{ "grub/file/0", TV_EXECUTABLES },
						{ "grub/command/0", TV_CONFIGURATION },
						{ "kernel/file", TV_EXECUTABLES },
						{ "kernel", TV_EXECUTABLES },
						{ "command-line", TV_CONFIGURATION },
						{ "grub/command/1", TV_CONFIGURATION },
						{ "initrd", TV_EXECUTABLES },
						{ "initrd/1", TV_EXECUTABLES } };
	struct boot_script s = boot_script_new(true);

	(void)state;
	put_firmware(&s);
	put_grub(&s);
	expect(&s, want, ARRAY_LEN(want));
	buf_drop(&s.log);
}

static void what_the_stub_of_linux_tells_has_names(void **state)
{
	static const struct expected want[] = { FIRMWARE,
						{ "boot-loader/0", TV_EXECUTABLES },
						{ "kernel", TV_EXECUTABLES },
						{ "command-line", TV_CONFIGURATION },
						{ "initrd", TV_EXECUTABLES } };
	struct boot_script s = boot_script_new(false);

	(void)state;
	put_firmware(&s);
	put_stub(&s, "ro quiet");
	expect(&s, want, ARRAY_LEN(want));
	buf_drop(&s.log);
}

/* A section's name, then its content: both under the name. */
static void put_section(struct boot_script *s, const char *name, const char *content)
{
	OWNED(buf) wide = boot_script_wide(name);

	boot_script_event(s, 11, EV_IPL, (struct bytes){ (const u8 *)name, strlen(name) + 1 },
			  buf_bytes(wide));
	boot_script_event(s, 11, EV_IPL, bytes_text(content), buf_bytes(wide));
}

static void the_sections_of_a_unified_kernel_image_have_names(void **state)
{
	static const struct expected want[] = {
		{ "kernel", TV_EXECUTABLES },	      { "uki/name/.linux", TV_EXECUTABLES },
		{ "uki/.linux", TV_EXECUTABLES },     { "uki/name/.cmdline", TV_CONFIGURATION },
		{ "uki/.cmdline", TV_CONFIGURATION }, { "uki/name/.initrd", TV_EXECUTABLES },
		{ "uki/.initrd", TV_EXECUTABLES },    { "uki/name/.initrd/1", TV_EXECUTABLES },
		{ "uki/.initrd/1", TV_EXECUTABLES },  { "initrd", TV_EXECUTABLES },
		{ "pcr11/EV_IPL/0", TV_EXECUTABLES }
	};
	struct boot_script s = boot_script_new(true);

	(void)state;
	boot_script_image(&s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\uki.efi", "image");
	put_section(&s, ".linux", "kernel");
	put_section(&s, ".cmdline", "ro quiet");
	put_section(&s, ".initrd", "initrd");
	put_section(&s, ".initrd", "another"); /* there is no second, but the log is the host's */
	boot_script_tag(&s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd", bytes_text("initrd"));
	boot_script_text(&s, 11, EV_IPL, "something else");
	expect(&s, want, ARRAY_LEN(want));
	buf_drop(&s.log);
}

/* QEMU's -kernel: OVMF loads it before it says that it calls a boot option. */
static void a_kernel_that_the_firmware_was_given_is_the_kernel(void **state)
{
	static const struct expected want[] = { { "firmware/application/0", TV_EXECUTABLES },
						{ "kernel", TV_EXECUTABLES },
						{ "initrd", TV_EXECUTABLES } };
	struct boot_script s = boot_script_new(false);

	(void)state;
	boot_script_image(&s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "setup", "of the firmware");
	boot_script_image(&s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", "bzImage");
	boot_script_text(&s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	boot_script_tag(&s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd", bytes_text("initrd"));
	expect(&s, want, ARRAY_LEN(want));
	buf_drop(&s.log);
}

static void what_no_name_fits_is_named_by_its_place_and_needs_a_reference(void **state)
{
	static const struct {
		u32 pcr, type;
		const char *data, *name;
	} rows[] = {
		/* a type in a PCR where it may not be left unjudged */
		{ 2, EV_EFI_GPT_EVENT, "x", "pcr2/EV_EFI_GPT_EVENT/0" },
		{ 4, EV_EFI_HANDOFF_TABLES, "x", "pcr4/EV_EFI_HANDOFF_TABLES/0" },
		{ 0, EV_EFI_VARIABLE_BOOT, "x", "pcr0/EV_EFI_VARIABLE_BOOT/0" },
		{ 9, EV_EFI_BOOT_SERVICES_APPLICATION, "x",
		  "pcr9/EV_EFI_BOOT_SERVICES_APPLICATION/0" },
		/* data that do not fit their type */
		{ 5, EV_EFI_GPT_EVENT, "x", "pcr5/EV_EFI_GPT_EVENT/0" },
		{ 1, EV_EFI_VARIABLE_BOOT, "x", "pcr1/EV_EFI_VARIABLE_BOOT/0" },
		/* actions and separators that are none of the specification's, or elsewhere */
		{ 4, EV_EFI_ACTION, "Calling nobody", "pcr4/EV_EFI_ACTION/0" },
		{ 9, EV_EFI_ACTION, "Exit Boot Services Invocation", "pcr9/EV_EFI_ACTION/0" },
		{ 7, EV_EFI_ACTION, "UEFI Debug Mode", "firmware/debug-mode" },
		{ 12, EV_SEPARATOR, "WBCL", "pcr12/EV_SEPARATOR/0" },
		{ 14, EV_IPL, "Mok/../List", "pcr14/EV_IPL/0" },
		{ 9, EV_IPL, "not a path", "pcr9/EV_IPL/0" },
		{ 3, 0x12345678, "x", "pcr3/0x12345678/0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(false);
		OWNED(boot_log) log = NULL;
		struct boot_claim *claims = NULL;
		struct err e = { 0 };

		boot_script_text(&s, rows[i].pcr, rows[i].type, rows[i].data);
		log = parsed(&s);
		assert_ok(boot_names(log, &claims, &e), &e);
		assert_string_equal(claims[1].name, rows[i].name);
		assert_true(claims[1].vector >= 0 && !claims[1].constant);
		free(claims);
		buf_drop(&s.log);
	}
}

static void what_no_quote_confirms_has_no_name(void **state)
{
	static const u32 pcrs[] = { 10, 15, 16, 23 };
	struct boot_script s = boot_script_new(false);
	OWNED(boot_log) log = NULL;
	struct boot_claim *claims = NULL;
	OWNED(ect) x = NULL;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pcrs); i++)
		boot_script_text(&s, pcrs[i], EV_IPL, "x");
	log = parsed(&s);
	assert_ok(boot_names(log, &claims, &e), &e);
	for (size_t i = 0; i < log->n_events; i++)
		assert_string_equal(claims[i].name, "");
	assert_ok(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e), &e);
	assert_int_equal(x->n, 0);
	free(claims);
	buf_drop(&s.log);
}

/* ---- data against digests ---- */
static void data_that_are_not_what_was_measured_are_refused_by_name(void **state)
{
	static const struct {
		u32 pcr, type;
		const char *measured, *data;
		enum err_code code; /* E_OK: accepted */
		const char *why;
	} rows[] = {
		{ 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot off", "SecureBoot on", E_BINDING,
		  "event 1 (PCR 7, EV_EFI_VARIABLE_DRIVER_CONFIG): its data are not what was "
		  "measured" },
		{ 7, EV_EFI_VARIABLE_AUTHORITY, "a", "b", E_BINDING, "not what was measured" },
		{ 4, EV_EFI_ACTION, "UEFI Debug Mode", "Calling EFI Application from Boot Option",
		  E_BINDING, "event 1 (PCR 4, EV_EFI_ACTION)" },
		{ 4, EV_SEPARATOR, "evil", "\xff\xff\xff\xff", E_BINDING,
		  "event 1 (PCR 4, EV_SEPARATOR)" },
		{ 8, EV_IPL, "init=/bin/sh", "kernel_cmdline: ro", E_BINDING,
		  "event 1 (PCR 8, EV_IPL)" },
		{ 8, EV_IPL, "ro", "kernel_cmdline: ro", E_OK, "" },
		{ 0, EV_S_CRTM_VERSION, "1", "2", E_OK, "" }, /* then the text is not shown */
		{ 4, EV_SEPARATOR, "\1\0\0", "\1\0\0", E_POLICY, "the firmware met an error" },
		{ 4, EV_SEPARATOR, "\1\0\0", "\0\0\0", E_POLICY, "the firmware met an error" },
		{ 16, EV_SEPARATOR, "a", "b", E_OK, "" }, /* proves nothing either way */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(true);
		OWNED(boot_log) log = NULL;
		/* a separator's four bytes: the literal with its NUL */
		size_t n = rows[i].type == EV_SEPARATOR && rows[i].code == E_POLICY;
		struct bytes measured = { (const u8 *)rows[i].measured,
					  n ? 4 : strlen(rows[i].measured) };
		struct bytes data = { (const u8 *)rows[i].data, n ? 4 : strlen(rows[i].data) };

		boot_script_event(&s, rows[i].pcr, rows[i].type, measured, data);
		log = parsed(&s);
		for (int bank = 0; bank < 2; bank++) {
			struct err e = { 0 };
			u16 alg = bank ? TPM_ALG_SHA256 : TPM_ALG_SHA1;

			if (rows[i].code == E_OK)
				assert_ok(boot_claims_check(log, alg, &e), &e);
			else
				assert_refused(boot_claims_check(log, alg, &e), &e, rows[i].code,
					       rows[i].why);
		}
		buf_drop(&s.log);
	}
}

static const struct ect_info *info_of(const struct ect *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->info[i].name, name))
			return &x->info[i];
	fail_msg("no element %s", name);
	return NULL;
}

static void only_what_a_digest_vouches_for_is_shown_as_text(void **state)
{
	static const struct {
		const char *kernel_says, *text;
	} rows[] = { { "ro quiet", "ro quiet" },
		     { "ro", NULL },
		     { "", NULL },
		     { "ro quiet\n", NULL },
		     { "ro quiet\x1b", NULL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(true);
		OWNED(boot_log) log = NULL;
		OWNED(ect) x = NULL;
		struct err e = { 0 };
		const char *text;
		size_t n = 0;

		put_firmware(&s);
		put_stub(&s, "ro quiet");
		log = parsed(&s);
		assert_ok(boot_claims(log, TPM_ALG_SHA256, bytes_text(rows[i].kernel_says), &x, &e),
			  &e);
		text = info_of(x, "command-line")->text;
		while (n < x->n && strcmp(x->info[n++].name, "command-line"))
			;
		assert_true(!text == !rows[i].text);
		if (text)
			assert_string_equal(text, rows[i].text);
		assert_int_equal(x->elements[n - 1].mval.n_plain, text ? 1 : 0);
		assert_string_equal(info_of(x, "firmware/crtm-version")->text, "1.0");
		assert_null(info_of(x, "kernel")->text);	  /* a path, by the log's word */
		assert_null(info_of(x, "firmware/blob/0")->text); /* an address, as well */
		buf_drop(&s.log);
	}
}

static void the_claims_are_the_same_in_every_bank(void **state)
{
	struct boot_script s = boot_script_new(true);
	OWNED(boot_log) log = NULL;
	OWNED(ect) x = NULL;
	struct boot_claim *claims = NULL;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	put_firmware(&s);
	put_grub(&s);
	log = parsed(&s);
	assert_ok(boot_claims_check(log, TPM_ALG_SHA1, &e), &e);
	assert_ok(boot_claims_check(log, TPM_ALG_SHA256, &e), &e);
	assert_ok(boot_names(log, &claims, &e), &e);
	assert_ok(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e), &e);
	for (size_t i = 0; i < log->n_events; i++) {
		struct boot_data d;

		if (!claims[i].name[0])
			continue;
		assert_string_equal(x->info[n].name, claims[i].name);
		assert_bytes_equal(x->elements[n].mval.digests[0].bytes, log->events[i].digests[1]);
		assert_int_equal(x->elements[n].mval.n_digests, 1); /* SHA-1 has no number there */
		boot_event_read(&log->events[i], &d);
		assert_int_equal(boot_event_cover(log, &log->events[i], &d, 0),
				 boot_event_cover(log, &log->events[i], &d, 1));
		n++;
	}
	assert_int_equal(x->n, n);
	assert_refused(boot_claims(log, TPM_ALG_SHA384, BYTES_NONE, &x, &e), &e, E_NOTFOUND,
		       "without that bank");
	free(claims);
	buf_drop(&s.log);
}

/* A SHA-384 bank beside: its digests count only where a quote has confirmed the bank. */
static void another_banks_digests_stand_beside_only_when_quoted(void **state)
{
	struct boot_script s = boot_script_new(true);
	OWNED(boot_log) log = NULL;
	u8 made_up[48] = { 1 };

	(void)state;
	put_stub(&s, "ro");
	log = parsed(&s);
	log->tpm_alg[0] = TPM_ALG_SHA384;
	log->alg[0] = DIGEST_SHA384;
	for (size_t i = 1; i < log->n_events; i++)
		log->events[i].digests[0] = BYTES(made_up);
	for (u32 quoted = 0; quoted < 4; quoted++) {
		OWNED(ect) x = NULL;
		struct err e = { 0 };

		log->quoted = quoted;
		assert_ok(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e), &e);
		assert_int_equal(x->elements[0].mval.n_digests, quoted & 1 ? 2 : 1);
		assert_int_equal(x->elements[0].mval.digests[0].alg, 1);
		if (quoted & 1)
			assert_int_equal(x->elements[0].mval.digests[1].alg, 7);
	}
	buf_drop(&s.log);
}

/* ---- for people ---- */
static const char *sentence(json_t *story, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(
		json_object_get(story, "events"), i,
		row) if (!strcmp(json_string_value(json_object_get(row, "name")),
				 name)) return json_string_value(json_object_get(row, "text"));
	fail_msg("no event %s", name);
	return NULL;
}

static json_t *story_of(const struct boot_script *s, const char *command_line)
{
	OWNED(boot_log) log = parsed(s);
	json_t *story = NULL;
	struct err e = { 0 };

	assert_ok(boot_story(log, bytes_text(command_line), &story, &e), &e);
	return story;
}

static void a_story_says_what_was_measured_and_what_only_the_log_says(void **state)
{
	struct boot_script s = boot_script_new(false);
	json_t *story;

	(void)state;
	put_firmware(&s);
	put_stub(&s, "ro quiet");
	story = story_of(&s, "ro quiet");
	assert_true(json_is_null(json_object_get(story, "fault")));
	assert_string_equal(sentence(story, "command-line"), "Kernel command line: ro quiet");
	assert_string_equal(sentence(story, "firmware/crtm-version"), "Firmware version: 1.0");
	assert_non_null(strstr(
		sentence(story, "boot-loader/0"),
		"Firmware started: \\systemd-bootx64.efi [the log's word, not measured] (sha256 "));
	assert_non_null(strstr(sentence(story, "kernel"), "[the log's word, not measured]"));
	assert_non_null(
		json_object_get(json_object_get(json_object_get(story, "pcrs"), "sha256"), "9"));
	json_decref(story);
	boot_script_event(&s, 4, EV_EFI_ACTION, bytes_text("a"), bytes_text("b"));
	story = story_of(&s, "");
	assert_non_null(strstr(json_string_value(json_object_get(story, "fault")),
			       "not what was measured"));
	assert_non_null(
		strstr(sentence(story, "pcr4/EV_EFI_ACTION/1"), "BUT SOMETHING ELSE WAS MEASURED"));
	json_decref(story);
	buf_drop(&s.log);
}

static void two_boots_are_compared_by_name(void **state)
{
	struct boot_script a = boot_script_new(false), b = boot_script_new(true);
	json_t *before, *after, *changes, *row;

	(void)state;
	put_firmware(&a);
	put_stub(&a, "ro quiet");
	put_firmware(&b); /* with another bank beside, which changes nothing */
	boot_script_image(&b, 2, EV_EFI_BOOT_SERVICES_DRIVER, "hba", "another option ROM");
	put_stub(&b, "ro init=/bin/sh");
	before = story_of(&a, "ro quiet");
	after = story_of(&b, "ro init=/bin/sh");
	changes = boot_story_diff(before, before);
	assert_int_equal(json_array_size(changes), 0);
	json_decref(changes);
	changes = boot_story_diff(before, after);
	assert_int_equal(json_array_size(changes), 2);
	row = json_array_get(changes, 0);
	assert_string_equal(json_string_value(json_object_get(row, "text")),
			    "command-line: was ro quiet, is ro init=/bin/sh");
	row = json_array_get(changes, 1);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "driver/1");
	assert_string_equal(json_string_value(json_object_get(row, "change")), "added");
	json_decref(changes);
	changes = boot_story_diff(after, before);
	row = json_array_get(changes, 0);
	assert_string_equal(json_string_value(json_object_get(row, "change")), "removed");
	json_decref(changes);
	json_decref(before);
	json_decref(after);
	buf_drop(&a.log);
	buf_drop(&b.log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shim_and_grub_start_has_names),
		cmocka_unit_test(what_the_stub_of_linux_tells_has_names),
		cmocka_unit_test(the_sections_of_a_unified_kernel_image_have_names),
		cmocka_unit_test(a_kernel_that_the_firmware_was_given_is_the_kernel),
		cmocka_unit_test(what_no_name_fits_is_named_by_its_place_and_needs_a_reference),
		cmocka_unit_test(what_no_quote_confirms_has_no_name),
		cmocka_unit_test(data_that_are_not_what_was_measured_are_refused_by_name),
		cmocka_unit_test(only_what_a_digest_vouches_for_is_shown_as_text),
		cmocka_unit_test(the_claims_are_the_same_in_every_bank),
		cmocka_unit_test(another_banks_digests_stand_beside_only_when_quoted),
		cmocka_unit_test(a_story_says_what_was_measured_and_what_only_the_log_says),
		cmocka_unit_test(two_boots_are_compared_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
