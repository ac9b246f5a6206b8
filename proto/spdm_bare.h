/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SPDM messages carry, in a file without them: a measurement record, a certificate chain. Nothing in such a file
 * says which algorithms were negotiated.
 * SPEC: DSP0274 MEASUREMENTS (measurement record), certificate chain format
 */
#ifndef ASSAY_SPDM_BARE_H
#define ASSAY_SPDM_BARE_H

#include "common/crypto.h"
#include "spdm/certificate.h"
#include "spdm/measurements.h"

/** spdm_record_is - does @b begin with a measurement block? Its two lengths have to agree. */
bool spdm_record_is(struct bytes b);
/** spdm_record_check - blocks to the end, no index twice. 0, or E_FORMAT with "record[3]: ...". */
int spdm_record_check(struct bytes b, struct err *e);

/** struct spdm_bare_chain - a chain object. Views into what was parsed. */
struct spdm_bare_chain {
	enum digest_alg alg; /* found by looking where the certificates begin */
	struct spdm_chain parts;
	bool has_root; /* RootHash is that of the first certificate; else its root is not in the chain */
};
/** spdm_bare_chain_is - Length below 64 KiB, a hash of one of three lengths, and a certificate behind it? */
bool spdm_bare_chain_is(struct bytes b);
/** spdm_bare_chain_parse - the header alone; certificates are for x509_file_split(). 0, or E_FORMAT with the field. */
int spdm_bare_chain_parse(struct bytes b, struct spdm_bare_chain *out, struct err *e);

#endif
