/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GRUB will say that it runs, told from its grub.cfg. GRUB measures each command as its words joined with a space; the
 * commands menuentry and submenu have all between their braces, as it stands in the file, as one word.
 * Only what is the same whatever the variables are is told: quoting, and $menuentry_id_option, which every menu that
 * grub-mkconfig writes sets to --id.
 * SPEC: GNU GRUB Manual 2.06 Shell-like scripting; grub-core/script/yylex.l, execute.c (grub_script_execute_cmdline)
 */
#ifndef ASSAY_GRUB_MENU_H
#define ASSAY_GRUB_MENU_H

#include "common/err.h"
#include "common/limits.h"
#include "common/own.h"
#include "common/writer.h"

/** struct grub_entry - a menuentry or submenu of the file itself: not one within another, or in a function. */
struct grub_entry {
	struct bytes head; /* "menuentry Debian --id x": its words before the block */
	struct bytes body; /* between the braces, as it stands                     */
	bool known;	   /* nothing of the head hangs on a variable              */
	bool conditional;  /* stands in if, for, while, until or case              */
};

/** struct grub_menu - entries in their order; heads are views into @text, bodies into the file. */
struct grub_menu {
	size_t n;
	struct grub_entry entries[GRUB_ENTRIES_MAX];
	u8 *text;
};
/**
 * grub_menu_parse - @file: a grub.cfg, borrowed as long as @out lives.
 * Return: 0; E_FORMAT with what GRUB would not read either, or reads in a way not known here; E_LIMIT.
 */
int grub_menu_parse(struct bytes file, struct grub_menu **out, struct err *e);
void grub_menu_drop(struct grub_menu **m);

/**
 * grub_menu_line - one simple command, as GRUB measures it.
 * @out: room for as many bytes as the line has. Return: false for anything but plain words: variables, patterns, keywords,
 * blocks, a second command. An empty line or a comment is none.
 */
bool grub_menu_line(struct bytes line, struct writer *out);

#endif
