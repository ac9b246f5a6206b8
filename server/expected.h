/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that are expected: by the hash of their EK, or by the token they bring. */
#ifndef ASSAY_SERVER_EXPECTED_H
#define ASSAY_SERVER_EXPECTED_H

#include "hosts.h"

struct expected_host {
	u8 ek_hash[32];
	char name[HOST_NAME_MAX_LEN + 1]; /* "" : any */
	char group[GROUP_MAX_LEN + 1];
};
/** expected_host_add - E_CONFLICT when the EK is registered otherwise, and @change does not say that it may be. */
int expected_host_add(struct tx *tx, const struct expected_host *x, bool change, struct err *e);
int expected_host_find(struct tx *tx, const u8 ek_hash[32], struct expected_host *out,
		       struct err *e);

struct join_token {
	u8 hash[32];
	char group[GROUP_MAX_LEN + 1];
	char host_name[HOST_NAME_MAX_LEN + 1]; /* "" : any */
	u8 ek_hash[32];
	bool has_ek_hash;
	long long not_after;
	bool used;
};
int join_token_add(struct tx *tx, const struct join_token *t, struct err *e);
int join_token_find(struct tx *tx, const u8 hash[32], struct join_token *out, struct err *e);
/** join_token_use - atomically; E_DENIED when it was used before. */
int join_token_use(struct tx *tx, const u8 hash[32], struct err *e);

#endif
