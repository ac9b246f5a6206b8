/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next boot will measure, told on the host from the boot log of this one: the same events, with another
 * kernel, initrd and command line. A proposal (proto/proposal.h) is made of it.
 * SPEC: docs/PROTOCOL.md Proposals, Environments
 */
#ifndef ASSAY_FORETELL_H
#define ASSAY_FORETELL_H

#include "proto/boot_log.h"
#include "proto/proposal.h"

/** struct next_boot - what is known of it; everything is borrowed. */
struct next_boot {
	const struct boot_log *log;    /* of the boot that runs                         */
	struct bytes running_line;     /* /proc/cmdline without its newline, or empty   */
	const char *running, *release; /* kernel versions: of now, and of the next boot */
	struct bytes kernel, initrd;   /* the files' content; initrd may be empty       */
	const char *options;	       /* the kernel's options; NULL: as they are now   */
};

/**
 * foretell - the claims of the next boot that a host may propose, under the names that its log gives them. The kernel
 * is digested as firmware does (Authenticode) where it is a PE image, and as the file it is where GRUB reads it.
 * What the log shows and nobody can know beforehand is named among the unforeseen.
 * @out: the proposal's body. Return: 0; E_USAGE for a boot that measured an initrd when none was given; E_FORMAT;
 * E_UNSUPPORTED for a unified kernel image; E_NOTFOUND when the log measured neither kernel nor initrd nor command line.
 */
int foretell(const struct next_boot *next, struct buf **out, struct err *e);

#endif
