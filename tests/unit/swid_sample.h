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
enum { SWID_FROM = 1700000000, SWID_IN_TIME = 1750000000, SWID_UNTIL = 1800000000 };
/** swid_signer_make - root and signer, valid from SWID_FROM to SWID_UNTIL; @ca: the signer is a CA. */
void swid_signer_make(struct swid_signer *s, bool ca);
void swid_signer_clear(struct swid_signer *s);

/** swid_template - the signature's element, to be filled by swid_sign(); a literal but for the certificate. */
void swid_template(const struct swid_signer *s, struct writer *out);

/**
 * swid_sign - @xml with its first Signature element filled: digest and value are right for whatever that
 * element asks for. A buf to drop.
 */
struct buf *swid_sign(const struct swid_signer *s, struct bytes xml);

enum swid_special { SWID_RIGHT, SWID_WRONG, SWID_SECOND };
/**
 * swid_manifest - a signed tag with an entry for each block of @record, all SHA-384; those of the
 * indices @from to @to are active. @special: the index that is wrong, or right as its second alternative.
 */
struct buf *swid_manifest(const struct swid_signer *s, const char *version, struct bytes record,
			  unsigned int from, unsigned int to, unsigned int special,
			  enum swid_special how);

#endif
