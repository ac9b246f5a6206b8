/* SPDX-License-Identifier: Apache-2.0 */
/* A GPU vendor's reference values as they are once they were read: swid_xml.h reads them, swid_module.h is the way to it. */
#ifndef ASSAY_SWID_H
#define ASSAY_SWID_H

#include "common/cert.h"

enum { SWID_HASH_LEN = 48 }; /* SHA-384: other sizes are refused */

/** struct swid_entry - a Resource of the Payload. */
struct swid_entry {
	unsigned int index; /* from 0, unlike an SPDM block's */
	bool active;	    /* others say nothing              */
	size_t n;	    /* alternatives, at least one      */
	u8 (*hash)[SWID_HASH_LEN];
	char name[64];
};

struct swid {
	char tag_id[128];
	char name[64], version[64]; /* of the tag; Meta's colloquialVersion */
	size_t n, n_active;
	struct swid_entry at[SWID_ENTRIES_MAX]; /* each index once */
	struct cert_list *signers;		/* of KeyInfo, the signer first */
};

void swid_drop(struct swid **s);

#endif
