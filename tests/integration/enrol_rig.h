/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment step by step: a real TPM, a real server in this process, and a vendor's certificates. */
#ifndef ASSAY_TEST_ENROL_RIG_H
#define ASSAY_TEST_ENROL_RIG_H

#include "agent/round.h"
#include "forge.h"

enum { ENROL_TPMS = 3 };
struct enrol_rig {
	struct forge_server s;
	struct rig_tpm sw[ENROL_TPMS];
	int which;
	struct tpm *tpm; /* sw[which] */
	char pki[300];
};
int enrol_rig_start(void **state);
int enrol_rig_stop(void **state);

/** enrol_use - another TPM from now on; keys of the one before have to be dropped. */
void enrol_use(struct enrol_rig *r, int which);

/** struct applicant - the keys of one TPM, and what a request says besides. */
struct applicant {
	struct tpm_key *ek, *ak; /* two at a time: a TPM has room for three */
	struct buf *srk_pub;
	const char *name;
	struct bytes ek_cert, ek_chain;
	const char *join_token;
};
/** applicant_make - keys of the TPM of @r; drop them with applicant_clear(). */
void applicant_make(struct enrol_rig *r, struct applicant *a, const char *name,
		    enum tpm_template ek, enum tpm_template ak);
void applicant_clear(struct applicant *a);
/** applicant_ek_hash - 64 hex digits. */
const char *applicant_ek_hash(const struct applicant *a, char out[65]);

/** enrol_ask - POST the request; the answer has status @want, and @words in its detail (may be NULL). */
json_t *enrol_ask(struct enrol_rig *r, const struct applicant *a, long want, const char *words);
/** enrol_answer - solve @challenge in the TPM and send the answer; as enrol_ask(). Drops neither. */
json_t *enrol_answer(struct enrol_rig *r, const struct applicant *a, const json_t *challenge,
		     long want, const char *words);
/** enrol_send - any secret for the challenge @id. */
json_t *enrol_send(struct enrol_rig *r, const char *id, struct bytes secret, long want,
		   const char *words);
/** enrol - both; the host is enrolled after it. */
void enrol(struct enrol_rig *r, const struct applicant *a);
/** enrol_admin - a call with a token of @role ("admin": the server's first), as enrol_ask(). */
json_t *enrol_admin(struct enrol_rig *r, const char *role, const char *method, const char *path,
		    const char *body, long want, const char *words);
/** enrol_token - a join token made from @body. */
void enrol_token(struct enrol_rig *r, const char *body, char out[64]);
/** enrol_trust - the ek_trust of the host @name, as the API shows it. */
void enrol_trust(struct enrol_rig *r, const char *name, char out[32]);
/** enrol_audit - how many records of @event have @words in their detail. */
int enrol_audit(struct enrol_rig *r, const char *event, const char *words);
/** enrol_pki - run ek-pki.sh with these arguments (NULL-terminated). */
void enrol_pki(struct enrol_rig *r, const char *const arguments[]);
/** enrol_cert - certificate @kind of ek-pki.sh for this EK. Return: DER, to be dropped. */
struct buf *enrol_cert(struct enrol_rig *r, const struct tpm_key *ek, const char *kind);
/** enrol_roots - what the server believes: files of the pki folder, or NULL for none. */
void enrol_roots(struct enrol_rig *r, const char *root, const char *between);

#endif
