/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lease: a share that opens without a server for some reboots. The server wraps it to the SRK, which outlives a
 * reset, under a policy that ends it by itself; a counter of its own ends it at once. Policy and counter are computed
 * here without a TPM; what is granted and what is kept in a header are CBOR.
 * SPEC: docs/PROTOCOL.md, Lease; proto/assay.cddl lease-grant, lease-kept; RULES 18
 */
#ifndef ASSAY_LEASE_H
#define ASSAY_LEASE_H

#include "evidence.h"
#include "tpm_half.h"

/** struct lease_terms - when it opens, and until when. */
struct lease_terms {
	u32 counter;   /* NV index of the host's lease counter */
	u64 value;     /* what that has to say still           */
	u32 reset_max; /* the last boot, by the TPM's resetCount */
	u64 clock_max; /* ms of the TPM's clock, which stands still without power */
	u32 pcrs;      /* of the bank of SHA-256: as they were quoted */
};

/** lease_counter_public - TPMS_NV_PUBLIC: counts up only, and anybody may count it up, for that ends leases. */
void lease_counter_public(u32 index, bool written, struct writer *w);
/** lease_counter_name - nameAlg ‖ SHA-256(TPMS_NV_PUBLIC) of one that was counted up. */
void lease_counter_name(u32 index, u8 out[COUNTER_NAME_LEN]);

/**
 * lease_policy - PolicyCounterTimer(resetCount), PolicyCounterTimer(restartCount is 0), PolicyCounterTimer(clock),
 * PolicyPCR(@pcr_digest), PolicyNV(the counter says @t->value), PolicyCommandCode(Unseal).
 */
struct digest lease_policy(const struct lease_terms *t, struct bytes pcr_digest);

/** struct lease_grant - as the server gives it, in field 4 of the release answer; views. */
struct lease_grant {
	struct lease_terms terms;
	size_t n;
	struct lease_share {
		struct bytes uuid; /* 16 bytes */
		u64 epoch;
		struct bytes public_2b, private_2b, secret_2b; /* a duplicate for the SRK */
	} shares[VOLUMES_MAX];
};
/** lease_grant_write - E_LIMIT when @out is too small. */
int lease_grant_write(const struct lease_grant *g, struct writer *out, struct err *e);
/** lease_grant_parse - E_FORMAT or E_LIMIT naming the member; no volume stands twice. Views into @b. */
int lease_grant_parse(struct bytes b, struct lease_grant *out, struct err *e);

/** struct lease_kept - of one volume and epoch, imported into the TPM; views. It stands in a header: anybody's word. */
struct lease_kept {
	struct lease_terms terms;
	struct bytes public_2b, private_2b;
	struct bytes approval; /* of the strict profile, of strict.h; or empty */
};
int lease_kept_write(const struct lease_kept *k, struct writer *out, struct err *e);
int lease_kept_parse(struct bytes b, struct lease_kept *out, struct err *e);

#endif
