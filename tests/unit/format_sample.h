/* SPDX-License-Identifier: Apache-2.0 */
/* Files made here in formats that others make: reports, records, chains, certificates with what DICE and a TPM add. */
#ifndef ASSAY_TEST_FORMAT_SAMPLE_H
#define ASSAY_TEST_FORMAT_SAMPLE_H

#include "support.h"

#include "common/cert.h"

/** format_sample_record - three blocks: a digest (1), a version in text (2), an SVN of 7 (3). */
void format_sample_record(struct writer *w);
/** format_sample_report - a GPU's report with that record, signed by a P-384 @key. */
struct buf *format_sample_report(const struct keypair *key);
/** format_sample_chain - a chain object around @certificates; RootHash: of @root. */
struct buf *format_sample_chain(enum digest_alg alg, struct bytes root, struct bytes certificates);
/**
 * format_sample_cert - @name: anything. A leaf for an EK by its purposes, with a TPM's directory name, an address, a DNS
 * name that holds an escape sequence and a line end, a DiceTcbInfo and an extension that nobody knows.
 */
struct cert *format_sample_cert(const char *name, const struct keypair *key,
				const struct cert *issuer, const struct keypair *issuer_key,
				long long from, long long until);

#endif
