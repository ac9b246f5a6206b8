// SPDX-License-Identifier: Apache-2.0
/* What is foretold of a boot is what that boot measures: two logs, the second made from what the first let foresee. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "proto/efi_text.h"
#include "verifier/boot_claims.h"
#include "verifier/foretell.h"

enum loader { WITH_GRUB, WITH_STUB, WITH_STUB_NO_NUL, WITH_BOOT };

struct boot {
	enum loader loader;
	const char *release, *kernel, *initrd, *options;
	const char *menu; /* a GRUB command before those that load, or NULL */
};

static void put_firmware(struct boot_script *s)
{
	boot_script_text(s, 0, EV_S_CRTM_VERSION, "1.0");
	boot_script_variable(s, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, efi_guid_global, "SecureBoot",
			     bytes_text("\x01"));
	boot_script_text(s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	boot_script_separators(s);
}

static void put_grub(struct boot_script *s, const struct boot *b)
{
	char path[100], line[300], command[310], initrd[100], load[110];

	snprintf(path, sizeof(path), "/vmlinuz-%s", b->release);
	snprintf(initrd, sizeof(initrd), "/initrd.img-%s", b->release);
	snprintf(line, sizeof(line), "%s %s", path, b->options);
	snprintf(command, sizeof(command), "linux %s", line);
	snprintf(load, sizeof(load), "initrd %s", initrd);
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\grubx64.efi", "grub");
	if (b->menu)
		boot_script_grub(s, 8, "grub_cmd: ", b->menu, b->menu);
	boot_script_grub(s, 8, "grub_cmd: ", command, command);
	boot_script_grub(s, 9, "", path, b->kernel);
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "", b->kernel);
	boot_script_grub(s, 8, "kernel_cmdline: ", line, line);
	boot_script_grub(s, 8, "grub_cmd: ", load, load);
	boot_script_grub(s, 9, "", initrd, b->initrd);
}

/* The stub measures its options with or without the NUL; systemd-boot measures them itself, too. */
static void put_stub(struct boot_script *s, const struct boot *b)
{
	OWNED(buf) wide = boot_script_wide(b->options);
	struct bytes measured = buf_bytes(wide);

	if (b->loader == WITH_STUB_NO_NUL)
		measured.len -= 2;
	boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "kernel", b->kernel);
	if (b->loader == WITH_BOOT)
		boot_script_event(s, 12, EV_IPL, buf_bytes(wide), buf_bytes(wide));
	boot_script_tag(s, 9, BOOT_TAG_LINUX_OPTIONS, "LOADED_IMAGE::LoadOptions", measured);
	boot_script_tag(s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd", bytes_text(b->initrd));
}

static struct boot_log *log_of(struct boot_script *s, const struct boot *b)
{
	struct boot_log *log = NULL;
	struct err e = { 0 };

	put_firmware(s);
	if (b->loader == WITH_GRUB)
		put_grub(s, b);
	else
		put_stub(s, b);
	assert_ok(boot_log_parse(buf_bytes(s->log), &log, &e), &e);
	return log;
}

static const struct corim_element *find(const struct ect *x, struct bytes name)
{
	for (size_t i = 0; i < x->n; i++)
		if (bytes_equal(bytes_text(x->info[i].name), name))
			return &x->elements[i];
	return NULL;
}

static int foretell_from(const struct boot_log *log, const struct boot *now, const struct boot *to,
			 const char *options, struct buf **body, struct err *e)
{
	struct next_boot next = { .log = log,
				  .running_line = bytes_text(now->options),
				  .running = now->release,
				  .release = to->release,
				  .kernel = range_of(bytes_text(to->kernel)),
				  .initrd = range_of(bytes_text(to->initrd)),
				  .options = options };

	return foretell(&next, body, e);
}

/* Every claim of the second log is foretold, or is as it was. */
static void expect_foretold(const struct boot *now, const struct boot *to, const char *options,
			    size_t n_changed)
{
	struct boot_script first = boot_script_new(false), second = boot_script_new(false);
	OWNED(boot_log) before = log_of(&first, now);
	OWNED(boot_log) after = log_of(&second, to);
	OWNED(buf) body = NULL;
	OWNED(ect) was = NULL;
	OWNED(ect) is = NULL;
	struct proposal p;
	struct err e = { 0 };

	assert_ok(foretell_from(before, now, to, options, &body, &e), &e);
	assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
	assert_ok(boot_claims(before, TPM_ALG_SHA256, BYTES_NONE, &was, &e), &e);
	assert_ok(boot_claims(after, TPM_ALG_SHA256, BYTES_NONE, &is, &e), &e);
	assert_int_equal(was->n, is->n);
	assert_int_equal(p.n_unforeseen, 0);
	for (size_t i = 0; i < is->n; i++) {
		struct bytes name = bytes_text(is->info[i].name);
		const struct proposal_element *el = proposal_find(&p, name);
		const struct corim_element *old = find(was, name);
		struct bytes foretold = el    ? el->digests[0].bytes
					: old ? old->mval.digests[0].bytes
					      : BYTES_NONE;

		if (!bytes_equal(foretold, is->elements[i].mval.digests[0].bytes))
			fail_msg("%s is another than foretold", is->info[i].name);
		n_changed -= el && !bytes_equal(foretold, old->mval.digests[0].bytes);
	}
	assert_int_equal(n_changed, 0);
	buf_drop(&first.log);
	buf_drop(&second.log);
}

static void what_is_foretold_is_what_the_next_boot_measures(void **state)
{
	static const struct {
		struct boot now, to;
		const char *options;
		size_t n_changed;
	} rows[] = {
		/* another kernel: its file, image, line, both commands, initrd */
		{ { WITH_GRUB, "6.12.1", "k1", "i1", "root=/dev/vda ro", NULL },
		  { WITH_GRUB, "6.12.2", "k2", "i2", "root=/dev/vda ro", NULL },
		  NULL,
		  6 },
		/* the same version, another initrd */
		{ { WITH_GRUB, "6.12.1", "k1", "i1", "root=/dev/vda ro", NULL },
		  { WITH_GRUB, "6.12.1", "k1", "i2", "root=/dev/vda ro", NULL },
		  NULL,
		  1 },
		/* other options */
		{ { WITH_GRUB, "6.12.1", "k1", "i1", "root=/dev/vda ro", NULL },
		  { WITH_GRUB, "6.12.1", "k1", "i1", "root=/dev/vdb ro quiet", NULL },
		  "root=/dev/vdb ro quiet",
		  2 },
		/* a menu that does not name the version stays */
		{ { WITH_GRUB, "6.12.1", "k1", "i1", "ro", "set default=0" },
		  { WITH_GRUB, "6.12.2", "k2", "i2", "ro", "set default=0" },
		  NULL,
		  6 },
		{ { WITH_STUB, "6.12.1", "k1", "i1", "root=/dev/vda ro", NULL },
		  { WITH_STUB, "6.12.2", "k2", "i2", "root=/dev/vda ro", NULL },
		  NULL,
		  2 },
		{ { WITH_STUB, "6.12.1", "k1", "i1", "BOOT_IMAGE=/vmlinuz-6.12.1 ro", NULL },
		  { WITH_STUB, "6.12.2", "k2", "i2", "BOOT_IMAGE=/vmlinuz-6.12.2 ro quiet", NULL },
		  "ro quiet",
		  3 },
		{ { WITH_STUB_NO_NUL, "6.12.1", "k1", "i1", "initrd=\\i-6.12.1 ro", NULL },
		  { WITH_STUB_NO_NUL, "6.12.2", "k2", "i2", "initrd=\\i-6.12.2 ro", NULL },
		  NULL,
		  3 },
		/* measured by systemd-boot and by the stub */
		{ { WITH_BOOT, "6.12.1", "k1", "i1", "ro", NULL },
		  { WITH_BOOT, "6.12.1", "k1", "i1", "ro quiet", NULL },
		  "ro quiet",
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("row %zu\n", i);
		expect_foretold(&rows[i].now, &rows[i].to, rows[i].options, rows[i].n_changed);
	}
}

static void what_nobody_can_know_is_named(void **state)
{
	static const struct {
		struct boot now, to;
		const char *running_line, *unforeseen;
	} rows[] = {
		/* a menu that names the version may name the next one, both, or none */
		{ { WITH_GRUB, "6.12.1", "k", "i", "ro", "menuentry 'Debian 6.12.1' { }" },
		  { WITH_GRUB, "6.12.2", "k", "i", "ro", NULL },
		  NULL,
		  "grub/command/0" },
		/* what the kernel says of its line is not what was measured */
		{ { WITH_STUB, "6.12.1", "k", "i", "ro", NULL },
		  { WITH_STUB, "6.12.2", "k", "i", "ro", NULL },
		  "rw",
		  "command-line" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(false);
		OWNED(boot_log) log = log_of(&s, &rows[i].now);
		struct boot now = rows[i].now;
		OWNED(buf) body = NULL;
		struct proposal p;
		struct err e = { 0 };

		if (rows[i].running_line)
			now.options = rows[i].running_line;
		assert_ok(foretell_from(log, &now, &rows[i].to, NULL, &body, &e), &e);
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, 1);
		assert_true(bytes_equal(p.unforeseen[0], bytes_text(rows[i].unforeseen)));
		buf_drop(&s.log);
	}
}

/* Firmware or shim, and the kernel's own stub, may measure what GRUB has measured already. */
static void what_is_measured_twice_is_foretold_where_it_was_the_same(void **state)
{
	static const struct boot now = { WITH_GRUB, "1", "k1", "i1", "ro", NULL };
	static const struct boot to = { WITH_GRUB, "2", "k2", "i2", "ro", NULL };
	static const struct {
		const char *kernel, *initrd;
		size_t n_unforeseen;
	} rows[] = { { "k1", "i1", 0 }, { "k1", "i1 and more", 1 }, { "another", "i1", 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot_script s = boot_script_new(true);
		OWNED(boot_log) log = NULL;
		OWNED(buf) body = NULL;
		struct proposal p;
		struct err e = { 0 };

		boot_log_drop(&(struct boot_log *){ log_of(&s, &now) });
		boot_script_image(&s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "", rows[i].kernel);
		boot_script_tag(&s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd",
				bytes_text(rows[i].initrd));
		assert_ok(boot_log_parse(buf_bytes(s.log), &log, &e), &e);
		assert_ok(foretell_from(log, &now, &to, NULL, &body, &e), &e);
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, rows[i].n_unforeseen);
		if (!rows[i].n_unforeseen) {
			struct digest kernel = sha256_of(bytes_text("k2")),
				      initrd = sha256_of(bytes_text("i2"));

			assert_bytes_equal(
				proposal_find(&p, bytes_text("kernel/1"))->digests[0].bytes,
				digest_bytes(&kernel));
			assert_bytes_equal(
				proposal_find(&p, bytes_text("initrd/1"))->digests[0].bytes,
				digest_bytes(&initrd));
		}
		buf_drop(&s.log);
	}
}

static void a_boot_with_an_initrd_needs_one_next_time(void **state)
{
	static const struct boot now = { WITH_GRUB, "1", "k", "i", "ro", NULL };
	static const struct boot to = { WITH_GRUB, "2", "k", "", "ro", NULL };
	struct boot_script s = boot_script_new(false);
	OWNED(boot_log) log = log_of(&s, &now);
	OWNED(buf) body = NULL;
	struct err e = { 0 };

	(void)state;
	assert_refused(foretell_from(log, &now, &to, NULL, &body, &e), &e, E_USAGE, "initrd");
	buf_drop(&s.log);
}

/* In PCR 4 stands the digest that firmware computes, in PCR 9 the one of the file. */
static void a_pe_image_has_its_authenticode_digest_and_the_files(void **state)
{
	static const struct boot now = { WITH_GRUB, "1", "k", "i", "ro", NULL };
	struct boot_script s = boot_script_new(false);
	OWNED(boot_log) log = log_of(&s, &now);
	OWNED(buf) image = own_vector("../fuzz/corpus/fuzz_pe_image/signed");
	OWNED(buf)
	expected = from_hex("4ce8a2fa66f4057057672e6bffcc0ec4afbcb975d15fd02ff7c0a568465e"
			    "eca1"); /* as test_pe_image has it */
	struct digest plain = sha256_of(buf_bytes(image));
	struct next_boot next = { .log = log,
				  .running = "1",
				  .release = "2",
				  .kernel = range_of(buf_bytes(image)),
				  .initrd = range_of(bytes_text("i")) };
	OWNED(buf) body = NULL;
	struct proposal p;
	struct err e = { 0 };

	(void)state;
	assert_ok(foretell(&next, &body, &e), &e);
	assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
	assert_true(bytes_equal(proposal_find(&p, bytes_text("kernel"))->digests[0].bytes,
				buf_bytes(expected)));
	assert_true(bytes_equal(proposal_find(&p, bytes_text("kernel/file"))->digests[0].bytes,
				digest_bytes(&plain)));
	next.kernel.len = 300; /* half of one */
	buf_drop(&body);
	assert_refused(foretell(&next, &body, &e), &e, E_FORMAT, "PE image");
	buf_drop(&s.log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_foretold_is_what_the_next_boot_measures),
		cmocka_unit_test(what_nobody_can_know_is_named),
		cmocka_unit_test(what_is_measured_twice_is_foretold_where_it_was_the_same),
		cmocka_unit_test(a_boot_with_an_initrd_needs_one_next_time),
		cmocka_unit_test(a_pe_image_has_its_authenticode_digest_and_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
