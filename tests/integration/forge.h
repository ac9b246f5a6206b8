/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server, and hosts whose every part can be made to lie to it. The server is the real one, routes and
 * store included, run inside the test so that the test can set its clock. A forged host has an enrolled
 * AK that is a key in memory: it signs what no TPM would sign, so one thing at a time can be wrong.
 */
#ifndef ASSAY_TEST_FORGE_H
#define ASSAY_TEST_FORGE_H

#include <jansson.h>

#include "agent/transport.h"
#include "proto/eat.h"
#include "proto/tpm_template.h"
#include "rig.h"
#include "server/hosts.h"
#include "server/server.h"

enum { FORGE_DEVICES = 8 };

/** struct forge_server - with honest SPDM devices beside it, two for each host. */
struct forge_server {
	char folder[256];
	struct settings settings;
	struct server *server;
	struct http *http;
	struct transport *transport; /* to it */
	char location[512];	     /* of its last answer */
	char token[48];		     /* of an administrator */
	struct keypair *signer;	     /* of CoRIMs; its certificate is accepted */
	struct cert *signer_cert;
	pid_t devices;
	int port[FORGE_DEVICES];
	struct buf *boot_log;
	struct digest pcrs[TPM_PCRS]; /* after the boot log */
};
void forge_server_start(struct forge_server *s);
void forge_server_stop(struct forge_server *s);

/** struct forge_host - what stays the same from one attestation to the next. */
struct forge_host {
	char name[32];
	u8 ueid[UEID_LEN];
	struct keypair *ek, *ak; /* NULL: the AK is a TPM's */
	struct buf *ek_pub, *ak_pub;
	u8 ak_name[AK_NAME_LEN];
	int first_device; /* it has this one and the next */
};
/** forge_host_make - keys in the form of the templates; nothing is enrolled yet. */
void forge_host_make(struct forge_host *h, const char *name, int first_device);
/** forge_host_enrol - into the store, as an activation ends, and a share for its volume. */
void forge_host_enrol(struct forge_server *s, const struct forge_host *h);
/** forge_volume - the UUID of the volume of @h. */
void forge_volume(const struct forge_host *h, u8 out[16]);
void forge_host_clear(struct forge_host *h);

/** forge_public - the TPMT_PUBLIC of @key as the template @which makes it. */
struct buf *forge_public(enum tpm_template which, const struct keypair *key);

/**
 * struct forged - one attestation on its way. The steps below fill it; a test changes what it wants
 * between two steps, and whatever comes after is made from what was changed.
 */
struct forged {
	struct forge_server *server;
	const struct forge_host *host;

	/* forge_begin */
	u8 nonce[EVIDENCE_NONCE_LEN];
	u8 session[2 * EVIDENCE_NONCE_LEN]; /* its id */
	size_t session_len;
	u8 ueid[UEID_LEN];
	struct keypair *cnf, *k;
	struct buf *k_pub;
	struct evidence_context context;
	struct eat_function functions[3];
	size_t n_functions;
	char labels[2][LABEL_MAX + 1];
	u8 serials[2][8];
	u8 volume[16];
	bool ask;	   /* for a share */
	const char *phase; /* of the boot, as the agent says: "system" */

	/* forge_collect */
	struct device_evidence evidence[2];

	/* forge_bind */
	struct buf *host_value, *release, *device_values[2];
	struct digest bind;

	/* forge_quote: what the TPM says, and what the token will claim of it */
	u32 magic;
	u16 quote_type;
	struct tpm_selection selection;
	struct digest pcrs[TPM_PCRS];
	struct tpm_clock clock;
	struct eat_bank claimed;
	struct buf *quote, *quote_sig;

	/* forge_certify: the parents of K, from the hierarchy down */
	u32 k_hierarchy;
	struct bytes k_parent_name; /* empty: K is a primary */
	const struct keypair *k_certifier;
	struct buf *certify, *certify_sig;

	/* forge_assemble */
	struct eat_ima ima; /* not sent unless a test says so */
	struct buf *tpm_value, *logs;
	struct eat_submodule subs[8];
	size_t n_subs;

	struct buf *token; /* forge_sign */
};
/** forge_begin - a nonce of the server, session keys, the inventory of an honest host. */
void forge_begin(struct forge_server *s, const struct forge_host *h, struct forged *t);
void forge_context(struct forged *t, const u8 deployment[DEPLOYMENT_ID_LEN]);
void forge_collect(struct forged *t);
/** forge_collect_one - evidence of the server's device @device for @label in the session @c. */
void forge_collect_one(struct forge_server *s, int device, u8 slot, const char *label,
		       const struct evidence_context *c, struct device_evidence *out);
void forge_bind(struct forged *t);
void forge_quote(struct forged *t);
void forge_certify(struct forged *t);
/** forge_counted - in the place of the quote, that a counter with the Name @name says @value. */
void forge_counted(struct forged *t, struct bytes name, u64 value);
void forge_assemble(struct forged *t);
/** forge_again - assemble and sign anew, after a change of what was assembled. */
void forge_again(struct forged *t);
/** forge_sign - the token over the submodules in just the order they have; @key signs, t->cnf is claimed. */
void forge_sign(struct forged *t, const struct keypair *key);
/** forge_rest - bind, quote, certify, assemble and sign: all after forge_collect(). */
void forge_rest(struct forged *t);
void forged_clear(struct forged *t);

/** forge_send - POST it. @status: of HTTP. Return: the answer, to be dropped. */
json_t *forge_send(const struct forged *t, struct bytes token, long *status);
/** forge_call - any request to the server; with @bearer the administrator's token. */
json_t *forge_call(struct forge_server *s, const char *method, const char *path, const char *type,
		   bool bearer, struct bytes body, long *status);

/** forge_record - an answer as it came, for forge_answers_fit(); what forge_call() and forge_send() hear is there already. */
void forge_record(struct forge_server *s, const char *method, const char *path,
		  const struct reply *r);
/** forge_answers_fit - every answer that was recorded is as docs/openapi.yaml describes it. */
void forge_answers_fit(struct forge_server *s);

#endif
