/* SPDX-License-Identifier: Apache-2.0 */
/* `assay inspect`, between its files: inspect.c calls the others, by format. */
#ifndef ASSAY_CLI_INSPECT_H
#define ASSAY_CLI_INSPECT_H

#include "cli.h"
#include "proto/formats.h"
#include "swid_load.h"

struct inspection {
	struct cli *c;
	struct bytes bytes;
	struct format_seen seen;
	struct err fault;		/* of the grammar    */
	struct err signature;		/* E_OK: see @judged */
	bool judged;			/* there was a key   */
	long long at;			/* of a SWID tag, the time it is checked at */
	size_t n_rows;			/* printed so far, with --json */
	const struct swid_module *swid; /* of a SWID tag, its reader */
};

/** inspect_say - a row: "label: text value", or with --json as data. @path: as errors name the place. */
void inspect_say(struct inspection *in, size_t depth, const char *label, const char *value);
void inspect_say_at(struct inspection *in, size_t depth, const char *path, const char *label,
		    const char *value);

/* Each draws its format as far as it keeps its grammar; what does not is told by in->fault. */
void inspect_capture(struct inspection *in);
void inspect_boot_log(struct inspection *in);
void inspect_ima_list(struct inspection *in);
void inspect_tpm_token(struct inspection *in);
void inspect_gpu_report(struct inspection *in);
void inspect_record(struct inspection *in, size_t depth, struct bytes record);
void inspect_chain(struct inspection *in);
/** inspect_x509 - the certificates and lists in @b. @path: of what they stand in, with its dot; or "". */
void inspect_x509(struct inspection *in, const char *path, struct bytes b);

/**
 * inspect_bytes - all of it but reading the file: tells, draws and judges @b on stdout. @at: seconds, for what has a validity.
 * Return: 0, or 2 when grammar or signature is not kept; as cli_fail() when there is no answer.
 */
int inspect_bytes(struct cli *c, struct bytes b, long long at);
/** inspect_signature - with --key or --anchor. 0, or why it is not valid. */
int inspect_signature(struct inspection *in, struct err *e);

#endif
