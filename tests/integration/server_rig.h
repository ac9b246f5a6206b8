/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a program of its own, over HTTPS, and the administrator's side of it. */
#ifndef ASSAY_TEST_SERVER_RIG_H
#define ASSAY_TEST_SERVER_RIG_H

#include <jansson.h>

#include "agent/transport.h"
#include "rig.h"

struct rig_server {
	char folder[256], config[300];
	pid_t pid;
	int port;
	char token[64], pin[64], deployment[64]; /* as `init` printed them */
	const char *more;			 /* of its configuration, or NULL */
};
/** rig_server_init - its configuration and state in @folder; not started yet. */
void rig_server_init(struct rig_server *s, const char *folder);
/** rig_server_init_with - @more of its configuration from the start; borrowed. */
void rig_server_init_with(struct rig_server *s, const char *folder, const char *more);
/** rig_server_start - and wait until it serves. The port of the first start is kept for the next. */
void rig_server_start(struct rig_server *s);
void rig_server_stop(struct rig_server *s);
/** rig_server_connect - @pin: what its key must be. */
struct transport *rig_server_connect(const struct rig_server *s, const char *pin);
/** rig_call - fails the test unless the status is @want. Return: the answer's JSON, to be dropped. */
json_t *rig_call(struct transport *t, const char *method, const char *path, const char *type,
		 const char *token, struct bytes body, long want);
/** rig_register - an administrator vouches for the EK with this hash; @name may be "". */
void rig_register(const struct rig_server *s, struct transport *t, const char *ek_hash,
		  const char *name);
/** rig_write - a text file of the scratch folder. */
void rig_write(const char *folder, const char *name, const char *text);

#endif
