/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: which hosts have shares that open without a server, until when, that one was used, and that they are to end.
 * SPEC: docs/PROTOCOL.md, Lease; RULES 18
 */
#ifndef ASSAY_SERVER_LEASES_H
#define ASSAY_SERVER_LEASES_H

#include <jansson.h>

#include "proto/lease.h"
#include "settings.h"
#include "store.h"
#include "verifier/verify.h"

/** struct lease_host - what is known of a host's leases; all zeros of one that never had any. */
struct lease_host {
	bool denied;	/* by an operator, or because the host or a share of it is gone */
	long long used; /* s; 0: never */
	u32 used_reset;
	size_t n;  /* leases that may open something still */
	u64 value; /* the highest counter value that one of them hangs on */
	u32 counter;
};
/** lease_host_find - E_SIGNATURE when a row was changed by somebody else. */
int lease_host_find(struct tx *tx, const u8 ueid[UEID_LEN], struct lease_host *out, struct err *e);
/** lease_deny - every lease of this host is to end and none is given, or (@denied false) they are again. */
int lease_deny(struct tx *tx, const u8 ueid[UEID_LEN], bool denied, struct err *e);

/** lease_end_volume - the share of this volume goes: leases of its host that hold one end, too. */
int lease_end_volume(struct tx *tx, const u8 uuid[16], struct err *e);

/**
 * lease_to_revoke - the value at which the host's counter must not stay; the host counts it up when it hears of it.
 * False: there is nothing to end, or its TPM has shown that it has ended.
 */
bool lease_to_revoke(const struct lease_host *h, bool active, const struct verified_lease *said,
		     u64 *value);
/**
 * lease_terms_of - what policy gives to who asks in this evidence. False: no lease.
 * @h: of this host.
 */
bool lease_terms_of(const struct settings *s, const char *group, const struct lease_host *h,
		    const struct verified_view *v, struct lease_terms *out);
/**
 * leases_settle - in the transaction of the verdict: what the counter has ended is gone, that a lease was used is kept,
 * and those that are given now. Each is a line of the audit log. @given: NULL: none.
 */
int leases_settle(struct tx *tx, const struct verified_view *v, const struct lease_terms *given,
		  const char *host, const char *actor, struct err *e);

/** leases_add_json - member "lease" of @host, as `assay host show` has it. */
int leases_add_json(struct tx *tx, const u8 ueid[UEID_LEN], json_t *host, struct err *e);

#endif
