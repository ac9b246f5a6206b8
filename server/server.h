/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of one running server share. */
#ifndef ASSAY_SERVER_H
#define ASSAY_SERVER_H

#include "common/cert.h"
#include "common/recall.h"
#include "http.h"
#include "settings.h"
#include "store.h"
#include "tokens.h"

struct refvals; /* refvals.h */
struct metrics; /* metrics.h */
struct webhook; /* webhook.h */
struct events;	/* events.h */
struct kept;	/* kept.h */

struct server {
	const struct settings *settings;
	struct server_keys *keys;
	struct store *store;
	struct trust_store *ek_roots;
	struct trust_store *device_roots;
	struct refvals *refvals;
	int lock;	    /* of the state folder, shared */
	struct recall *aks; /* decoded AKs, by their public area */
	struct metrics *metrics;
	struct events *events;
	struct kept *models;	 /* what /api/v1/firmware has of all hosts and inventories */
	struct webhook *webhook; /* NULL: there is none */
};

int server_open(const struct settings *s, struct server **out, struct err *e);
/** server_open_store - keys and store alone, for commands that change them. */
int server_open_store(const struct settings *s, struct server **out, struct err *e);
void server_drop(struct server **s);

/** struct call - one request on its way through a handler. */
struct call {
	struct server *server;
	const struct http_request *rq;
	struct http_response *out;
	char part[2][128];	  /* what the {} of the route matched */
	char actor[80];		  /* "token:NAME", or the remote address, for the audit */
	bool operator;		  /* its token may do more than provision */
	struct admin_token token; /* what was presented, where the route asks for one */
	u8 token_hash[32];	  /* SHA-256 of its text */
};

/** call_covers - hosts of @group are this caller's business: where the route leaves that to its handler. */
bool call_covers(const struct call *c, struct bytes group);

/* enroll.c */
void post_enroll(struct call *c);
void post_activate(struct call *c);
/* session.c */
void post_new_session(struct call *c);
void post_evidence(struct call *c);
void get_session(struct call *c);
void delete_session(struct call *c);
void get_well_known(struct call *c);
/* refvals_api.c */
void post_corim(struct call *c);
void get_corims(struct call *c);
void get_corim(struct call *c);
void get_corim_bytes(struct call *c);
void post_corim_action(struct call *c);
void delete_corim(struct call *c);
/* signers_api.c */
void get_anchors(struct call *c);
void post_anchor(struct call *c);
void delete_anchor(struct call *c);
void get_crls(struct call *c);
void post_crl(struct call *c);
void delete_crl(struct call *c);
/* policy_api.c */
void get_policy(struct call *c);
/* coverage.c */
void get_coverage(struct call *c);
/* boots.c */
void get_boots(struct call *c);
/* proposals_api.c */
void post_proposal(struct call *c);
void post_deposit(struct call *c);
void get_proposals(struct call *c);
void get_proposal(struct call *c);
void post_proposal_signed(struct call *c);
void delete_proposal(struct call *c);
/* tokens_api.c */
void get_tokens(struct call *c);
void post_token(struct call *c);
void get_own_token(struct call *c);
void delete_token(struct call *c);
/* hosts_api.c */
void get_hosts(struct call *c);
void get_host(struct call *c);
/* fleet_api.c */
void get_overview(struct call *c);
void get_changes(struct call *c);
void get_groups(struct call *c);
/* host_parts_api.c */
void get_inventory(struct call *c);
void get_evidence(struct call *c);
/* devices_api.c */
void get_firmware(struct call *c);
void get_spread(struct call *c);
void get_devices(struct call *c);
void get_device(struct call *c);
/* events.c */
void get_events(struct call *c);
/* sign_in.c */
void post_sign_in(struct call *c);
void delete_sign_in(struct call *c);
/* api.c */
void post_host(struct call *c);
void post_host_action(struct call *c);
void post_join_token(struct call *c);
void get_secrets(struct call *c);
void get_audit(struct call *c);
void get_audit_head(struct call *c);
void post_secret(struct call *c);
void post_secret_rotate(struct call *c);
void post_approval(struct call *c);
void delete_secret(struct call *c);
void get_health(struct call *c);
/* dashboard.c */
void get_index(struct call *c);
void get_asset(struct call *c);
/* routes.c */
void get_metrics(struct call *c);

#endif
