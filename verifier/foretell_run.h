/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of foretell share: a proposal on its way. */
#ifndef ASSAY_FORETELL_RUN_H
#define ASSAY_FORETELL_RUN_H

#include "boot_names.h"
#include "foretell.h"
#include "foretell_grub.h"
#include "proto/pe_image.h"

/** struct foretelling - digests and texts that the proposal points to. */
struct foretelling {
	const struct next_boot *next;
	struct proposal p;
	struct boot_claim *claims;
	bool is_pe;
	struct pe_image pe;	/* of the kernel, or of the unified image */
	struct pe_sections uki; /* of the unified image                   */
	struct grub_told *grub; /* NULL: no menu was given                */
	struct digest digests[PROPOSAL_ELEMENTS_MAX][PROPOSAL_DIGESTS_MAX];
	struct buf *texts[PROPOSAL_ELEMENTS_MAX];
};

/** foretell_propose - the digests of @content, or of @image as firmware takes it if that is not NULL. @shown: for people, or empty. */
int foretell_propose(struct foretelling *t, const struct boot_claim *claim, struct range content,
		     const struct pe_image *image, struct bytes shown, struct err *e);
/** foretell_pieces - the same of something in pieces. */
int foretell_pieces(struct foretelling *t, const struct boot_claim *claim,
		    const struct range *pieces, size_t n, struct bytes shown, struct err *e);
/** foretell_unforeseen - the claim changes, and nobody knows to what. */
int foretell_unforeseen(struct foretelling *t, const struct boot_claim *claim, struct err *e);
/** foretell_wide - @text as UTF-16, with its NUL if @nul. */
int foretell_wide(struct foretelling *t, const struct boot_claim *claim, struct bytes text,
		  bool nul, struct err *e);
/** foretell_claim - index of the event with this name, or SIZE_MAX. */
size_t foretell_claim(const struct foretelling *t, const char *name);
/** foretell_same - do two events have the same digests? */
bool foretell_same(const struct boot_log *log, size_t a, size_t b);

/** foretell_uki_is - was this boot that of a unified kernel image? */
bool foretell_uki_is(const struct foretelling *t);
/** foretell_uki - all that its image makes of the boot. t->pe and t->uki are there. */
int foretell_uki(struct foretelling *t, struct err *e);

#endif
