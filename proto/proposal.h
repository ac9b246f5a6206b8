/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host says that it will boot next, and the quote that says which host. A proposal is inert: it counts for
 * nothing until an operator's key, which is not on that host, signs reference values made of it.
 * SPEC: docs/PROTOCOL.md Proposals, docs/RULES.md 1
 */
#ifndef ASSAY_PROPOSAL_H
#define ASSAY_PROPOSAL_H

#include "corim.h"
#include "evidence.h"

enum {
	PROPOSAL_VERSION = 1,
	PROPOSAL_DIGESTS_MAX = 4,
	PROPOSAL_NAME_MAX = 95,
	PROPOSAL_RELEASE_MAX = 64
};

/** struct proposal_element - a claim of the next boot log by its name; views into what was parsed. */
struct proposal_element {
	struct bytes name;
	size_t n_digests;
	struct corim_digest digests[PROPOSAL_DIGESTS_MAX]; /* as the log's banks: by number */
	struct bytes text; /* of a command line, or of GRUB's; else empty */
};

/** struct proposal - the body: the same state is the same bytes, whoever proposes it. */
struct proposal {
	struct bytes release; /* of the kernel, "6.12.43+deb13-amd64" */
	size_t n;
	struct proposal_element elements[PROPOSAL_ELEMENTS_MAX];
	size_t n_unforeseen;
	struct bytes unforeseen
		[PROPOSAL_ELEMENTS_MAX]; /* names of claims that will change, and nobody knows to what */
};

/**
 * proposal_name_valid - a claim that a host may propose: kernel, initrd, command line, GRUB's doing with them, sections of a
 * unified kernel image. One "boot-loader/N" only beside sections, one "grub/file/N" only beside "kernel/file": see proposal_parse().
 */
bool proposal_name_valid(struct bytes name);
/** proposal_names_fit - whether what is left of a parsed one may stand without what was taken out. */
bool proposal_names_fit(const struct proposal *p);
/**
 * proposal_parse - deterministic CBOR, names once each and of those above, digests of their length.
 * Return: 0; E_FORMAT with the field; E_LIMIT.
 */
int proposal_parse(struct bytes body, struct proposal *out, struct err *e);
/** proposal_write - what it writes parses again, or is an error. */
int proposal_write(const struct proposal *p, struct buf **out, struct err *e);
/** proposal_find - the element with this name, or NULL. */
const struct proposal_element *proposal_find(const struct proposal *p, struct bytes name);
/**
 * proposal_text_covered - whether every digest of @el is that of its text: as it stands, or as UTF-16 with or without a NUL.
 * A text for which this is false (an entry of several lines is shown in one) is a host's word about its digest.
 */
bool proposal_text_covered(const struct proposal_element *el);
/** proposal_bind - extraData of the quote: H("assay/proposal/1", nonce, SHA-256(body)). */
struct digest proposal_bind(const u8 nonce[EVIDENCE_NONCE_LEN], struct bytes body);

/** struct proposal_request - what is posted; views. */
struct proposal_request {
	struct bytes nonce, ak_name;   /* EVIDENCE_NONCE_LEN, AK_NAME_LEN bytes */
	struct bytes quote, quote_sig; /* TPMS_ATTEST, TPMT_SIGNATURE */
	struct bytes body;
};
int proposal_request_parse(struct bytes b, struct proposal_request *out, struct err *e);
int proposal_request_write(const struct proposal_request *r, struct buf **out, struct err *e);

#endif
