/* SPDX-License-Identifier: Apache-2.0 */
/* IMA entries made here, as the kernel makes them. */
#ifndef ASSAY_IMA_SAMPLE_H
#define ASSAY_IMA_SAMPLE_H

#include "support.h"

#include "proto/ima_log.h"

/** struct ima_sample - one entry. @content: what the file holds; its SHA-256 is measured. */
struct ima_sample {
	const char *path, *content;
	struct bytes signature; /* not empty: template ima-sig, else ima-ng */
	bool violation;
	const struct digest *digest; /* instead of that of @content */
	const char *template;	     /* instead */
};
/** ima_sample_put - append it to a binary list. */
void ima_sample_put(struct writer *w, const struct ima_sample *s);
/** ima_sample_extend - what @list makes of PCR 10: each entry into @banks. */
void ima_sample_extend(struct ima_banks *banks, struct bytes list);
/** ima_sample_place - behind @list, of a boot with these counts and a SHA-256 bank alone. */
struct ima_place ima_sample_place(struct bytes list, u32 reset_count);

#endif
