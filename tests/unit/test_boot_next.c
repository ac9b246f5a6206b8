// SPDX-License-Identifier: Apache-2.0
/* A proposal against reference values: what would be refused, and that the state made of it is what accepts it. */
#include "support.h"

#include <stdio.h>

#include "boot_script.h"
#include "verifier/boot_claims.h"
#include "verifier/next_boot.h"

enum { NOW = 1800000000 };
#define LINE "/vmlinuz ro"

static const struct authority nobody;

struct fixture {
	struct boot_script script;
	struct boot_log *log;
	struct ect *last;
};

static struct ect *claims_of(const struct boot_log *log)
{
	struct ect *x = NULL;
	struct err e = { 0 };

	assert_ok(boot_claims(log, TPM_ALG_SHA256, BYTES_NONE, &x, &e), &e);
	return x;
}

static void setup(struct fixture *f)
{
	struct err e = { 0 };

	f->script = boot_script_new(false);
	boot_script_text(&f->script, 0, EV_S_CRTM_VERSION, "1.0");
	boot_script_grub(&f->script, 8, "grub_cmd: ", "linux " LINE, "linux " LINE);
	boot_script_image(&f->script, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "", "kernel-1");
	boot_script_grub(&f->script, 8, "kernel_cmdline: ", LINE, LINE);
	boot_script_grub(&f->script, 8, "grub_cmd: ", "initrd /i", "initrd /i");
	boot_script_grub(&f->script, 9, "", "/i", "initrd-1");
	assert_ok(boot_log_parse(buf_bytes(f->script.log), &f->log, &e), &e);
	f->last = claims_of(f->log);
}

static void clear(struct fixture *f)
{
	ect_drop(&f->last);
	boot_log_drop(&f->log);
	buf_drop(&f->script.log);
}

static void add(struct refs *refs, const char *id, const char *signer, const struct corim_triple *t)
{
	const struct corim_draft d = { .id = id, .signer = signer, .triples = t, .n = 1 };
	OWNED(buf) b = NULL;
	struct corim *c = NULL;
	struct err e = { 0 };

	assert_ok(corim_write(&d, NULL, NULL, &b, &e), &e);
	assert_ok(corim_parse(buf_bytes(b), &c, &e), &e);
	assert_ok(refs_add(refs, c, &e), &e);
}

/* The elements of @x whose names stand in @names; NULL: all. */
static void add_claims(struct refs *refs, const char *id, const struct ect *x, const char *names)
{
	struct corim_element elements[32];
	struct corim_triple t = { .env = x->env, .elements = elements };

	for (size_t i = 0; i < x->n; i++)
		if (!names || strstr(names, x->info[i].name))
			elements[t.n++] = x->elements[i];
	add(refs, id, "operator", &t);
}

static void put(struct proposal *p, const char *name, struct digest *d, const char *content,
		const char *text)
{
	struct proposal_element *el = &p->elements[p->n++];

	*d = sha256_of(bytes_text(content));
	*el = (struct proposal_element){ .name = bytes_text(name),
					 .n_digests = 1,
					 .text = text ? bytes_text(text) : BYTES_NONE };
	el->digests[0] = (struct corim_digest){ 1, digest_bytes(d) };
}

/* kernel 0, initrd 1, command line 2 */
static void propose(struct proposal *p, struct digest d[3], const char *kernel, const char *initrd,
		    const char *line)
{
	*p = (struct proposal){ .release = bytes_text("2") };
	put(p, "kernel", &d[0], kernel, NULL);
	put(p, "initrd", &d[1], initrd, NULL);
	put(p, "command-line", &d[2], line, line);
}

static void ready(struct refs *refs)
{
	struct err e = { 0 };

	assert_ok(refs_ready(refs, &e), &e);
}

static void judge(const struct fixture *f, const struct proposal *p, struct refs *refs,
		  struct next_boot_verdict *v)
{
	OWNED(ect) last = claims_of(f->log);
	struct err e = { 0 };

	assert_ok(next_boot_judge(last, p, &nobody, refs, NOW, v, &e), &e);
}

static void a_changed_part_is_refused_until_its_state_is_signed(void **state)
{
	struct fixture f;
	struct proposal p;
	struct digest d[3];
	struct next_boot_verdict v;
	struct refs *refs = refs_new(), *more = refs_new();
	OWNED(next_state) next = NULL;
	const struct corim_triple *base;
	struct err e = { 0 };

	(void)state;
	setup(&f);
	add_claims(refs, "last", f.last, NULL);
	ready(refs);
	propose(&p, d, "kernel-1", "initrd-2", "/vmlinuz ro quiet");
	judge(&f, &p, refs, &v);
	assert_false(v.accepted);
	assert_int_equal(v.parts[0], NEXT_SAME);
	assert_int_equal(v.parts[1], NEXT_REFUSED);
	assert_int_equal(v.parts[2], NEXT_REFUSED);
	assert_int_equal(v.n_other, 0); /* the rest was accepted in this boot */
	assert_int_equal(v.n_bases, 1);
	base = &v.bases[0].corim->references[v.bases[0].triple];

	assert_ok(next_state_of(base, &p, &next, &e), &e);
	assert_int_equal(next->triple.n, f.last->n);
	add_claims(more, "last", f.last, NULL);
	add(more, "next", "learned", &next->triple);
	ready(more);
	judge(&f, &p, more, &v);
	assert_true(v.accepted);
	assert_int_equal(v.parts[0], NEXT_SAME);
	assert_int_equal(v.parts[1], NEXT_ACCEPTED);
	assert_int_equal(v.parts[2], NEXT_ACCEPTED);

	/* the two states do not lend each other a part */
	propose(&p, d, "kernel-1", "initrd-2", LINE);
	judge(&f, &p, more, &v);
	assert_false(v.accepted);
	refs_drop(&refs);
	refs_drop(&more);
	clear(&f);
}

static void what_changes_nothing_is_accepted_and_what_nobody_foresees_is_not(void **state)
{
	struct fixture f;
	struct proposal p;
	struct digest d[3];
	struct next_boot_verdict v;
	struct refs *refs = refs_new();

	(void)state;
	setup(&f);
	add_claims(refs, "last", f.last, NULL);
	ready(refs);
	propose(&p, d, "kernel-1", "initrd-1", LINE);
	judge(&f, &p, refs, &v);
	assert_true(v.accepted);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(v.parts[i], NEXT_SAME);
	p.unforeseen[p.n_unforeseen++] = bytes_text("grub/command/0");
	judge(&f, &p, refs, &v);
	assert_false(v.accepted);
	refs_drop(&refs);
	clear(&f);
}

/* Firmware in one CoRIM, the system in another: only the one that knows of a kernel is a base. */
static void the_base_is_what_speaks_of_what_changes(void **state)
{
	struct fixture f;
	struct proposal p;
	struct digest d[3];
	struct next_boot_verdict v;
	struct refs *refs = refs_new();
	OWNED(next_state) next = NULL;
	struct err e = { 0 };

	(void)state;
	setup(&f);
	add_claims(refs, "firmware", f.last, "firmware/crtm-version");
	add_claims(refs, "system", f.last,
		   "kernel initrd command-line grub/command/0 grub/command/1");
	ready(refs);
	propose(&p, d, "kernel-2", "initrd-2", LINE);
	judge(&f, &p, refs, &v);
	assert_int_equal(v.n_bases, 1);
	assert_string_equal(v.bases[0].corim->id, "system");
	assert_ok(next_state_of(&v.bases[0].corim->references[v.bases[0].triple], &p, &next, &e),
		  &e);
	assert_int_equal(next->triple.n, 5);
	refs_drop(&refs);
	clear(&f);
}

/* It was booted before anybody signed it: the accepted state is another, but for what was proposed. */
static void a_host_that_booted_first_is_signed_on_the_state_it_came_from(void **state)
{
	static const char *const older[] = { "kernel-0", "kernel-00" };
	struct fixture f;
	struct proposal p, then;
	struct digest d[3], d_then[3];
	struct next_boot_verdict v;
	struct refs *refs = refs_new();
	struct corim_element elements[32];
	struct corim_triple t = { .env = { .vendor = bytes_text("tcg"),
					   .model = bytes_text("tcg:boot-log") },
				  .elements = elements };
	struct next_state *past[2] = { NULL };
	struct err e = { 0 };

	(void)state;
	setup(&f);
	for (size_t i = 0; i < f.last->n; i++)
		elements[t.n++] = f.last->elements[i];
	for (size_t i = 0; i < 2; i++) {
		propose(&then, d_then, older[i], "initrd-0", LINE);
		assert_ok(next_state_of(&t, &then, &past[i], &e), &e);
		add(refs, older[i], "operator", &past[i]->triple);
	}
	ready(refs);
	propose(&p, d, "kernel-1", "initrd-1", LINE); /* what it runs */
	judge(&f, &p, refs, &v);
	assert_false(v.accepted);
	assert_int_equal(v.parts[0], NEXT_REFUSED);
	assert_int_equal(v.n_bases, 1); /* both would give the same */

	/* one with other firmware is no base */
	elements[0].mval.digests[0].bytes = digest_bytes(&d[0]);
	refs_drop(&refs);
	refs = refs_new();
	next_state_drop(&past[0]);
	assert_ok(next_state_of(&t, &then, &past[0], &e), &e);
	add(refs, "other", "operator", &past[0]->triple);
	ready(refs);
	judge(&f, &p, refs, &v);
	assert_int_equal(v.n_bases, 0);
	next_state_drop(&past[0]);
	next_state_drop(&past[1]);
	refs_drop(&refs);
	clear(&f);
}

static void without_any_accepted_state_the_rest_of_the_boot_is_told(void **state)
{
	struct fixture f;
	struct proposal p;
	struct digest d[3];
	struct next_boot_verdict v;
	struct refs *refs = refs_new(), *more = refs_new();
	OWNED(next_state) alone = NULL;
	struct err e = { 0 };

	(void)state;
	setup(&f);
	ready(refs);
	propose(&p, d, "kernel-2", "initrd-2", LINE);
	put(&p, "kernel/file", &d[0], "kernel-2", NULL); /* GRUB read no file in this boot */
	judge(&f, &p, refs, &v);
	assert_int_equal(v.n_bases, 0);
	assert_int_equal(v.n_other, 3);
	assert_string_equal(v.other, "firmware/crtm-version");
	assert_int_equal(v.parts[3], NEXT_NOT_MEASURED);
	p.n = 3;
	assert_ok(next_state_alone(&p, &alone, &e), &e);
	add(more, "alone", "learned", &alone->triple);
	ready(more);
	judge(&f, &p, more, &v);
	assert_false(v.accepted);
	assert_int_equal(v.parts[0], NEXT_ACCEPTED);
	refs_drop(&refs);
	refs_drop(&more);
	clear(&f);
}

static void what_a_proposal_cannot_say_is_not_signed_over(void **state)
{
	struct proposal p;
	struct digest d[3], old = sha256_of(bytes_text("old"));
	u8 sha384[48] = { 0 }, name[] = { 0x66, 'k', 'e', 'r', 'n', 'e', 'l' };
	struct corim_element el = { .mkey = BYTES(name) };
	struct corim_triple base = { .n = 1, .elements = &el };
	OWNED(next_state) next = NULL;
	struct err e = { 0 };

	(void)state;
	propose(&p, d, "kernel-2", "initrd-2", LINE);
	el.mval.n_digests = 1;
	el.mval.digests[0] = (struct corim_digest){ 7, BYTES(sha384) };
	assert_refused(next_state_of(&base, &p, &next, &e), &e, E_UNSUPPORTED, "no algorithm");
	el.mval.digests[0] = (struct corim_digest){ 1, digest_bytes(&old) };
	el.mval.has_svn = true;
	assert_refused(next_state_of(&base, &p, &next, &e), &e, E_UNSUPPORTED,
		       "more than a digest");
	el.mval.has_svn = false;
	el.authorized = BYTES(name);
	assert_refused(next_state_of(&base, &p, &next, &e), &e, E_UNSUPPORTED, "somebody's word");
	el.authorized = BYTES_NONE;
	assert_ok(next_state_of(&base, &p, &next, &e), &e);
	assert_true(
		bytes_equal(next->triple.elements[0].mval.digests[0].bytes, digest_bytes(&d[0])));
	/* the base itself is as it was */
	assert_true(bytes_equal(el.mval.digests[0].bytes, digest_bytes(&old)));
}

static void put_key(struct corim_element *el, u8 room[32], const char *name, const struct digest *d)
{
	struct writer w = writer_on(room, 32);

	cbor_put_text(&w, bytes_text(name));
	*el = (struct corim_element){ .mkey = write_done(&w) };
	el->mval.n_digests = 1;
	el->mval.digests[0] = (struct corim_digest){ 1, digest_bytes(d) };
}

/*
 * A host may say that its next boot is a unified image, and propose "boot-loader/0" with it. What counts is what was
 * signed: where that knows of no section, a boot loader would be replaced on the host's word, and so would one before the image.
 */
static void a_boot_loader_is_nobodys_to_replace_but_a_unified_image(void **state)
{
	static const struct {
		const char *base[3], *proposed;
		bool fits;
	} rows[] = {
		{ { "boot-loader/0", "grub/command/0", "kernel" }, "boot-loader/0", false },
		{ { "boot-loader/0", "uki/name/.linux", "kernel" }, "boot-loader/0", false },
		{ { "boot-loader/0", "boot-loader/config", "uki/.linux" }, "boot-loader/0", true },
		{ { "boot-loader/0", "boot-loader/1", "uki/.linux" }, "boot-loader/0", false },
		{ { "boot-loader/0", "boot-loader/1", "uki/.linux" }, "boot-loader/1", true },
		{ { "boot-loader/9", "boot-loader/10", "uki/.linux" }, "boot-loader/9", false },
	};
	struct digest old = sha256_of(bytes_text("old"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proposal p = { .release = bytes_text("2") };
		struct corim_element elements[3];
		u8 keys[3][32];
		struct corim_triple base = { .n = 3, .elements = elements };
		OWNED(next_state) next = NULL;
		struct digest d[2];
		struct err e = { 0 };

		for (size_t k = 0; k < 3; k++)
			put_key(&elements[k], keys[k], rows[i].base[k], &old);
		put(&p, rows[i].proposed, &d[0], "evil", NULL);
		put(&p, "uki/.linux", &d[1], "kernel", NULL);
		if (rows[i].fits)
			assert_ok(next_state_of(&base, &p, &next, &e), &e);
		else
			assert_refused(next_state_of(&base, &p, &next, &e), &e, E_UNSUPPORTED,
				       rows[i].proposed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_part_is_refused_until_its_state_is_signed),
		cmocka_unit_test(what_changes_nothing_is_accepted_and_what_nobody_foresees_is_not),
		cmocka_unit_test(the_base_is_what_speaks_of_what_changes),
		cmocka_unit_test(a_host_that_booted_first_is_signed_on_the_state_it_came_from),
		cmocka_unit_test(without_any_accepted_state_the_rest_of_the_boot_is_told),
		cmocka_unit_test(what_a_proposal_cannot_say_is_not_signed_over),
		cmocka_unit_test(a_boot_loader_is_nobodys_to_replace_but_a_unified_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
