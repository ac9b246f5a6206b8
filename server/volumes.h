/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes whose keys have epochs: the counter in the host's TPM, what it said last, and how the volume is told from
 * another. SPEC: RULES 3, 5, 6
 */
#ifndef ASSAY_SERVER_VOLUMES_H
#define ASSAY_SERVER_VOLUMES_H

#include "proto/cap.h"
#include "proto/deposit.h"
#include "store.h"
#include "verifier/verify.h"

struct volume {
	u8 uuid[16], ueid[UEID_LEN];
	u32 counter; /* NV index */
	u64 counted;
	bool has_proof, rotate;
	u8 proof[CAP_PROOF_LEN];
};
/** volume_find - E_NOTFOUND; E_SIGNATURE when its row was changed by somebody else. */
int volume_find(struct tx *tx, const u8 uuid[16], struct volume *out, struct err *e);
int volume_put(struct tx *tx, const struct volume *v, struct err *e);
/** volumes_of - of a host, by UUID. */
int volumes_of(struct tx *tx, const u8 ueid[UEID_LEN], struct volume out[VOLUMES_MAX], size_t *n,
	       struct err *e);
/** volume_known - for the verifier: whose it is, going by its shares. */
int volume_known(struct tx *tx, const u8 ueid[UEID_LEN], const u8 uuid[16],
		 struct known_volume *out, struct err *e);
/**
 * volumes_settle - what a release claim that is granted changes: a share is made, one becomes current, those that
 * the counter has left behind are shredded. Each change is a line of the audit log.
 */
int volumes_settle(struct tx *tx, const struct verified_view *v, const char *host,
		   const char *actor, struct err *e);
/**
 * volume_deposit - a share that the host has made itself: the volume waits for its next boot, which opens it with that
 * and is given another one at once. @d was certified by the host's AK.
 * Return: E_CONFLICT for another host's volume or an epoch that has a share in use; E_BINDING for another counter than before.
 */
int volume_deposit(struct tx *tx, const u8 ueid[UEID_LEN], const struct deposit *d,
		   const char *host, const char *actor, struct err *e);
/** volume_deposit_refused - a line of the audit log, for what volume_deposit() does not take. */
int volume_deposit_refused(struct tx *tx, const struct deposit *d, const char *host,
			   const char *actor, struct err *e);

#endif
