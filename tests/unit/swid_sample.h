/* SPDX-License-Identifier: Apache-2.0 */
/* SWID tags in XML of our own, signed by a signer of our own: what no vendor would sign, too. */
#ifndef ASSAY_SWID_SAMPLE_H
#define ASSAY_SWID_SAMPLE_H

#include "common/cert.h"

struct swid_signer {
	struct keypair *root_key, *key;
	struct cert *root, *cert;
	struct trust_store *roots; /* with @root */
};
/** swid_signer_make - root and signer, valid from 1000000 to 2000000 seconds after 1970; @ca: the signer is a CA. */
void swid_signer_make(struct swid_signer *s, bool ca);
void swid_signer_clear(struct swid_signer *s);

/** swid_template - the signature's element, to be filled by swid_sign(); a literal but for the certificate. */
void swid_template(const struct swid_signer *s, struct writer *out);

/**
 * swid_sign - @xml with its first Signature element filled: digest and value are right for whatever that
 * element asks for. A buf to drop.
 */
struct buf *swid_sign(const struct swid_signer *s, struct bytes xml);

#endif
