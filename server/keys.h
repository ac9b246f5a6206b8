/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server must never lose and never store in the database: deployment id, nonce keys, EAR
 * key, and the root key that the key-encryption key (KEK) unwraps once at start.
 */
#ifndef ASSAY_SERVER_KEYS_H
#define ASSAY_SERVER_KEYS_H

#include "common/crypto.h"
#include "root_key.h"
#include "proto/evidence.h"

enum { NONCE_KEYS_MAX = 2, NONCE_KEY_LEN = 32, NONCE_RECORD_LEN = 1 + 8 + NONCE_KEY_LEN };

struct nonce_key {
	u8 kid;
	u8 key[NONCE_KEY_LEN];
	long long retired_s; /* 0: in use */
};

struct server_keys {
	u8 deployment[DEPLOYMENT_ID_LEN];
	struct digest a;     /* SHA-256 of the deployment id */
	size_t n_nonce_keys; /* the first is the one that makes new nonces */
	struct nonce_key nonce_keys[NONCE_KEYS_MAX];
	struct keypair *ear;
	u8 kek_id[KEK_ID_LEN];
	u8 root_id[ROOT_ID_LEN];
	struct secret *row_mac;	    /* derived from the root key */
	struct secret *secret_seal; /* derived from the root key */
};

/**
 * keys_init - make every key in @folder (0600); E_CONFLICT when one exists already. The KEK is made when @kek is a path;
 * a URI names one that is there.
 */
int keys_init(const char *folder, const struct key_place *kek, struct err *e);
/** keys_load - @root_id: of the database that they are for, NULL: it does not say. As root_open(). */
int keys_load(const char *folder, const struct key_place *kek, const u8 *root_id,
	      struct server_keys **out, struct err *e);
/** keys_derive - what is derived from the root key; of keys that have had another, too. */
int keys_derive(const struct secret *root, struct server_keys *k, struct err *e);
/**
 * keys_rotate_nonce - a new nonce key for the server's next start; the current one is retired at @now_s
 * and still honoured for the nonces that it made, the one before it is forgotten.
 */
int keys_rotate_nonce(const char *folder, long long now_s, struct err *e);
/** keys_renew_nonces - a new nonce key, and none that was made before is honoured: after a restore. */
int keys_renew_nonces(const char *folder, struct err *e);
void server_keys_drop(struct server_keys **k);

/** keys_row_mac - HMAC over @label and @fields under the row key: what a row's mac column holds. */
int keys_row_mac(const struct server_keys *k, const char *label, const struct bytes *fields,
		 size_t n, struct digest *out, struct err *e);

#endif
