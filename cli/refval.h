/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `assay refval` share. */
#ifndef ASSAY_CLI_REFVAL_H
#define ASSAY_CLI_REFVAL_H

#include "cli.h"
#include "table.h"

/** refval_manage - import, list, show, export, activate, deactivate, delete, anchor, coverage. */
int refval_manage(struct cli *c, const char *verb);
/** refval_digest - of the one CoRIM on the server with this id, or a digest that begins with @word. */
int refval_digest(const struct cli *c, const char *word, char digest[65], struct err *e);
/** refval_import_bytes - a signed CoRIM, with --until; *@answer is the caller's. */
int refval_import_bytes(const struct cli *c, struct bytes corim, json_t **answer, struct err *e);
/** refval_show - one CoRIM with its statements, as the server has it; *@out is the caller's. */
int refval_show(const struct cli *c, const char *word, json_t **out, struct err *e);
/** refval_act - activate (with --until), deactivate or delete. */
int refval_act(struct cli *c, const char *word, const char *verb, struct err *e);

/** refval_propose - on a host: what it will boot next, to the server by way of the agent. */
int refval_propose(struct cli *c);
/** refval_pending - list, diff, sign and drop what hosts proposed. */
int refval_pending(struct cli *c);
/** refval_anchor, refval_crl - add, list, remove: who may sign CoRIMs, and whose word was taken back. */
int refval_anchor(struct cli *c);
int refval_crl(struct cli *c);
enum { REFVAL_PREFIX_MIN = 6 }; /* digits that a digest may be cut to */
/** refval_text, refval_time - a member of the server's answer, safe to print; "" when it is not there. */
const char *refval_text(const json_t *row, const char *key);
const char *refval_time(const json_t *row, const char *key, char out[32]);

/** refval_learn_files - of IMA lists, each shown to be what the TPM of a host has. */
int refval_learn_files(struct cli *c);

int refval_build(struct cli *c);
int refval_check(struct cli *c);
int refval_diff(struct cli *c);
/** refval_print - statements of corim_triples_json() for people. */
void refval_print(const json_t *statements);
/** refval_print_notes - the member notes of what corim_json() or an import answers, if there is one. */
void refval_print_notes(const json_t *about);

#endif
