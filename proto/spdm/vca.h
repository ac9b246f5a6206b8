/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Version, capabilities, algorithms: what both sides agree on before anything is signed. Functions
 * named spdm_read_* consume exactly one message from a reader (a transcript has no framing) and
 * leave the first field that did not fit in r->why.
 * SPEC: DSP0274 GET_VERSION, GET_CAPABILITIES, NEGOTIATE_ALGORITHMS and their responses
 */
#ifndef ASSAY_SPDM_VCA_H
#define ASSAY_SPDM_VCA_H

#include "algorithms.h"
#include "common/reader.h"
#include "common/writer.h"

struct spdm_header {
	u8 version, code, param1, param2;
};
/** spdm_read_header - any message's four bytes. */
struct spdm_header spdm_read_header(struct reader *r);
/** spdm_expect - a header with @code and @version, or a reason: an ERROR message names its code. */
struct spdm_header spdm_expect(struct reader *r, u8 code, u8 version);
/** spdm_padding - what follows the message is at most three zero bytes (DOE pads to four). */
bool spdm_padding(struct bytes rest);

struct spdm_versions {
	u8 n;
	u16 entry[SPDM_VERSION_ENTRIES_MAX];
};
void spdm_read_version(struct reader *r, struct spdm_versions *out);
/** spdm_choose_version - highest of @v within min..max that is no alpha; 0 when there is none. */
u8 spdm_choose_version(const struct spdm_versions *v, u8 min, u8 max);

struct spdm_capabilities {
	u8 ct_exponent;
	u32 flags;
	u32 data_transfer_size, max_message_size; /* 0 before 1.2 */
};
void spdm_write_get_capabilities(struct writer *w, u8 version, u32 flags);
/** spdm_read_get_capabilities - the request, as a recorded VCA holds it. Return: its Flags, 0 at 1.0. */
u32 spdm_read_get_capabilities(struct reader *r, u8 version);
/** spdm_read_capabilities - refuses combinations that DSP0274 forbids (lies 6, 8, 9, 11 of tests/device/hostile.c). */
void spdm_read_capabilities(struct reader *r, u8 version, struct spdm_capabilities *out);

/** struct spdm_offer - what a requester asks for. */
struct spdm_offer {
	u32 flags; /* of its GET_CAPABILITIES */
	u32 base_asym, base_hash;
	u8 meas_spec;
	u8 other_params; /* opaque formats; SPDM_MULTI_KEY_CONN: of the responder's keys */
	u8 mel_spec;	 /* from 1.3 */
	u32 n_ext_asym, n_ext_hash;
	struct {
		bool asked;
		u8 n_ext;
		u16 mask;
	} alg[SPDM_ALG_TYPES]; /* the AlgStructs, by type */
};
void spdm_write_negotiate_algorithms(struct writer *w, u8 version, const struct spdm_offer *o);
void spdm_read_negotiate_algorithms(struct reader *r, u8 version, struct spdm_offer *out);
/**
 * spdm_read_algorithms - fills n->base_asym and so on; n->version and n->flags must be set.
 * Refuses selections that were not offered, more than one bit, unknown sizes (lies 12 to 19, 21, 22 of tests/device/hostile.c).
 */
void spdm_read_algorithms(struct reader *r, const struct spdm_offer *o, struct spdm_negotiated *n);

/** spdm_read_vca - the six messages of a recorded VCA, nothing before, between or after. */
int spdm_read_vca(struct bytes vca, struct spdm_versions *versions, struct spdm_negotiated *out,
		  const char **why);

#endif
