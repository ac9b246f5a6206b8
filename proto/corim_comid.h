/* SPDX-License-Identifier: Apache-2.0 */
/* Between corim.c, which opens envelopes, and corim_comid.c, which reads what the tags hold. */
#ifndef ASSAY_CORIM_COMID_H
#define ASSAY_CORIM_COMID_H

#include "corim.h"

/* Where the reader is, for a path like tags[2].triples.0[1].measurements[0]. */
struct corim_place {
	struct cbor c;
	struct corim *out;
	size_t tag, triple, measurement;
	const char *part;
	struct bytes tag_id;
};

/** corim_take_id - text or 16 bytes; @out gets printable ASCII or a UUID. */
void corim_take_id(struct cbor *c, char *out, size_t size, const char *field);
/** corim_take_comid - the concise-mid-tag that p->c stands on; its references join p->out. */
void corim_take_comid(struct corim_place *p);
/** corim_take_digests - digests-type into m->digests. */
void corim_take_digests(struct cbor *c, struct corim_mval *m);

#endif
