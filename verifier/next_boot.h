/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proposal put in the place of what was: in the last boot's claims, to see what reference values say of the next one,
 * and in an accepted state, to be signed as the next one.
 * SPEC: docs/PROTOCOL.md Proposals
 */
#ifndef ASSAY_NEXT_BOOT_H
#define ASSAY_NEXT_BOOT_H

#include "acs.h"
#include "proto/proposal.h"

enum { NEXT_BOOT_BASES_MAX = 16 };

/**
 * struct next_boot_base - an accepted state that the last boot is in, or is in but for what the proposal changes, and that
 * is about something that the proposal changes.
 */
struct next_boot_base {
	const struct corim *corim;
	size_t triple; /* index into corim->references */
};

enum next_boot_part { NEXT_NOT_MEASURED, NEXT_REFUSED, NEXT_SAME, NEXT_ACCEPTED };
/** struct next_boot_verdict - what reference values say of a proposal, on top of the last boot. */
struct next_boot_verdict {
	enum next_boot_part
		parts[PROPOSAL_ELEMENTS_MAX]; /* per element; SAME: as it was, and accepted */
	size_t n_other; /* claims beside the proposal that no reference value holds then */
	char other[96]; /* the first of them */
	bool accepted;	/* every claim is held, in states that fit the whole */
	size_t n_bases;
	struct next_boot_base bases[NEXT_BOOT_BASES_MAX]; /* as long as the snapshot is held */
};
/**
 * next_boot_judge - @last: claims of the last boot that a quote confirmed; its values are replaced by the proposal's.
 * @by: whose word they are. Return: 0; E_MEMORY, E_LIMIT.
 */
int next_boot_judge(struct ect *last, const struct proposal *p, const struct authority *by,
		    const struct refs *refs, long long now_s, struct next_boot_verdict *out,
		    struct err *e);

/** struct next_state - a reference triple; owns its elements, and points into base and proposal. */
struct next_state {
	struct corim_triple triple;
	struct buf *names[PROPOSAL_ELEMENTS_MAX]; /* encoded items */
	u8 keys[PROPOSAL_ELEMENTS_MAX][PROPOSAL_NAME_MAX + 3];
};
/**
 * next_state_of - @base with what the proposal says in place of its own.
 * Return: 0; E_UNSUPPORTED when base is about a digest that the proposal has none of, or about a value that is no digest, or
 * when by base "boot-loader/N" is no unified kernel image, or "grub/file/N" is read where no kernel is.
 */
int next_state_of(const struct corim_triple *base, const struct proposal *p,
		  struct next_state **out, struct err *e);
/** next_state_alone - the elements of the proposal and nothing else: where no accepted state is known. */
int next_state_alone(const struct proposal *p, struct next_state **out, struct err *e);
void next_state_drop(struct next_state **s);

#endif
