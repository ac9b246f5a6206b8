/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA GPU attestation reports (proto/nvidia_report.h): who signed them. What they prove is the measurements. */
#ifndef ASSAY_NVIDIA_GPU_H
#define ASSAY_NVIDIA_GPU_H

#include "common/cert.h"
#include "proto/nvidia_report.h"

enum nvidia_fwid { NVIDIA_FWID_ABSENT, NVIDIA_FWID_MATCHES };

struct nvidia_gpu {
	struct spdm_measurements measurements; /* views into the report */
	size_t opaque_len;
	char driver[64], vbios[24];
	u8 nvdec0; /* 0xaa on, 0x55 off, 0 not said */
	enum nvidia_fwid fwid;
};

/**
 * nvidia_gpu_verify - nonce, chain to @roots, leaf's firmware id, signature: in this order, the first
 * that does not hold is the error. @chain: leaf first, at least leaf, one intermediate and the root.
 * @nonce: 32 bytes. @unix_s: time for the chain, or CERT_TIME_IGNORE.
 */
int nvidia_gpu_verify(struct bytes report, const struct cert_list *chain,
		      const struct trust_store *roots, const u8 nonce[32], long long unix_s,
		      struct nvidia_gpu *out, struct err *e);

/**
 * nvidia_gpu_check_signer - the same without the nonce: whose report it is, and not that it is of now.
 * nvidia_gpu_check_signature - its signature by @key alone.
 */
int nvidia_gpu_check_signer(const struct nvidia_report *r, const struct cert_list *chain,
			    const struct trust_store *roots, long long unix_s,
			    struct nvidia_gpu *out, struct err *e);
int nvidia_gpu_check_signature(const struct nvidia_report *r, const struct pubkey *key,
			       struct err *e);

#endif
