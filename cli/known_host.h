/* SPDX-License-Identifier: Apache-2.0 */
/* What the server knows of a host, as a file: the JSON of `assay host show HOST --json`. */
#ifndef ASSAY_CLI_KNOWN_HOST_H
#define ASSAY_CLI_KNOWN_HOST_H

#include "cli.h"
#include "verifier/verify.h"

struct known_host {
	struct buf *ak; /* TPMT_PUBLIC */
	u8 deployment[DEPLOYMENT_ID_LEN], ueid[UEID_LEN];
	bool active;
};
/** known_host_read - E_FORMAT when @path is not that; what was read is dropped by known_host_clear(). */
int known_host_read(const char *path, struct known_host *out, struct err *e);
void known_host_clear(struct known_host *h);
/** known_host_context - to check tokens of it with; borrows the AK. The device roots are the caller's. */
void known_host_context(const struct known_host *h, struct verify_context *ctx);
/**
 * known_host_quoted - @t is quoted by this host's AK, binds its evidence and is over the PCR values that it has. E_SIGNATURE
 * says what of that is not so. Its devices and its age are another matter.
 */
int known_host_quoted(const struct eat *t, const struct known_host *h, struct err *e);
/** known_leaf_of_nobody - verify_context.lookup where no other host's devices are known: there is nothing to find. */
int known_leaf_of_nobody(void *user, const char *label, const u8 leaf_key[32],
			 struct known_leaf *out, struct err *e);

#endif
