/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with a TPM, logs and devices, and a snapshot that knows it: what test_verdict.c tells lies about. */
#ifndef ASSAY_TEST_VERDICT_RIG_H
#define ASSAY_TEST_VERDICT_RIG_H

#include "rig.h"

#include "verifier/refs.h"
#include "verifier/verify.h"

enum { DEVICES = 4 };

struct verdict_rig {
	char folder[256];
	struct rig_tpm sw;
	pid_t devices;
	int port[DEVICES];
	struct trust_store *roots;
	struct refs *refs;
	struct buf *boot_log;
	bool reached[CHECK_COUNT];
};

/** verdict_set_up, verdict_tear_down - of cmocka; @state is a struct verdict_rig. */
int verdict_set_up(void **state);
int verdict_tear_down(void **state);
/** verdict_boot - the firmware's events and IMA's entries go into a TPM that was reset. */
void verdict_boot(struct verdict_rig *f);
/** verdict_ima_list - a file that somebody ran and one that changed meanwhile; @changed: the first one's content is another. */
struct buf *verdict_ima_list(bool changed);

#endif
