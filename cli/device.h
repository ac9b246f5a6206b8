/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `assay device` share. */
#ifndef ASSAY_CLI_DEVICE_H
#define ASSAY_CLI_DEVICE_H

#include "cli.h"
#include "proto/spdm_evidence.h"

/** device_blocks - a row for each block on stdout; with --json nothing is printed and they are returned. */
json_t *device_blocks(const struct cli *c, const struct spdm_evidence *ev);
/** device_chain - as PEM, leaf first, or with --der as it stands in the slot. */
int device_chain(struct cli *c, const struct spdm_evidence *ev);

/**
 * gate_state - "gated": no driver before the verdict; "advisory": so, but it may reach memory all the same; "ungated";
 * "-": the source does not say. *@why: in words, or "". @f: its function, of zeros when it has none.
 */
const char *gate_state(const struct eat *t, const struct eat_device *d,
		       const struct eat_function *f, const char **why);
json_t *gate_json(const struct eat *t, const struct eat_device *d, const struct eat_function *f);
void gate_print(const struct eat *t, const struct eat_device *d, const struct eat_function *f);

int device_watch(struct cli *c);
int device_measure(struct cli *c, const char *name);
int device_cert_slot(struct cli *c, const char *name); /* --slot is there */

#endif
