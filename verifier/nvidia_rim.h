/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GPU's measurements against its vendor's reference values: two manifests, of driver and of VBIOS,
 * each made for one version. An entry of index i is about the SPDM block i + 1.
 */
#ifndef ASSAY_NVIDIA_RIM_H
#define ASSAY_NVIDIA_RIM_H

#include "nvidia_gpu.h"
#include "proto/swid.h"

enum nvidia_rim_result {
	NVIDIA_RIM_MISMATCH, /* the block has none of the alternatives   */
	NVIDIA_RIM_MISSING,  /* there is no such block                   */
	NVIDIA_RIM_SKIPPED,  /* of the video decoder, which is off       */
	NVIDIA_RIM_MATCH,
};
const char *nvidia_rim_result_name(enum nvidia_rim_result r);

/** struct nvidia_rim_row - an active entry. All of it is borrowed from manifests and report. */
struct nvidia_rim_row {
	const struct swid *rim;
	const struct swid_entry *entry;
	enum nvidia_rim_result result;
	struct bytes found; /* empty: no block */
};

struct nvidia_rim_verdict {
	const struct swid *driver, *vbios;
	size_t n, n_match, n_mismatch, n_skipped; /* n_mismatch: missing blocks too */
	struct nvidia_rim_row at[2 * SWID_ENTRIES_MAX];
};

/**
 * nvidia_rim_hold - every active entry against its block. Which manifest is about what follows from
 * its version: it has to be the report's driver's or VBIOS'.
 * @gpu: verified. @rims: @n of them, from swid_verify().
 * @out: its rows stand there too when blocks do not match; n is 0 when nothing could be compared.
 * Return: 0 when there is a manifest for both and all match; E_POLICY "version mismatch", or
 * how many do not match; E_NOTFOUND one is not there; E_CONFLICT two for the same, or for the same
 * block; E_FORMAT the report does not say whether its video decoder is on.
 */
int nvidia_rim_hold(const struct nvidia_gpu *gpu, const struct swid *const *rims, size_t n,
		    struct nvidia_rim_verdict *out, struct err *e);

#endif
