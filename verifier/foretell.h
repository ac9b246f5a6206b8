/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next boot will measure, told on the host from the boot log of this one: the same events, with another
 * kernel, initrd and command line. A proposal (proto/proposal.h) is made of it.
 * SPEC: docs/PROTOCOL.md Proposals, Environments
 */
#ifndef ASSAY_FORETELL_H
#define ASSAY_FORETELL_H

#include "common/range.h"
#include "proto/boot_log.h"
#include "proto/proposal.h"

/** struct next_boot - what is known of it; everything is borrowed. */
struct next_boot {
	const struct boot_log *log;    /* of the boot that runs                         */
	struct bytes running_line;     /* /proc/cmdline without its newline, or empty   */
	const char *running, *release; /* kernel versions: of now, and of the next boot */
	struct range kernel, initrd;   /* the files' content; initrd may be empty       */
	struct bytes grub_cfg;	       /* GRUB's menu as it is now, or empty            */
	struct range uki; /* the unified kernel image, or empty: then kernel and initrd count */
	struct range
		uki_now; /* the image of this boot, or empty: it shows what its stub adds to an initrd */
	const char *options; /* the kernel's options; NULL: as they are now   */
};

/** foretell_from_uki - was the boot of this log that of a unified kernel image? Return: 0; E_MEMORY. */
int foretell_from_uki(const struct boot_log *log, bool *out, struct err *e);

/**
 * foretell - the claims of the next boot that a host may propose, under the names that its log gives them. The kernel
 * is digested as firmware does (Authenticode) where it is a PE image, and as the file it is where GRUB reads it.
 * GRUB's commands and menu are told from its grub.cfg (foretell_grub.h), a unified kernel image's sections from the image.
 * What the log shows and nobody can know beforehand is named among the unforeseen.
 * @out: the proposal's body. Return: 0; E_USAGE for a boot that measured an initrd, or a unified image, when none was given;
 * E_FORMAT; E_CONFLICT when GRUB's menu boots another kernel; E_UNSUPPORTED for an image whose sections are not those of this
 * boot; E_NOTFOUND when the log measured neither kernel nor initrd nor command line; E_IO when a file cannot be read to its end.
 */
int foretell(const struct next_boot *next, struct buf **out, struct err *e);

#endif
