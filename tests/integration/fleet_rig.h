/* SPDX-License-Identifier: Apache-2.0 */
/* The API of a server with two enrolled hosts, asked as a dashboard, a browser and an operator ask it. */
#ifndef ASSAY_TEST_FLEET_RIG_H
#define ASSAY_TEST_FLEET_RIG_H

#include "refusal.h"
#include "server/tokens.h"

/** fleet_get - as the administrator; any other status than @want fails the test. */
json_t *fleet_get(struct fixture *f, const char *path, long want);
json_t *fleet_get_as(struct fixture *f, const char *token, const char *path, long *status);
const char *text_in(const json_t *j, const char *key);
long long number_in(const json_t *j, const char *key);

/** affirm, contradict - an attestation of the host that is released; one with a PCR that the quote has and the claims have not. */
void affirm(struct fixture *f, const struct forge_host *h);
void contradict(struct fixture *f, const struct forge_host *h);

/** make_token - a viewer's, of @groups as they stand in JSON ("" for all). */
int make_token(struct fixture *f, const char *name, const char *groups, char text[TOKEN_TEXT_SIZE]);
/** ask_with - over a plain socket, with header lines of one's own. */
void ask_with(struct fixture *f, const char *method, const char *path, const char *headers,
	      const char *body, char *answer, size_t size);
void expect_status(struct fixture *f, const char *method, const char *path, const char *headers,
		   const char *body, const char *want);
/** sign_in_as - Return: @out, the cookie as a browser sends it back. */
const char *sign_in_as(struct fixture *f, const char *token, char out[300]);
/** listen_as - to /api/v1/events; @more: header lines. Return: the socket. */
int listen_as(struct fixture *f, const char *token, const char *more);

/** first_device - of the host, as /api/v1/devices tells it. firmware_total - devices of the model, over all its firmwares. */
json_t *first_device(struct fixture *f, const char *host);
long long firmware_total(struct fixture *f, const char *model);

#endif
