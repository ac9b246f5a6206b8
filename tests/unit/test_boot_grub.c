// SPDX-License-Identifier: Apache-2.0
/* GRUB's menu names kernel versions: what the next one says is what the next boot measures, or it is named as unforeseen. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "proto/efi_text.h"
#include "verifier/boot_claims.h"
#include "verifier/foretell.h"

enum { CFG_MAX = 16384 };

/* A boot, and what is in the menu that it has. */
struct boot {
	const char *version, *others; /* of the default entry; and inner entries of older ones */
	const char *options;
	const char *extra; /* at the end of the file */
	bool submenu_chosen;
};

struct made {
	char cfg[CFG_MAX];
	struct boot_script s;
	struct boot_log *log;
};

static void made_clear(struct made *m)
{
	boot_log_drop(&m->log);
	buf_drop(&m->s.log);
}

/* ---- a menu in the shape of Debian's ---- */
static void body_of(const struct boot *b, char *out, size_t size)
{
	snprintf(out, size,
		 "\n\tinsmod gzio\n\tif [ x$a = xy ]; then insmod xzio; fi\n"
		 "\techo\t'Loading Linux %s ...'\n"
		 "\tlinux\t/boot/vmlinuz-%s root=/dev/vda ro  %s\n"
		 "\techo\t'Loading initial ramdisk ...'\n"
		 "\tinitrd\t/boot/initrd.img-%s\n",
		 b->version, b->version, b->options, b->version);
}

static void advanced_of(const struct boot *b, char *out, size_t size)
{
	snprintf(out, size, "\n\tmenuentry 'Linux %s' { linux /boot/vmlinuz-%s }\n%s", b->version,
		 b->version, b->others);
}

static void write_cfg(const struct boot *b, struct made *m)
{
	char body[1024], advanced[1024];

	body_of(b, body, sizeof(body));
	advanced_of(b, advanced, sizeof(advanced));
	snprintf(m->cfg, sizeof(m->cfg),
		 "# a menu\nset default=0\n"
		 "menuentry 'Debian GNU/Linux' --class os $menuentry_id_option 'simple' {%s}\n"
		 "submenu 'Advanced options' $menuentry_id_option 'advanced' {%s}\n"
		 "if [ 1 = 1 ]; then\n\tmenuentry 'UEFI' { fwsetup }\nfi\n%s",
		 body, advanced, b->extra);
}

/* ---- the boot by it ---- */
static void ran(struct boot_script *s, const char *format, const char *word)
{
	char command[2048];

	snprintf(command, sizeof(command), format, word);
	boot_script_grub(s, 8, "grub_cmd: ", command, command);
}

static void run_entry(struct boot_script *s, const struct boot *b)
{
	char line[300], path[100], initrd[100];

	snprintf(path, sizeof(path), "/boot/vmlinuz-%s", b->version);
	snprintf(initrd, sizeof(initrd), "/boot/initrd.img-%s", b->version);
	snprintf(line, sizeof(line), "%s root=/dev/vda ro %s", path, b->options);
	ran(s, "setparams %s", "Debian GNU/Linux");
	ran(s, "%s", "insmod gzio");
	ran(s, "echo Loading Linux %s ...", b->version);
	ran(s, "linux %s", line);
	boot_script_grub(s, 9, "", path, b->version);
	boot_script_grub(s, 8, "kernel_cmdline: ", line, line);
	ran(s, "%s", "echo Loading initial ramdisk ...");
	ran(s, "initrd %s", initrd);
	boot_script_grub(s, 9, "", initrd, initrd);
}

/* Linux' own stub measures its options and the initrd once more. */
static void run_stub(struct boot_script *s, const struct boot *b)
{
	char line[300], initrd[100];
	struct buf *wide;

	snprintf(line, sizeof(line), "BOOT_IMAGE=/boot/vmlinuz-%s root=/dev/vda ro %s", b->version,
		 b->options);
	snprintf(initrd, sizeof(initrd), "/boot/initrd.img-%s", b->version);
	wide = boot_script_wide(line);
	boot_script_tag(s, 9, BOOT_TAG_LINUX_OPTIONS, "LOADED_IMAGE::LoadOptions", buf_bytes(wide));
	boot_script_tag(s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd", bytes_text(initrd));
	buf_drop(&wide);
}

static void boot(const struct boot *b, struct made *m)
{
	char body[1024], advanced[1024];
	struct err e = { 0 };

	*m = (struct made){ .s = boot_script_new(false) };
	write_cfg(b, m);
	body_of(b, body, sizeof(body));
	advanced_of(b, advanced, sizeof(advanced));
	boot_script_text(&m->s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	boot_script_separators(&m->s);
	boot_script_image(&m->s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\grubx64.efi", "grub");
	boot_script_grub(&m->s, 9, "", "(hd0,gpt1)/EFI/debian/grub.cfg", "leads there");
	ran(&m->s, "configfile %s", "(hd0,gpt2)/boot/grub/grub.cfg");
	boot_script_grub(&m->s, 9, "", "(hd0,gpt2)/boot/grub/grub.cfg", m->cfg);
	ran(&m->s, "%s", "set default=0");
	ran(&m->s, "menuentry Debian GNU/Linux --class os --id simple {%s}", body);
	ran(&m->s, "submenu Advanced options --id advanced {%s}", advanced);
	ran(&m->s, "%s", "[ 1 = 1 ]");
	ran(&m->s, "%s", "menuentry UEFI { fwsetup }");
	if (b->submenu_chosen) {
		ran(&m->s, "setparams %s", "Advanced options");
		ran(&m->s, "menuentry Linux %s { }", b->version);
	}
	run_entry(&m->s, b);
	run_stub(&m->s, b);
	assert_ok(boot_log_parse(buf_bytes(m->s.log), &m->log, &e), &e);
}

static int foretell_from(const struct made *now, const struct boot *was, const struct boot *to,
			 const char *cfg, struct buf **body, struct err *e)
{
	char line[300], initrd[100];
	struct next_boot next = { .log = now->log,
				  .running = was->version,
				  .release = to->version,
				  .kernel = range_of(bytes_text(to->version)),
				  .grub_cfg = bytes_text(cfg) };

	snprintf(line, sizeof(line), "BOOT_IMAGE=/boot/vmlinuz-%s root=/dev/vda ro %s",
		 was->version, was->options);
	snprintf(initrd, sizeof(initrd), "/boot/initrd.img-%s", to->version);
	next.running_line = bytes_text(line);
	next.initrd = range_of(bytes_text(initrd));
	return foretell(&next, body, e);
}

/* Every claim of the boot @after is what the proposal says, or as it was @before. */
static void expect_told(const struct boot_log *before, const struct boot_log *after,
			struct bytes body)
{
	OWNED(ect) was = NULL;
	OWNED(ect) is = NULL;
	struct proposal p;
	struct err e = { 0 };

	assert_ok(proposal_parse(body, &p, &e), &e);
	assert_int_equal(p.n_unforeseen, 0);
	assert_ok(boot_claims(before, TPM_ALG_SHA256, BYTES_NONE, &was, &e), &e);
	assert_ok(boot_claims(after, TPM_ALG_SHA256, BYTES_NONE, &is, &e), &e);
	assert_int_equal(was->n, is->n);
	for (size_t i = 0; i < is->n; i++) {
		const char *name = is->info[i].name;
		const struct proposal_element *el = proposal_find(&p, bytes_text(name));
		struct bytes told = el ? el->digests[0].bytes : boot_script_claim(was, name);

		if (!bytes_equal(told, is->elements[i].mval.digests[0].bytes))
			fail_msg("%s is another than foretold", name);
		/* the text is the one that the appraisal of that boot shows, or none */
		if (el && el->text.len && is->info[i].text &&
		    !bytes_equal(el->text, bytes_text(is->info[i].text)))
			fail_msg("%s says \"%.*s\", measured is \"%s\"", name, (int)el->text.len,
				 el->text.at, is->info[i].text);
	}
}

static const struct boot one = {
	.version = "6.12.1", .others = "", .options = "quiet", .extra = ""
};

static void the_menu_of_the_next_kernel_is_what_the_next_boot_measures(void **state)
{
	static const struct boot rows[] = {
		/* a kernel more: an entry more in the submenu, which is one command */
		{ "6.12.10", "\tmenuentry 'Linux 6.12.1' { }\n", "quiet", "", false },
		/* nothing but options */
		{ "6.12.1", "", "quiet lockdown=integrity", "", false },
		{ "6.12.10", "", "debug", "", false },
		/* the same menu: only the files of it may differ */
		{ "6.12.1", "", "quiet", "", false },
		/* a file that says the same otherwise: none of its commands changes */
		{ "6.12.1", "", "quiet", "# generated again\n", false },
		/* what stands in a function or a condition that is not met is never run */
		{ "6.12.10", "", "quiet", "if false; then menuentry 'Windows' { chain; }; fi\n",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct made now, next;
		OWNED(buf) body = NULL;
		struct err e = { 0 };

		print_message("row %zu\n", i);
		boot(&one, &now);
		boot(&rows[i], &next);
		assert_ok(foretell_from(&now, &one, &rows[i], next.cfg, &body, &e), &e);
		expect_told(now.log, next.log, buf_bytes(body));
		made_clear(&now);
		made_clear(&next);
	}
}

static bool has(const struct proposal *p, const char *name)
{
	for (size_t i = 0; i < p->n_unforeseen; i++)
		if (bytes_equal(p->unforeseen[i], bytes_text(name)))
			return true;
	return false;
}

/* grub/command/2 is the first entry, 3 the submenu, 5 the last entry, 9 the line that loads the kernel. */
static void what_the_menu_does_not_prove_is_unforeseen(void **state)
{
	static const struct {
		struct boot now;
		struct edit_text {
			const char *find, *put;
		} edit; /* of the next menu */
		const char *unforeseen[3];
	} rows[] = {
		/* another title, an entry more, an entry less, another order */
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "'Debian GNU/Linux'", "'Debian GNU/Linux 13'" },
		  .unforeseen = { "grub/command/2", "grub/command/3", "grub/command/5" } },
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "submenu", "menuentry 'other' { }\nsubmenu" },
		  .unforeseen = { "grub/command/2", "grub/command/3", "grub/command/5" } },
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "submenu 'Advanced options'", "foo" },
		  .unforeseen = { "grub/command/2", "grub/command/3", "grub/command/5" } },
		/* a title that hangs on a variable */
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "'Debian GNU/Linux'", "\"Debian $os\"" },
		  .unforeseen = { "grub/command/2", "grub/command/3", "grub/command/5" } },
		/* lines of the entry that is run: one more, one with a variable, one that the log does not show */
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "\tinsmod gzio\n", "\tinsmod gzio\n\tinsmod btrfs\n" },
		  .unforeseen = { "grub/command/9" } },
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "root=/dev/vda", "root=$disk" },
		  .unforeseen = { "grub/command/9" } },
		{ .now = { "6.12.1", "", "quiet", "", false },
		  .edit = { "if [ x$a = xy ]", "if [ x$b = xy ]" },
		  .unforeseen = { "grub/command/9" } },
		/* another entry than those of the file itself was run */
		{ .now = { "6.12.1", "", "quiet", "", .submenu_chosen = true },
		  .edit = { "root=/dev/vda", "root=/dev/vdb" },
		  .unforeseen = { "grub/command/7", "grub/command/11" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct made now, next;
		char cfg[CFG_MAX + 100];
		const char *at;
		OWNED(buf) body = NULL;
		struct proposal p;
		struct err e = { 0 };

		print_message("row %zu\n", i);
		boot(&rows[i].now, &now);
		boot(&one, &next);
		at = strstr(next.cfg, rows[i].edit.find);
		assert_non_null(at);
		snprintf(cfg, sizeof(cfg), "%.*s%s%s", (int)(at - next.cfg), next.cfg,
			 rows[i].edit.put, at + strlen(rows[i].edit.find));
		assert_ok(foretell_from(&now, &rows[i].now, &one, cfg, &body, &e), &e);
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		for (size_t k = 0; k < 3 && rows[i].unforeseen[k]; k++)
			if (!has(&p, rows[i].unforeseen[k]))
				fail_msg("%s is not unforeseen", rows[i].unforeseen[k]);
		made_clear(&now);
		made_clear(&next);
	}
}

/* A proposal of a boot that does not come would be signed for nothing. */
static void a_menu_that_boots_another_kernel_is_a_conflict(void **state)
{
	static const struct boot two = { "6.12.2", "", "quiet", "", false };
	struct made now, next;
	OWNED(buf) body = NULL;
	struct err e = { 0 };

	(void)state;
	boot(&one, &now);
	boot(&two, &next);
	/* the new kernel is there, and the menu is still the one of this boot */
	assert_refused(foretell_from(&now, &one, &two, now.cfg, &body, &e), &e, E_CONFLICT,
		       "boots /boot/vmlinuz-6.12.1 next, not 6.12.2");
	/* the initrd of this kernel is written anew, and the menu is another's already */
	e = (struct err){ 0 };
	assert_refused(foretell_from(&now, &one, &one, next.cfg, &body, &e), &e, E_CONFLICT,
		       "boots /boot/vmlinuz-6.12.2 next, not 6.12.1");
	/* no menu at all */
	e = (struct err){ 0 };
	assert_refused(foretell_from(&now, &one, &two, "menuentry 'a {", &body, &e), &e, E_FORMAT,
		       "grub.cfg: quote");
	made_clear(&now);
	made_clear(&next);
}

/* The loader that GRUB is has no kernel's name, whoever speaks last. */
static void grub_is_a_boot_loader_where_the_kernel_is_not_measured_as_an_image(void **state)
{
	struct made now;
	struct boot_claim *claims = NULL;
	bool loader = false;
	struct err e = { 0 };

	(void)state;
	boot(&one, &now);
	assert_ok(boot_names(now.log, &claims, &e), &e);
	for (size_t i = 0; i < now.log->n_events; i++) {
		assert_string_not_equal(claims[i].name, "kernel");
		loader |= !strcmp(claims[i].name, "boot-loader/0");
	}
	assert_true(loader);
	free(claims);
	made_clear(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_menu_of_the_next_kernel_is_what_the_next_boot_measures),
		cmocka_unit_test(what_the_menu_does_not_prove_is_unforeseen),
		cmocka_unit_test(a_menu_that_boots_another_kernel_is_a_conflict),
		cmocka_unit_test(
			grub_is_a_boot_loader_where_the_kernel_is_not_measured_as_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
