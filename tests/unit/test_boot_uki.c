// SPDX-License-Identifier: Apache-2.0
/* A unified kernel image is in the log section by section: what the next one has is what its boot measures. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "proto/efi_text.h"
#include "proto/pe_image.h"
#include "verifier/boot_claims.h"
#include "verifier/foretell.h"

enum { IMAGE_MAX = 65536, HEADERS = 1024, OPTIONAL = 112 };

struct part {
	const char *name, *content; /* content NULL: a kernel, which is an image itself */
};

struct image {
	struct part parts[8];
	const char *kernel;
};

/* ---- images ---- */
static struct buf *image_of(const struct part *parts, size_t n, struct bytes inner)
{
	struct buf *b = buf_new(IMAGE_MAX);
	struct writer *w = &b->w;
	size_t at = HEADERS;

	write_bytes(w, bytes_text("MZ"));
	write_zeros(w, 0x3c - 2);
	write_le32(w, 64);
	write_bytes(w, (struct bytes){ (const u8 *)"PE\0\0", 4 });
	write_le16(w, 0x8664);
	write_le16(w, (u16)n);
	write_zeros(w, 12);
	write_le16(w, OPTIONAL);
	write_le16(w, 0);
	write_le16(w, 0x20b);
	write_zeros(w, 58);
	write_le32(w, HEADERS);
	write_zeros(w, OPTIONAL - 64);
	for (size_t i = 0; i < n; i++) {
		struct bytes content = parts[i].content ? bytes_text(parts[i].content) : inner;
		size_t raw = (content.len + 15) / 16 * 16;

		write_bytes(w, bytes_text(parts[i].name));
		write_zeros(w, 8 - strlen(parts[i].name));
		write_le32(w, (u32)content.len);
		write_le32(w, (u32)at);
		write_le32(w, (u32)raw);
		write_le32(w, (u32)at);
		write_zeros(w, 16);
		at += raw;
	}
	write_zeros(w, HEADERS - w->len);
	for (size_t i = 0; i < n; i++) {
		struct bytes content = parts[i].content ? bytes_text(parts[i].content) : inner;

		write_bytes(w, content);
		write_zeros(w, (16 - content.len % 16) % 16);
	}
	assert_false(w->full);
	return b;
}

static struct buf *kernel_of(const char *text)
{
	const struct part code = { ".text", text };

	return image_of(&code, 1, BYTES_NONE);
}

static size_t n_parts(const struct image *image)
{
	size_t n = 0;

	while (n < ARRAY_LEN(image->parts) && image->parts[n].name)
		n++;
	return n;
}

static struct buf *unified(const struct image *image)
{
	OWNED(buf) kernel = kernel_of(image->kernel);

	return image_of(image->parts, n_parts(image), buf_bytes(kernel));
}

/* What firmware hashes, as one piece. */
static struct buf *hashed(struct bytes file)
{
	struct buf *b = buf_new(IMAGE_MAX);
	struct pe_image p;
	struct err e = { 0 };

	assert_ok(pe_image_parse(range_of(file), &p, &e), &e);
	for (size_t i = 0; i < p.n; i++)
		write_bytes(&b->w, (struct bytes){ p.pieces[i].at, p.pieces[i].len });
	return b;
}

/* ---- a boot of one ---- */
struct boot {
	struct image image;
	const char *line;   /* what the kernel is given, and says      */
	const char *initrd; /* what its stub measures                  */
	struct bytes more;  /* instead of @initrd, with NULs in it     */
	bool loader;	    /* systemd-boot before it                  */
	bool nul;	    /* the options are measured with their NUL */
};

static void put_sections(struct boot_script *s, const struct boot *b, struct bytes inner)
{
	/* in the stub's order, whatever that of the file is */
	static const char *const order[] = { ".linux",	".osrel", ".cmdline",
					     ".initrd", ".uname", ".pcrpkey" };

	for (size_t k = 0; k < ARRAY_LEN(order); k++)
		for (size_t i = 0; i < n_parts(&b->image); i++) {
			const struct part *part = &b->image.parts[i];
			OWNED(buf) wide = boot_script_wide(part->name);

			if (strcmp(part->name, order[k]))
				continue;
			boot_script_event(
				s, 11, EV_IPL,
				(struct bytes){ (const u8 *)part->name, strlen(part->name) + 1 },
				buf_bytes(wide));
			boot_script_event(s, 11, EV_IPL,
					  part->content ? bytes_text(part->content) : inner,
					  buf_bytes(wide));
		}
}

static struct boot_log *boot(const struct boot *b, struct boot_script *s)
{
	OWNED(buf) whole = unified(&b->image);
	OWNED(buf) kernel = kernel_of(b->image.kernel);
	OWNED(buf) whole_hashed = hashed(buf_bytes(whole));
	OWNED(buf) kernel_hashed = hashed(buf_bytes(kernel));
	OWNED(buf) line = boot_script_wide(b->line);
	struct bytes options = buf_bytes(line);
	struct boot_log *log = NULL;
	struct err e = { 0 };

	*s = boot_script_new(true);
	boot_script_text(s, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
	boot_script_separators(s);
	if (b->loader)
		boot_script_image(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\systemd-bootx64.efi",
				  "systemd-boot");
	boot_script_image_of(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "\\EFI\\Linux\\a.efi",
			     buf_bytes(whole_hashed));
	put_sections(s, b, buf_bytes(kernel));
	boot_script_image_of(s, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "", buf_bytes(kernel_hashed));
	if (!b->nul)
		options.len -= 2;
	boot_script_tag(s, 9, BOOT_TAG_LINUX_OPTIONS, "LOADED_IMAGE::LoadOptions", options);
	boot_script_tag(s, 9, BOOT_TAG_LINUX_INITRD, "Linux initrd",
			b->more.len ? b->more : bytes_text(b->initrd));
	assert_ok(boot_log_parse(buf_bytes(s->log), &log, &e), &e);
	return log;
}

static struct bytes image_now; /* what the host still has of this boot's image */

static int foretell_from(const struct boot_log *log, const struct boot *now, struct bytes image,
			 struct buf **body, struct err *e)
{
	OWNED(range_file) file = range_file_of(image);
	struct next_boot next = { .log = log,
				  .running_line = bytes_text(now->line),
				  .running = "6.12.1",
				  .release = "6.12.2",
				  .uki = range_whole(file),
				  .uki_now = range_of(image_now) };

	return foretell(&next, body, e);
}

static void what_an_image_has_is_what_its_boot_measures(void **state)
{
	static const struct boot now = {
		.image = { { { ".osrel", "ID=test\n" },
			     { ".cmdline", "root=/dev/vda quiet" },
			     { ".linux", NULL },
			     { ".initrd", "initrd one" },
			     { ".sdmagic", "#### LoaderInfo: systemd-stub 252.39-1 ####" },
			     { ".sbat", "sbat,1" } },
			   "kernel one" },
		.line = "root=/dev/vda quiet",
		.initrd = "initrd one",
	};
	static const struct boot next[] = {
		{ .image = { { { ".osrel", "ID=test\nVERSION=2\n" },
			       { ".cmdline", "root=/dev/vdb\n" },
			       { ".linux", NULL },
			       { ".initrd", "an initrd that is longer" },
			       { ".uname", "6.12.2" }, /* a stub of 252 does not measure it */
			       { ".sdmagic", "#### LoaderInfo: systemd-stub 252.39-1 ####" } },
			     "kernel two" },
		  .line = "root=/dev/vdb",
		  .initrd = "an initrd that is longer" },
		/* sections in another order */
		{ .image = { { { ".linux", NULL },
			       { ".initrd", "initrd one" },
			       { ".cmdline", "root=/dev/vda quiet" },
			       { ".osrel", "ID=test\n" } },
			     "kernel two" },
		  .line = "root=/dev/vda quiet",
		  .initrd = "initrd one" },
	};

	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_LEN(next); i++) {
		struct boot from = now, to = next[i / 4];
		struct boot_script first, second;
		OWNED(boot_log) before = NULL;
		OWNED(boot_log) after = NULL;
		OWNED(buf) image = unified(&to.image);
		OWNED(buf) body = NULL;
		OWNED(ect) was = NULL;
		OWNED(ect) is = NULL;
		struct proposal p;
		struct err e = { 0 };

		print_message("row %zu\n", i);
		from.loader = to.loader = i & 1;
		from.nul = to.nul = i & 2;
		before = boot(&from, &first);
		/* the section of what is not measured is no part of the log */
		for (size_t k = 0; k < n_parts(&to.image); k++)
			if (!strcmp(to.image.parts[k].name, ".uname"))
				to.image.parts[k].name = ".unname";
		after = boot(&to, &second);
		assert_ok(foretell_from(before, &from, buf_bytes(image), &body, &e), &e);
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, 0);
		assert_ok(boot_claims(before, TPM_ALG_SHA256, BYTES_NONE, &was, &e), &e);
		assert_ok(boot_claims(after, TPM_ALG_SHA256, BYTES_NONE, &is, &e), &e);
		assert_int_equal(was->n, is->n);
		for (size_t k = 0; k < is->n; k++) {
			const char *name = is->info[k].name;
			const struct proposal_element *el = proposal_find(&p, bytes_text(name));
			OWNED(buf) whole = hashed(buf_bytes(image));
			struct digest d = sha256_of(buf_bytes(whole));
			struct bytes told =
				el ? el->digests[0].bytes : boot_script_claim(was, name);
			bool is_image =
				!strcmp(name, from.loader ? "boot-loader/1" : "boot-loader/0");

			if (!bytes_equal(told, is_image ? digest_bytes(&d)
							: is->elements[k].mval.digests[0].bytes))
				fail_msg("%s is another than foretold", name);
			assert_true(el || !is_image);
		}
		buf_drop(&first.log);
		buf_drop(&second.log);
	}
}

static const struct boot plain = {
	.image = { { { ".cmdline", "quiet" }, { ".linux", NULL }, { ".initrd", "i" } }, "k" },
	.line = "quiet",
	.initrd = "i",
};

static void an_image_with_other_sections_is_refused_and_named(void **state)
{
	static const struct {
		struct image image;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { { { ".cmdline", "quiet" }, { ".linux", NULL } }, "k" },
		  E_UNSUPPORTED,
		  "a section .initrd" },
		{ { { { ".cmdline", "quiet" },
		      { ".linux", NULL },
		      { ".initrd", "i" },
		      { ".initrd", "j" } },
		    "k" },
		  E_UNSUPPORTED,
		  "a section .initrd" },
		{ { { { ".cmdline", "quiet" },
		      { ".linux", NULL },
		      { ".initrd", "i" },
		      { ".osrel", "x" } },
		    "k" },
		  E_UNSUPPORTED,
		  "a section .osrel" },
		/* a stub that measures it, and one that does not say what it is */
		{ { { { ".cmdline", "quiet" },
		      { ".linux", NULL },
		      { ".initrd", "i" },
		      { ".uname", "6.12" },
		      { ".sdmagic", "#### LoaderInfo: systemd-stub 257 ####" } },
		    "k" },
		  E_UNSUPPORTED,
		  "a section .uname" },
		{ { { { ".cmdline", "quiet" },
		      { ".linux", NULL },
		      { ".initrd", "i" },
		      { ".sbat", "sbat,1" } },
		    "k" },
		  E_UNSUPPORTED,
		  "a section .sbat" },
		{ { { { ".cmdline", "quiet" }, { ".linux", "no image" }, { ".initrd", "i" } },
		    "k" },
		  E_FORMAT,
		  "section .linux" },
	};
	struct boot_script s;
	OWNED(boot_log) log = boot(&plain, &s);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) image = unified(&rows[i].image);
		OWNED(buf) body = NULL;
		struct err e = { 0 };

		print_message("row %zu\n", i);
		assert_refused(foretell_from(log, &plain, buf_bytes(image), &body, &e), &e,
			       rows[i].code, rows[i].why);
	}
	buf_drop(&s.log);
}

static void what_a_stub_adds_is_unforeseen(void **state)
{
	static const struct {
		const char *line, *initrd, *running_line, *unforeseen;
	} rows[] = {
		/* credentials or keys that the stub puts into one initrd with the section */
		{ "quiet", "i and more", "quiet", "initrd" },
		/* options that somebody gave, and those that the kernel does not say */
		{ "quiet debug", "i", "quiet debug", "command-line" },
		{ "quiet", "i", "loud", "command-line" },
	};
	OWNED(buf) image = unified(&plain.image);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct boot now = plain;
		struct boot_script s;
		OWNED(boot_log) log = NULL;
		OWNED(buf) body = NULL;
		struct proposal p;
		struct err e = { 0 };

		now.line = rows[i].line;
		now.initrd = rows[i].initrd;
		log = boot(&now, &s);
		now.line = rows[i].running_line;
		assert_ok(foretell_from(log, &now, buf_bytes(image), &body, &e), &e);
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, 1);
		assert_bytes_equal(p.unforeseen[0], bytes_text(rows[i].unforeseen));
		buf_drop(&s.log);
	}
}

/* An archive of one file as systemd's stub writes it, by hand: heads of 110 bytes, names and contents to multiples of four. */
static void put_archive(struct writer *w, const char *name, const char *content)
{
	static const char trailer[] =
		"07070100000000000000000000000000000000000000010000000000000000"
		"000000000000000000000000000000000000000B00000000TRAILER!!!";
	char head[200];

	write_bytes(w, bytes_text("070701000000010000416d0000000000000000000000010000000000000000"
				  "000000000000000000000000000000000000000700000000"));
	write_bytes(w, bytes_text(".extra"));
	write_zeros(w, 4);
	snprintf(head, sizeof(head),
		 "070701000000020000812400000000000000000000000100000000%08x"
		 "00000000000000000000000000000000%08x00000000%s",
		 (unsigned int)strlen(content), (unsigned int)strlen(name) + 1, name);
	write_bytes(w, bytes_text(head));
	write_zeros(w, 4 - strlen(head) % 4);
	write_bytes(w, bytes_text(content));
	write_zeros(w, (4 - strlen(content) % 4) % 4);
	write_bytes(w, bytes_text(trailer));
	write_zeros(w, 4);
}

/* Which stub it was shows what the log has of the image that is still there. */
static void what_a_stub_adds_is_told_where_this_boots_image_shows_it(void **state)
{
	static const struct image now = { { { ".cmdline", "quiet" },
					    { ".linux", NULL },
					    { ".initrd", "odd" },
					    { ".osrel", "ID=one\n" },
					    { ".pcrpkey", "key" },
					    { ".pcrsig", "{}" } },
					  "k" };
	static const struct image next = { { { ".cmdline", "quiet" },
					     { ".linux", NULL },
					     { ".initrd", "longer" },
					     { ".osrel", "ID=two\n" },
					     { ".pcrpkey", "new key" },
					     { ".pcrsig", "{ }" } },
					   "k" };
	static const struct image *const images[] = { &now, &next };

	(void)state;
	for (int release = 0; release < 2; release++) {
		struct buf *files[] = { unified(&now), unified(&next) };
		struct buf *made[2];
		struct boot_script s;
		struct boot boot_now = { .image = now, .line = "quiet" };
		OWNED(boot_log) log = NULL;
		OWNED(buf) body = NULL;
		struct proposal p;
		struct digest d;
		struct err e = { 0 };

		for (int i = 0; i < 2; i++) {
			const struct part *parts = images[i]->parts;
			struct writer *w = (made[i] = buf_new(IMAGE_MAX), &made[i]->w);

			write_bytes(w, bytes_text(parts[2].content));
			write_zeros(w, (4 - w->len % 4) % 4);
			put_archive(w, ".extra/tpm2-pcr-signature.json", parts[5].content);
			put_archive(w, ".extra/tpm2-pcr-public-key.pem", parts[4].content);
			if (release)
				put_archive(w, ".extra/os-release", parts[3].content);
		}
		boot_now.more = buf_bytes(made[0]);
		log = boot(&boot_now, &s);
		image_now = buf_bytes(files[0]);
		assert_ok(foretell_from(log, &boot_now, buf_bytes(files[1]), &body, &e), &e);
		image_now = BYTES_NONE;
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, 0);
		d = sha256_of(buf_bytes(made[1]));
		assert_bytes_equal(proposal_find(&p, bytes_text("initrd"))->digests[0].bytes,
				   digest_bytes(&d));
		/* and not where it is another image that is there */
		image_now = buf_bytes(files[1]);
		buf_drop(&body);
		assert_ok(foretell_from(log, &boot_now, buf_bytes(files[1]), &body, &e), &e);
		image_now = BYTES_NONE;
		assert_ok(proposal_parse(buf_bytes(body), &p, &e), &e);
		assert_int_equal(p.n_unforeseen, 1);
		assert_bytes_equal(p.unforeseen[0], bytes_text("initrd"));
		for (int i = 0; i < 2; i++) {
			buf_drop(&made[i]);
			buf_drop(&files[i]);
		}
		buf_drop(&s.log);
	}
}

static void an_image_is_asked_for_where_this_boot_was_one_and_nowhere_else(void **state)
{
	struct boot_script s, other = boot_script_new(false);
	OWNED(boot_log) log = boot(&plain, &s);
	OWNED(boot_log) none = NULL;
	OWNED(buf) image = unified(&plain.image);
	OWNED(buf) body = NULL;
	struct err e = { 0 };
	bool unified_boot = false;

	(void)state;
	assert_refused(foretell_from(log, &plain, BYTES_NONE, &body, &e), &e, E_USAGE,
		       "--uki FILE");
	assert_ok(foretell_from_uki(log, &unified_boot, &e), &e);
	assert_true(unified_boot);
	boot_script_separators(&other);
	assert_ok(boot_log_parse(buf_bytes(other.log), &none, &e), &e);
	e = (struct err){ 0 };
	assert_refused(foretell_from(none, &plain, buf_bytes(image), &body, &e), &e, E_USAGE,
		       "none of a unified kernel image");
	assert_ok(foretell_from_uki(none, &unified_boot, &e), &e);
	assert_false(unified_boot);
	e = (struct err){ 0 };
	assert_refused(foretell_from(log, &plain, bytes_text("MZ"), &body, &e), &e, E_FORMAT,
		       "PE image");
	buf_drop(&s.log);
	buf_drop(&other.log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_image_has_is_what_its_boot_measures),
		cmocka_unit_test(an_image_with_other_sections_is_refused_and_named),
		cmocka_unit_test(what_a_stub_adds_is_unforeseen),
		cmocka_unit_test(what_a_stub_adds_is_told_where_this_boots_image_shows_it),
		cmocka_unit_test(an_image_is_asked_for_where_this_boot_was_one_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
