/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the collector reads from a device, and the one definition of the bytes that a quote binds:
 * the agent computes them over what it sends, the server over what it received.
 * SPEC: docs/PROTOCOL.md Binding
 */
#ifndef ASSAY_EVIDENCE_H
#define ASSAY_EVIDENCE_H

#include "common/crypto.h"
#include "common/limits.h"
#include "tpm_attest.h"

enum { EVIDENCE_NONCE_LEN = 32, AK_NAME_LEN = 34, DEPLOYMENT_ID_LEN = 16 };
enum { SOURCE_ADDRESS_MAX = 112 }; /* with "socket:" before it still within a token's 128 */

/** struct kernel_guard - what the kernel says that it does about a device; bits are enum assay_cover of assay_netlink.h. */
struct kernel_guard {
	bool known;
	u32 detects, prevents;
	u8 hold; /* 0 none, 1 driver_override, 2 a hook, 3 too late */
};

/** struct device_evidence - the evidence of one device as its source gave it; owns its bufs. */
struct device_evidence {
	char label[LABEL_MAX + 1];	  /* vvvv:dddd/serial/ordinal, fixed before collection */
	char address[SOURCE_ADDRESS_MAX]; /* bus address, for people                           */
	char source[16];		  /* "kernel-cma", "socket", ...                       */
	u64 instance;			  /* the kernel's number of it, 0: none; stays here    */
	u32 generation;			  /* 0 where the source has none                       */
	u8 slot;
	u8 slots; /* bit n: slot n has a certificate; 0: the source does not say. Stays here */
	struct kernel_guard guard;  /* of a kernel source                                 */
	struct buf *chain;	    /* SPDM chain object with its header                  */
	struct buf *vca;	    /* six messages                                       */
	struct buf *measurements;   /* GET_MEASUREMENTS ‖ MEASUREMENTS                    */
	struct buf *challenge;	    /* GET_DIGESTS ... CHALLENGE_AUTH, or NULL            */
	char failure[ERR_TEXT_MAX]; /* why there is none, or ""                         */
};
void device_evidence_clear(struct device_evidence *d); /* drops the bufs */

/**
 * hash_labelled - H(label, a, ...) = SHA-256(lp(label) ‖ lp(a) ‖ ...), lp(x) = u32be(len) ‖ x.
 * @label: ASCII without NUL. Integers among @parts are fixed-width, big endian.
 */
struct digest hash_labelled(const char *label, const struct bytes *parts, size_t n);

/** struct evidence_context - what every device nonce and the quote depend on. */
struct evidence_context {
	u8 ctx[32];
};
/**
 * evidence_context_make - ctx = H("assay/context/1", N, A, Name(AK), thumb(cnf)).
 * @nonce: N, 32 bytes. @deployment: the pinned deployment id, 16 raw bytes; A = SHA-256 of it.
 * @ak_name: 34 bytes. @cnf_thumbprint: RFC 9679, SHA-256.
 */
struct evidence_context evidence_context_make(const u8 nonce[32], const u8 deployment[16],
					      struct bytes ak_name, const u8 cnf_thumbprint[32]);

enum device_nonce_kind { NONCE_MEASUREMENTS, NONCE_CHALLENGE };
/** evidence_device_nonce - nonce_d = H("assay/device-<kind>/1", ctx, label_d, u8 slot). */
void evidence_device_nonce(const struct evidence_context *c, enum device_nonce_kind kind,
			   struct bytes label, u8 slot, u8 out[32]);

/** struct evidence_leaf - one device submodule: its label and its encoded value as it stands in the token. */
struct evidence_leaf {
	struct bytes label;
	struct bytes value;
};
/**
 * evidence_root - Merkle root over @leaves in the token's key order (RFC 6962 2.1 split).
 * leaf = SHA-256(0x00 ‖ lp(label) ‖ lp(value)), node = SHA-256(0x01 ‖ l ‖ r), none: SHA-256("").
 * @scratch: room for @n digests, or NULL when @n is 0.
 */
struct digest evidence_root(const struct evidence_leaf *leaves, size_t n, struct digest *scratch);
/**
 * evidence_bind - H("assay/bind/1", ctx, u32be(n), root, SHA-256(host), release).
 * @host: encoded value of the host submodule. @release: encoded value of the release claim, or empty.
 */
struct digest evidence_bind(const struct evidence_context *c, u32 n_devices,
			    const struct digest *root, struct bytes host, struct bytes release);

/** evidence_label_valid - vvvv:dddd/<16 hex or ->/<ordinal>, lower case. */
bool evidence_label_valid(struct bytes label);

#endif
