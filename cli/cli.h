/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of `assay` share. Each returns an exit code: 0, 1, 2, 3, 4 (README). */
#ifndef ASSAY_CLI_H
#define ASSAY_CLI_H

#include <jansson.h>

#include "agent/transport.h"
#include "agent/verbs.h"
#include "common/text.h"
#include "proto/eat.h"

enum { CLI_SAFE_MAX = 4608 }; /* bytes of a text that is shown */
enum { CLI_RIMS_MAX = 2 };    /* a GPU's driver and its VBIOS */

enum cli_option {
	OPT_SHARE,
	OPT_FORMAT,
	OPT_CHAIN,
	OPT_NONCE,
	OPT_ROOT,
	OPT_SIGNER,
	OPT_KEY,
	OPT_ID,
	OPT_OUT,
	OPT_EK_HASH,
	OPT_GROUP,
	OPT_NAME,
	OPT_VOLUME,
	OPT_UNSIGNED,
	OPT_AK,
	OPT_DEPLOYMENT,
	OPT_HOST,
	OPT_CORIM,
	OPT_RESULT,
	OPT_AUDIENCE,
	OPT_ONE_HOST,
	OPT_COLLECTOR,
	OPT_LEARNED,
	OPT_FILES,
	OPT_SLOT,
	OPT_PEM,
	OPT_DER,
	OPT_DIFF,
	OPT_YES,
	OPT_VALID,
	OPT_ANCHOR,
	OPT_CRL,
	OPT_JWK,
	OPT_BESIDE,
	OPT_UNTIL,
	OPT_OLD_SHAPES,
	OPT_RELEASE,
	OPT_KERNEL,
	OPT_INITRD,
	OPT_CMDLINE,
	OPT_GRUB_CFG,
	OPT_UKI,
	OPT_ESP,
	OPT_CHECKED,
	OPT_RIM,
	OPT_RIM_ROOT,
	OPT_AT,
	OPT_KEY_FILE,
	OPT_RECOVERY_OUT,
	OPT_ESCROW,
	OPT_AGENT_CONFIG,
	OPT_HEAD,
	OPT_STRICT,
	OPT_POLICY_KEY,
	OPT_EPOCH,
	OPT_PCR,
	OPT_STATUS,
	OPT_MODEL,
	OPT_FIRMWARE,
	OPT_FIND,
	OPT_COUNT
};

struct cli {
	bool json;
	const char *config; /* /etc/assay/assay.conf           */
	const char *agent_socket;
	int argc; /* after the subcommand's words    */
	char **argv;
	const char *accept;	       /* --accept warning                */
	const char *option[OPT_COUNT]; /* values of the other options, by enum cli_option */
	const char *rim[CLI_RIMS_MAX]; /* --rim, each time it was said; one more is a mistake */
	size_t n_rims;
};

int cmd_attest(struct cli *c);
int cmd_device(struct cli *c, const char *verb);
int cmd_verify(struct cli *c);
int verify_gpu(struct cli *c, const char *path);   /* of cmd_verify() */
int verify_token(struct cli *c, const char *path); /* of cmd_verify() */
/** token_reasons - why a saved token would be judged as it would be, as data; *@reasons is the caller's. */
int token_reasons(struct cli *c, const char *path, json_t **reasons, char status[24],
		  struct err *e);
int cmd_explain(struct cli *c, const char *subject);
int cmd_refval(struct cli *c, const char *verb);
int cmd_host(struct cli *c, const char *verb);
int host_boot(struct cli *c); /* of cmd_host() */
int cmd_boot(struct cli *c, const char *verb);
int cmd_secret(struct cli *c, const char *verb);
int cmd_audit(struct cli *c, const char *verb);
int cmd_fleet(struct cli *c, const char *verb);
int cmd_token(struct cli *c, const char *verb);
int cmd_policy(struct cli *c, const char *verb);
int cmd_join_token(struct cli *c);
int cmd_policy_sign(struct cli *c);
int secret_approve(struct cli *c);
int cmd_disk(struct cli *c, const char *verb);
int cmd_doctor(struct cli *c);
int cmd_result(struct cli *c, const char *verb);
/** result_verify - of cmd_verify() too; @command: whose schema its JSON has. */
int result_verify(struct cli *c, const char *path, const char *command);
int cmd_inspect(struct cli *c);

/** cli_read_key - PEM, a JWK, or the server's well-known answer. */
int cli_read_key(const char *path, struct pubkey **out, struct err *e);
/** cli_read_anchor - the key of one certificate, PEM or DER, that is valid now. */
int cli_read_anchor(const char *path, struct pubkey **out, struct err *e);

/** cli_fail - print the error as text or as JSON, with @hint or, NULL, a usual one; Return: its exit code. */
int cli_fail(const struct cli *c, const struct err *e, const char *hint);
/** cli_usage - how the command that was asked for is said, or all of them, to stderr; with --json an error. Return: 1. */
int cli_usage(void);
/** cli_json - print {"schema": "assay.<command>/1", "ok": ..., ...@body}; takes @body. */
void cli_json(const char *command, bool ok, json_t *body);
/** cli_json_rest - cli_json() where "{" and members are printed already, down to their last comma. */
void cli_json_rest(const char *command, bool ok, json_t *body);
/**
 * cli_safe - text from devices or servers for a terminal: what controls it, turns text around or hides it, and what is
 * no UTF-8, becomes '?'. A ring of buffers.
 */
const char *cli_safe(const char *text);
/** cli_safe_into - cli_safe() without the ring: what of it fits into @size bytes. Return: @out. */
const char *cli_safe_into(const char *text, char *out, size_t size);

/** ask_agent - one verb; *@out is the memory file's content. */
int ask_agent(const struct cli *c, enum agent_verb verb, struct bytes argument, struct buf **out,
	      struct err *e);
/** last_token - the token the agent sent last, or of the file that --token names. */
int last_token(const struct cli *c, struct eat **out, struct err *e);
/** call_server - an API call with the operator's token; E_DENIED and so on from its answer. */
int call_server(const struct cli *c, const char *method, const char *path, const char *type,
		struct bytes body, json_t **answer, struct err *e);
/** fetch_server - call_server() for an answer that is bytes. */
int fetch_server(const struct cli *c, const char *method, const char *path, const char *type,
		 struct bytes body, struct buf **answer, struct err *e);
/** exit_of - exit code of a verdict, after --accept. */
int exit_of(const struct cli *c, const char *status);

#endif
