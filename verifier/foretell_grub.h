/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GRUB's next boot measures of its menu, told from the log of this boot and the grub.cfg that is there now.
 * Only what both prove is told: a menu entry whose words are those of the log, and lines of the chosen entry that the log
 * shows as they ran. SPEC: docs/PROTOCOL.md Proposals
 */
#ifndef ASSAY_FORETELL_GRUB_H
#define ASSAY_FORETELL_GRUB_H

#include "boot_names.h"

/** struct grub_change - of the event at index @event of the log; an empty text: it changes, and nobody knows to what. */
struct grub_change {
	size_t event;
	struct bytes text;
};

struct grub_told {
	bool whole;  /* every command is told: those without a change stay as they are      */
	size_t file; /* index of the event that measured the menu's file; SIZE_MAX: none    */
	struct bytes line_was,
		line_is; /* what GRUB gives the kernel, path first; empty: not told  */
	size_t n;
	struct grub_change changes[PROPOSAL_ELEMENTS_MAX];
	u8 *room; /* for texts */
};

/**
 * foretell_grub - @claims: boot_names() of @log. @cfg: the menu's file; all are borrowed as long as @out lives.
 * @running, @release: versions of the kernel that runs and of the one that the proposal is about.
 * Return: 0, also when not everything could be told; E_CONFLICT when the menu boots another kernel than @release;
 * E_FORMAT, E_LIMIT for a file that cannot be read as a menu.
 */
int foretell_grub(const struct boot_log *log, const struct boot_claim *claims, struct bytes cfg,
		  const char *running, const char *release, struct grub_told **out, struct err *e);
void grub_told_drop(struct grub_told **t);
/** grub_told_of - the change of an event, or NULL. */
const struct grub_change *grub_told_of(const struct grub_told *t, size_t event);

#endif
