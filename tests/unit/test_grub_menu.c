// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <stdio.h>

#include "proto/grub_menu.h"

#define CORPUS "../fuzz/corpus/fuzz_grub_menu/"

static int parse(const char *text, struct grub_menu **m, u8 **copy, struct err *e)
{
	struct bytes b = bytes_text(text);

	*copy = heap_copy(b);
	return grub_menu_parse((struct bytes){ *copy, b.len }, m, e);
}

static void expect_entry(const struct grub_entry *entry, const char *head, const char *body)
{
	if (!bytes_equal(entry->head, bytes_text(head)))
		fail_msg("head \"%.*s\", expected \"%s\"", (int)entry->head.len, entry->head.at,
			 head);
	if (!bytes_equal(entry->body, bytes_text(body)))
		fail_msg("body \"%.*s\", expected \"%s\"", (int)entry->body.len, entry->body.at,
			 body);
}

static void an_entry_is_its_words_and_all_between_its_braces(void **state)
{
	static const struct {
		const char *text, *head, *body;
		bool known, conditional;
	} rows[] = {
		{ "menuentry 'Debian GNU/Linux' --class debian {\n\techo x\n}\n",
		  "menuentry Debian GNU/Linux --class debian", "\n\techo x\n", true, false },
		{ "submenu \"a b\" $menuentry_id_option 'x' { }", "submenu a b --id x", " ", true,
		  false },
		{ "menuentry a ${menuentry_id_option} x {}", "menuentry a --id x", "", true,
		  false },
		/* quoting */
		{ "menuentry 'it'\\''s' {}", "menuentry it's", "", true, false },
		{ "menuentry \"a \\\"b\\\" \\$c \\\\\" {}", "menuentry a \"b\" $c \\", "", true,
		  false },
		{ "menuentry a\\ b'c d'\"e\" {}", "menuentry a bc de", "", true, false },
		{ "menuentry '' {}", "menuentry ", "", true, false },
		{ "menuentry 'a\nb' {}", "menuentry a\nb", "", true, false },
		/* the brace that closes it is none of a quote, a comment, a variable or an inner block */
		{ "menuentry a { echo '}' \"}\" \\} ${x} # }\n}", "menuentry a",
		  " echo '}' \"}\" \\} ${x} # }\n", true, false },
		{ "submenu a { menuentry b { c; } menuentry d {e} }", "submenu a",
		  " menuentry b { c; } menuentry d {e} ", true, false },
		{ "menuentry a { echo b}", "menuentry a", " echo b", true, false },
		{ "menuentry a { echo x#} }", "menuentry a", " echo x#", true, false },
		/* what hangs on a variable, a pattern or a translation */
		{ "menuentry \"on $x\" {}", "menuentry on ", "", false, false },
		{ "menuentry a $1 {}", "menuentry a ", "", false, false },
		{ "menuentry a* {}", "menuentry a*", "", false, false },
		{ "menuentry 'a*' {}", "menuentry a*", "", true, false },
		{ "menuentry $\"a\" {}", "menuentry a", "", false, false },
		{ "menuentry a\\\nb {}", "menuentry a\nb", "", false, false },
		/* conditions */
		{ "if [ x = y ]; then menuentry a {}; fi", "menuentry a", "", true, true },
		{ "if a; then b; elif c; then d\nelse\nmenuentry a {}\nfi", "menuentry a", "", true,
		  true },
		{ "for i in 1 2; do menuentry a {}; done", "menuentry a", "", true, true },
		{ "if a; then b; fi; menuentry a {}", "menuentry a", "", true, false },
		/* what is none */
		{ "echo menuentry a; menuentry b {}", "menuentry b", "", true, false },
		{ "function f {\n menuentry x {}\n}\nmenuentry b {}", "menuentry b", "", true,
		  false },
		{ "function f\n{ echo; }\nmenuentry b {}", "menuentry b", "", true, false },
		{ "# menuentry a {\nset x=\"menuentry\" # }\nmenuentry b {}", "menuentry b", "",
		  true, false },
		{ "foo { menuentry x {} }\nmenuentry b {}", "menuentry b", "", true, false },
		{ "a || b && menuentry b {}", "menuentry b", "", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(grub_menu) m = NULL;
		struct err e = { 0 };
		u8 *copy;

		print_message("row %zu\n", i);
		assert_ok(parse(rows[i].text, &m, &copy, &e), &e);
		assert_int_equal(m->n, 1);
		expect_entry(&m->entries[0], rows[i].head, rows[i].body);
		assert_int_equal(m->entries[0].known, rows[i].known);
		assert_int_equal(m->entries[0].conditional, rows[i].conditional);
		free(copy);
	}
}

static void what_is_no_menu_is_refused_and_named(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "menuentry 'a {}", "quote" },
		{ "menuentry \"a {}", "quote" },
		{ "menuentry \"a\\", "quote" },
		{ "menuentry a\\", "escape" },
		{ "menuentry a { echo", "block" },
		{ "menuentry a { { }", "block" },
		{ "menuentry a\n{}", "without a block" },
		{ "menuentry a", "without a block" },
		{ "menuentry a {} b", "menu entry" },
		{ "}", "brace" },
		{ "echo $", "variable" },
		{ "echo ${x", "variable" },
		{ "echo ${}", "variable" },
		{ "echo \"$\"", "variable" },
		{ "a > b", "character" },
		{ "function f\necho", "function" },
		{ "if a; then b", "fi, done or esac" },
		{ "fi", "fi, done or esac" },
		{ "menuentry a { 'x }", "quote" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(grub_menu) m = NULL;
		struct err e = { 0 };
		u8 *copy;

		print_message("row %zu\n", i);
		assert_refused(parse(rows[i].text, &m, &copy, &e), &e, E_FORMAT, rows[i].why);
		assert_null(m);
		free(copy);
	}
}

static void a_byte_that_is_no_character_is_refused(void **state)
{
	static const u8 nul[] = { 'a', ' ', 0, '\n' };
	OWNED(grub_menu) m = NULL;
	struct err e = { 0 };

	(void)state;
	assert_refused(grub_menu_parse(BYTES(nul), &m, &e), &e, E_FORMAT, "character, at byte 3");
}

static void debians_menu_is_read_whole(void **state)
{
	OWNED(buf) file = own_vector(CORPUS "debian");
	OWNED(grub_menu) m = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(grub_menu_parse(buf_bytes(file), &m, &e), &e);
	assert_int_equal(m->n, 3);
	for (size_t i = 0; i < m->n; i++)
		assert_true(m->entries[i].known);
	assert_false(m->entries[0].conditional);
	assert_false(m->entries[1].conditional);
	assert_true(m->entries[2].conditional);
	expect_entry(&m->entries[2], "menuentry UEFI Firmware Settings --id uefi-firmware",
		     "\nfwsetup\n");
	assert_true(
		bytes_equal(m->entries[1].head,
			    bytes_text("submenu Advanced options for Debian GNU/Linux --id "
				       "gnulinux-advanced-2a8b1d4e-0d4a-4c55-8a6e-6a3a3d0f1f10")));
}

static void every_truncation_of_it_stays_inside(void **state)
{
	OWNED(buf) file = own_vector(CORPUS "debian");

	(void)state;
	for (size_t n = 0; n < file->w.len; n++) {
		u8 *copy = heap_copy((struct bytes){ file->w.at, n });
		OWNED(grub_menu) m = NULL;
		struct err e = { 0 };

		if (!grub_menu_parse((struct bytes){ copy, n }, &m, &e))
			assert_true(m->n <= 3);
		free(copy);
	}
}

static void too_many_entries_and_too_long_a_file_are_refused(void **state)
{
	OWNED(buf) many = buf_new(GRUB_CFG_MAX + 1);
	OWNED(grub_menu) m = NULL;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < GRUB_ENTRIES_MAX; i++)
		write_bytes(&many->w, bytes_text("menuentry a {}\n"));
	assert_ok(grub_menu_parse(buf_bytes(many), &m, &e), &e);
	assert_int_equal(m->n, GRUB_ENTRIES_MAX);
	grub_menu_drop(&m);
	write_bytes(&many->w, bytes_text("menuentry a {}\n"));
	assert_refused(grub_menu_parse(buf_bytes(many), &m, &e), &e, E_LIMIT, "menu entries");
	while (many->w.len <= GRUB_CFG_MAX)
		write_u8(&many->w, '\n');
	e = (struct err){ 0 };
	assert_refused(grub_menu_parse(buf_bytes(many), &m, &e), &e, E_LIMIT, "bytes");
}

static void a_line_is_its_words_or_none(void **state)
{
	static const struct {
		const char *line, *words; /* NULL: not told */
	} rows[] = {
		{ "\techo\t'Loading Linux 6.1 ...'", "echo Loading Linux 6.1 ..." },
		{ "\tlinux\t/vmlinuz root=UUID=a-b ro  quiet ",
		  "linux /vmlinuz root=UUID=a-b ro quiet" },
		{ "set root='hd0,gpt2'", "set root=hd0,gpt2" },
		{ "echo a # b", "echo a" },
		{ "echo ''", "echo " },
		{ "", NULL },
		{ "# a", NULL },
		{ "linux $x", NULL },
		{ "linux /boot/*", NULL },
		{ "echo a; echo b", NULL },
		{ "echo a &", NULL },
		{ "if a", NULL },
		{ "then", NULL },
		{ "fi", NULL },
		{ "menuentry a {", NULL },
		{ "}", NULL },
		{ "echo 'a", NULL },
		{ "echo a\\", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct bytes line = bytes_text(rows[i].line);
		u8 *copy = heap_copy(line), *room = malloc(line.len + 1);
		struct writer w = writer_on(room, line.len + 1);
		bool told = grub_menu_line((struct bytes){ copy, line.len }, &w);

		print_message("row %zu\n", i);
		assert_int_equal(told, rows[i].words != NULL);
		if (told)
			assert_bytes_equal(write_done(&w), bytes_text(rows[i].words));
		free(copy);
		free(room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_its_words_and_all_between_its_braces),
		cmocka_unit_test(what_is_no_menu_is_refused_and_named),
		cmocka_unit_test(a_byte_that_is_no_character_is_refused),
		cmocka_unit_test(debians_menu_is_read_whole),
		cmocka_unit_test(every_truncation_of_it_stays_inside),
		cmocka_unit_test(too_many_entries_and_too_long_a_file_are_refused),
		cmocka_unit_test(a_line_is_its_words_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
